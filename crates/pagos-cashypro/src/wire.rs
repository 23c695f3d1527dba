//! The provider's JSON, field by field, in its own spelling. The shapes have no `Debug`, because
//! they contain names, documents and account numbers.
//!
//! Requests are only written and answers are only read. Fields of requests are in the order of the
//! provider's samples. Fields that an answer may omit are optional here; the code that reads it
//! checks the others.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use pagos_wire::{JsonDecimal, WireDecimal, WireInteger, WireText};

/// `POST /api/payOut`. Source: manual "Create Payout Order", order of the request example.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayOutRequest<'a> {
    pub(crate) amount: JsonDecimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bank_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ifsc_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_type: Option<&'a str>,
    pub(crate) account_name: &'a str,
    pub(crate) mch_order_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_card: Option<&'a str>,
    pub(crate) account_no: &'a str,
    pub(crate) account_type: &'a str,
    pub(crate) notify_url: &'a str,
    pub(crate) currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    pub(crate) remark: &'a str,
    pub(crate) nonce_str: &'a str,
}

/// `POST /api/payOutQuery` and `/api/payInQuery`. Source: manual "Query Payout Order".
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderQuery<'a> {
    pub(crate) mch_order_no: &'a str,
    pub(crate) nonce_str: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_no: Option<&'a str>,
}

/// `POST /api/getBalance`, `/api/bankListQuery`, `/api/payInBankListQuery`.
/// Source: docs: en/col/other-query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlainQuery<'a> {
    pub(crate) nonce_str: &'a str,
}

/// `POST /api/payIn`, and `/api/payDesk`, which has no `payType` and may have a `returnUrl`.
/// Source: docs: en/col/payin, order of the request example; docs: en/col/paydesk, en/ecu/paydesk,
/// en/per/paydesk, chl/paydesk.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayInRequest<'a> {
    pub(crate) amount: JsonDecimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_type: Option<&'a str>,
    pub(crate) mch_order_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_card: Option<&'a str>,
    pub(crate) remark: &'a str,
    pub(crate) nonce_str: &'a str,
    pub(crate) real_name: &'a str,
    pub(crate) reusable_status: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pay_type: Option<u32>,
    pub(crate) expire_time: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<&'a str>,
    pub(crate) notify_url: &'a str,
    pub(crate) currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bank_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_url: Option<&'a str>,
}

/// Every answer. Source: docs: quickstart; manual "Create Payout Order".
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    pub(crate) msg: Option<WireText>,
    pub(crate) code: WireInteger,
    /// `None` if the field is missing; a JSON null is `Some`.
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) data: Option<&'a RawValue>,
}

/// One order in answers and webhooks, for payouts and payments.
///
/// Amounts are strings in some answers and numbers in others; `payType`, `channelOrderNo` and the
/// provider's own `nonceStr` are not used. The fee of a new payment is called `orderFee`. Source:
/// manual "Query Payout Order", "Async Webhook Notification"; docs: mex/payin; code: hyperf.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderAnswer {
    pub(crate) merchant_id: Option<WireText>,
    pub(crate) mch_order_no: Option<WireText>,
    pub(crate) order_no: Option<WireText>,
    pub(crate) amount: Option<WireDecimal>,
    pub(crate) fee: Option<WireDecimal>,
    pub(crate) order_status: Option<WireText>,
    pub(crate) result_desc: Option<WireText>,
    pub(crate) completion_time: Option<WireText>,
    pub(crate) pay_code: Option<WireText>,
    pub(crate) pay_url: Option<WireText>,
    pub(crate) pay_desk_url: Option<WireText>,
}

/// The answer of `/api/getBalance`. It names no currency. Source: docs: en/col/other-query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceAnswer {
    pub(crate) mch_id: Option<WireText>,
    pub(crate) balance: WireDecimal,
    pub(crate) un_balance: Option<WireDecimal>,
}

/// One row of a bank list. Source: docs: en/col/other-query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BankAnswer {
    pub(crate) bank_id: WireText,
    pub(crate) bank_code: Option<WireText>,
    pub(crate) bank_name: WireText,
}

fn present<'de, D>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error>
where
    D: Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}
