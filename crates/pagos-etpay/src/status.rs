//! The meaning of words in the payouts API: statuses of payouts, and refusals by HTTP status and
//! text. `contract.rs` has the words themselves.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use pagos_core::{Error, ErrorKind, FailReason, Source, Status, Timestamp};
use pagos_wire::{redact, retry_after};

use crate::contract::{self, Meaning, RefusalAnswer};

/// When the payout's status was reported, and the times in the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) source: Source,
    pub(crate) asked_at: Timestamp,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

/// The status of a word. `None` for a word that is not in the table: it stands for no status, not
/// even a non-final one.
///
/// `error` and `failed` are not documented as final, and a payout that is called failed too early
/// gets paid twice by somebody. They count once they have lasted: a minute, by the provider's own
/// time of the change, or a day since the creation if no such time is given. The answer to a new
/// payout never makes them final. Until then they are `Pending`, with the word kept. \[inferred\]
pub(crate) fn status(word: &str, told: Told) -> Option<Status> {
    let is_word = |known: &str| known.eq_ignore_ascii_case(word.trim());
    let (_, meaning) = *contract::STATUS_WORDS.iter().find(|(known, _)| is_word(known))?;
    Some(match meaning {
        Meaning::Paid => Status::Succeeded,
        Meaning::Failed => Status::Failed(FailReason::Declined),
        Meaning::SeemsFailed if has_lasted(told) => Status::Failed(FailReason::Declined),
        Meaning::SeemsFailed | Meaning::Pending => Status::Pending,
        Meaning::Returned => Status::Failed(FailReason::Returned),
    })
}

fn has_lasted(told: Told) -> bool {
    let is_older = |moment: Timestamp, than_ms: i64| {
        told.asked_at.as_millis().saturating_sub(moment.as_millis()) >= than_ms
    };
    match (told.source, told.updated_at, told.created_at) {
        (Source::Reply, _, _) => false,
        (_, Some(updated_at), _) => is_older(updated_at, contract::SEEMING_LASTED_MS),
        (_, None, Some(created_at)) => is_older(created_at, contract::SEEMING_AGED_MS),
        (_, None, None) => false,
    }
}

