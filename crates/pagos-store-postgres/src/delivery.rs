//! The headers of a delivery as bytes, and back. Reads no meaning into them.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::Failure;

/// One line per value: `name: value`. A value cannot contain a line feed, so nothing is escaped.
pub(crate) fn headers_to_bytes(headers: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in headers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// Reads what [`headers_to_bytes`] wrote.
pub(crate) fn headers_from_bytes(bytes: &[u8]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let (name, value) = header_from_line(line)
            .ok_or_else(|| Failure::unreadable("the headers of a delivery are no headers"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header_from_line(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let value = value.strip_prefix(b": ")?;
    Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
}
