//! The request and the answer of a login: shapes, statuses, the end of a token. `session.rs`
//! decides when to log in.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use pagos_core::{Departure, Error, ErrorKind, Timestamp};
use pagos_wire::{
    WireInteger, WireText, post_json, query_failure, retry_after, sensitive, to_ascii_json,
};

use crate::session::{LoginContext, Token, Visit};

/// Source: docs: D4, D5; that Chile's path is the same is \[inferred\].
const LOGIN_PATH: &str = "/v1/auth/login";

/// How long before its end a token is renewed. Our choice.
const RENEWED_BEFORE_END: Duration = Duration::from_secs(60);

/// How long a token is used if its end is missing or past. Our choice.
const USED_WITHOUT_END: Duration = Duration::from_secs(5 * 60);

/// The longest use of a token, whatever its end; an end in other units would be far away. Our
/// choice.
const USED_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The body of a login. The published sample lacks a comma. Source: docs: D4, D5.
#[derive(Serialize)]
struct LoginRequest<'a> {
    username: &'a str,
    password: &'a str,
    merchant: Merchant<'a>,
}

/// The names differ from those of payments. Source: docs: D4, D5.
#[derive(Serialize)]
struct Merchant<'a> {
    code: &'a str,
    api_token: &'a str,
}

/// The answer. The operator's name and address in it are not read. Source: docs: D5.
#[derive(Deserialize)]
struct LoginAnswer {
    msg: Option<WireText>,
    auth: Option<Authorization>,
}

#[derive(Deserialize)]
struct Authorization {
    #[serde(rename = "Authorization")]
    authorization: Option<String>,
    /// Milliseconds since the epoch, unlike the seconds of JWTs. Source: docs: D5.
    #[serde(rename = "tokenExp")]
    token_exp: Option<Box<RawValue>>,
}

/// Sends the login. Errors contain nothing of either body.
pub(super) async fn send(login: &LoginContext<'_>) -> Result<Response<Bytes>, Error> {
    let body = to_ascii_json(&LoginRequest {
        username: &login.payouts.username,
        password: login.payouts.password.expose(),
        merchant: Merchant {
            code: &login.settings.merchant_code,
            api_token: login.settings.merchant_api_token.expose(),
        },
    })?;
    let request = post_json(&login.payouts.base, LOGIN_PATH, [], body)?;
    login.transport.send(request, Departure::Anytime).await.map_err(|failure| {
        let because = format!("the login got no answer: {failure}");
        query_failure(failure).because(because)
    })
}

/// Reads an answer by its HTTP status, since the form of a refused login is not published. None of
/// its text is kept, since it may repeat what we sent. \[inferred\]
pub(super) fn read(response: &Response<Bytes>, now: Timestamp) -> Visit {
    let status = response.status();
    let code = status.as_u16();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let refused = Visit::refused(ErrorKind::Throttled, "too many logins", now);
        return Visit { until: now.plus(retry_after(response)), ..refused };
    }
    if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        let because = format!("the login of the payouts API was refused with HTTP {code}");
        return Visit::refused(ErrorKind::Unauthorized, because, now);
    }
    let answer = serde_json::from_slice::<LoginAnswer>(response.body());
    let Some(answer) = answer.ok().filter(|_| status.is_success()) else {
        let because = format!("the login's answer cannot be read: HTTP {code}");
        return Visit::refused(ErrorKind::Undelivered, because, now);
    };
    let is_ok = answer.msg.is_none_or(|msg| msg.as_str().eq_ignore_ascii_case("ok"));
    let granted = answer.auth.filter(|_| is_ok);
    let token = granted.as_ref().and_then(|auth| auth.authorization.as_deref());
    let header = token.filter(|token| !token.is_empty()).and_then(|token| sensitive(token).ok());
    let Some(header) = header else {
        let because = "the login of the payouts API brought no token";
        return Visit::refused(ErrorKind::Unauthorized, because, now);
    };
    let end = granted.and_then(|auth| auth.token_exp).and_then(|end| read_end(&end));
    let token = Token { header, born_at: now, is_accepted: AtomicBool::new(false) };
    Visit { outcome: Ok(Arc::new(token)), until: renewed_at(now, end) }
}

