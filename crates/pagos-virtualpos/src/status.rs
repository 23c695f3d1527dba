//! Classifies an answer before the payout in it is read (a refusal, an object, or unusable), and
//! interprets state words.
//!
//! None of this is published for payouts: it follows the payment API of the same provider. The
//! words and codes themselves are settings, with defaults in `contract.rs`. \[inferred\]

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::value::RawValue;

use pagos_core::{Error, ErrorKind, Observation, Source, Status, Timestamp};
use pagos_wire::{WireText, redact, retry_after};

use crate::{
    config::words::{Words, fold},
    contract,
    sign::{Credentials, MASK},
    wire::{Envelope, Reason, Tef},
};

/// The kinds of answers.
pub(crate) enum Answer<'a> {
    /// A success, with an object.
    Object(Object<'a>),
    /// A success, with a list of this many objects, which is not one.
    Several(usize),
    /// A refusal, in the provider's words.
    Refused(Refusal),
    /// HTTP 429.
    Throttled(Duration),
    /// Not JSON: a page from something between VirtualPOS and us.
    Foreign(StatusCode),
    /// Unusable; the text says why.
    Unreadable(String),
}

/// The object of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) json: &'a RawValue,
    /// Whether it is the root, so that its `status` may be the result of the call.
    pub(crate) is_root: bool,
}

/// A refusal. Its meaning depends on the call.
pub(crate) struct Refusal {
    pub(crate) http: StatusCode,
    /// As the provider wrote it.
    pub(crate) code: Option<String>,
    /// As the provider wrote it; decides nothing.
    pub(crate) message: Option<String>,
    /// Whether the words are VirtualPOS's own, and not those of a gateway in front of it.
    pub(crate) is_told: bool,
    /// Whether it comes with an object of the call, so that something may exist.
    pub(crate) has_object: bool,
}

/// The noun under which an API puts its object, before `data` and the root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Payout,
    Payment,
}

/// Reads the envelope. `NOK` is a refusal under any HTTP status, including 200; 5xx, 408 and 429
/// are not answers of the application.
pub(crate) fn read(response: &Response<Bytes>, noun: Noun) -> Answer<'_> {
    let http = response.status();
    if http == StatusCode::TOO_MANY_REQUESTS {
        return Answer::Throttled(retry_after(response));
    }
    if http.is_server_error() || http == StatusCode::REQUEST_TIMEOUT {
        return Answer::Unreadable(format!("HTTP {}", http.as_u16()));
    }
    let Ok(root) = serde_json::from_slice::<&RawValue>(response.body()) else {
        return Answer::Foreign(http);
    };
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(root.get()) else {
        return Answer::Unreadable(format!("HTTP {} with another shape", http.as_u16()));
    };
    let word = envelope.status.and_then(text);
    let is_word = |known: &str| word.as_deref().is_some_and(|word| is_same(word, known));
    let found = nested(&envelope, noun);
    let error = envelope.error.filter(|error| is_filled(error));
    if is_word(contract::NOK) || error.is_some() {
        let reason = error.and_then(reason);
        return Answer::Refused(Refusal::told(http, reason, found.is_some_and(is_filled)));
    }
    if !http.is_success() {
        // A success in the body of a refusal says nothing.
        if is_word(contract::OK) || found.is_some() {
            return Answer::Unreadable(format!("HTTP {} with an object", http.as_u16()));
        }
        return Answer::Refused(Refusal::untold(http));
    }
    let Some(found) = found else { return Answer::Object(Object { json: root, is_root: true }) };
    if word.is_some() && !is_word(contract::OK) {
        return Answer::Unreadable("the result of the call is neither OK nor NOK".to_owned());
    }
    one_of(found)
}

impl Refusal {
    fn told(http: StatusCode, reason: Option<Reason>, has_object: bool) -> Self {
        let (code, message) = match reason {
            Some(reason) => (reason.error_code.or(reason.code), reason.message),
            None => (None, None),
        };
        Self {
            http,
            code: code.map(WireText::into_string),
            message: message.map(WireText::into_string),
            is_told: true,
            has_object,
        }
    }

    fn untold(http: StatusCode) -> Self {
        Self { http, code: None, message: None, is_told: false, has_object: false }
    }

    /// Whether credentials or signature were refused before anything was done. Not if an object
    /// comes with the refusal: then it is unknown.
    pub(crate) fn is_unauthorized(&self, words: &Words) -> bool {
        !self.has_object && (is_forbidden(self.http) || self.is_among(&words.auth_codes))
    }

    /// Whether VirtualPOS says that there is no such thing. A gateway's 404, which may mean a wrong
    /// path, does not count.
    pub(crate) fn is_absent(&self, words: &Words) -> bool {
        let is_not_found = self.http == StatusCode::NOT_FOUND && self.is_told;
        !self.has_object && (is_not_found || self.is_among(&words.absent_codes))
    }

