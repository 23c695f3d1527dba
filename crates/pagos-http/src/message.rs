//! Writes the exchanges of a transport as sections of a fixture file, with secret headers redacted.
//! `pagos-conformance` reads the format and documents it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use pagos_core::{Reached, TransportError};

/// Replaces the value of a secret header in a file.
const REDACTED: &str = "<redacted>";

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

pub(crate) fn write_request(number: u32, request: &http::Request<Bytes>) -> String {
    let start = format!("{} {}", request.method(), request.uri());
    let message = write_message(&start, request.headers(), request.body());
    write_section(&format!("request {number}"), &message)
}

pub(crate) fn write_response(number: u32, response: &http::Response<Bytes>) -> String {
    let start = format!("HTTP/1.1 {}", response.status().as_str());
    let message = write_message(&start, response.headers(), response.body());
    write_section(&format!("response {number}"), &message)
}

pub(crate) fn write_failure(number: u32, error: &TransportError) -> String {
    let reached = match error.reached {
        Reached::No => "no",
        Reached::Maybe => "maybe",
    };
    // Quoted text in TOML has no control characters.
    let message = error.message.replace(char::is_control, " ");
    let message = message.replace('\\', "\\\\").replace('"', "\\\"");
    let failure = format!("reached = \"{reached}\"\nmessage = \"{message}\"");
    write_section(&format!("failure {number}"), failure.as_bytes())
}

fn write_message(start: &str, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut text = start.as_bytes().to_vec();
    for (name, value) in headers {
        let value = match is_secret(name, value) {
            true => REDACTED.as_bytes(),
            false => value.as_bytes(),
        };
        text.extend([b"\n", name.as_str().as_bytes(), b": ", value].concat());
    }
    if !body.is_empty() {
        text.extend_from_slice(b"\n\n");
        text.extend_from_slice(body);
    }
    text
}

/// Whether it was marked as sensitive when it was built, or is known to carry a secret.
fn is_secret(name: &HeaderName, value: &HeaderValue) -> bool {
    value.is_sensitive() || SECRET_HEADERS.contains(&name.as_str())
}

/// The section as text; escaped, if a reader could not see or would not keep every byte.
fn write_section(name: &str, bytes: &[u8]) -> String {
    let is_shown = |letter: char| letter == '\n' || letter == '\t' || !letter.is_ascii_control();
    let is_plain = |text: &&str| {
        !text.ends_with('\n') && !text.contains("\n=== ") && text.chars().all(is_shown)
    };
    match std::str::from_utf8(bytes).ok().filter(is_plain) {
        Some(text) => format!("\n=== {name}\n{text}\n"),
        None => format!("\n=== {name} escaped\n{}\n", escape(bytes)),
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                '\r' => text.push_str("\\r"),
                '\n' | '\t' => text.push(letter),
                _ if letter.is_ascii_control() => {
                    text.push_str(&format!("\\x{:02x}", u32::from(letter)))
                }
                _ => text.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    let text = text.replace("\n=== ", "\n\\x3d== ");
    let end = text.trim_end_matches('\n').len();
    let (body, line_ends) = text.split_at(end);
    format!("{body}{}", line_ends.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_without_its_secrets() {
        let mut marked = HeaderValue::from_static("from-the-vault");
        marked.set_sensitive(true);
        let request = http::Request::post("https://api.example/prod-api/api/payOut?country=COL")
            .header("content-type", "application/json")
            .header("sign", "0c58e030270eff17ae7816d7771b36ce")
            .header("x-custom", marked)
            .body(Bytes::from_static(b"{\"amount\":50000.00}"))
            .unwrap();
        assert_eq!(
            write_request(2, &request),
            "\n=== request 2\nPOST https://api.example/prod-api/api/payOut?country=COL\n\
             content-type: application/json\nsign: <redacted>\nx-custom: <redacted>\n\n\
             {\"amount\":50000.00}\n"
        );
    }

    #[test]
    fn what_a_text_would_not_keep_is_escaped() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "\n=== response 1\nHTTP/1.1 200\n"),
            (b"{}\n\tb", "\n=== response 1\nHTTP/1.1 200\n\n{}\n\tb\n"),
            ("\\ñ".as_bytes(), "\n=== response 1\nHTTP/1.1 200\n\n\\ñ\n"),
            (b"\n", "\n=== response 1 escaped\nHTTP/1.1 200\\n\\n\\n\n"),
            (b"a\\\r\nb\n\n", "\n=== response 1 escaped\nHTTP/1.1 200\n\na\\\\\\r\nb\\n\\n\n"),
            (b"=== a\n\n", "\n=== response 1 escaped\nHTTP/1.1 200\n\n\\x3d== a\\n\\n\n"),
            (b"\xc3\xb1\xff\x00", "\n=== response 1 escaped\nHTTP/1.1 200\n\nñ\\xff\\x00\n"),
            (b"=== a", "\n=== response 1 escaped\nHTTP/1.1 200\n\n\\x3d== a\n"),
        ];
        for (body, expected) in cases {
            let response = http::Response::new(Bytes::from_static(body));
            assert_eq!(write_response(1, &response), expected, "{body:?}");
        }
    }

    #[test]
    fn a_failure_is_toml() {
        let error = TransportError::new(Reached::Maybe, "a \"b\"\n\\c");
        let expected = "\n=== failure 3\nreached = \"maybe\"\nmessage = \"a \\\"b\\\" \\\\c\"\n";
        assert_eq!(write_failure(3, &error), expected);
    }
}
