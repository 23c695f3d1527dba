//! Conekta's JSON about payouts, field by field, in its own spelling. The shapes have no `Debug`,
//! because they contain names and account numbers. `wire/manage.rs` has the shapes of `manage.rs`.
//!
//! Answers are kept raw where a wrong type must not invalidate the rest: the manual's own samples
//! contradict each other in most places. Unused fields are not parsed. Serde refuses a known field
//! that occurs twice.

pub(crate) mod manage;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A new payee. Source: manual.
#[derive(Serialize)]
pub(crate) struct PayeeRequest<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destinations: Option<[DestinationRequest<'a>; 1]>,
}

/// The account of a payee. The manual's table calls the number an integer, but every sample has
/// text. Source: manual.
#[derive(Serialize)]
pub(crate) struct DestinationRequest<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) account_number: &'a str,
    pub(crate) account_holder_name: &'a str,
}

/// A new transfer: these three fields and no other. Source: manual.
#[derive(Serialize)]
pub(crate) struct TransferRequest<'a> {
    pub(crate) payee_id: &'a str,
    /// Centavos.
    pub(crate) amount: i64,
    pub(crate) currency: &'static str,
}

/// The fields of a payee that a payout needs. Source: manual.
#[derive(Deserialize)]
pub(crate) struct PayeeAnswer<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) destinations: Option<Vec<&'a RawValue>>,
}

/// A transfer. `destination` occurs in answers, `method` in lists and events. Source: manual.
#[derive(Deserialize)]
pub(crate) struct TransferAnswer<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) status: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) amount: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) statement_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) destination: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) method: Option<&'a RawValue>,
}

/// The account of a payee or a transfer, under any of its names. Source: manual; openapi:
/// schemas/transfers.
#[derive(Deserialize)]
pub(crate) struct AccountAnswer<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) payee_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) account_number: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency: Option<&'a RawValue>,
}

/// A list. Source: openapi: schemas/pagination.
#[derive(Deserialize)]
pub(crate) struct ListAnswer<'a> {
    #[serde(borrow)]
    pub(crate) data: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(crate) has_more: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) next_page_url: Option<&'a RawValue>,
}

/// An error. Very old versions have `message` and `param` beside `type`. Source: manual; `data`:
/// docs: errores; the old form: conekta-ruby 2.6.0.
#[derive(Deserialize)]
pub(crate) struct ErrorAnswer<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) log_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
}

/// One entry of `details`. `param` in the samples is `params` in the table; it is not read here.
/// Source: manual.
#[derive(Deserialize)]
pub(crate) struct ErrorDetail<'a> {
    #[serde(borrow)]
    pub(crate) debug_message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) code: Option<&'a RawValue>,
}

/// The balance, with the fields that are used. Source: openapi: schemas/balances.
#[derive(Deserialize)]
pub(crate) struct BalanceAnswer<'a> {
    #[serde(borrow)]
    pub(crate) available: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(crate) pending: Option<Vec<&'a RawValue>>,
}

/// One amount in the balance. Source: openapi: schemas/balances.
#[derive(Deserialize)]
pub(crate) struct SumAnswer<'a> {
    #[serde(borrow)]
    pub(crate) amount: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency: Option<&'a RawValue>,
}

/// A webhook: an event around an object, or a bare transfer. Source: manual shows both.
#[derive(Deserialize)]
pub(crate) struct EventAnswer<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) webhook_status: Option<&'a RawValue>,
}

/// `data` of an event. A ping has no object. Source: manual; mock: GET /events.
#[derive(Deserialize)]
pub(crate) struct EventData<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
}
