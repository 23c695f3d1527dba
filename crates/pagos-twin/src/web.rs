//! Addresses of the web: which are some, what a query says, and where a browser is sent.
//! Not what any provider wants to find there.

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{HOST, LOCATION},
};
use percent_encoding::percent_decode_str;

use crate::twin::{Reply, Request};

/// Whether this is an http or https address with a host, in visible ASCII.
pub(crate) fn is_web_address(text: &str) -> bool {
    let is_visible = text.bytes().all(|it| it.is_ascii_graphic());
    let is_web = |url: http::Uri| {
        let is_http = matches!(url.scheme_str(), Some("http" | "https"));
        is_http && url.host().is_some_and(|host| !host.is_empty())
    };
    is_visible && text.parse().is_ok_and(is_web)
}

/// The first query parameter of that name, percent-decoded; `None` if it is absent or no text.
pub(crate) fn parameter(request: &Request, name: &str) -> Option<String> {
    let pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    percent_decoded(&value.replace('+', " "))
}

/// The text without its percent signs; `None` if it was none. A plus stays a plus.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let is_escape = |after: &str| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// Where the caller found this world.
pub(crate) fn origin(request: &Request) -> String {
    let host = request.headers().get(HOST).and_then(|it| it.to_str().ok());
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    format!("http://{}", host.or(authority).unwrap_or("localhost"))
}

/// Sends a browser there; `None` if that is no text of a header.
pub(crate) fn redirect(location: &str) -> Option<Reply> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(location).ok()?);
    Some(Reply::Answer(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let request = http::Request::get("/x?from=11%2F02%2f2023&to=1/2&name=a+b&bad=%2&empty=")
            .body(Bytes::new())
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
