//! Finds the token in a body or in a URL. Believes nothing: what is found here is verified in
//! `sign.rs`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use pagos_wire::percent_decoded;

use crate::{contract::PayoutRow, wire::NotificationBody};

/// The largest delivery that is looked at, and the longest URL. \[inferred\]
const SIZE_MAX: usize = 64 * 1024;

/// The names under which a token is looked for. \[sim\]
const NAMES: [&str; 4] = ["jwt", "token", "payment_jwt", "data"];

/// What a delivery holds.
pub(crate) enum Body {
    /// A token: about a payment.
    Token(String),
    /// About a payout.
    Payout(Box<PayoutRow>),
    /// Neither, or two tokens that differ.
    Unreadable,
}

impl Body {
    /// The form decides, not the content type: public code registers readers for JSON and for forms.
    /// Source: code: C1.
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
/// It proves nothing: browsers can be sent anywhere with anything, and ETpay itself calls the
/// redirect a visual confirmation. Show the payer a page by it, or ask about the payment early; never
/// change a state by it. Source: manual. The name of the parameter is not published, so the first
/// value that looks like a token is taken, whatever stands before it.
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
    // What separates the token from the rest can be any character, `concat`.
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || "-_.%".contains(letter));
    query.split(ends).filter_map(percent_decoded).find(|value| is_token(value))
}

/// What is told about a payout has an id and a status. Nothing of it is published. \[sim\]
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

/// Two tokens that differ are two stories, and neither is believed.
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

/// Three parts in base64url, none of them empty, of which the first says that it is a token's.
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
