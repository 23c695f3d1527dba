//! Deliveries as columns: headers as bytes and back, and the fingerprint that repeats share.
//!
//! No signature is checked here.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use pagos_core::Delivery;
use sha2::Digest;
use sha2::Sha256;

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
            .ok_or_else(|| Failure::new("the headers of a stored delivery cannot be read"))?;
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

/// SHA-256 of the body and of the headers that may authenticate it.
pub(crate) fn fingerprint(delivery: &Delivery) -> [u8; 32] {
    let mut signed: Vec<(&str, &[u8])> = delivery
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .filter(|(name, _)| !is_of_travel(name))
        .collect();
    signed.sort_unstable();
    let mut hash = Sha256::new();
    for (name, value) in signed {
        hash.update(name);
        hash.update(b": ");
        hash.update(value);
        hash.update(b"\n");
    }
    // A header's line is never empty, so the blank line parts headers and body unmistakably.
    hash.update(b"\n");
    hash.update(&delivery.body);
    hash.finalize().into()
}

/// Says how a delivery travelled, not what it is; a repeat may differ in it. Every header that is
/// not named here counts, so that a forged delivery can never pass for the first copy of a genuine
/// one.
fn is_of_travel(name: &str) -> bool {
    TRAVEL.contains(&name) || TRAVEL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

const TRAVEL: [&str; 22] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "pragma",
    "te",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "via",
    "x-correlation-id",
    "x-real-ip",
    "x-request-id",
    "x-trace-id",
];

const TRAVEL_PREFIXES: [&str; 5] = ["cf-", "x-amzn-", "x-b3-", "x-envoy-", "x-forwarded-"];
