//! Fintoc's JSON, field by field, in its own spelling. No logic and no `Debug`: these shapes hold names
//! and account numbers. Fields that nobody here uses are not read. A known field that comes twice is
//! refused by serde.

use pagos_wire::{WireInteger, WireText};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A new transfer. Source: docs: reference/transfers-create; recorded: transfers/create.
#[derive(Serialize)]
pub(crate) struct TransferRequest<'a> {
    /// Centavos of MXN, pesos of CLP.
    pub(crate) amount: i64,
    pub(crate) currency: &'static str,
    pub(crate) account_id: &'a str,
    pub(crate) counterparty: CounterpartyRequest<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<&'a str>,
    pub(crate) metadata: Metadata<'a>,
}

/// Who is paid. Source: recorded: transfers/create; docs: reference/transfers-create.
#[derive(Serialize)]
pub(crate) struct CounterpartyRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder_id: Option<String>,
    pub(crate) holder_name: &'a str,
    pub(crate) account_number: &'a str,
    pub(crate) account_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) institution_id: Option<&'a str>,
}

/// Free key/value pairs. Source: docs: reference/transfers-create. The name is ours.
#[derive(Serialize)]
pub(crate) struct Metadata<'a> {
    pub(crate) pagos_key: &'a str,
}

/// A transfer, in answers, lists and events. Source: recorded: transfers/create, get, list.
#[derive(Deserialize)]
pub(crate) struct TransferAnswer<'a> {
    pub(crate) object: Option<WireText>,
    pub(crate) id: Option<WireText>,
    pub(crate) amount: Option<WireInteger>,
    pub(crate) currency: Option<WireText>,
    pub(crate) direction: Option<WireText>,
    pub(crate) status: Option<WireText>,
    pub(crate) transaction_date: Option<WireText>,
    pub(crate) tracking_key: Option<WireText>,
    pub(crate) mode: Option<WireText>,
    pub(crate) counterparty: Option<CounterpartyAnswer>,
    pub(crate) account_number: Option<OriginAnswer>,
    #[serde(borrow)]
    pub(crate) metadata: Option<&'a RawValue>,
    pub(crate) return_reason: Option<WireText>,
}

/// Who was paid. Source: recorded: transfers/create.
#[derive(Deserialize)]
pub(crate) struct CounterpartyAnswer {
    pub(crate) account_number: Option<WireText>,
}

/// The number of ours that paid, and its account. Source: recorded: transfers/create.
#[derive(Deserialize)]
pub(crate) struct OriginAnswer {
    pub(crate) account_id: Option<WireText>,
}

/// An account. Source: recorded: accounts/get.
#[derive(Deserialize)]
pub(crate) struct AccountAnswer {
    pub(crate) id: Option<WireText>,
    pub(crate) available_balance: Option<WireInteger>,
    pub(crate) currency: Option<WireText>,
}

/// An error. Source: sdk: py errors.py, node errors.ts.
#[derive(Deserialize)]
pub(crate) struct ErrorAnswer {
    pub(crate) error: ErrorBody,
}

/// What went wrong. Source: as [`ErrorAnswer`].
#[derive(Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) code: Option<WireText>,
    pub(crate) message: Option<WireText>,
}

/// A webhook. Source: sdk: py tests/test_webhook.py.
#[derive(Deserialize)]
pub(crate) struct EventAnswer<'a> {
    pub(crate) mode: Option<WireText>,
    pub(crate) created_at: Option<WireText>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
}

/// `data` of an event with the object inside it, a form that packages accept too. Source: sdk: py.
#[derive(Deserialize)]
pub(crate) struct EventData<'a> {
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
}

/// What something is. Source: recorded: all objects.
#[derive(Deserialize)]
pub(crate) struct ObjectAnswer {
    pub(crate) object: Option<WireText>,
}
