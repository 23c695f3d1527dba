//! Converts the headers of a delivery to the bytes that stores keep, and back.

use http::{HeaderMap, HeaderName, HeaderValue};

/// One line per value: `name: value`. A value cannot contain a line feed, so nothing is escaped.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use pagos_engine::{headers_from_bytes, headers_to_bytes};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("sign", HeaderValue::from_static("0f1e2d"));
/// let bytes = headers_to_bytes(&headers);
/// assert_eq!(bytes, b"sign: 0f1e2d\n");
/// assert_eq!(headers_from_bytes(&bytes), Some(headers));
/// ```
pub fn headers_to_bytes(headers: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in headers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// Parses what [`headers_to_bytes`] wrote. `None` for anything else: the row is damaged.
///
/// ```
/// assert_eq!(pagos_engine::headers_from_bytes(b"no header"), None);
/// ```
pub fn headers_from_bytes(bytes: &[u8]) -> Option<HeaderMap> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = HeaderValue::from_bytes(value.strip_prefix(b": ")?).ok()?;
        headers.append(HeaderName::from_bytes(name).ok()?, value);
    }
    Some(headers)
}
