//! The meaning of state words, names of events and refusals, as tables; and the classification of
//! answers.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use pagos_core::{Error, ErrorKind, FailReason, Status};
use pagos_wire::{WireText, redact, retry_after};

use crate::{
    contract,
    sign::{Credentials, MASK},
    wire::{ErrorAnswer, ErrorDetail},
};

/// The meaning of a transfer's `status`. Source: manual; openapi lists no words. Any other word
/// stands for no status.
const STATUSES: [(&str, Status); 5] = [
    ("pending", Status::Pending),
    ("in_transit", Status::Pending),
    // Only the event's name is known. Source: mock: GET /webhooks. [inferred]
    ("retrying", Status::Pending),
    ("paid_out", Status::Succeeded),
    // No document gives a reason.
    ("failed", Status::Failed(FailReason::Declined)),
];

/// The status of the transfer that an event's name implies, after `payout.` or `transfer.`.
const EVENTS: [(&str, Status); 5] = [
    // Source: manual.
    ("created", Status::Pending),
    ("paid_out", Status::Succeeded),
    ("failed", Status::Failed(FailReason::Declined)),
    // Source: mock: GET /webhooks; captured catalogues.
    ("retrying", Status::Pending),
    ("in_transit", Status::Pending),
];

/// Every `type` of an error. Source: manual for four of them; docs: errores; openapi:
/// resources/errors. One page misspells a type, so it is here in both spellings.
const ERROR_TYPES: [&str; 9] = [
    "authentication_error",
    "api_error",
    "processing_error",
    "parameter_validation_error",
    "malformed_request_error",
    "resource_not_found_error",
    "conflict_error",
    "conlict_error",
    "precondition_required_error",
];

/// The meaning of a refusal of `POST /transfers`.
struct Row {
    http: u16,
    /// `None` for any type.
    word: Option<&'static str>,
    /// A part of `debug_message`, which is always English. `None` for anything.
    debug: Option<&'static str>,
    kind: ErrorKind,
    meaning: &'static str,
}

/// The refusals that are believed. All others leave the outcome unknown: 404, 409 and 428, which
/// are documented only for other calls; 402 with other words, since a `processing_error` can come
/// with an object that was made (docs: errores); 500, which means a wrong `type` (manual) and any
/// other failure.
const CREATE: [Row; 6] = [
    // Source: manual, "Unrecognised access key".
    row(401, None, None, ErrorKind::Unauthorized, "the key was refused"),
    // Source: openapi: resources/errors/403, an address that is not allowed.
    row(403, None, None, ErrorKind::Unauthorized, "the account may not do this"),
    // Source: manual. Lack of money is no failure: the payout is sent again when there is some.
    row(
        402,
        Some("processing_error"),
        Some("insufficient funds"),
        ErrorKind::Throttled,
        "the balance is too low",
    ),
    // Source: manual: account, payee, currency, amount.
    row(422, Some("parameter_validation_error"), None, ErrorKind::Rejected, "refused"),
    // Source: docs: errores, for every call.
    row(400, Some("malformed_request_error"), None, ErrorKind::Rejected, "refused"),
    // Source: a survey of docs: seguimiento-de-dispersiones.
    row(429, None, None, ErrorKind::Throttled, "too many requests"),
];

const fn row(
    http: u16,
    word: Option<&'static str>,
    debug: Option<&'static str>,
    kind: ErrorKind,
    meaning: &'static str,
) -> Row {
    Row { http, word, debug, kind, meaning }
}

/// The meaning of a transfer's word. `None` for an undocumented word: it stands for no status, not
/// even a non-final one.
pub(crate) fn status(word: &str) -> Option<Status> {
    look_up(&STATUSES, word)
}

/// The status that the name of an event implies for its transfer. `None` for unknown names.
pub(crate) fn event_status(name: &str) -> Option<Status> {
    look_up(&EVENTS, payout_event(name)?)
}

/// The name of an event about a transfer, without its first part. `transfer.` was never seen.
/// Source: manual; mock: GET /webhooks.
pub(crate) fn payout_event(name: &str) -> Option<&str> {
    name.strip_prefix("payout.").or_else(|| name.strip_prefix("transfer."))
}

fn look_up(table: &[(&str, Status)], word: &str) -> Option<Status> {
    let word = word.trim();
    table.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, status)| *status)
}

