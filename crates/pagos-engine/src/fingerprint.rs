//! When two deliveries are one, sent twice. No signature is checked here.

use pagos_core::Delivery;
use sha2::Digest;
use sha2::Sha256;

/// SHA-256 of the body and of the headers that may authenticate it. Two deliveries with one
/// fingerprint are one delivery, sent twice; a store keeps it once per account.
pub fn fingerprint(delivery: &Delivery) -> [u8; 32] {
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
