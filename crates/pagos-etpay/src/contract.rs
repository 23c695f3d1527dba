//! Our assumptions about payouts, which ETpay does not document: paths, shapes, words, limits. Once
//! the real contract is known, only this file has to change.
//!
//! Each fact has a tag. \[sim\] is our invention, \[inferred\] our conclusion from what ETpay
//! publishes about its other services. `docs/providers/etpay.md` is the list to compare with.

use jiff::{
    civil::Date,
    tz::{Offset, offset},
};
use serde::{Deserialize, Serialize};

use pagos_wire::{WireDecimal, WireInteger, WireText, path_segment};

/// New payouts (POST) and payouts by date (GET). \[inferred\] from `/v1/direct-debit/charges/info`,
/// docs: D8.
pub(crate) const PAYOUTS_PATH: &str = "/v1/payouts";

/// \[sim\]
pub(crate) const BALANCE_PATH: &str = "/v1/payouts/balance";

/// A new payout; the fields are in the order in which they are sent. \[sim\] The names follow the
/// vendor's habits. Source: docs: D22; sdk.
#[derive(Serialize)]
pub(crate) struct CreateRequest<'a> {
    pub(crate) merchant_order_id: &'a str,
    /// Whole pesos.
    pub(crate) amount: i64,
    pub(crate) rut: String,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    pub(crate) bank_code: &'a str,
    pub(crate) account_type: &'static str,
    pub(crate) account_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
}

/// The fields that a refusal can name. `merchant_order_id` is left out on purpose: we check its
/// rule before sending, so a refusal of it may mean that it was used before.
pub(crate) const REFUSABLE_FIELDS: [&str; 8] = [
    "amount",
    "rut",
    "name",
    "email",
    "bank_code",
    "account_type",
    "account_number",
    "description",
];

/// The answer to a new payout and to a query by id. \[sim\]
#[derive(Deserialize)]
pub(crate) struct PayoutAnswer {
    pub(crate) payout: PayoutRow,
}

/// One payout in answers, lists and webhooks. \[sim\] Every field is optional here; the code that
/// reads it checks what must be present.
#[derive(Deserialize)]
pub(crate) struct PayoutRow {
    pub(crate) id: Option<WireText>,
    pub(crate) merchant_order_id: Option<WireText>,
    pub(crate) amount: Option<WireDecimal>,
    pub(crate) status: Option<WireText>,
    /// RFC 3339.
    pub(crate) created_at: Option<WireText>,
    /// RFC 3339: when it got this status.
    pub(crate) updated_at: Option<WireText>,
    /// Present only if ETpay switched codes on for the merchant. Source: docs: D3.
    pub(crate) error_code: Option<WireText>,
    pub(crate) error_message: Option<WireText>,
}

/// The payouts of a span of days. \[sim\]
#[derive(Deserialize)]
pub(crate) struct ListAnswer {
    pub(crate) total: Option<WireInteger>,
    pub(crate) payouts: Vec<PayoutRow>,
}

/// \[sim\]
#[derive(Deserialize)]
pub(crate) struct BalanceAnswer {
    pub(crate) balance: WireDecimal,
    pub(crate) currency: Option<WireText>,
}

/// A refusal. \[sim\] Its text may have one of three names. Source: docs: D22 (`msg`, `error`);
/// code: C1 (`message`).
#[derive(Deserialize)]
pub(crate) struct RefusalAnswer {
    pub(crate) msg: Option<WireText>,
    pub(crate) message: Option<WireText>,
    pub(crate) error: Option<WireText>,
}

/// The meaning of a status word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The money arrived.
    Paid,
    /// The money does not arrive.
    Failed,
    /// Perhaps the money does not arrive: believed once it has lasted.
    SeemsFailed,
    /// Under way.
    Pending,
    /// It was paid, and the money came back.
    Returned,
}

/// Status words, compared without regard to case. Any other word stands for no status.
pub(crate) const STATUS_WORDS: [(&str, Meaning); 10] = [
    // Source: docs: D6, D7.
    ("completed", Meaning::Paid),
    // A word of the direct-debit reports. Source: docs: D22.
    ("rejected", Meaning::Failed),
    // "Standard error" of the sandbox. [inferred] from docs: D6.
    ("error", Meaning::SeemsFailed),
    ("failed", Meaning::SeemsFailed),
    // [sim]; `validated` is hinted at by docs: D6.
    ("pending", Meaning::Pending),
    ("created", Meaning::Pending),
    ("processing", Meaning::Pending),
    ("validated", Meaning::Pending),
    // Banks return transfers. [inferred]
    ("reversed", Meaning::Returned),
    ("returned", Meaning::Returned),
];

/// How long an apparent failure must have lasted. \[inferred\]
pub(crate) const SEEMING_LASTED_MS: i64 = 60 * 1000;

