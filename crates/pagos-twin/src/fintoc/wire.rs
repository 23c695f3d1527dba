//! What goes out, field by field in the order of the recordings. No decisions.

use http::StatusCode;
use pagos_core::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Fintoc,
    access::whole_seconds,
    refusal::Refusal,
    settings::{FintocSettings, SANDBOX_ACCOUNT_NUMBER_ID},
    transfer::{Status, Transfer},
};
use crate::{machine::Protocol, twin::Reply};

/// Source: rec: transfers create, get and list.
#[derive(Serialize)]
pub(super) struct TransferShown<'a> {
    object: &'static str,
    id: &'a str,
    amount: i64,
    currency: &'static str,
    direction: &'static str,
    status: &'static str,
    transaction_date: String,
    post_date: Option<String>,
    comment: Option<&'a str>,
    reference_id: Option<&'a str>,
    tracking_key: &'a str,
    receipt_url: Option<String>,
    mode: &'static str,
    counterparty: Counterparty<'a>,
    account_number: AccountNumber<'a>,
    metadata: Metadata<'a>,
    return_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Counterparty<'a> {
    holder_id: Option<&'a str>,
    holder_name: Option<&'a str>,
    account_number: &'a str,
    account_type: &'static str,
    institution: Institution<'a>,
}

#[derive(Serialize)]
struct Institution<'a> {
    id: String,
    name: &'a str,
    country: &'static str,
}

/// The number of the account that pays.
#[derive(Serialize)]
struct AccountNumber<'a> {
    id: &'static str,
    account_id: &'a str,
    number: &'static str,
    created_at: &'static str,
    updated_at: &'static str,
    mode: &'static str,
    description: Option<()>,
    metadata: Map<String, Value>,
    status: &'static str,
    is_root: bool,
    object: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Metadata<'a> {
    Given(&'a Map<String, Value>),
    None {},
}

/// A transfer as answers, lists and events tell it, in a status that need not be the present one.
pub(super) fn transfer<'a>(
    settings: &'a FintocSettings,
    transfer: &'a Transfer,
    status: Status,
) -> TransferShown<'a> {
    let order = &transfer.order;
    let is_posted = status != Status::Pending;
    let is_returned = status == Status::Returned;
    let posted_at = transfer.posted_at.filter(|_| is_posted);
    TransferShown {
        object: "transfer",
        id: &transfer.id,
        amount: order.amount_minor + i64::from(transfer.echoes_other_amount) * ECHO_ERROR_MINOR,
        currency: Fintoc::CURRENCY,
        direction: "outbound",
        status: status.word(),
        transaction_date: time(transfer.created_at),
        post_date: posted_at.map(day),
        comment: order.comment.as_deref(),
        reference_id: order.reference_id.as_deref(),
        tracking_key: &transfer.tracking_key,
        receipt_url: posted_at.map(|_| format!("{RECEIPT}{}", transfer.tracking_key)),
        mode: MODE,
        counterparty: Counterparty {
            holder_id: order.holder_id.as_deref(),
            holder_name: order.holder_name.as_deref(),
            account_number: &order.account,
            account_type: "clabe",
            institution: institution(&order.account),
        },
        account_number: account_number(settings),
        metadata: Metadata::Given(&order.metadata),
        return_reason: is_returned.then_some("account_not_found"),
    }
}

/// Money that comes in by order of a test. Source: rec: simulate.
pub(super) fn inbound<'a>(
    settings: &'a FintocSettings,
    id: &'a str,
    amount: i64,
    tracking_key: &'a str,
    at: Timestamp,
) -> TransferShown<'a> {
    TransferShown {
        object: "transfer",
        id,
        amount,
        currency: Fintoc::CURRENCY,
        direction: "inbound",
        status: Status::Pending.word(),
        transaction_date: time(at),
        post_date: Some(day(at)),
        comment: None,
        reference_id: Some("1"),
        tracking_key,
        receipt_url: None,
        mode: MODE,
        counterparty: Counterparty {
            holder_id: Some("JNDD471123XJ4"),
            holder_name: Some("Ana Perez"),
            account_number: "072225008217746674",
            account_type: "clabe",
            institution: institution("072225008217746674"),
        },
        account_number: account_number(settings),
        metadata: Metadata::None {},
        return_reason: None,
    }
}