/// The kinds of answers.
pub(crate) enum Answer<'a> {
    /// A success, with its JSON.
    Success(&'a RawValue),
    /// A refusal, in Conekta's own words.
    Refused(Refusal<'a>),
    /// Not from Conekta: a page from something in between, or a torn body.
    Foreign(StatusCode),
}

/// A refusal. Its meaning depends on the call.
pub(crate) struct Refusal<'a> {
    pub(crate) http: StatusCode,
    /// `type`.
    word: Option<String>,
    code: Option<String>,
    debug: Option<String>,
    message: Option<String>,
    log_id: Option<String>,
    /// The object that the call made or changed all the same.
    pub(crate) made: Option<&'a RawValue>,
    wait: Duration,
}

/// Reads an answer.
pub(crate) fn read(response: &Response<Bytes>) -> Answer<'_> {
    let http = response.status();
    let Ok(root) = serde_json::from_slice::<&RawValue>(response.body()) else {
        return Answer::Foreign(http);
    };
    let told: Option<ErrorAnswer<'_>> = parse(root);
    let told = told.filter(|told| {
        let is_type = |word: &str| ERROR_TYPES.contains(&word);
        is_word(told.object, "error") || text(told.kind).is_some_and(|word| is_type(&word))
    });
    match told {
        Some(told) => Answer::Refused(Refusal::new(http, told, retry_after(response))),
        None if http.is_success() => Answer::Success(root),
        None => Answer::Foreign(http),
    }
}

impl<'a> Refusal<'a> {
    fn new(http: StatusCode, told: ErrorAnswer<'a>, wait: Duration) -> Self {
        let details: Option<Vec<ErrorDetail<'_>>> =
            told.details.and_then(|json| serde_json::from_str(json.get()).ok());
        let first = details.and_then(|details| details.into_iter().next());
        let (debug, message, code) = match first {
            Some(first) => (text(first.debug_message), text(first.message), text(first.code)),
            None => (None, None, None),
        };
        Self {
            http,
            word: text(told.kind),
            code,
            debug,
            message: message.or_else(|| text(told.message)),
            log_id: text(told.log_id),
            made: told.data.filter(|json| is_filled(json)),
            wait,
        }
    }

    /// The error of a refused transfer. If an object that was made comes with it, the outcome is
    /// unknown.
    pub(crate) fn of_create(self, shown: &Shown<'_>) -> Error {
        let row = CREATE.iter().find(|row| self.made.is_none() && self.is(row));
        let Some(row) = row else {
            let meaning = "a refusal that is not documented, so the outcome is unknown";
            return self.into_error(ErrorKind::Unknown, meaning, shown);
        };
        let wait = match row.debug {
            Some(_) => Duration::from_secs(contract::FUNDS_WAIT_S),
            None => self.wait.max(Duration::from_secs(contract::RETRY_WAIT_S)),
        };
        let error = self.into_error(row.kind, row.meaning, shown);
        match row.kind {
            ErrorKind::Throttled => error.with_retry_after(wait),
            _ => error,
        }
    }

    /// The error of a refused call that moves no money. A permanent refusal is `Rejected`, and one
    /// that may pass is `Undelivered`.
    pub(crate) fn of_errand(self, shown: &Shown<'_>) -> Error {
        let wait = self.wait;
        match self.http.as_u16() {
            401 | 403 => self.into_error(ErrorKind::Unauthorized, "the key was refused", shown),
            429 => self
                .into_error(ErrorKind::Throttled, "too many requests", shown)
                .with_retry_after(wait),
            400 | 402 | 404 | 409 | 422 | 428 => {
                self.into_error(ErrorKind::Rejected, "refused", shown)
            }
            _ => self.into_error(ErrorKind::Undelivered, "no use of the answer", shown),
        }
    }

    /// The error of this kind, with the showable part of Conekta's words.
    pub(crate) fn into_error(self, kind: ErrorKind, meaning: &str, shown: &Shown<'_>) -> Error {
        let mut told = format!("{meaning}: Conekta answered HTTP {}", self.http.as_u16());
        if let Some(words) = self.debug.or(self.message) {
            told.push_str(&format!(": {:?}", shown.text(&words)));
        }
        if let Some(log_id) = self.log_id.filter(|id| is_id(id)) {
            told.push_str(&format!(" (log {})", shown.credentials.hide(&log_id)));
        }
        let error = Error::new(kind, told);
        match self.code.filter(|code| !code.trim().is_empty()).or(self.word) {
            Some(code) => error.with_provider_code(shown.text(&code)),
            None => error,
        }
    }

