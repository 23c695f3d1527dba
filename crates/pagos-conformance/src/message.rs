//! The `.http` files: a first line, headers, an empty line, and the body to its last byte. Not HTTP
//! itself: lines of the head end with a line feed alone, and a URL is written in full.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

/// A request as a file tells it.
#[derive(Debug, Clone)]
pub(crate) struct RequestFile {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl RequestFile {
    pub(crate) fn into_delivery(self) -> (HeaderMap, Bytes) {
        (self.headers, self.body)
    }

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

/// Headers that the file does not have differ too.
pub(crate) fn header_differences(filed: &HeaderMap, sent: &HeaderMap) -> Vec<String> {
    let is_in = |map: &HeaderMap, name: &HeaderName, value: &HeaderValue| {
        map.get_all(name).iter().any(|other| other == value)
    };
    let missing = filed
        .iter()
        .filter(|(name, value)| !is_in(sent, name, value))
        .map(|(name, value)| format!("header {name}: {value:?} is missing"));
    let surplus = sent
        .iter()
        .filter(|(name, value)| !is_in(filed, name, value))
        .map(|(name, _)| format!("header {name} has another value or is not in the file"));
    missing.chain(surplus).collect()
}

/// Reads `POST https://host/path`, headers and body.
pub(crate) fn parse_request(file: &[u8]) -> Result<RequestFile, String> {
    let message = Message::parse(file)?;
    let (method, target) =
        message.first.split_once(' ').ok_or("the first line is not a method and a URL")?;
    Ok(RequestFile {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: message.headers,
        body: message.body,
    })
}

/// Reads `HTTP/1.1 200`, headers and body.
pub(crate) fn parse_response(file: &[u8]) -> Result<Response<Bytes>, String> {
    let message = Message::parse(file)?;
    let status = message.first.strip_prefix("HTTP/1.1 ").and_then(|status| status.parse().ok());
    let status: u16 = status.ok_or("the first line is not HTTP/1.1 and a status")?;
    let mut response = Response::new(message.body);
    *response.status_mut() = status.try_into().map_err(|_| "the status is not one of HTTP's")?;
    *response.headers_mut() = message.headers;
    Ok(response)
}

struct Message {
    first: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    fn parse(file: &[u8]) -> Result<Self, String> {
        let end = file.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = end
            .and_then(|end| file.split_at_checked(end + 2))
            .ok_or("no empty line between head and body")?;
        let head = std::str::from_utf8(head).map_err(|_| "the head is not UTF-8")?;
        let mut lines = head.lines().filter(|line| !line.is_empty());
        let first = lines.next().ok_or("the head is empty")?.to_owned();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = parse_header(line).ok_or_else(|| format!("no header: {line}"))?;
            headers.append(name, value);
        }
        Ok(Self { first, headers, body: Bytes::copy_from_slice(body) })
    }
}

fn parse_header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(": ")?;
    Some((name.parse().ok()?, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"POST https://a.example/b\nSign: 01\n\n{\"a\":1}\n\n";

    fn sent(sign: &str, body: &'static str) -> http::Request<Bytes> {
        http::Request::post("https://a.example/b")
            .header("sign", sign)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    }

    #[test]
    fn a_body_is_taken_to_its_last_byte() {
        let request = parse_request(FILE).unwrap();
        assert_eq!(&request.body[..], b"{\"a\":1}\n\n");
        assert!(request.differences(&sent("01", "{\"a\":1}\n\n")).is_empty());
    }

    #[test]
    fn every_difference_is_told() {
        let request = parse_request(FILE).unwrap();
        let mut other = sent("02", "{\"a\": 1}");
        *other.method_mut() = http::Method::PUT;
        *other.uri_mut() = http::Uri::from_static("https://a.example/c");
        // Method, URL, the header's two values, body.
        assert_eq!(request.differences(&other).len(), 5);
        let mut surplus = sent("01", "{\"a\":1}\n\n");
        surplus.headers_mut().insert("x-more", HeaderValue::from_static("1"));
        assert_eq!(request.differences(&surplus).len(), 1);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for bad in ["", "POST", "POST /\n", "POST\n\n", "POST /\nSign 01\n\n"] {
            assert!(parse_request(bad.as_bytes()).is_err(), "{bad:?}");
        }
        for bad in ["HTTP/2 200\n\n", "HTTP/1.1 OK\n\n", "HTTP/1.1 1\n\n"] {
            assert!(parse_response(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert_eq!(parse_response(b"HTTP/1.1 502\n\n<html>").unwrap().status(), 502);
    }
}
