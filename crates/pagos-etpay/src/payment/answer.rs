//! Reads ETpay's answers about payments: refusals, and the tries of payers. `payment.rs` builds
//! requests, and `sign.rs` verifies notifications.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::value::RawValue;

use pagos_core::{
    Currency, Echo, Error, ErrorKind, FailReason, Lookup, Money, Observation, OrderKey,
    PaymentOrder, PaymentRef, ProviderRef, Rut, Source, Status, Timestamp,
};
use pagos_wire::{WireInteger, WireText, redact, retry_after};

use crate::{
    config::Settings,
    sign::hide,
    wire::{Attempt, RefusalAnswer},
};

/// Words of this length or more are taken for tokens.
const WORD_LENGTH_MAX: usize = 24;

/// The caller's next step after an unsuccessful answer.
///
/// ETpay publishes no list of errors. 400 and 422 with a JSON body are a refusal, 401 and 403
/// concern credentials. \[inferred\] A session that may have been opened all the same is harmless:
/// nobody has its token.
pub(crate) fn read_refusal(settings: &Settings, response: &Response<Bytes>) -> Error {
    let words = refusal_words(settings, response.body());
    let kind = match response.status() {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if words.is_some() => {
            ErrorKind::Rejected
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::Throttled,
        _ => ErrorKind::Unknown,
    };
    let status = response.status().as_u16();
    let mut error = Error::new(kind, format!("ETpay answered HTTP {status}"));
    if kind == ErrorKind::Throttled {
        error = error.with_retry_after(retry_after(response));
    }
    match words.filter(|words| !words.is_empty()) {
        Some(words) => error.with_provider_code(words),
        None => error,
    }
}

/// Reads the answer to a query: one observation for each try of a payer, oldest first.
///
/// The answer is an object in one document and a list in another; both are accepted. The answer for
/// "no such session" is not documented, so null, an empty list and 404 all count as it. Source:
/// sdk. \[inferred\]
pub(crate) fn read_lookup(
    settings: &Settings,
    payment: &PaymentRef<'_>,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Lookup<Vec<Observation>>, Error> {
    match response.status() {
        StatusCode::NOT_FOUND => return Ok(read_not_found(response.body())),
        status if !status.is_success() => {
            let error = read_refusal(settings, response);
            return match error.kind() {
                ErrorKind::Unauthorized | ErrorKind::Throttled => Err(error),
                ErrorKind::Invalid
                | ErrorKind::Undelivered
                | ErrorKind::Rejected
                | ErrorKind::Unknown => Ok(Lookup::CannotTell(error.message().to_owned())),
            };
        }
        _ => {}
    }
    let cannot_tell = |because: &str| Ok(Lookup::CannotTell(because.to_owned()));
    let Some(mut attempts) = parse_attempts(response.body()) else {
        return cannot_tell("the answer has another form");
    };
    if attempts.is_empty() {
        return Ok(Lookup::Absent);
    }
    // The order of the list is not documented.
    if attempts.iter().all(|attempt| attempt.iat.is_some()) {
        attempts.sort_by_key(|attempt| attempt.iat);
    }
    let mut tries = Vec::with_capacity(attempts.len());
    for attempt in &attempts {
        let mut seen = match observe(attempt, Source::Query, seen_at) {
            Ok(seen) => seen,
            Err(because) => return cannot_tell(because),
        };
        seen.reference = seen.reference.or_else(|| payment.reference.cloned());
        seen.asked_at = Some(asked_at);
        seen.message = payer_remark(payment.order, attempt);
        tries.push(seen);
    }
    Ok(Lookup::Found(tries))
}

/// The observation in one try of a payer, from any source. The caller compares key, amount and
/// currency; a success that does not repeat them is not believed.
pub(crate) fn observe(
    attempt: &Attempt,
    source: Source,
    seen_at: Timestamp,
) -> Result<Observation, &'static str> {
    let is_paid = attempt.payment_status.ok_or("the answer has no payment_status")?;
    if attempt.system_error == Some(true) {
        return Err("the answer tells a system error and an outcome at once");
    }
    let echo = read_echo(attempt)?;
    if is_paid && (echo.key.is_none() || echo.amount.is_none()) {
        return Err("a success without order, amount and currency");
    }
    let status = match is_paid {
        true => Status::Succeeded,
        false => Status::Failed(FailReason::Declined),
    };
    let issued_ms = attempt.iat.and_then(|seconds| seconds.checked_mul(1000));
    Ok(Observation {
        provider_at: issued_ms.map(Timestamp::from_millis),
        reference: read_reference(attempt.session_token.as_ref())
            .map_err(|()| "session_token is no reference")?,
        transfer: read_reference(attempt.payment_token.as_ref())
            .map_err(|()| "payment_token is no reference")?,
        provider_code: Some(is_paid.to_string()),
        echo,
        ..Observation::new(status, source, seen_at)
    })
}

