//! An HTTP/1.1 message as the text of a file, with secret headers redacted. Not a wire parser.
//!
//! The head is written with `\n` so that it can be read and compared as text, and read with `\n` or
//! `\r\n`. The body follows the empty line byte for byte; nothing ends it but the end of the file.
//! The request line holds the absolute URL.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Stands in a file for the value of a secret header.
pub(crate) const REDACTED: &str = "<redacted>";

const SECRET_HEADERS: [&str; 9] = [
    "authorization",
    "cookie",
    "digest",
    "proxy-authorization",
    "set-cookie",
    "sign",
    "signature",
    "x-api-key",
    "x-signature",
];

pub(crate) fn write_request(request: &http::Request<Bytes>) -> Vec<u8> {
    let start = format!("{} {} HTTP/1.1", request.method(), request.uri());
    write_message(&start, request.headers(), request.body())
}

pub(crate) fn write_response(response: &http::Response<Bytes>) -> Vec<u8> {
    let reason = response.status().canonical_reason().unwrap_or("");
    let start = format!("HTTP/1.1 {} {reason}", response.status().as_str());
    write_message(start.trim_end(), response.headers(), response.body())
}

fn write_message(start: &str, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(256 + body.len());
    text.extend_from_slice(start.as_bytes());
    text.push(b'\n');
    for (name, value) in headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        match is_secret(name, value) {
            true => text.extend_from_slice(REDACTED.as_bytes()),
            false => text.extend_from_slice(value.as_bytes()),
        }
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(body);
    text
}

/// Marked as sensitive by whoever built it, or known for carrying a secret.
fn is_secret(name: &HeaderName, value: &HeaderValue) -> bool {
    value.is_sensitive() || SECRET_HEADERS.contains(&name.as_str())
}

pub(crate) fn parse_request(text: &[u8]) -> io::Result<http::Request<Bytes>> {
    let message = split(text)?;
    let mut words = message.start.split(' ');
    let (Some(method), Some(uri), Some(_), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(not_a_message("the first line is not METHOD URL HTTP/1.1"));
    };
    let mut request = http::Request::new(message.body);
    *request.method_mut() = method.parse().map_err(|_| not_a_message("no such method"))?;
    *request.uri_mut() = uri.parse().map_err(|_| not_a_message("the URL cannot be read"))?;
    *request.headers_mut() = message.headers;
    Ok(request)
}

pub(crate) fn parse_response(text: &[u8]) -> io::Result<http::Response<Bytes>> {
    let message = split(text)?;
    let status = message.start.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut response = http::Response::new(message.body);
    *response.status_mut() =
        status.ok_or_else(|| not_a_message("the first line is not HTTP/1.1 STATUS"))?;
    *response.headers_mut() = message.headers;
    Ok(response)
}

struct Message {
    start: String,
    headers: HeaderMap,
    body: Bytes,
}

fn split(text: &[u8]) -> io::Result<Message> {
    let mut rest = text;
    let start = take_line(&mut rest)?;
    let mut headers = HeaderMap::new();
    loop {
        let line = take_line(&mut rest)?;
        if line.is_empty() {
            break;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| not_a_message("a header line has no colon"))?;
        let name: HeaderName =
            name.parse().map_err(|_| not_a_message("a header name is not legal"))?;
        let value: HeaderValue =
            value.trim().parse().map_err(|_| not_a_message("a header value is not legal"))?;
        headers.append(name, value);
    }
    Ok(Message { start, headers, body: Bytes::copy_from_slice(rest) })
}

fn take_line(rest: &mut &[u8]) -> io::Result<String> {
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (Some(line), Some(after)) = (parts.next(), parts.next()) else {
        return Err(not_a_message("the head does not end with an empty line"));
    };
    *rest = after;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8(line.to_vec()).map_err(|_| not_a_message("the head is not UTF-8"))
}

fn not_a_message(because: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, because.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_without_its_secrets() {
        let mut marked = HeaderValue::from_static("from-the-vault");
        marked.set_sensitive(true);
        let request = http::Request::post("https://api.example/prod-api/api/payOut?country=COL")
            .header("content-type", "application/json")
            .header("sign", "0c58e030270eff17ae7816d7771b36ce")
            .header("x-custom", marked)
            .body(Bytes::from_static(b"{\"amount\":50000.00}\r\n\n"))
            .unwrap();
        let text = write_request(&request);
        let readable = String::from_utf8(text.clone()).unwrap();
        assert!(!readable.contains("0c58e030"), "{readable}");
        assert!(!readable.contains("vault"), "{readable}");
        let back = parse_request(&text).unwrap();
        assert_eq!((back.method(), back.uri()), (request.method(), request.uri()));
        assert_eq!(back.body(), request.body());
        assert_eq!(back.headers()["content-type"], "application/json");
        assert_eq!(back.headers()["x-custom"], REDACTED);
    }

    #[test]
    fn both_line_endings_are_read_and_other_texts_are_refused() {
        let crlf = b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n\r\nbody";
        let response = parse_response(crlf).unwrap();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"body"[..]));
        for bad in ["", "HTTP/1.1 200 OK", "HTTP/1.1 abc\n\n", "HTTP/1.1 200\nno colon\n\n"] {
            assert!(parse_response(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(parse_request(b"GET /\n\n").is_err());
    }
}
