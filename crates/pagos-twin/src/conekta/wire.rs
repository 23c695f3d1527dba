//! What goes out, field by field in the order of the samples. No decisions.

use http::StatusCode;
use pagos_core::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::refusal::{Language, Refusal};
use crate::twin::Reply;

/// Source: manual; `billing_address` and `deleted`: conekta-go 2.1.1.
#[derive(Serialize)]
pub(super) struct PayeeShown<'a> {
    pub(super) id: &'a str,
    pub(super) email: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) phone: Option<&'a str>,
    pub(super) livemode: bool,
    pub(super) destinations: Vec<DestinationShown<'a>>,
    pub(super) object: &'static str,
    pub(super) default_destination_id: Option<&'a str>,
    pub(super) created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) billing_address: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted: Option<bool>,
}

/// The account of a payee. Source: manual.
#[derive(Serialize)]
pub(super) struct DestinationShown<'a> {
    pub(super) id: &'a str,
    pub(super) payee_id: &'a str,
    pub(super) object: &'static str,
    pub(super) created_at: i64,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) currency: &'static str,
    pub(super) last4: &'a str,
    pub(super) account_holder_name: &'a str,
    pub(super) bank: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted: Option<bool>,
}

/// Source: manual, for each of the two names of its account.
#[derive(Serialize)]
pub(super) struct TransferShown<'a> {
    pub(super) livemode: bool,
    pub(super) currency: &'static str,
    #[serde(flatten)]
    pub(super) account: Account<'a>,
    pub(super) object: &'static str,
    pub(super) amount: i64,
    pub(super) id: &'a str,
    pub(super) created_at: i64,
    pub(super) status: &'static str,
    pub(super) statement_reference: String,
    pub(super) statement_description: String,
}

/// The account of a transfer: under `destination` in answers about one, under `method` in lists and
/// events. Source: manual; `mock: GET /transfers`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Account<'a> {
    Destination(TransferAccount<'a>),
    Method(TransferAccount<'a>),
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum TransferAccount<'a> {
    Short(ShortAccount<'a>),
    Whole(WholeAccount<'a>),
}

/// Source: manual.
#[derive(Serialize)]
pub(super) struct ShortAccount<'a> {
    pub(super) payee_id: &'a str,
    pub(super) id: String,
    pub(super) created_at: i64,
    pub(super) object: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) last4: &'a str,
    pub(super) account_holder_name: &'a str,
    pub(super) bank: Option<&'static str>,
}

/// Source: manual; that `_type` is `type` elsewhere: `openapi: schemas/transfers`.
#[derive(Serialize)]
pub(super) struct WholeAccount<'a> {
    pub(super) id: String,
    pub(super) created_at: i64,
    pub(super) payee_id: &'a str,
    #[serde(rename = "_type", skip_serializing_if = "Option::is_none")]
    pub(super) underscored: Option<&'static str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    pub(super) object: &'static str,
    pub(super) account_number: &'a str,
    pub(super) account_holder: &'a str,
    pub(super) bank: Option<&'static str>,
}

/// Source: manual; the order of a capture of 2025.
#[derive(Serialize)]
pub(super) struct EventShown<'a> {
    pub(super) data: EventData<'a>,
    pub(super) livemode: bool,
    pub(super) webhook_status: &'static str,
    pub(super) webhook_logs: Vec<LogShown<'a>>,
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) created_at: i64,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum EventData<'a> {
    Object {
        object: Box<EventObject<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        previous_attributes: Option<Previous>,
    },
    /// Source: `mock: GET /events`.
    Ping { livemode: bool, action: &'static str },
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum EventObject<'a> {
    Transfer(TransferShown<'a>),
    Payee(PayeeShown<'a>),
    Webhook(WebhookShown<'a>),
}

#[derive(Serialize)]
pub(super) struct Previous {
    pub(super) status: &'static str,
}

/// Source: manual; `response_data`: a capture of 2025.
#[derive(Serialize)]
pub(super) struct LogShown<'a> {
    pub(super) id: String,
    pub(super) url: &'a str,
    pub(super) failed_attempts: u32,
    pub(super) last_http_response_status: i32,
    pub(super) response_data: Option<()>,
    pub(super) object: &'static str,
    pub(super) last_attempted_at: i64,
}

/// Source: `openapi: schemas/webhooks`; the three of before 2.2.0: `mock: GET /webhooks`.
#[derive(Serialize)]
pub(super) struct WebhookShown<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) url: &'a str,
    pub(super) status: &'static str,
    pub(super) subscribed_events: &'a [String],
    #[serde(flatten)]
    pub(super) rest: WebhookRest,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WebhookRest {
    New { description: Option<()>, livemode: bool, active: bool },
    Old { synchronous: bool, production_enabled: bool, development_enabled: bool },
}

/// Source: `openapi: schemas/webhook-keys`.
#[derive(Serialize)]
pub(super) struct WebhookKeyShown<'a> {
    pub(super) active: bool,
    pub(super) livemode: bool,
    pub(super) created_at: i64,
    pub(super) deactivated_at: Option<i64>,
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted: Option<bool>,
}

/// Source: `openapi: schemas/transactions`. What `charge` holds of a transfer is `[sim]`.
#[derive(Serialize)]
pub(super) struct TransactionShown<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) amount: i64,
    pub(super) fee: i64,
    pub(super) net: i64,
    pub(super) currency: &'static str,
    pub(super) status: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) created_at: i64,
    pub(super) charge: &'a str,
    pub(super) livemode: bool,
}

/// Source: `openapi: schemas/balances`.
#[derive(Serialize)]
pub(super) struct BalanceShown {
    pub(super) available: [Sum; 1],
    pub(super) pending: [Sum; 1],
    pub(super) retention_amount: [Sum; 1],
    pub(super) retained: [Sum; 1],
    pub(super) temporarily_retained: [Sum; 1],
    pub(super) target_retention_amount: [Sum; 1],
    pub(super) conekta_retention: [Sum; 1],
    pub(super) target_collateral_amount: Sum,
    pub(super) gateway: [Sum; 0],
    pub(super) cashout_retention_amount: [Sum; 1],
}

#[derive(Serialize)]
pub(super) struct Sum {
    pub(super) amount: i64,
    pub(super) currency: &'static str,
}

/// Source: `openapi: schemas/pagination`.
#[derive(Serialize)]
pub(super) struct ListShown<T> {
    pub(super) next_page_url: Option<String>,
    pub(super) previous_page_url: Option<String>,
    pub(super) has_more: bool,
    pub(super) object: &'static str,
    pub(super) data: Vec<T>,
}

/// Success is 200 always, which the oldest clients demand. Source: conekta-ruby 2.6.0.
pub(super) fn answer<T: Serialize>(value: &T) -> Reply {
    serde_json::to_vec(value).map_or_else(
        |_| Refusal::runtime_error().reply(Language::English),
        |body| Reply::json(StatusCode::OK, body),
    )
}

/// Whole seconds since 1970, rounded down.
pub(super) const fn seconds(at: Timestamp) -> i64 {
    let seconds = at.as_millis().div_euclid(1_000);
    if seconds < 0 { 0 } else { seconds }
}
