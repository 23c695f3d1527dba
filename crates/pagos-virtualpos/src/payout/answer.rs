//! Reads answers about a payout, to a create or to a query. `status.rs` reads the envelope.
//!
//! VirtualPOS publishes no refusal of payouts, so none is believed to be final: anything but a
//! success or a refused signature leaves the outcome unknown, with the code kept, and the query by
//! our key decides.

use bytes::Bytes;
use http::Response;
use serde_json::value::RawValue;

use pagos_core::{
    Currency, Echo, Error, ErrorKind, FailReason, Lookup, Money, Observation, OrderKey,
    ProviderRef, Source, Status, Timestamp,
};
use pagos_wire::WireText;

use crate::{
    config::Settings,
    contract,
    status::{self, Answer, Noun, Object, Refusal, Shown, is_forbidden},
    wire::{BankAccountAnswer, PayoutAnswer, RecipientAnswer, Tef},
};

/// Reads the answer to a new payout: an observation, or the caller's next step.
///
/// A success without an id is `Unknown`, even if it repeats our key: the query by our key finds out
/// more, and does no harm.
pub(crate) fn read_reply(
    settings: &Settings,
    sent: &Tef,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, Error> {
    let shown = Shown { credentials: &settings.credentials, tef: Some(sent) };
    let object = match status::read(response, Noun::Payout) {
        Answer::Object(object) => object,
        Answer::Refused(refusal) => return Err(refused(settings, refusal, &shown)),
        Answer::Several(count) => return Err(unknown(&format!("a list of {count} payouts"))),
        Answer::Throttled(_) => return Err(unknown("HTTP 429")),
        Answer::Foreign(http) => {
            return Err(unknown(&format!("no JSON in HTTP {}", http.as_u16())));
        }
        Answer::Unreadable(because) => return Err(unknown(&because)),
    };
    let answer = parse(object).map_err(unknown)?;
    if is_about_another(&answer, sent) {
        return Err(unknown("the answer speaks of another payee"));
    }
    let seen = observe(settings, &shown, object, &answer, Source::Reply, seen_at);
    if seen.reference.is_none() {
        return Err(unknown("a success without an id"));
    }
    Ok(Observation { asked_at: Some(asked_at), ..seen })
}

/// The error of a refusal. Only a refused signature is believed to have created nothing, because it
/// is checked first. \[inferred\]
fn refused(settings: &Settings, refusal: Refusal, shown: &Shown<'_>) -> Error {
    if refusal.is_unauthorized(&settings.words) {
        let meaning = "credentials or signature were refused";
        return refusal.into_error(ErrorKind::Unauthorized, meaning, shown);
    }
    let meaning = "a refusal that is not documented, so the outcome is unknown";
    refusal.into_error(ErrorKind::Unknown, meaning, shown)
}

/// How a query was sent.
pub(crate) struct Asked<'a> {
    /// The instruction that was signed, if any.
    pub(crate) tef: Option<&'a Tef>,
    /// See `Query::is_certain`.
    pub(crate) is_certain: bool,
    pub(crate) asked_at: Timestamp,
    pub(crate) seen_at: Timestamp,
}

/// Reads the answer to a query about a payout.
pub(crate) fn read_lookup(
    settings: &Settings,
    asked: &Asked<'_>,
    response: &Response<Bytes>,
) -> Result<Lookup, Error> {
    let shown = Shown { credentials: &settings.credentials, tef: asked.tef };
    let cannot_tell = |because: &str| Ok(Lookup::CannotTell(because.to_owned()));
    let object = match status::read(response, Noun::Payout) {
        Answer::Object(object) => object,
        Answer::Refused(refusal) => return read_refused(settings, asked, refusal, &shown),
        Answer::Several(0) => return cannot_tell("an empty list"),
        Answer::Several(count) => {
            return Ok(Lookup::Ambiguous(format!("it has {count} payouts under this key")));
        }
        Answer::Throttled(wait) => {
            return Err(Error::new(ErrorKind::Throttled, "too many queries").with_retry_after(wait));
        }
        Answer::Foreign(http) if is_forbidden(http) => return forbidden(http.as_u16()),
        Answer::Foreign(http) => return cannot_tell(&format!("no JSON in HTTP {}", http.as_u16())),
        Answer::Unreadable(because) => return cannot_tell(&because),
    };
    let answer = match parse(object) {
        Ok(answer) => answer,
        Err(because) => return cannot_tell(because),
    };
    if asked.tef.is_some_and(|tef| is_about_another(&answer, tef)) {
        let because = "it has a payout under this key that pays somebody else";
        return Ok(Lookup::Ambiguous(because.to_owned()));
    }
    let seen = observe(settings, &shown, object, &answer, Source::Query, asked.seen_at);
    if seen.reference.is_none() && seen.echo.key.is_none() {
        return cannot_tell("the answer names neither an id nor our key");
    }
    Ok(Lookup::Found(Observation { asked_at: Some(asked.asked_at), ..seen }))
}

fn read_refused(
    settings: &Settings,
    asked: &Asked<'_>,
    refusal: Refusal,
    shown: &Shown<'_>,
) -> Result<Lookup, Error> {
    if refusal.is_unauthorized(&settings.words) && asked.is_certain {
        let meaning = "credentials or signature were refused";
        return Err(refusal.into_error(ErrorKind::Unauthorized, meaning, shown));
    }
    if refusal.is_unauthorized(&settings.words) {
        let meaning = "the signature was refused, and the instruction that it wants is not stored";
        return Ok(cannot_tell(refusal, meaning, shown));
    }
    if refusal.is_absent(&settings.words) {
        return Ok(Lookup::Absent);
    }
    Ok(cannot_tell(refusal, "the query was refused", shown))
}

