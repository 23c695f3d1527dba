//! The form of an exchange as an input: a line that names a fixture case, then the answers that the
//! provider gets, in the notation of fixtures. Tolerant: every text says something. And a target
//! for the readers of small texts.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use pagos_core::{
    AccountNumber, AccountType, Clabe, Currency, Document, DocumentType, Handle, OrderKey,
    ProviderRef, Reached, Rut, Timestamp,
};

/// What stands between two answers.
pub(crate) const NEXT: &[u8] = b"\n\x1e\n";

/// The first line of an answer that never came.
const LOST: &str = "LOST";

/// What the transport does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It is answered.
    Response(Response<Bytes>),
    /// It is not.
    Lost(Reached),
}

/// The first line, and what is behind it.
pub(crate) fn split_head(input: &[u8]) -> (String, &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let head = String::from_utf8_lossy(&input[..end]).into_owned();
    (head, input.get(end + 1..).unwrap_or_default())
}

/// The answers of an input.
pub(crate) fn answers(mut input: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    loop {
        let end = input.windows(NEXT.len()).position(|window| window == NEXT);
        answers.push(answer(&input[..end.unwrap_or(input.len())]));
        match end {
            Some(end) if answers.len() < ANSWERS_MAX => input = &input[end + NEXT.len()..],
            _ => return answers,
        }
    }
}

/// Headers and body of a message, whose first line is left to the caller.
pub(crate) fn message(input: &[u8]) -> (String, HeaderMap, Bytes) {
    let (first, mut rest) = split_head(input);
    let mut headers = HeaderMap::new();
    while !rest.is_empty() {
        let (line, behind) = split_head(rest);
        rest = behind;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = HeaderName::from_bytes(name.trim().as_bytes());
        let value = HeaderValue::from_bytes(value.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    (first, headers, Bytes::copy_from_slice(rest))
}

fn answer(input: &[u8]) -> Answer {
    let (first, headers, body) = message(input);
    if let Some(rest) = first.strip_prefix(LOST) {
        let is_sure = rest.trim() == "no";
        return Answer::Lost(if is_sure { Reached::No } else { Reached::Maybe });
    }
    let status = first.split_whitespace().filter_map(|word| word.parse::<u16>().ok());
    let status = status.into_iter().find(|status| (100..1_000).contains(status)).unwrap_or(200);
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    *response.headers_mut() = headers;
    Answer::Response(response)
}

/// Whatever text is read, it is read or refused; and what was read is written as it was.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = OrderKey::new(text) {
        assert_eq!(key.to_string(), text);
        assert!(text.len() <= 32 && text.is_ascii());
    }
    if let Ok(reference) = ProviderRef::new(text) {
        assert_eq!(reference.to_string(), text);
    }
    if let Ok(handle) = Handle::new(text) {
        assert!(!format!("{handle:?}").contains(text) || "Handle(..)".contains(text));
    }
    if let Ok(number) = AccountNumber::new(text) {
        assert_eq!(number.as_str(), text);
        let shown = format!("{number:?}");
        assert!(!is_number(text) || !shown.contains(text), "shown: {shown}");
    }
    if let Ok(rut) = text.parse::<Rut>() {
        assert_eq!(rut.without_dots().parse::<Rut>().ok(), Some(rut), "{text:?}");
    }
    if let Ok(clabe) = text.parse::<Clabe>() {
        assert_eq!(clabe.as_str().len(), 18);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        assert_eq!(moment.to_string().parse::<Timestamp>().ok(), Some(moment), "{text:?}");
    }
    for kind in [DocumentType::Rut, DocumentType::Nit, DocumentType::Passport] {
        if let Ok(document) = Document::new(kind, text) {
            let shown = format!("{document:?}");
            assert!(!is_number(text) || !shown.contains(text), "shown: {shown}");
        }
    }
    let _ = text.parse::<Currency>().map(|it| assert_eq!(it.to_string().parse().ok(), Some(it)));
    let _ = text.parse::<AccountType>();
    let masked = pagos_wire::redact(text);
    assert!(!has_long_number(&masked), "{text:?} became {masked:?}");
}

/// Words are in our own texts too.
fn is_number(text: &str) -> bool {
    text.len() >= 5 && text.bytes().filter(u8::is_ascii_digit).count() >= 5
}

/// Seven digits in a row, which is what a number of an account or of a person has.
fn has_long_number(text: &str) -> bool {
    text.as_bytes().windows(7).any(|window| window.iter().all(u8::is_ascii_digit))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "disp-0001",
        "12.345.678-5",
        "20347878-K",
        "072225008217746674",
        "2024-12-02T01:42:54.518Z",
        "-0001-01-01T00:00:00Z",
        "account 3023612345 of bank 33",
        "1.012.345.678",
        "COP",
        "ahorros",
        "fresh/payee_DePrueba/pytdst_2tP8Ghmusukdshfj/123456789012345673",
        "",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// No provider is asked more often in one call than this.
const ANSWERS_MAX: usize = 32;