    fn is(&self, row: &Row) -> bool {
        let is_same = |told: Option<&str>, known: Option<&str>| {
            known.is_none_or(|known| told.is_some_and(|told| told.trim() == known))
        };
        let debug = self.debug.as_deref().map(|text| text.trim().trim_end_matches('.'));
        let debug = debug.map(str::to_ascii_lowercase);
        self.http.as_u16() == row.http
            && is_same(self.word.as_deref(), row.word)
            && is_same(debug.as_deref(), row.debug)
    }
}

/// Reads the answer to a query: its JSON, or why it says nothing. "No such object" says nothing
/// either: a transfer that Conekta once named existed, and a list always exists.
///
/// # Errors
/// `Unauthorized` and `Throttled`, whoever answered.
pub(crate) fn read_query<'a>(
    response: &'a Response<Bytes>,
    shown: &Shown<'_>,
) -> Result<Result<&'a RawValue, String>, Error> {
    match read(response) {
        Answer::Success(json) => Ok(Ok(json)),
        Answer::Refused(refusal) => match refusal.http.as_u16() {
            401 | 403 | 429 => Err(refusal.of_errand(shown)),
            _ => {
                let error = refusal.into_error(ErrorKind::Unknown, "the query was refused", shown);
                Ok(Err(error.message().to_owned()))
            }
        },
        Answer::Foreign(http) => match http.as_u16() {
            401 | 403 | 429 => Err(foreign(http, retry_after(response))),
            _ => Ok(Err(format!("HTTP {} without Conekta's words", http.as_u16()))),
        },
    }
}

/// The error of a call that moves no money and was answered by something in between.
pub(crate) fn foreign(http: StatusCode, wait: Duration) -> Error {
    let told = format!("HTTP {} without Conekta's words", http.as_u16());
    match http.as_u16() {
        401 | 403 => Error::new(ErrorKind::Unauthorized, told),
        429 => Error::new(ErrorKind::Throttled, told).with_retry_after(wait),
        _ => Error::new(ErrorKind::Undelivered, told),
    }
}

/// Makes Conekta's texts fit to be shown. Besides what is always masked, it masks the key and the
/// personal data of the call.
pub(crate) struct Shown<'a> {
    credentials: &'a Credentials,
    personal: [Option<&'a str>; 2],
}

impl<'a> Shown<'a> {
    /// For a call without personal data.
    pub(crate) fn new(credentials: &'a Credentials) -> Self {
        Self { credentials, personal: [None, None] }
    }

    /// For a call about a payee, by name and mail address.
    pub(crate) fn about(
        credentials: &'a Credentials,
        name: Option<&'a str>,
        email: Option<&'a str>,
    ) -> Self {
        Self { credentials, personal: [name, email] }
    }
}

impl Shown<'_> {
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = self.credentials.hide(text);
        let personal = self.personal.into_iter().flatten();
        for value in personal.filter(|value| value.len() >= PERSONAL_LENGTH_MIN) {
            text = text.replace(value, MASK);
        }
        redact(&text)
    }
}

/// Parses a JSON object. A list is refused, although serde would accept it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Option<T> {
    json.get().starts_with('{').then(|| serde_json::from_str(json.get()).ok()).flatten()
}

/// A text, or a number's digits. `None` for anything else.
pub(crate) fn text(json: Option<&RawValue>) -> Option<String> {
    serde_json::from_str::<WireText>(json?.get()).ok().map(WireText::into_string)
}

/// Whether it is exactly this text.
pub(crate) fn is_word(json: Option<&RawValue>, word: &str) -> bool {
    text(json).is_some_and(|text| text == word)
}

/// Whether it has content: some APIs write an empty value for a missing one.
fn is_filled(json: &RawValue) -> bool {
    !matches!(json.get(), "{}" | "[]" | "\"\"" | "false")
}

/// A word of Conekta's, if it can be one: those of the tables are letters and `_`.
pub(crate) fn shown_word(word: &str) -> String {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    match word.len() <= WORD_LENGTH_MAX && word.bytes().all(is_legal) {
        true => redact(word),
        false => MASK.to_owned(),
    }
}

/// Whether it is an id. Ids are shown in full, so that a person can look for them; anything else is
/// not shown.
pub(crate) fn is_id(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&text.len())
        && text.bytes().all(is_legal)
        && text.bytes().any(|byte| !byte.is_ascii_digit())
}

/// No state word is longer.
const WORD_LENGTH_MAX: usize = 40;

/// A shorter name would occur by chance in any text.
const PERSONAL_LENGTH_MIN: usize = 3;

#[cfg(test)]
mod tests;
