//! Conekta's JSON about payees, webhooks, keys, events and transactions, in its own spelling. The
//! shapes have no `Debug`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A change of a payee. Source: conekta-go 2.1.1.
#[derive(Serialize)]
pub(crate) struct PayeeUpdateRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<&'a str>,
}

/// A webhook, new or changed. Source: openapi: schemas/webhooks.
#[derive(Serialize)]
pub(crate) struct WebhookRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subscribed_events: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
}

/// A webhook key, new or changed. Source: openapi: schemas/webhook-keys.
#[derive(Serialize)]
pub(crate) struct KeyRequest {
    pub(crate) active: bool,
}

/// The webhooks that an event is sent to again. Source: openapi: resources/events/events_resend.
#[derive(Serialize)]
pub(crate) struct ResendRequest<'a> {
    pub(crate) webhooks_ids: &'a [&'a str],
}

/// Any object that is read here; each has some of these fields. Source: manual for payees; openapi:
/// schemas/webhooks, webhook-keys, events, transactions.
#[derive(Deserialize)]
pub(crate) struct ObjectAnswer<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) object: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) email: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) phone: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) destinations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(crate) last4: Option<&'a RawValue>,
    #[serde(borrow, alias = "account_holder")]
    pub(crate) account_holder_name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) bank: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) deleted: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) status: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) subscribed_events: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(crate) active: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) public_key: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) deactivated_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) failed_attempts: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) last_attempted_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) last_http_response_status: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) amount: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) fee: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) net: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) charge: Option<&'a RawValue>,
}
