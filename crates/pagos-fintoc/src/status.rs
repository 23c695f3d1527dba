//! What Fintoc's words mean: statuses and refusals, as tables, each row with its source. And reading an
//! answer as far as that goes. No requests and no orders.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;

use pagos_core::{Error, ErrorKind, FailReason, Status};
use pagos_wire::{WireText, redact, retry_after};

use crate::{
    sign::{Credentials, MASK},
    wire::{ErrorAnswer, ErrorBody},
};

/// The words of a transfer's `status`. What is not here is no status, not even one that is not final:
/// `reject_failed` is listed by Fintoc, and its meaning was not read.
/// Source: docs: api/transfers-api/transfers/transfer-object, by way of two who quote it.
const STATUSES: [(&str, Status); 6] = [
    // Source: recorded: transfers/create.
    ("pending", Status::Pending),
    // Source: recorded: transfers/get.
    ("succeeded", Status::Succeeded),
    // The payee's institution refused it.
    ("rejected", Status::Failed(FailReason::Declined)),
    // It did not reach the payee's institution.
    ("failed", Status::Failed(FailReason::Declined)),
    // Accepted and sent back; only now there is a `return_reason`.
    ("returned", Status::Failed(FailReason::Returned)),
    // A return is in progress. Source: recorded: transfers/return, of an inbound transfer.
    ("return_pending", Status::Pending),
];

/// What a refusal of a new transfer means. A code that ends in `*` stands for all that begin so.
struct Row {
    http: u16,
    codes: &'static [&'static str],
    kind: ErrorKind,
    meaning: &'static str,
}

/// The refusals that are believed, by HTTP status and code. Source: sdk: ruby errors.rb, which groups
/// them; 429: docs: v2023-11-15/api/fintoc-api/errors/errors-status-codes. All others leave the outcome
/// unknown: every 5xx, and every pair that is not here.
///
/// Fintoc keeps its first answer to a key and gives it again, 4xx included. So no 4xx of these but 401 and
/// 429 may wait for a better moment: the key is spent, and the payout is refused, even where the whole
/// account is to blame. Source: docs: api/fintoc-api/idempotent-requests.
const REFUSALS: [Row; 9] = [
    // Refused before anything is kept under the key, but for [`NONCE_USED`].
    // Source: docs: api/fintoc-api/idempotent-requests.
    row(401, &["*"], ErrorKind::Unauthorized, "key or signature refused"),
    row(429, &["*"], ErrorKind::Throttled, "too many requests"),
    row(
        400,
        &[
            "invalid_request",
            "invalid_currency",
            "invalid_amount",
            "invalid_account_type",
            "invalid_account_number",
            "invalid_account_status",
            "invalid_account_balance",
            "invalid_institution_id",
            "currency_mismatch",
            "invalid_comment_size",
            "invalid_reference_id_size",
            "missing_parameter",
            "invalid_positive_integer",
            "empty_string",
            "invalid_string_size",
            "invalid_hash",
            "invalid_json",
            "invalid_params",
            "invalid_enum",
            "invalid_holder_id",
            "invalid_clabe",
            "mismatch_transfer_account_currency",
        ],
        ErrorKind::Rejected,
        "refused",
    ),
    row(402, &["payment_required"], ErrorKind::Rejected, "the organisation has to pay Fintoc"),
    row(
        403,
        &[
            "invalid_account",
            "invalid_recipient_account",
            "account_not_active",
            "entity_not_operational",
            "forbidden_*",
            "invalid_api_version",
            "product_access_required",
            "missing_allowed_cidr_blocks",
            "allowed_cidr_blocks_does_not_contain_ip",
            "recipient_blocked_account",
        ],
        ErrorKind::Rejected,
        "the account may not do this",
    ),
    row(404, &["missing_resource", "invalid_url"], ErrorKind::Rejected, "something is not there"),
    row(405, &["operation_not_allowed"], ErrorKind::Rejected, "this is not allowed"),
    // `invalid_duplicated_transfer` is not here: the transfer may be there, so the list is asked. Nor are
    // `invalid_transfer_status` and `invalid_transfer_direction`, which speak of a transfer that is there,
    // and a key that comes with another body, whose status and code are not published.
    row(
        409,
        &["insufficient_balance", "account_cannot_be_blocked"],
        ErrorKind::Rejected,
        "refused",
    ),
    row(
        422,
        &[
            "not_supported_country",
            "not_supported_currency",
            "not_supported_mode",
            "not_supported_product",
            "sender_blocked_account",
        ],
        ErrorKind::Rejected,
        "refused",
    ),
];

const fn row(
    http: u16,
    codes: &'static [&'static str],
    kind: ErrorKind,
    meaning: &'static str,
) -> Row {
    Row { http, codes, kind, meaning }
}

/// The status that a word says; `None` for a word that nobody documented.
pub(crate) fn status(word: &str) -> Option<Status> {
    STATUSES.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
}

/// The code of a request that Fintoc has seen before. Each attempt has a fresh nonce, so the request came
/// twice, as through a proxy that repeats, and the other copy may be a transfer.
const NONCE_USED: &str = "jws_nonce_already_used";

/// The row of a refusal, if it is documented and proves something.
fn refusal(http: u16, code: &str) -> Option<&'static Row> {
    if code == NONCE_USED {
        return None;
    }
    let is_code = |known: &&str| match known.strip_suffix('*') {
        Some(begin) => code.starts_with(begin),
        None => code == *known,
    };
    REFUSALS.iter().find(|row| row.http == http && row.codes.iter().any(is_code))
}

