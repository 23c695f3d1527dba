//! What can be switched in the Cashypro twin, and the choices made where the manual is silent.
//! Not the faults; those change while the twin runs.

use std::time::Duration;

use pagos_core::Secret;

use crate::random::Span;

/// The twin's merchant. Invented.
pub const SANDBOX_MERCHANT_ID: &str = "1002001";
/// The twin's signing key. Invented; it opens nothing.
pub const SANDBOX_API_KEY: &str = "sandbox-key-0123456789abcdef";

/// How the Cashypro twin behaves. Every value is legal unless its line says otherwise.
#[derive(Debug, Clone)]
pub struct CashyproSettings {
    /// What stands before `/api/...`, with no slash at the end.
    pub prefix: String,
    /// The only merchant it knows; decimal digits.
    pub merchant_id: String,
    /// Key of both directions.
    pub api_key: Secret,
    /// Letters of the signature on webhooks. Requests may use either.
    pub sign_case: SignCase,
    /// How webhooks write amounts and fees.
    pub number_style: NumberStyle,
    /// Zone of `completionTime`, in minutes east of UTC; within a day.
    ///
    /// Source: overview page of Colombia (GMT-5).
    pub utc_offset_minutes: i16,
    /// Smallest order, in centavos. Source: manual "Request Parameters", 10000 pesos.
    pub amount_minor_min: i64,
    /// Largest order, in centavos. Source: manual "Request Parameters", 5000000 pesos.
    pub amount_minor_max: i64,
    /// What the provider takes on top of the amount. `[sim]`
    pub fee: Fee,
    /// The merchant's balance at the start, in centavos. `[sim]`
    pub balance_minor: i64,
    /// What happens to an order that the balance does not cover.
    pub no_funds: NoFunds,
    /// `msg` of a create with a number that exists. The manual forbids it and names no answer. `[sim]`
    pub duplicate_msg: String,
    /// Answer to a query for an order that does not exist.
    pub unknown_order: UnknownOrder,
    /// What happens to a wallet (Nequi, Daviplata) that is not paid as a savings account.
    pub wallet_rule: WalletRule,
    /// Which statuses are notified.
    pub notices: Notices,
    /// How long things take. `[sim]`
    pub timing: Timing,
}

impl Default for CashyproSettings {
    fn default() -> Self {
        Self {
            prefix: "/stage-api".to_owned(),
            merchant_id: SANDBOX_MERCHANT_ID.to_owned(),
            api_key: Secret::new(SANDBOX_API_KEY),
            sign_case: SignCase::Lower,
            number_style: NumberStyle::Fixed,
            utc_offset_minutes: -300,
            amount_minor_min: 1_000_000,
            amount_minor_max: 500_000_000,
            fee: Fee { basis_points: 300, flat_minor: 0 },
            balance_minor: 1_000_000_000_000_000,
            no_funds: NoFunds::FailLater,
            duplicate_msg: "Params_mchOrderNo_error".to_owned(),
            unknown_order: UnknownOrder::Refuse("Order_not_exist".to_owned()),
            wallet_rule: WalletRule::FailLater,
            notices: Notices::FinalOnly,
            timing: Timing::default(),
        }
    }
}

/// Letters of a hexadecimal signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignCase {
    /// `a6fc...`, as captured webhooks carry it.
    Lower,
    /// `A6FC...`, as the manual prints it.
    Upper,
}

/// How a webhook writes amount and fee. All three are seen in the manual or in captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberStyle {
    /// `60000.00` and `5150.0000`. Source: manual "Webhook Request Example", the request.
    Fixed,
    /// `60000.0` and `5150.0`. Source: manual "Webhook Request Example", the printed body.
    OneDecimal,
    /// `60000` and `5150`; decimals only where there are any. `[sim]`
    Plain,
}

/// A fee in integers: a share of the amount, rounded half up to the centavo, plus a fixed part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// Hundredths of a per cent of the amount.
    pub basis_points: u32,
    /// Fixed part in centavos.
    pub flat_minor: i64,
}

impl Fee {
    /// The fee of an amount, both in centavos.
    #[must_use]
    pub fn of(self, amount_minor: i64) -> i64 {
        let share = (i128::from(amount_minor) * i128::from(self.basis_points) + 5_000) / 10_000;
        i64::try_from(share).unwrap_or(i64::MAX).saturating_add(self.flat_minor)
    }
}

/// What an order meets that the balance does not cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFunds {
    /// It is accepted and fails later with `MERCHANT_BALANCE_NOT_ENOUGH`. Source: that reason is in
    /// the appendix of a sibling country.
    FailLater,
    /// It is refused at once with this `msg`. `[sim]`
    Refuse(String),
}

/// Answer to a query for an order that does not exist. Neither form is documented. `[sim]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownOrder {
    /// Code 500 and this `msg`.
    Refuse(String),
    /// Code 200 and `"data":null`.
    NullData,
}

/// What a wallet meets whose account type is not savings. The appendix says that wallets must use
/// savings; the manual's own sample does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletRule {
    /// Accepted, and failed later with `ACCOUNT_TYPE_NOT_VALID_FOR_TARGET_BANK`. `[sim]`
    FailLater,
    /// Refused with `Params_accountType_error`. `[sim]`
    Refuse,
    /// Paid all the same.
    Ignore,
}

/// Which statuses of a payout are notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notices {
    /// SUCCESS, FAIL and CANCEL.
    FinalOnly,
    /// WAITING and PAYING too.
    Every,
}

/// How long things take, in virtual time. The manual gives no figures. `[sim]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From PROCESSING to WAITING.
    pub waiting: Span,
    /// From WAITING to PAYING.
    pub paying: Span,
    /// From PAYING to the first final status.
    pub settle: Span,
    /// The same for a stuck order. It ends too: every order has one truth in finite time.
    pub stuck: Duration,
    /// From the first final status to the opposite one, if there is a reversal.
    pub reversal: Span,
    /// From the arrival of a late request to its effect.
    pub late_apply: Span,
    /// How long a slow reply takes.
    pub slow_reply: Span,
    /// How late a delayed webhook is. It overlaps with `reversal` so that notices overtake.
    pub webhook_delay: Span,
    /// From the creation of a payment to its payment by the payer.
    pub payer: Span,
}

impl Timing {
    /// No time between steps; reversals and delays of faults stay as they are.
    #[must_use]
    pub fn immediate() -> Self {
        let none = Span::exactly(Duration::ZERO);
        Self { waiting: none, paying: none, settle: none, payer: none, ..Self::default() }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            waiting: Span::from_millis(500, 1_500),
            paying: Span::from_millis(500, 2_000),
            settle: Span::from_millis(2_000, 20_000),
            stuck: Duration::from_secs(7 * 24 * 60 * 60),
            reversal: Span::from_millis(60_000, 600_000),
            late_apply: Span::from_millis(60_000, 480_000),
            slow_reply: Span::from_millis(2_000, 10_000),
            webhook_delay: Span::from_millis(30_000, 900_000),
            payer: Span::from_millis(20_000, 60_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_exact_and_round_half_up() {
        let fee = Fee { basis_points: 300, flat_minor: 335_000 };
        assert_eq!(fee.of(6_000_000), 515_000);
        let share = Fee { basis_points: 1, flat_minor: 0 };
        for (amount_minor, expected) in [(4_999, 0), (5_000, 1), (15_000, 2), (14_999, 1)] {
            assert_eq!(share.of(amount_minor), expected, "{amount_minor}");
        }
    }
}
