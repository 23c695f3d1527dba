//! The sections that are messages: a first line, headers, an empty line, and the body to its last
//! byte. Not HTTP itself: lines end with a line feed alone, and a URL is written in full.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::section::Part;

/// What a recording has in place of a secret. The request may have any value there.
const REDACTED: &str = "<redacted>";

/// A request as a file tells it.
#[derive(Debug, Clone)]
pub(crate) struct RequestFile {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl RequestFile {
    /// Every way in which `sent` differs from the file.
    pub(crate) fn differences(&self, sent: &http::Request<Bytes>) -> Vec<String> {
        let mut found = Vec::new();
        if sent.method().as_str() != self.method {
            found.push(format!("method {} instead of {}", sent.method(), self.method));
        }
        if sent.uri().to_string() != self.target {
            found.push(format!("URL {} instead of {}", sent.uri(), self.target));
        }
        found.extend(header_differences(&self.headers, sent.headers()));
        if sent.body() != &self.body {
            let sent = String::from_utf8_lossy(sent.body());
            let filed = String::from_utf8_lossy(&self.body);
            found.push(format!("body\n      {sent}\n    instead of\n      {filed}"));
        }
        found
    }
}

/// Headers that the file does not have differ too, and so does one that comes twice.
pub(crate) fn header_differences(filed: &HeaderMap, sent: &HeaderMap) -> Vec<String> {
    let names: BTreeSet<&str> = filed.keys().chain(sent.keys()).map(HeaderName::as_str).collect();
    let difference = |name: &str| {
        let filed: Vec<_> = filed.get_all(name).iter().collect();
        let sent: Vec<_> = sent.get_all(name).iter().collect();
        let mut pairs = filed.iter().zip(&sent);
        let is_same = filed.len() == sent.len()
            && pairs.all(|(filed, sent)| *filed == REDACTED || filed == sent);
        (!is_same).then(|| format!("header {name}: {sent:?} instead of {filed:?}"))
    };
    names.into_iter().filter_map(difference).collect()
}

/// Reads `POST https://host/path`, headers and body.
pub(crate) fn parse_request(part: &Part) -> Result<RequestFile, String> {
    let message = Message::parse(part)?;
    let (method, target) =
        message.first.split_once(' ').filter(|(_, target)| !target.contains(' ')).ok_or_else(
            || part.fault(1, "the first line is a method and a URL, and nothing else"),
        )?;
    Ok(RequestFile {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: message.headers,
        body: message.body,
    })
}

/// Reads `HTTP/1.1 200`, headers and body.
pub(crate) fn parse_response(part: &Part) -> Result<Response<Bytes>, String> {
    let message = Message::parse(part)?;
    let status = message.first.strip_prefix("HTTP/1.1 ");
    let status = status.and_then(|status| StatusCode::from_bytes(status.as_bytes()).ok());
    let status =
        status.ok_or_else(|| part.fault(1, "the first line is `HTTP/1.1` and three digits"))?;
    let mut response = Response::new(message.body);
    *response.status_mut() = status;
    *response.headers_mut() = message.headers;
    Ok(response)
}

struct Message {
    first: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    fn parse(part: &Part) -> Result<Self, String> {
        let end = part.bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = match end {
            Some(end) => part.bytes.split_at(end),
            None => (part.bytes.as_slice(), &b""[..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n').zip(1..);
        let first = lines.next().map(|(line, _)| String::from_utf8_lossy(line).into_owned());
        let mut headers = HeaderMap::new();
        for (line, number) in lines {
            let (name, value) = parse_header(line).ok_or_else(|| {
                let line = String::from_utf8_lossy(line);
                let what = "a header is `name: value`, and an empty line stands above the body";
                part.fault(number, format!("`{line}` is no header; {what}"))
            })?;
            headers.append(name, value);
        }
        let body = Bytes::copy_from_slice(body.strip_prefix(b"\n\n").unwrap_or(body));
        Ok(Self { first: first.unwrap_or_default(), headers, body })
    }
}

fn parse_header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.windows(2).position(|pair| pair == b": ")?;
    let (name, value) = line.split_at_checked(colon)?;
    let value = HeaderValue::from_bytes(value.get(2..)?).ok()?;
    Some((HeaderName::from_bytes(name).ok()?, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::Sections;

    const TEXT: &str = "POST https://a.example/b\nSign: 01\n\n{\"a\":1}\\n\\n";

    fn part(text: &str) -> Part {
        let text = format!("=== request 1 escaped\n{text}");
        Sections::parse("a.fixture", text.as_bytes()).unwrap().parts.remove("request 1").unwrap()
    }

    fn sent(sign: &str, body: &'static str) -> http::Request<Bytes> {
        http::Request::post("https://a.example/b")
            .header("sign", sign)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    }

    #[test]
    fn a_body_is_taken_to_its_last_byte() {
        let request = parse_request(&part(TEXT)).unwrap();
        assert_eq!(&request.body[..], b"{\"a\":1}\n\n");
        assert!(request.differences(&sent("01", "{\"a\":1}\n\n")).is_empty());
    }

    #[test]
    fn every_difference_is_told() {
        let request = parse_request(&part(TEXT)).unwrap();
        let mut other = sent("02", "{\"a\": 1}");
        *other.method_mut() = http::Method::PUT;
        *other.uri_mut() = http::Uri::from_static("https://a.example/c");
        // Method, URL, header, body.
        assert_eq!(request.differences(&other).len(), 4);
        for (name, value) in [("x-more", "1"), ("sign", "01")] {
            let mut surplus = sent("01", "{\"a\":1}\n\n");
            surplus.headers_mut().append(name, HeaderValue::from_static(value));
            assert_eq!(request.differences(&surplus).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_redacted_header_has_any_value_and_is_there() {
        let request = parse_request(&part("POST https://a.example/b\nsign: <redacted>")).unwrap();
        assert!(request.differences(&sent("any", "")).is_empty());
        let mut without = sent("any", "");
        without.headers_mut().clear();
        assert_eq!(request.differences(&without).len(), 1);
        let request = parse_request(&part("POST https://a.example/b\nsign: 01")).unwrap();
        assert_eq!(request.differences(&sent(REDACTED, "")).len(), 1);
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_line() {
        let url = "2: the first line is a method and a URL";
        let header = "3: `Sign 01` is no header; a header is `name: value`, and an empty line";
        for (bad, expected) in [
            ("", url),
            ("POST", url),
            ("POST / HTTP/1.1", url),
            ("POST /\nSign 01\n\n", header),
            ("POST /\nSign 01", header),
        ] {
            let told = parse_request(&part(bad)).unwrap_err();
            assert!(told.starts_with(&format!("a.fixture:{expected}")), "{bad:?}: {told}");
        }
        for bad in ["HTTP/2 200", "HTTP/1.1 OK", "HTTP/1.1 1", "HTTP/1.1 200 OK"] {
            assert!(parse_response(&part(bad)).is_err(), "{bad:?}");
        }
        assert_eq!(parse_response(&part("HTTP/1.1 502\n\n<html>")).unwrap().status(), 502);
    }
}
