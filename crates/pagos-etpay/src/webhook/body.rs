//! Finds the token in a body or in a URL. Nothing is verified here; `sign.rs` does that.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use pagos_wire::percent_decoded;

use crate::{contract::PayoutRow, wire::NotificationBody};

/// The largest delivery that is read, and the longest URL. \[inferred\]
const SIZE_MAX: usize = 64 * 1024;

/// The names that a token may have. \[sim\]
const NAMES: [&str; 4] = ["jwt", "token", "payment_jwt", "data"];

/// The content of a delivery.
pub(crate) enum Body {
    /// A token, about a payment.
    Token(String),
    /// A payout.
    Payout(Box<PayoutRow>),
    /// Neither, or two different tokens.
    Unreadable,
}

impl Body {
    /// The form decides, not the content type: public code registers readers for JSON and for
    /// forms. Source: code: C1.
    pub(crate) fn read(body: &[u8]) -> Self {
        if body.len() > SIZE_MAX {
            return Self::Unreadable;
        }
        let Ok(text) = std::str::from_utf8(body.trim_ascii()) else { return Self::Unreadable };
        let found = match text.bytes().next() {
            Some(b'{') => from_object(text),
            Some(b'"') => serde_json::from_str(text).into_iter().collect(),
            _ if text.contains('=') => from_form(text),
            _ => vec![text.to_owned()],
        };
        match only_token(found) {
            Found::One(token) => Self::Token(token),
            Found::Several => Self::Unreadable,
            Found::None => from_payout(text),
        }
    }
}

/// The token that ETpay's page appends to a return URL, if there is one.
///
/// It proves nothing: anybody can send a browser anywhere, and ETpay itself calls the redirect a
/// visual confirmation. Use it to show the payer a page, or to query the payment early, and never
/// to change a state. Source: manual. The name of the parameter is not published, so the first
/// value that looks like a token is used, whatever its name.
///
/// ```
/// use pagos_etpay::read_redirect;
///
/// let token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
/// let url = format!("https://shop.test/ok?order=7&jwt={token}");
/// assert_eq!(read_redirect(&url).as_deref(), Some(token));
/// assert_eq!(read_redirect("https://shop.test/ok?version=1.2.3"), None);
/// ```
pub fn read_redirect(url: &str) -> Option<String> {
    if url.len() > SIZE_MAX {
        return None;
    }
    let query = url.split('#').next()?.split_once('?')?.1;
    // Any character (`concat`) can separate the token from the rest.
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || "-_.%".contains(letter));
    query.split(ends).filter_map(percent_decoded).find(|value| is_token(value))
}

/// A payout has an id and a status. None of this is published. \[sim\]
fn from_payout(json: &str) -> Body {
    match serde_json::from_str::<PayoutRow>(json) {
        Ok(row) if row.id.is_some() && row.status.is_some() => Body::Payout(Box::new(row)),
        _ => Body::Unreadable,
    }
}

fn from_object(json: &str) -> Vec<String> {
    let Ok(body) = serde_json::from_str::<NotificationBody<'_>>(json) else { return Vec::new() };
    let values = [body.jwt, body.token, body.payment_jwt, body.data].into_iter().flatten();
    values.filter_map(|value: &RawValue| serde_json::from_str(value.get()).ok()).collect()
}

fn from_form(form: &str) -> Vec<String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let values = pairs.filter(|(name, _)| NAMES.contains(name));
    values.filter_map(|(_, value)| percent_decoded(value)).collect()
}

enum Found {
    None,
    One(String),
    Several,
}

/// Two different tokens contradict each other, and neither is believed.
fn only_token(values: Vec<String>) -> Found {
    let mut tokens = values.into_iter().filter(|value| is_token(value));
    let Some(first) = tokens.next() else { return Found::None };
    match tokens.all(|other| other == first) {
        true => Found::One(first),
        false => Found::Several,
    }
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "alg")]
    _alg: IgnoredAny,
}

/// Three parts in base64url, none of them empty; the first one must be the header of a token.
fn is_token(text: &str) -> bool {
    let is_plain = |part: &str| {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !part.is_empty() && part.bytes().all(is_legal)
    };
    if text.split('.').count() != 3 || !text.split('.').all(is_plain) {
        return false;
    }
    let header = text.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    header.is_some_and(|json| serde_json::from_slice::<Header>(&json).is_ok())
}
