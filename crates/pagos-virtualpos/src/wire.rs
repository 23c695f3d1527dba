//! The provider's JSON, field by field, in its own spelling. The shapes have no `Debug`, because
//! they contain names, documents and account numbers.
//!
//! The instruction is the manual's. The answers are not published: they follow the payment API of
//! the same provider, with every spelling that was seen there. \[inferred\] Unused fields are not
//! parsed. Serde refuses a known field that occurs twice.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use pagos_wire::{WireInteger, WireText};

/// The instruction, `tef` ("transferencia electrónica de fondos"), in the order of the manual's
/// structure. It is also parsed from a handle. Source: manual.
#[derive(Serialize, Deserialize)]
pub(crate) struct Tef {
    /// Our key. The manual's text calls it the merchant's identification, but its sample and the
    /// name of the third call show that it is the transfer's. \[inferred\]
    pub(crate) merchant_id: String,
    pub(crate) message: String,
    /// Whole pesos. The unit is \[inferred\]: CLP has no cents.
    pub(crate) amount: i64,
    pub(crate) recipient: Recipient,
    pub(crate) bank: BankAccount,
}

/// The payee. Source: manual.
#[derive(Serialize, Deserialize)]
pub(crate) struct Recipient {
    /// Without dots, with the dash.
    pub(crate) rut: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

/// The payee's account, without an account type. Source: manual.
#[derive(Serialize, Deserialize)]
pub(crate) struct BankAccount {
    pub(crate) sbif_code: String,
    pub(crate) account_number: String,
}

/// `{"tef": T}`, the body of a new payout. \[inferred\]
#[derive(Serialize)]
pub(crate) struct Wrapped<'a> {
    pub(crate) tef: &'a RawValue,
}

/// Every answer. `status` is the result of the call, not the state of a payout.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) status: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) payout: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) tef: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) payment: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
}

/// `error` of a refusal, and `rejected_object` of a payout. Source: code: K, for payments.
#[derive(Deserialize)]
pub(crate) struct Reason {
    pub(crate) error_code: Option<WireText>,
    pub(crate) code: Option<WireText>,
    pub(crate) message: Option<WireText>,
}

/// One payout. An amount is an integer, or text with one; decimals are refused.
#[derive(Deserialize)]
pub(crate) struct PayoutAnswer<'a> {
    pub(crate) id: Option<WireText>,
    pub(crate) payout_id: Option<WireText>,
    pub(crate) tef_id: Option<WireText>,
    pub(crate) uuid: Option<WireText>,
    pub(crate) merchant_id: Option<WireText>,
    #[serde(rename = "merchantId")]
    pub(crate) merchant_id_in_camel_case: Option<WireText>,
    pub(crate) status: Option<WireText>,
    pub(crate) state: Option<WireText>,
    pub(crate) estado: Option<WireText>,
    pub(crate) amount: Option<WireInteger>,
    #[serde(borrow)]
    pub(crate) rejected_object: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) recipient: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) bank: Option<&'a RawValue>,
}

/// The payee, as an answer repeats it.
#[derive(Deserialize)]
pub(crate) struct RecipientAnswer {
    pub(crate) rut: Option<WireText>,
}

/// The account, as an answer repeats it.
#[derive(Deserialize)]
pub(crate) struct BankAccountAnswer {
    pub(crate) sbif_code: Option<WireText>,
    pub(crate) account_number: Option<WireText>,
}

/// `POST /v3/payment/`. Source: code: K.
#[derive(Serialize)]
pub(crate) struct PaymentRequest<'a> {
    pub(crate) amount: i64,
    pub(crate) email: &'a str,
    pub(crate) social_id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<String>,
    pub(crate) description: String,
    pub(crate) merchant_internal_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_url: Option<String>,
}

/// `POST /v3/payment/{uuid}/webcheckout`. Source: code: K.
#[derive(Serialize)]
pub(crate) struct WebcheckoutRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_url: Option<String>,
    pub(crate) payment_method: &'static str,
}

/// `payment` of an answer, if its fields are in an `order` inside. Source: public code.
#[derive(Deserialize)]
pub(crate) struct PaymentAnswer<'a> {
    #[serde(borrow)]
    pub(crate) order: Option<&'a RawValue>,
}

/// One payment.
#[derive(Deserialize)]
pub(crate) struct PaymentFields {
    pub(crate) uuid: Option<WireText>,
    pub(crate) id: Option<WireText>,
    pub(crate) status: Option<WireText>,
    pub(crate) amount: Option<WireInteger>,
    pub(crate) merchant_internal_code: Option<WireText>,
}

/// The page of a payment, in any place of an answer. Source: code: K.
#[derive(Deserialize)]
pub(crate) struct LinkAnswer {
    pub(crate) url_redirect: Option<WireText>,
}

/// A hint: the object that it names, under any name that was seen or assumed.
#[derive(Deserialize)]
pub(crate) struct HintBody {
    pub(crate) uuid: Option<WireText>,
    pub(crate) id: Option<WireText>,
    pub(crate) payout_id: Option<WireText>,
    pub(crate) merchant_id: Option<WireText>,
}
