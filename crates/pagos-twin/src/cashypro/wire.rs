//! What goes out, field by field in the order of the documents' samples. No decisions.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use super::request::Refusal;
use crate::{
    call::{ErrorReplies, Statuses},
    twin::Reply,
};

/// Source: manual "Response Example" of "Create Payout Order".
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created<'a> {
    pub(super) merchant_id: &'a str,
    pub(super) mch_order_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) amount: String,
    pub(super) fee: &'static str,
    pub(super) order_status: &'static str,
}

/// Source: manual "Response Example" of "Query Payout Order".
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Queried<'a> {
    pub(super) merchant_id: &'a str,
    pub(super) mch_order_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) amount: String,
    pub(super) fee: String,
    pub(super) order_status: &'static str,
    pub(super) completion_time: Option<String>,
    pub(super) result_desc: Option<&'a str>,
}

/// Source: captured answer of a sibling country; note `orderFee`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentCreated<'a> {
    pub(super) merchant_id: &'a str,
    pub(super) mch_order_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) pay_code: Option<String>,
    pub(super) pay_url: Option<String>,
    pub(super) pay_desk_url: Option<String>,
    pub(super) amount: String,
    pub(super) order_fee: String,
}

/// Source: older manual "Get Payment Gateway Status"; here it is `fee`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentQueried<'a> {
    pub(super) merchant_id: &'a str,
    pub(super) mch_order_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) pay_type: String,
    pub(super) pay_code: Option<String>,
    pub(super) pay_url: Option<String>,
    pub(super) pay_desk_url: Option<String>,
    pub(super) amount: String,
    pub(super) fee: String,
    pub(super) order_status: &'static str,
    pub(super) completion_time: Option<String>,
    pub(super) nonce_str: Option<&'static str>,
}

/// Source: page of the hosted cashier of Colombia, "Response Example"; its end, which the stored copy cuts
/// off, after the page of Tanzania.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeskCreated<'a> {
    pub(super) merchant_id: &'a str,
    pub(super) mch_order_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) pay_url: String,
    pub(super) amount: String,
    pub(super) expire_time: String,
}

/// Answer 200 around `data`, which is already JSON.
pub(super) fn success_around(data: &str) -> Reply {
    let body = format!(r#"{{"msg":"SUCCESS","code":200,"data":{data}}}"#);
    Reply::json(StatusCode::OK, body)
}

/// Answer 200 around `data`.
pub(super) fn success<T: Serialize>(data: &T) -> Reply {
    serde_json::to_string(data).map_or_else(|_| system_error(), |data| success_around(&data))
}

/// HTTP 200, code 500, no `data`. Source: manual "Response Example"; that the HTTP status is 200
/// is inferred.
pub(super) fn refusal(refusal: &Refusal) -> Reply {
    #[derive(Serialize)]
    struct Refused<'a> {
        msg: &'a str,
        code: u16,
    }
    let refused = Refused { msg: &refusal.0, code: 500 };
    serde_json::to_vec(&refused)
        .map_or_else(|_| system_error(), |body| Reply::json(StatusCode::OK, body))
}

/// Source: manual "Response Example".
pub(super) fn system_error() -> Reply {
    let body = Bytes::from_static(br#"{"msg":"System_error","code":500}"#);
    Reply::json(StatusCode::OK, body)
}

/// What it says when it is out of order.
pub(super) const ERRORS: ErrorReplies = ErrorReplies {
    internal_error: system_error,
    busy: || refusal(&Refusal::of("System_busy")),
    refusal: || refusal(&Refusal::of("Params_accountNo_error")),
    statuses: Statuses {
        field: "orderStatus",
        words: &["PROCESSING", "WAITING", "PAYING", "SUCCESS", "FAIL", "CANCEL"],
    },
};

/// A route that does not exist. `[sim]`
pub(super) fn no_such_route() -> Reply {
    let body = Bytes::from_static(br#"{"msg":"Not_found","code":404}"#);
    Reply::json(StatusCode::NOT_FOUND, body)
}
