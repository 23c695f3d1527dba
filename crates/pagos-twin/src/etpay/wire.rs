//! What goes out, field by field in the order of the documents' samples. No decisions.

use http::StatusCode;
use pagos_core::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::request::Refusal;
use crate::{
    call::{ErrorReplies, Statuses},
    twin::Reply,
};

/// Answer of `session/initialize`. Source: `sdk`.
#[derive(Debug, Serialize)]
pub(super) struct Initialized<'a> {
    pub(super) token: &'a str,
    pub(super) signature_token: &'a str,
    pub(super) terms_url: &'static str,
}

/// The fifteen claims of a token, which are also the fields of a status answer. Source: `sdk`.
///
/// That a session without an attempt has null for the payer is inferred.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Claims<'a> {
    pub(super) session_token: &'a str,
    pub(super) merchant_account_bank: &'static str,
    pub(super) merchant_account_type: &'static str,
    pub(super) merchant_account: &'static str,
    pub(super) merchant_name: &'static str,
    pub(super) merchant_currency: &'static str,
    pub(super) merchant_order_id: &'a str,
    pub(super) merchant_amount: i64,
    pub(super) user_bank: Option<&'static str>,
    pub(super) user_rut: Option<&'a str>,
    pub(super) user_account: Option<&'static str>,
    pub(super) payment_token: Option<&'a str>,
    pub(super) payment_status: bool,
    pub(super) payment_process: &'static str,
    pub(super) iat: i64,
}

/// The claims of a redirect after a failure of the system. Source: `sdk`.
#[derive(Debug, Serialize)]
pub(super) struct SystemErrorClaims<'a> {
    pub(super) session_token: &'a str,
    pub(super) system_error: bool,
    pub(super) iat: i64,
}

/// A payout as its creation answers it. All about payouts is of the working contract. `[sim]`
#[derive(Debug, Serialize)]
pub(super) struct Accepted<'a> {
    pub(super) id: &'a str,
    pub(super) merchant_order_id: &'a str,
    pub(super) amount: i64,
    pub(super) status: &'static str,
    pub(super) created_at: String,
}

/// A payout as queries and lists answer it, and without `created_at` as its webhook tells it.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    pub(super) id: &'a str,
    pub(super) merchant_order_id: &'a str,
    pub(super) amount: i64,
    pub(super) status: &'static str,
    pub(super) rut: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<String>,
    pub(super) updated_at: String,
}

/// `{"msg":"ok","payout":{...}}`.
pub(super) fn payout<T: Serialize>(payout: &T) -> Reply {
    #[derive(Serialize)]
    struct Around<'a, T> {
        msg: &'static str,
        payout: &'a T,
    }
    answer(StatusCode::OK, &Around { msg: "ok", payout })
}

/// One page of payouts.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    pub(super) msg: &'static str,
    pub(super) total: usize,
    pub(super) page: u32,
    pub(super) size: usize,
    pub(super) payouts: Vec<Shown<'a>>,
}

/// Answer of the login. Source: `docs: D5`.
#[derive(Debug, Serialize)]
pub(super) struct LoggedIn<'a> {
    pub(super) msg: &'static str,
    pub(super) auth: Auth<'a>,
    pub(super) user: User<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Auth<'a> {
    #[serde(rename = "Authorization")]
    pub(super) authorization: &'a str,
    /// Milliseconds, unlike the `iat` of tokens.
    #[serde(rename = "tokenExp")]
    pub(super) token_exp: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct User<'a> {
    pub(super) name: &'static str,
    pub(super) lastnames: &'static str,
    pub(super) email: &'a str,
}

pub(super) fn answer<T: Serialize>(status: StatusCode, value: &T) -> Reply {
    serde_json::to_vec(value).map_or_else(|_| payment_error(), |body| Reply::json(status, body))
}

/// The payments API says `message`. `[sim]`
pub(super) fn payment_refusal(refusal: &Refusal) -> Reply {
    answer(refusal.status, &json!({"message": refusal.text}))
}

/// The platform API says `msg`. `[sim]`; the word is that of its login.
pub(super) fn payout_refusal(refusal: &Refusal) -> Reply {
    answer(refusal.status, &json!({"msg": refusal.text}))
}

pub(super) const PAYMENT_ERRORS: ErrorReplies = ErrorReplies {
    internal_error: payment_error,
    busy: || Reply::json(StatusCode::SERVICE_UNAVAILABLE, r#"{"message":"service unavailable"}"#),
    refusal: || Reply::json(StatusCode::BAD_REQUEST, r#"{"message":"amount is invalid"}"#),
    // A payment is paid or not: no word tells it.
    statuses: Statuses { field: "status", words: &[] },
};

pub(super) const PAYOUT_ERRORS: ErrorReplies = ErrorReplies {
    internal_error: payout_error,
    busy: || Reply::json(StatusCode::SERVICE_UNAVAILABLE, r#"{"msg":"service unavailable"}"#),
    refusal: || Reply::json(StatusCode::BAD_REQUEST, r#"{"msg":"account_number is invalid"}"#),
    statuses: Statuses {
        field: "status",
        words: &["pending", "completed", "rejected", "returned"],
    },
};

pub(super) fn payment_error() -> Reply {
    Reply::json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"internal server error"}"#)
}

pub(super) fn payout_error() -> Reply {
    Reply::json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"msg":"internal server error"}"#)
}

/// `2026-01-02T03:04:05.000Z`, always with milliseconds. `[sim]`
pub(super) fn utc(at: Timestamp) -> String {
    let Ok(moment) = jiff::Timestamp::from_millisecond(at.as_millis()) else {
        return String::new();
    };
    format!("{moment:.3}")
}

/// Whole seconds, rounded down. Source: `sdk`, which refuses an `iat` ahead of its clock.
pub(super) const fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        for (ms, expected) in [
            (1_767_323_045_000, "2026-01-02T03:04:05.000Z"),
            (1_767_323_045_007, "2026-01-02T03:04:05.007Z"),
        ] {
            assert_eq!(utc(Timestamp::from_millis(ms)), expected);
        }
        assert_eq!(seconds(Timestamp::from_millis(1_999)), 1);
    }
}