fn cannot_tell(refusal: Refusal, meaning: &str, shown: &Shown<'_>) -> Lookup {
    let error = refusal.into_error(ErrorKind::Unknown, meaning, shown);
    let code = error.provider_code().map_or_else(String::new, |code| format!(", code {code}"));
    Lookup::CannotTell(format!("{}{code}", error.message()))
}

/// A page that is not JSON, under 401 or 403.
fn forbidden(http: u16) -> Result<Lookup, Error> {
    Err(Error::new(
        ErrorKind::Unauthorized,
        format!(
            "HTTP {http} from something before the provider; look at its list of IP addresses and \
             at the client certificate"
        ),
    ))
}

fn parse<'a>(object: Object<'a>) -> Result<PayoutAnswer<'a>, &'static str> {
    serde_json::from_str(object.json.get()).map_err(|_| "the answer has another shape")
}

/// The observation in a payout's object. The caller compares key and amount.
///
/// Its times are not read: they have no zone, and Chile's changes with the season. \[inferred\]
fn observe(
    settings: &Settings,
    shown: &Shown<'_>,
    object: Object<'_>,
    answer: &PayoutAnswer<'_>,
    source: Source,
    seen_at: Timestamp,
) -> Observation {
    let word = state_word(object, answer);
    let told = status::told(&settings.words, word, shown, source, seen_at);
    let amount = answer.amount.map(|amount| Money::new(amount.value(), Currency::Clp));
    let key = [&answer.merchant_id, &answer.merchant_id_in_camel_case];
    let key = key.into_iter().flatten().next().map(|key| echoed_key(key.as_str(), shown));
    Observation {
        reference: reference(answer),
        message: rejection(answer, shown),
        returned: amount.filter(|_| told.status == Status::Failed(FailReason::Returned)),
        echo: Echo { key, amount },
        ..told
    }
}

/// The state. At the root it must not be taken from the result of the call.
fn state_word<'a>(object: Object<'_>, answer: &'a PayoutAnswer<'_>) -> Option<&'a str> {
    let words = [&answer.status, &answer.state, &answer.estado].into_iter().flatten();
    let mut words = words.map(WireText::as_str);
    words.find(|word| !object.is_root || !word.trim().eq_ignore_ascii_case(contract::OK))
}

/// The provider's id. An id that cannot be part of a path could not be queried, so it counts as
/// missing.
fn reference(answer: &PayoutAnswer<'_>) -> Option<ProviderRef> {
    let ids = [&answer.id, &answer.payout_id, &answer.tef_id, &answer.uuid];
    let id = ids.into_iter().flatten().next()?.as_str();
    ProviderRef::new(id).ok().filter(|id| !matches!(id.as_str(), "." | ".."))
}

/// Our key as the provider wrote it, if it can be one of ours.
fn echoed_key(key: &str, shown: &Shown<'_>) -> String {
    match OrderKey::new(key) {
        Ok(key) => key.into(),
        Err(_) => shown.text(key),
    }
}

fn rejection(answer: &PayoutAnswer<'_>, shown: &Shown<'_>) -> Option<String> {
    let reason = status::reason(answer.rejected_object?)?;
    let words = [reason.error_code.or(reason.code), reason.message];
    let words: Vec<String> =
        words.into_iter().flatten().map(|word| shown.text(word.as_str())).collect();
    (!words.is_empty()).then(|| words.join(": "))
}

/// Whether it certainly pays somebody else. If the answer does not repeat the payee, or masks
/// numbers, that is unknown; and leading zeros may get lost at the provider.
fn is_about_another(answer: &PayoutAnswer<'_>, sent: &Tef) -> bool {
    let recipient: Option<RecipientAnswer> = part(answer.recipient);
    let bank: Option<BankAccountAnswer> = part(answer.bank);
    let rut = recipient.and_then(|recipient| recipient.rut);
    let (code, number) = bank.map_or((None, None), |bank| (bank.sbif_code, bank.account_number));
    [(rut, &sent.recipient.rut), (code, &sent.bank.sbif_code), (number, &sent.bank.account_number)]
        .into_iter()
        .any(|(told, sent)| told.is_some_and(|told| is_other_number(told.as_str(), sent)))
}

fn is_other_number(told: &str, sent: &str) -> bool {
    let plain = |text: &str| {
        let text = text.replace(['.', '-', ' '], "").to_ascii_uppercase();
        text.trim_start_matches('0').to_owned()
    };
    let is_whole = told
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b' ' | b'k' | b'K'));
    is_whole && !told.is_empty() && plain(told) != plain(sent)
}

fn part<'a, T: serde::Deserialize<'a>>(json: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(json?.get()).ok()
}

fn unknown(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("the outcome is unknown: {because}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_payee_is_seen_and_a_masked_one_is_not_guessed_at() {
        let cases = [
            ("12345678-5", "12345678-5", false),
            ("12.345.678-5", "12345678-5", false),
            ("123456785", "12345678-5", false),
            ("20347878-k", "20347878-K", false),
            ("12", "012", false),
            ("123456789", "00123456789", false),
            ("****6789", "00123456789", false),
            ("XXXX6789", "00123456789", false),
            ("", "00123456789", false),
            ("016", "012", true),
            ("123456788", "00123456789", true),
            ("11111111-1", "12345678-5", true),
        ];
        for (told, sent, expected) in cases {
            assert_eq!(is_other_number(told, sent), expected, "{told} {sent}");
        }
    }
}