/// The same, counted from the creation, if the answer does not say when the status began: by then,
/// instant transfers have long ended. \[inferred\]
pub(crate) const SEEMING_AGED_MS: i64 = 24 * 60 * 60 * 1000;

/// The text after the name of a field in a refusal. \[sim\]
pub(crate) const FIELD_REFUSALS: [&str; 2] = ["is invalid", "is required"];

/// The refusal for lack of money. \[sim\]
pub(crate) const EMPTY_BALANCE: &str = "insufficient balance";

/// The HTTP statuses of a refusal of a field; the body must be readable too. \[inferred\]:
/// validation comes before execution.
pub(crate) const FIELD_REFUSED: [u16; 2] = [400, 422];

/// The HTTP statuses of a refusal for lack of money. \[sim\]
pub(crate) const BALANCE_REFUSED: [u16; 2] = [400, 402];

/// How long to wait for money. Our choice: nobody knows when the merchant pays in.
pub(crate) const BALANCE_WAIT_S: u64 = 5 * 60;

/// The longest name. \[sim\]
pub(crate) const NAME_LENGTH_MAX: usize = 100;

/// The longest description. Source: docs: D22, for direct debit.
pub(crate) const DESCRIPTION_LENGTH_MAX: usize = 30;

/// The longest account number, digits. \[sim\]; a reseller takes 6 to 16. Source: docs: D26.
pub(crate) const ACCOUNT_DIGITS_MAX: usize = 20;

/// Source: sdk; code: C8.
pub(crate) const CHECKING: &str = "cuenta_corriente";

/// Source: sdk.
pub(crate) const SIGHT: &str = "cuenta_vista";

/// \[inferred\]
pub(crate) const SAVINGS: &str = "cuenta_ahorro";

/// BancoEstado's CuentaRUT, whose number is the RUT without its check digit. \[inferred\] That only
/// BancoEstado has it: code: K2, docs: D26.
pub(crate) const RUT_ACCOUNT: &str = "cuenta_rut";

/// The maximum number of rows of a page. Source: docs: D8, for a sibling.
pub(crate) const PAGE_ROWS_MAX: u32 = 500;

/// The maximum number of days of a query, including the first and the last. A span of more than 7
/// days is silently answered with today's rows, and it is not stated how days are counted. Source:
/// docs: D8, for a sibling.
pub(crate) const SPAN_DAYS_MAX: i64 = 6;

/// The longest walk through a list: 100,000 payouts in six days. Our choice.
pub(crate) const PAGES_MAX: u32 = 200;

/// The days of a list are assumed to be Chile's, in winter time all year. In summer Chile's day
/// begins an hour earlier, and every search is widened by at least a day. \[inferred\]
pub(crate) const DAY_OFFSET: Offset = offset(-4);

/// The path of one payout. \[sim\] `None` for a reference that cannot be part of a path.
pub(crate) fn payout_path(reference: &str) -> Option<String> {
    path_segment(reference).map(|segment| format!("{PAYOUTS_PATH}/{segment}"))
}

/// The path and query of one page of a list. Days are `DD/MM/YYYY`, with escaped slashes.
/// Source: docs: D8, for a sibling.
pub(crate) fn list_path(from: Date, to: Date, page: u32) -> String {
    let [from, to] = [from, to].map(|day| day.strftime("%d%%2F%m%%2F%Y"));
    format!("{PAYOUTS_PATH}?from={from}&to={to}&size={PAGE_ROWS_MAX}&page={page}")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn references_cannot_leave_their_place_in_the_path() {
        let cases = [
            ("aZ09-._~", Some("/v1/payouts/aZ09-._~")),
            ("../a?b=c#d%", Some("/v1/payouts/..%2Fa%3Fb%3Dc%23d%25")),
            (".", None),
            ("..", None),
        ];
        for (reference, path) in cases {
            assert_eq!(payout_path(reference).as_deref(), path, "{reference}");
        }
    }

    #[test]
    fn days_are_written_day_first() {
        let path = list_path(date(2023, 2, 11), date(2023, 2, 16), 1);
        let expected = "/v1/payouts?from=11%2F02%2F2023&to=16%2F02%2F2023&size=500&page=1";
        assert_eq!(path, expected);
    }

    #[test]
    fn every_refusable_field_is_a_field() {
        let request = CreateRequest {
            merchant_order_id: "a",
            amount: 1,
            rut: "19".to_owned(),
            name: "a",
            email: Some("a"),
            bank_code: "a",
            account_type: SIGHT,
            account_number: "1",
            description: Some("a"),
        };
        let serde_json::Value::Object(fields) = serde_json::to_value(request).unwrap() else {
            panic!("not an object");
        };
        assert!(REFUSABLE_FIELDS.iter().all(|field| fields.contains_key(*field)));
        assert_eq!(fields.len(), REFUSABLE_FIELDS.len() + 1);
    }
}