fn account_number(settings: &FintocSettings) -> AccountNumber<'_> {
    AccountNumber {
        id: SANDBOX_ACCOUNT_NUMBER_ID,
        account_id: &settings.account_id,
        number: ROOT_NUMBER,
        created_at: "2025-08-29T20:02:00Z",
        updated_at: "2025-08-29T20:02:00Z",
        mode: MODE,
        description: None,
        metadata: Map::new(),
        status: "enabled",
        is_root: true,
        object: "account_number",
    }
}

/// The institution of a CLABE, by its first three digits; a wrong one in the request is ignored.
///
/// Source: rec: 90735 for a number of Fintoc's own, 90723 for Cuenca's; that banks have 40 in front
/// follows the list of participants of the Banco de México.
fn institution(clabe: &str) -> Institution<'_> {
    let code = clabe.get(..3).unwrap_or_default();
    let kind = if code < "600" { "40" } else { "90" };
    let known = INSTITUTIONS.iter().find(|(known, _)| *known == code);
    let name = known.map_or(code, |(_, name)| name);
    Institution { id: format!("{kind}{code}"), name, country: "mx" }
}

/// Source: rec: accounts list.
#[derive(Serialize)]
pub(super) struct AccountShown<'a> {
    id: &'a str,
    object: &'static str,
    mode: &'static str,
    root_account_number: &'static str,
    is_root: bool,
    root_account_number_id: &'static str,
    available_balance: i64,
    currency: &'static str,
    entity: Entity,
    description: Option<&'static str>,
    status: &'static str,
}

#[derive(Serialize)]
struct Entity {
    id: &'static str,
    holder_name: &'static str,
    holder_id: &'static str,
    is_root: bool,
}

pub(super) fn account(settings: &FintocSettings, available_balance: i64) -> AccountShown<'_> {
    AccountShown {
        id: &settings.account_id,
        object: "account",
        mode: MODE,
        root_account_number: ROOT_NUMBER,
        is_root: true,
        root_account_number_id: SANDBOX_ACCOUNT_NUMBER_ID,
        available_balance,
        currency: Fintoc::CURRENCY,
        entity: Entity {
            id: "ent_5a17e57b0c5a17e57b0c5a17e57",
            holder_name: "Simulada",
            holder_id: "ND",
            is_root: true,
        },
        description: None,
        status: "active",
    }
}

/// Source: sdk: py tests/test_webhook.py.
#[derive(Serialize)]
pub(super) struct EventShown<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) mode: &'static str,
    pub(super) created_at: String,
    pub(super) data: TransferShown<'a>,
    pub(super) object: &'static str,
}

pub(super) fn answer<T: Serialize>(status: StatusCode, value: &T) -> Reply {
    serde_json::to_vec(value)
        .map_or_else(|_| Refusal::internal_error().reply(), |body| Reply::json(status, body))
}

/// `2025-09-02T15:58:51Z`. Source: rec: transfers create.
pub(super) fn time(at: Timestamp) -> String {
    Timestamp::from_millis(whole_seconds(at).saturating_mul(1_000)).to_string()
}

/// The beginning of the day. Source: rec: transfers list.
fn day(at: Timestamp) -> String {
    let day_ms = 24 * 60 * 60 * 1_000;
    time(Timestamp::from_millis(at.as_millis().div_euclid(day_ms).saturating_mul(day_ms)))
}

/// The mode of every object here.
pub(super) const MODE: &str = "test";

/// What a wrong echo adds: 100 pesos. `[sim]`
const ECHO_ERROR_MINOR: i64 = 10_000;

/// Source: rec: transfers list, shortened.
const RECEIPT: &str = "https://www.banxico.org.mx/cep-beta/go?i=90735&s=dummy&d=";

/// Invented, in the shape of `rec: accounts list`.
const ROOT_NUMBER: &str = "735969000000299995";

const INSTITUTIONS: [(&str, &str); 8] = [
    ("002", "BANAMEX"),
    ("012", "BBVA MEXICO"),
    ("014", "SANTANDER"),
    ("021", "HSBC"),
    ("072", "BANORTE"),
    ("646", "STP"),
    ("723", "Cuenca"),
    ("735", "FINTOC"),
];