/// An end that is not understood counts as missing.
fn read_end(json: &RawValue) -> Option<Timestamp> {
    let end: WireInteger = serde_json::from_str(json.get()).ok()?;
    Some(Timestamp::from_millis(end.value()))
}

/// When the token is renewed. A token that lasts less than two minutes is used for half of that;
/// otherwise every call would log in.
fn renewed_at(now: Timestamp, end: Option<Timestamp>) -> Timestamp {
    let Some(end) = end.filter(|end| *end > now) else { return now.plus(USED_WITHOUT_END) };
    let life = end.since(now);
    let used = life.saturating_sub(RENEWED_BEFORE_END.min(life / 2));
    now.plus(used.min(USED_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_697_525_000_000);

    fn answer(http_status: u16, body: &str) -> Response<Bytes> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Response::builder().status(http_status).body(body).unwrap()
    }

    #[test]
    fn tokens_are_renewed_a_minute_before_their_end() {
        let end = |ms| Some(Timestamp::from_millis(NOW.as_millis() + ms));
        let cases = [
            (end(3_600_000), 3_540_000),
            (end(120_000), 60_000),
            (end(30_000), 15_000),
            (end(1), 0),
            (None, 300_000),
            (end(0), 300_000),
            (end(-1), 300_000),
            // Seconds where milliseconds are meant lie in the past, microseconds far ahead.
            (Some(Timestamp::from_millis(1_697_528_779)), 300_000),
            (Some(Timestamp::from_millis(1_697_528_779_000_000)), 86_400_000),
            (Some(Timestamp::from_millis(i64::MAX)), 86_400_000),
        ];
        for (end, used_ms) in cases {
            let used = renewed_at(NOW, end).since(NOW);
            assert_eq!(used, Duration::from_millis(used_ms), "{end:?}");
        }
    }

    #[test]
    fn the_end_is_in_milliseconds() {
        let body = r#"{"msg":"ok","auth":{"Authorization":"t","tokenExp":1697528779000}}"#;
        let visit = read(&answer(200, body), NOW);
        assert_eq!(visit.until.to_string(), "2023-10-17T07:45:19Z");
    }

    #[test]
    fn every_answer_has_its_reading() {
        let kind = |http_status, body| {
            let visit = read(&answer(http_status, body), NOW);
            let remembered = visit.until.since(NOW).as_secs();
            (visit.outcome.err().map(|refused| refused.kind), remembered)
        };
        let unauthorized = (Some(ErrorKind::Unauthorized), 60);
        let undelivered = (Some(ErrorKind::Undelivered), 5);
        let granted = r#"{"msg":"ok","auth":{"Authorization":"t"}}"#;
        let cases = [
            (200, granted, (None, 300)),
            (201, granted, (None, 300)),
            (200, r#"{"msg":"OK","auth":{"Authorization":"t","tokenExp":"soon"}}"#, (None, 300)),
            (200, r#"{"auth":{"Authorization":"t","tokenExp":null}}"#, (None, 300)),
            (200, r#"{"msg":"locked","auth":{"Authorization":"t"}}"#, unauthorized),
            (200, r#"{"msg":"ok","auth":{"Authorization":""}}"#, unauthorized),
            (200, r#"{"msg":"ok","auth":{"Authorization":"a\nb"}}"#, unauthorized),
            (200, r#"{"msg":"ok","auth":{}}"#, unauthorized),
            (200, r#"{"msg":"ok"}"#, unauthorized),
            (401, r#"{"msg":"Unauthorized"}"#, unauthorized),
            (400, "", unauthorized),
            (403, granted, unauthorized),
            (404, "<html>", unauthorized),
            (429, "", (Some(ErrorKind::Throttled), 60)),
            (408, granted, undelivered),
            (500, granted, undelivered),
            (302, "", undelivered),
            (200, "<html>", undelivered),
            (200, r#"{"msg":"ok","auth":{"Authorization":"t""#, undelivered),
        ];
        for (http_status, body, expected) in cases {
            assert_eq!(kind(http_status, body), expected, "{http_status} {body}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let body = r#"{"msg":"ok","auth":{"Authorization":"canary-token-77"}}"#;
        let visit = read(&answer(200, body), NOW);
        assert!(!format!("{visit:?}").contains("canary"));
    }
}
