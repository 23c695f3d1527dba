//! The fingerprint by which two deliveries are recognised as one that was sent twice.

use pagos_core::Delivery;
use sha2::{Digest, Sha256};

/// SHA-256 of a delivery's headers and body. Deliveries with the same fingerprint are one delivery,
/// sent twice; a store keeps it once per account. Headers that only say how a delivery travelled
/// must not count, so the receiver removes them first, with [`Delivery::keep_headers`].
///
/// ```
/// use pagos_core::{Delivery, Timestamp};
/// use pagos_engine::fingerprint;
///
/// let sent = |body: &'static str, at| Delivery {
///     headers: http::HeaderMap::new(),
///     body: body.into(),
///     received_at: Timestamp::from_millis(at),
/// };
/// assert_eq!(fingerprint(&sent("{}", 1)), fingerprint(&sent("{}", 2)));
/// assert_ne!(fingerprint(&sent("{}", 1)), fingerprint(&sent("{ }", 1)));
/// ```
pub fn fingerprint(delivery: &Delivery) -> [u8; 32] {
    let headers = delivery.headers.iter();
    let mut kept: Vec<(&str, &[u8])> =
        headers.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    kept.sort_unstable();
    let mut hash = Sha256::new();
    for (name, value) in kept {
        hash.update(name);
        hash.update(b": ");
        hash.update(value);
        hash.update(b"\n");
    }
    // A header's line is never empty, so the blank line separates headers from body unambiguously.
    hash.update(b"\n");
    hash.update(&delivery.body);
    hash.finalize().into()
}