/// The text of a refusal, if the body is one: an object with a text in the usual place. Only such a
/// body shows that the application itself has answered, and not something in front of it.
pub(crate) fn refusal(response: &Response<Bytes>) -> Option<String> {
    let answer: RefusalAnswer = serde_json::from_slice(response.body()).ok()?;
    let text = answer.msg.or(answer.message).or(answer.error)?.into_string();
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The error for any answer to a new payout except success and 401.
///
/// | answer | kind |
/// |---|---|
/// | 400, 422, a field of ours in the words of the table | `Rejected` |
/// | 400, 402, too little money | `Throttled`: it delays, it never fails a payout |
/// | 403 with a refusal | `Unauthorized` |
/// | 429 | `Throttled` |
/// | 409, 5xx, and everything else | `Unknown` |
///
/// 429 means by RFC 6585 that the request was not executed. A 409 means that an earlier attempt
/// exists, so it must be queried.
pub(crate) fn refused_payout(response: &Response<Bytes>) -> Error {
    let code = response.status().as_u16();
    let text = refusal(response);
    let known = text.as_deref().unwrap_or_default();
    let (kind, meaning, wait) = match code {
        429 => (ErrorKind::Throttled, "too many requests", Some(retry_after(response))),
        403 if text.is_some() => (ErrorKind::Unauthorized, "the account may not pay", None),
        409 => (ErrorKind::Unknown, "a payout with this key may exist already", None),
        _ if contract::BALANCE_REFUSED.contains(&code) && is_empty_balance(known) => {
            let wait = Duration::from_secs(contract::BALANCE_WAIT_S);
            (ErrorKind::Throttled, "there is too little money in the account", Some(wait))
        }
        _ if contract::FIELD_REFUSED.contains(&code) && is_about_field(known) => {
            (ErrorKind::Rejected, "a field was refused", None)
        }
        _ => (ErrorKind::Unknown, "the outcome is unknown", None),
    };
    let error = match text {
        Some(text) => {
            let text = redact(&text);
            Error::new(kind, format!("{meaning}: the provider answered {text:?} with HTTP {code}"))
                .with_provider_code(text)
        }
        None => Error::new(kind, format!("{meaning}: the provider answered HTTP {code}")),
    };
    match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// Checks an answer to a query for a refusal with a clear next step: 401, 403 and 429.
///
/// # Errors
/// `Unauthorized` and `Throttled`.
pub(crate) fn refused_query(response: &Response<Bytes>) -> Result<(), Error> {
    match response.status().as_u16() {
        code @ (401 | 403) => Err(Error::new(
            ErrorKind::Unauthorized,
            format!("the payouts API refuses this account with HTTP {code}"),
        )),
        429 => Err(Error::new(ErrorKind::Throttled, "too many queries")
            .with_retry_after(retry_after(response))),
        _ => Ok(()),
    }
}

/// The error for an unsuccessful answer to a new payout.
pub(crate) fn unknown_outcome(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("the outcome is unknown: {because}"))
}

fn is_empty_balance(text: &str) -> bool {
    text.eq_ignore_ascii_case(contract::EMPTY_BALANCE)
}

fn is_about_field(text: &str) -> bool {
    let Some((field, verdict)) = text.split_once(' ') else { return false };
    contract::REFUSABLE_FIELDS.iter().any(|known| known.eq_ignore_ascii_case(field))
        && contract::FIELD_REFUSALS.iter().any(|known| known.eq_ignore_ascii_case(verdict))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: i64 = 1_767_323_045_000;

    fn told(source: Source, created_ms: Option<i64>, updated_ms: Option<i64>) -> Told {
        let ago = |ago_ms| Timestamp::from_millis(NOW_MS - ago_ms);
        Told {
            source,
            asked_at: Timestamp::from_millis(NOW_MS),
            created_at: created_ms.map(ago),
            updated_at: updated_ms.map(ago),
        }
    }

    fn response(http_status: u16, body: &str) -> Response<Bytes> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Response::builder().status(http_status).body(body).unwrap()
    }

    #[test]
    fn every_word_has_its_status() {
        let failed = Status::Failed(FailReason::Declined);
        let cases = [
            ("completed", Status::Succeeded),
            ("COMPLETED", Status::Succeeded),
            (" completed ", Status::Succeeded),
            ("rejected", failed),
            ("pending", Status::Pending),
            ("created", Status::Pending),
            ("processing", Status::Pending),
            ("validated", Status::Pending),
            ("reversed", Status::Failed(FailReason::Returned)),
            ("returned", Status::Failed(FailReason::Returned)),
            ("error", Status::Pending),
            ("failed", Status::Pending),
        ];
        for (word, expected) in cases {
            assert_eq!(status(word, told(Source::Query, None, None)), Some(expected), "{word:?}");
        }
        for word in ["complete", "cancelled", "EN_REVISION", ""] {
            assert_eq!(status(word, told(Source::Query, None, None)), None, "{word:?}");
        }
    }

    #[test]
    fn a_failure_that_only_seems_one_must_have_lasted() {
        let day_ms = 24 * 60 * 60 * 1000;
        let cases = [
            (Source::Query, None, Some(60_000), true),
            (Source::Listing, None, Some(60_000), true),
            (Source::Query, None, Some(59_999), false),
            (Source::Query, None, Some(-3_600_000), false),
            (Source::Query, Some(day_ms), Some(59_999), false),
            (Source::Query, Some(day_ms), None, true),
            (Source::Query, Some(day_ms - 1), None, false),
            (Source::Query, None, None, false),
            (Source::Reply, Some(day_ms), Some(day_ms), false),
        ];
        for (source, created, updated, is_final) in cases {
            for word in ["error", "failed", "Error"] {
                let seen = status(word, told(source, created, updated));
                let expected =
                    if is_final { Status::Failed(FailReason::Declined) } else { Status::Pending };
                assert_eq!(seen, Some(expected), "{word} {source:?} {created:?} {updated:?}");
            }
        }
    }

    #[test]
    fn every_refusal_has_its_next_step() {
        let cases = [
            (400, r#"{"msg":"amount is invalid"}"#, ErrorKind::Rejected),
            (422, r#"{"message":"RUT is invalid"}"#, ErrorKind::Rejected),
            (400, r#"{"error":"bank_code is required"}"#, ErrorKind::Rejected),
            (400, r#"{"msg":null,"message":"name is invalid"}"#, ErrorKind::Rejected),
            (400, r#"{"msg":"merchant_order_id is invalid"}"#, ErrorKind::Unknown),
            (400, r#"{"msg":"colour is invalid"}"#, ErrorKind::Unknown),
            (400, r#"{"msg":"amount is too high"}"#, ErrorKind::Unknown),
            (400, r#"{"msg":""}"#, ErrorKind::Unknown),
            (400, "{}", ErrorKind::Unknown),
            (400, "amount is invalid", ErrorKind::Unknown),
            (400, r#"{"msg":"amount is invalid""#, ErrorKind::Unknown),
            (500, r#"{"msg":"amount is invalid"}"#, ErrorKind::Unknown),
            (200, r#"{"msg":"amount is invalid"}"#, ErrorKind::Unknown),
            (404, r#"{"msg":"amount is invalid"}"#, ErrorKind::Unknown),
            (400, r#"{"msg":"Insufficient balance"}"#, ErrorKind::Throttled),
            (402, r#"{"msg":"insufficient balance"}"#, ErrorKind::Throttled),
            (402, r#"{"msg":"payment required"}"#, ErrorKind::Unknown),
            (422, r#"{"msg":"insufficient balance"}"#, ErrorKind::Unknown),
            (500, r#"{"msg":"insufficient balance"}"#, ErrorKind::Unknown),
            (403, r#"{"message":"Forbidden"}"#, ErrorKind::Unauthorized),
            (403, "<html>", ErrorKind::Unknown),
            (409, r#"{"msg":"duplicate merchant_order_id","payout":{}}"#, ErrorKind::Unknown),
            (429, "", ErrorKind::Throttled),
            (408, "", ErrorKind::Unknown),
            (302, "", ErrorKind::Unknown),
            (502, "<html>", ErrorKind::Unknown),
        ];
        for (http_status, body, kind) in cases {
            let error = refused_payout(&response(http_status, body));
            assert_eq!(error.kind(), kind, "{http_status} {body}");
        }
    }

    #[test]
    fn waits_are_told_and_have_a_limit() {
        let waited = |value: &str| {
            let mut response = response(429, "");
            response.headers_mut().insert("retry-after", value.parse().unwrap());
            refused_payout(&response).retry_after().unwrap().as_secs()
        };
        assert_eq!(waited("7"), 7);
        assert_eq!(waited("soon"), 60);
        assert_eq!(waited("99999999999"), 3600);
        let empty = refused_payout(&response(402, r#"{"msg":"insufficient balance"}"#));
        assert_eq!(empty.retry_after(), Some(Duration::from_secs(300)));
    }

    #[test]
    fn a_refusal_keeps_the_word_and_hides_numbers() {
        let error = refused_payout(&response(400, r#"{"msg":"account 12345678 is closed"}"#));
        assert_eq!(error.provider_code(), Some("account ****** is closed"));
        assert!(!format!("{error:?}").contains("12345678"));
    }

    proptest! {
        #[test]
        fn only_words_of_the_table_are_a_no(text in "[a-z_ ]{0,30}", http_status in 200_u16..600) {
            let body = format!("{{\"msg\":\"{text}\"}}");
            let error = refused_payout(&response(http_status, &body));
            prop_assert!(is_about_field(text.trim()) || error.kind() != ErrorKind::Rejected);
        }

        #[test]
        fn no_body_makes_it_panic(http_status in 100_u16..600, body in ".{0,80}") {
            let _ = refused_payout(&response(http_status, &body));
            let _ = refused_query(&response(http_status, &body));
        }
    }
}