    /// The error of this kind, with the showable part of the provider's words.
    pub(crate) fn into_error(self, kind: ErrorKind, meaning: &str, shown: &Shown<'_>) -> Error {
        let http = self.http.as_u16();
        let words = match &self.message {
            Some(message) => format!(": {:?}", shown.text(message)),
            None => String::new(),
        };
        let error =
            Error::new(kind, format!("{meaning}: the provider answered HTTP {http}{words}"));
        match self.code {
            Some(code) => error.with_provider_code(shown.text(&code)),
            None => error,
        }
    }

    fn is_among(&self, codes: &[String]) -> bool {
        self.code.as_ref().is_some_and(|code| codes.iter().any(|known| is_same(known, code)))
    }
}

/// Whether access was denied, including by pages that are not JSON: an IP list, or an unknown
/// client certificate.
pub(crate) fn is_forbidden(http: StatusCode) -> bool {
    matches!(http, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// The meaning of a state word. `None` for a word that is not in the table: it stands for no
/// status, not even a non-final one.
pub(crate) fn status(words: &Words, word: &str) -> Option<Status> {
    let word = fold(word);
    words.states.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
}

/// The observation in an object's state word, with the showable part of it. An object without a
/// word is pending: it exists, and nothing says that it has ended.
pub(crate) fn told(
    words: &Words,
    word: Option<&str>,
    shown: &Shown<'_>,
    source: Source,
    seen_at: Timestamp,
) -> Observation {
    let Some(word) = word else { return Observation::new(Status::Pending, source, seen_at) };
    match status(words, word) {
        Some(status) => Observation {
            provider_code: Some(shown.text(word)),
            ..Observation::new(status, source, seen_at)
        },
        None => Observation::not_understood(shown.text(word), source, seen_at),
    }
}

/// Makes the provider's texts fit to be shown. Besides what is always masked, it masks our keys,
/// email addresses, words as long as a token, and personal data of the instruction.
pub(crate) struct Shown<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) tef: Option<&'a Tef>,
}

impl Shown<'_> {
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = self.credentials.hide(text);
        if let Some(tef) = self.tef {
            let Tef { recipient, bank, .. } = tef;
            let personal =
                [&recipient.name, &recipient.rut, &recipient.email, &bank.account_number];
            for value in personal.into_iter().filter(|value| value.len() >= PERSONAL_LENGTH_MIN) {
                text = text.replace(value.as_str(), MASK);
            }
        }
        redact(&without_long_words(&text))
    }
}

fn without_long_words(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let is_telling = bare.contains('@') || bare.chars().count() > WORD_LENGTH_MAX;
        shown.push_str(if is_telling { MASK } else { bare });
        shown.push_str(word.get(bare.len()..).unwrap_or_default());
    }
    shown
}

/// The first object that is present.
fn nested<'a>(envelope: &Envelope<'a>, noun: Noun) -> Option<&'a RawValue> {
    let own = match noun {
        Noun::Payout => [envelope.payout, envelope.tef],
        Noun::Payment => [envelope.payment, None],
    };
    own.into_iter().chain([envelope.data]).flatten().find(|json| is_there(json))
}

/// A list of one counts as its object.
fn one_of(json: &RawValue) -> Answer<'_> {
    if !json.get().starts_with('[') {
        return Answer::Object(Object { json, is_root: false });
    }
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json.get()) else {
        return Answer::Unreadable("a list that cannot be read".to_owned());
    };
    match list.as_slice() {
        [json] => Answer::Object(Object { json, is_root: false }),
        several => Answer::Several(several.len()),
    }
}

/// The content of an `error` or `rejected_object`, in any form.
pub(crate) fn reason(json: &RawValue) -> Option<Reason> {
    serde_json::from_str(json.get()).ok()
}

fn text(json: &RawValue) -> Option<String> {
    serde_json::from_str::<WireText>(json.get()).ok().map(WireText::into_string)
}

fn is_there(json: &RawValue) -> bool {
    json.get() != "null"
}

/// Whether it has content: some APIs write an empty value for a missing one.
fn is_filled(json: &RawValue) -> bool {
    !matches!(json.get(), "null" | "{}" | "[]" | "\"\"" | "false")
}

fn is_same(word: &str, known: &str) -> bool {
    word.trim().eq_ignore_ascii_case(known.trim())
}

/// A shorter name or number would occur by chance in any text.
const PERSONAL_LENGTH_MIN: usize = 3;

/// Tokens are longer, and few words are.
const WORD_LENGTH_MAX: usize = 40;

#[cfg(test)]
mod tests;
