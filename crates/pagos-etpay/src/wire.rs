//! The JSON of payments, field by field, in ETpay's own spelling. The shapes have no `Debug`,
//! because they contain credentials, names and documents. The shapes of payouts are in
//! `contract.rs`.
//!
//! Requests are only written and answers are only read. Fields that an answer may omit are optional
//! here; the code that reads it checks the others. Unused fields are not parsed, so that nothing
//! depends on their form. Serde refuses a known field that occurs twice.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use pagos_wire::{WireInteger, WireText};

use crate::config::credential::Credential;

/// `POST /session/initialize`. Source: manual (the first four); docs: D12, D13 (the others).
#[derive(Serialize)]
pub(crate) struct SessionRequest<'a> {
    pub(crate) merchant_code: &'a str,
    /// The manual's text once calls it `merchant_api_key`; its sample does not.
    pub(crate) merchant_api_token: Credential<'a>,
    pub(crate) merchant_order_id: &'a str,
    /// Pesos. An integer in the manual's sample and in the code of ETpay's package, whose
    /// documentation says text.
    pub(crate) order_amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Vec<MetadataLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_completed_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_cancellation_url: Option<&'a str>,
    pub(crate) payment_webhook_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) concat: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_bank_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_rut: Option<String>,
    /// Its mere presence counts: `"false"` may lock as well, so it is `"true"` or absent. Source:
    /// sdk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_rut_block: Option<&'static str>,
}

/// One line of `metadata`. Source: docs: D12.
#[derive(Serialize)]
pub(crate) struct MetadataLine<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) show: bool,
}

/// The answer to a new session. `token` is what text and claims call `session_token`. Source: sdk;
/// code: C1, C2, C4.
#[derive(Deserialize)]
pub(crate) struct SessionAnswer {
    pub(crate) token: Option<String>,
    pub(crate) signature_token: Option<String>,
}

/// `POST /merchant/check_payment_status`. Source: sdk. The code may be sent too: code: C1.
#[derive(Serialize)]
pub(crate) struct StatusRequest<'a> {
    pub(crate) merchant_code: &'a str,
    pub(crate) merchant_api_token: Credential<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) merchant_order_id: Option<&'a str>,
}

/// One try of a payer, in the claims of a notification and in the rows of a status query. Both have
/// the same fifteen fields; these are used. Source: sdk.
///
/// It is unknown which of them a failed try lacks, so all are optional. `exp` and `nbf` are not
/// documented. `system_error` belongs to another token and is parsed in order to refuse it.
#[derive(Deserialize)]
pub(crate) struct Attempt {
    pub(crate) session_token: Option<WireText>,
    pub(crate) merchant_currency: Option<WireText>,
    pub(crate) merchant_order_id: Option<WireText>,
    pub(crate) merchant_amount: Option<WireInteger>,
    pub(crate) user_rut: Option<WireText>,
    pub(crate) payment_token: Option<WireText>,
    pub(crate) payment_status: Option<bool>,
    pub(crate) iat: Option<i64>,
    pub(crate) exp: Option<i64>,
    pub(crate) nbf: Option<i64>,
    pub(crate) system_error: Option<bool>,
}

/// The claims of the token that a browser carries when ETpay's pages lose their back end. Source:
/// sdk, README.
#[derive(Deserialize)]
pub(crate) struct SystemErrorClaims<'a> {
    pub(crate) session_token: WireText,
    pub(crate) system_error: bool,
    /// `Some` if the claim is present, even if it is null: it is then another token.
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) payment_status: Option<&'a RawValue>,
}

/// The claims of an unverified notification about itself.
#[derive(Deserialize)]
pub(crate) struct NamedClaims {
    pub(crate) session_token: Option<WireText>,
    pub(crate) merchant_order_id: Option<WireText>,
}

/// The body of a notification, whose form is not published: a token under one of these names, which
/// are guesses. \[sim\]
#[derive(Deserialize)]
pub(crate) struct NotificationBody<'a> {
    #[serde(borrow)]
    pub(crate) jwt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) token: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) payment_jwt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
}

/// A refusal. `message` was seen in public code, the other two in a sibling product.
/// Source: code: C1; docs: D22.
#[derive(Deserialize)]
pub(crate) struct RefusalAnswer<'a> {
    #[serde(borrow)]
    pub(crate) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) msg: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
}

fn present<'de, D>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error>
where
    D: Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}
