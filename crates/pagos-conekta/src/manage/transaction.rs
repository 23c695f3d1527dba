//! The movements of the account, for reconciliation; read-only. It is not published whether and how
//! dispersions appear in them; `payout` and `payout_reversal` are the types to look at.

use serde_json::value::RawValue;

use pagos_core::{Currency, Error, Money, Timestamp};

use crate::{
    Conekta,
    manage::{Listed, object, segment},
    payout::transfer::{minor, moment},
    status::text,
};

/// Source: openapi: resources/transactions.
const PATH_TRANSACTIONS: &str = "/transactions";

/// A movement of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transaction {
    /// Conekta's id.
    pub id: String,
    /// Its type: `payout`, `payout_reversal`, `capture`.
    pub kind: Option<String>,
    /// Its status: `pending`, `available`, `paid_out`.
    pub status: Option<String>,
    /// The amount.
    pub amount: Option<Money>,
    /// Conekta's commission.
    pub fee: Option<Money>,
    /// The amount less the commission, which can be negative.
    pub net: Option<Money>,
    /// The id of the charge that it belongs to; its value for payouts is not published.
    pub charge: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl Conekta {
    /// Movements, newest first, of one type or of all, from `cursor` on.
    ///
    /// # Errors
    /// `Invalid` for an invalid type; otherwise the same as for every call of this module. Source:
    /// openapi: resources/transactions.
    pub async fn transactions(
        &self,
        kind: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Listed<Transaction>, Error> {
        let filter = match kind {
            Some(kind) => format!("&type={}", segment("type", kind)?),
            None => String::new(),
        };
        self.list(PATH_TRANSACTIONS, &filter, cursor, read).await
    }

    /// One movement.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/transactions.
    pub async fn transaction(&self, id: &str) -> Result<Transaction, Error> {
        self.read(&format!("{PATH_TRANSACTIONS}/{}", segment("transaction", id)?), read).await
    }
}

fn read(json: &RawValue) -> Result<Transaction, &'static str> {
    let (id, answer) = object(json)?;
    let currency = text(answer.currency).and_then(|code| code.parse::<Currency>().ok());
    let money = |json: Option<&RawValue>| match (json, currency) {
        (Some(json), Some(currency)) => Ok(Some(Money::new(minor(json)?, currency))),
        (Some(_), None) => Err("a sum has no currency that is known"),
        (None, _) => Ok(None),
    };
    Ok(Transaction {
        id,
        kind: text(answer.kind),
        status: text(answer.status),
        amount: money(answer.amount)?,
        fee: money(answer.fee)?,
        net: money(answer.net)?,
        charge: text(answer.charge),
        created_at: moment(answer.created_at),
    })
}