/// What an answer turned out to be.
pub(crate) enum Answer<'a> {
    /// A success, with its body.
    Success(&'a [u8]),
    /// A no, in Fintoc's own words.
    Refused(Refusal),
    /// Not Fintoc's words: a page of something on the way, or torn.
    Unexpected(StatusCode),
}

/// A no. What it means depends on the call.
pub(crate) struct Refusal {
    http: StatusCode,
    code: String,
    message: Option<String>,
    wait: Duration,
}

/// Reads an answer.
pub(crate) fn read(response: &Response<Bytes>) -> Answer<'_> {
    let (http, body) = (response.status(), response.body());
    match parse::<ErrorAnswer>(body) {
        Some(ErrorAnswer { error: ErrorBody { code: Some(code), message } }) => {
            Answer::Refused(Refusal {
                http,
                code: code.into_string(),
                message: message.map(WireText::into_string),
                wait: retry_after(response),
            })
        }
        _ if http.is_success() => Answer::Success(body),
        _ => Answer::Unexpected(http),
    }
}

impl Refusal {
    /// The error of a refused transfer.
    pub(crate) fn of_create(self, shown: &Shown<'_>) -> Error {
        match refusal(self.http.as_u16(), &self.code) {
            Some(row) => self.into_error(row.kind, row.meaning, shown),
            None => {
                let meaning = "a refusal that proves nothing, so the outcome is unknown";
                self.into_error(ErrorKind::Unknown, meaning, shown)
            }
        }
    }

    /// The error of a refused query, or its words where they are no answer to it.
    pub(crate) fn of_query(self, shown: &Shown<'_>) -> Result<String, Error> {
        let kind = match self.http.as_u16() {
            401 | 403 => ErrorKind::Unauthorized,
            429 => ErrorKind::Throttled,
            _ => ErrorKind::Unknown,
        };
        match self.into_error(kind, "the query was refused", shown) {
            error if kind == ErrorKind::Unknown => Ok(error.message().to_owned()),
            error => Err(error),
        }
    }

    /// The error of this kind, with what may be shown of Fintoc's words.
    fn into_error(self, kind: ErrorKind, meaning: &str, shown: &Shown<'_>) -> Error {
        let mut told = format!("{meaning}: Fintoc answered HTTP {}", self.http.as_u16());
        if let Some(words) = self.message.filter(|words| !words.trim().is_empty()) {
            told.push_str(&format!(": {:?}", shown.text(&words)));
        }
        let error = Error::new(kind, told).with_provider_code(shown_word(&self.code));
        match kind {
            ErrorKind::Throttled => error.with_retry_after(self.wait),
            _ => error,
        }
    }
}

/// What the answer to a query says: its body, or why nobody can tell. 200 is the one success of a query
/// (recorded: all). That Fintoc has no such transfer is no answer either: what it named once was there.
///
/// # Errors
/// `Unauthorized` and `Throttled`.
pub(crate) fn read_query<'a>(
    response: &'a Response<Bytes>,
    shown: &Shown<'_>,
) -> Result<Result<&'a [u8], String>, Error> {
    match read(response) {
        Answer::Success(body) if response.status() == StatusCode::OK => Ok(Ok(body)),
        Answer::Success(_) => Ok(Err("another success than that of a query".to_owned())),
        Answer::Refused(refusal) => refusal.of_query(shown).map(Err),
        Answer::Unexpected(http) => {
            let told = format!("HTTP {} without Fintoc's words", http.as_u16());
            match http.as_u16() {
                401 | 403 => Err(Error::new(ErrorKind::Unauthorized, told)),
                429 => {
                    Err(Error::new(ErrorKind::Throttled, told)
                        .with_retry_after(retry_after(response)))
                }
                _ => Ok(Err(told)),
            }
        }
    }
}

/// Makes Fintoc's texts fit to be shown. Beside what is always masked go the key and whatever of the
/// call names a person.
pub(crate) struct Shown<'a> {
    credentials: &'a Credentials,
    name: Option<&'a str>,
}

impl<'a> Shown<'a> {
    /// For a call about the payee of this name, or about nobody.
    pub(crate) fn new(credentials: &'a Credentials, name: Option<&'a str>) -> Self {
        Self { credentials, name: name.filter(|name| name.len() >= NAME_LENGTH_MIN) }
    }

    fn text(&self, text: &str) -> String {
        let text = self.credentials.hide(text);
        match self.name {
            Some(name) => redact(&text.replace(name, MASK)),
            None => redact(&text),
        }
    }
}

/// A JSON object in its shape. A list is none, though serde would take it for one.
pub(crate) fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let is_object = json.trim_ascii_start().first() == Some(&b'{');
    is_object.then(|| serde_json::from_slice(json).ok()).flatten()
}

/// A word of Fintoc's, if it can be one at all: those of the tables are letters and `_`.
pub(crate) fn shown_word(word: &str) -> String {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    match word.len() <= WORD_LENGTH_MAX && word.bytes().all(is_legal) {
        true => redact(word),
        false => MASK.to_owned(),
    }
}

/// No word or code is longer.
const WORD_LENGTH_MAX: usize = 48;

/// A shorter name would be found in the middle of any text.
const NAME_LENGTH_MIN: usize = 3;

#[cfg(test)]
mod tests;