/// An amount in another currency is kept with it, so that it contradicts the order.
fn read_echo(attempt: &Attempt) -> Result<Echo, &'static str> {
    let currency = attempt.merchant_currency.as_ref().map(|code| code.as_str().parse());
    let currency: Option<Currency> =
        currency.transpose().map_err(|_| "merchant_currency is not CLP")?;
    let amount = match (attempt.merchant_amount, currency) {
        (Some(amount), Some(currency)) => Some(in_currency(amount, currency)?),
        _ => None,
    };
    let key = attempt.merchant_order_id.as_ref().map(|key| echoed_key(key.as_str()));
    Ok(Echo { key, amount })
}

fn in_currency(amount: WireInteger, currency: Currency) -> Result<Money, &'static str> {
    Money::parse(&amount.value().to_string(), currency).map_err(|_| "merchant_amount is no amount")
}

fn read_reference(text: Option<&WireText>) -> Result<Option<ProviderRef>, ()> {
    let text = text.map(WireText::as_str).filter(|text| !text.is_empty());
    text.map(ProviderRef::new).transpose().map_err(drop)
}

/// Our key as ETpay wrote it, if it can be one of ours.
fn echoed_key(key: &str) -> String {
    match OrderKey::new(key) {
        Ok(key) => key.into(),
        Err(_) => redact(key),
    }
}

/// A remark about a payment that was locked to a RUT and made by another one. It contains neither
/// RUT. \[inferred\]
fn payer_remark(order: &PaymentOrder, attempt: &Attempt) -> Option<String> {
    let is_paid = attempt.payment_status == Some(true);
    let document = order.document.as_ref().filter(|_| order.is_document_locked && is_paid)?;
    let rut = |text: &str| text.parse::<Rut>().ok();
    let expected = rut(document.number())?;
    let remark = match attempt.user_rut.as_ref().map(|told| rut(told.as_str())) {
        Some(Some(payer)) if payer == expected => return None,
        Some(_) => "paid under another RUT than the one that the order is locked to",
        None => "the order is locked to a RUT, and the answer does not tell the payer's",
    };
    Some(remark.to_owned())
}

/// Parses a list, or an object as a list of one. `None` for anything else.
fn parse_attempts(body: &[u8]) -> Option<Vec<Attempt>> {
    let json: &RawValue = serde_json::from_slice(body).ok()?;
    match json.get().bytes().next()? {
        b'[' => serde_json::from_str(json.get()).ok(),
        b'{' => Some(vec![serde_json::from_str(json.get()).ok()?]),
        _ => (json.get() == "null").then(Vec::new),
    }
}

/// An HTML page comes from something between ETpay and us, and says nothing about sessions.
fn read_not_found(body: &[u8]) -> Lookup<Vec<Observation>> {
    let is_json = serde_json::from_slice::<&RawValue>(body).is_ok();
    match body.is_empty() || is_json {
        true => Lookup::Absent,
        false => Lookup::CannotTell("HTTP 404 from something that is not ETpay".to_owned()),
    }
}

/// The words of a refusal, without anything that must not be shown: `message`, else `msg`, else
/// `error`, else nothing. `None` if the body is not a JSON object.
fn refusal_words(settings: &Settings, body: &[u8]) -> Option<String> {
    let answer: RefusalAnswer<'_> = serde_json::from_slice(body).ok()?;
    let words = [answer.message, answer.msg, answer.error].into_iter().flatten();
    let mut words = words.filter_map(|words| serde_json::from_str::<String>(words.get()).ok());
    let words = words.next().unwrap_or_default();
    Some(redact(&without_tokens(&hide(&words, &settings.merchant_api_token))))
}

/// Masks long words and email addresses; the rest is for people to read.
fn without_tokens(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let is_telling = bare.contains('@') || bare.chars().count() > WORD_LENGTH_MAX;
        shown.push_str(if is_telling { "******" } else { bare });
        shown.push_str(word.get(bare.len()..).unwrap_or_default());
    }
    shown
}
