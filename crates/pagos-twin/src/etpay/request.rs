//! What comes in: JSON fields and query parameters, and how they are refused.
//! Not what the fields of each call must hold.

use http::StatusCode;
use serde_json::Map;
use serde_json::Value;

/// A refusal: nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

/// The texts are inventions: errors are not documented. `[sim]`
impl Refusal {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: text.into() }
    }

    pub(super) fn unauthorized(text: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, text: text.into() }
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, text: text.into() }
    }

    pub(super) fn required(field: &str) -> Self {
        Self::bad(format!("{field} is required"))
    }

    pub(super) fn invalid(field: &str) -> Self {
        Self::bad(format!("{field} is invalid"))
    }
}

/// The fields of a JSON object. Unknown ones are nobody's concern.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body, whatever content type it comes with: the official SDK names none.
    pub(super) fn open(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map(Self).map_err(|_| Refusal::invalid("body"))
    }

    /// The field, unless it is absent or null.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    /// A text of at most `chars_max` characters; empty counts as absent.
    pub(super) fn text(&self, name: &str, chars_max: usize) -> Result<Option<&str>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or_else(|| Refusal::invalid(name))?;
        if text.chars().count() > chars_max {
            return Err(Refusal::invalid(name));
        }
        Ok(Some(text).filter(|it| !it.is_empty()))
    }

    pub(super) fn required(&self, name: &str, chars_max: usize) -> Result<&str, Refusal> {
        self.text(name, chars_max)?.ok_or_else(|| Refusal::required(name))
    }

    /// Whole pesos from 1 to `max`, as a JSON integer. Source: manual "Crear sesión"; `docs: D12`.
    pub(super) fn amount(&self, name: &str, max: i64) -> Result<i64, Refusal> {
        let value = self.value(name).ok_or_else(|| Refusal::required(name))?;
        value
            .as_i64()
            .filter(|amount| (1..=max).contains(amount))
            .ok_or_else(|| Refusal::invalid(name))
    }

    /// An http or https address with a host, in visible ASCII, of at most 2048 characters.
    pub(super) fn url(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.text(name, 2_048)? else {
            return Ok(None);
        };
        if is_web_address(text) { Ok(Some(text)) } else { Err(Refusal::invalid(name)) }
    }
}

pub(super) fn is_web_address(text: &str) -> bool {
    let is_visible = text.bytes().all(|it| it.is_ascii_graphic());
    let is_web = |url: http::Uri| {
        let is_http = matches!(url.scheme_str(), Some("http" | "https"));
        is_http && url.host().is_some_and(|host| !host.is_empty())
    };
    is_visible && text.parse().is_ok_and(is_web)
}

/// The first query parameter of that name, percent-decoded; `None` if it is absent or no text.
pub(super) fn parameter(request: &http::Request<bytes::Bytes>, name: &str) -> Option<String> {
    let pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    decode(value)
}

fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                let digit = |it: u8| char::from(it).to_digit(16);
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()?
            }
            b'+' => b' ',
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let request = http::Request::get("/x?from=11%2F02%2f2023&to=1/2&name=a+b&bad=%2&empty=")
            .body(bytes::Bytes::new())
            .unwrap();
        for (name, expected) in [
            ("from", Some("11/02/2023")),
            ("to", Some("1/2")),
            ("name", Some("a b")),
            ("bad", None),
            ("empty", Some("")),
            ("size", None),
        ] {
            assert_eq!(parameter(&request, name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn addresses_are_of_the_web() {
        for (text, expected) in [
            ("http://127.0.0.1:9/x?y=1", true),
            ("https://shop.test/ok", true),
            ("javascript:alert(1)", false),
            ("ftp://shop.test/ok", false),
            ("/relative", false),
            ("http://shop.test/a b", false),
            ("http://shop.test/ñ", false),
        ] {
            assert_eq!(is_web_address(text), expected, "{text}");
        }
    }
}
