//! What a caller wants, before anything is sent: the order, its digest, the run it belongs to.

use std::fmt;

use pagos_core::PayoutOrder;
use pagos_core::Status;
use pagos_core::Timestamp;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

/// SHA-256 of an order in its canonical JSON: same key, same body.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `order`, a payout's or a payment's.
    pub fn of(order: &impl Serialize) -> Self {
        // Serialising plain structs of text and integers into memory cannot fail.
        let canonical = serde_json::to_vec(order).unwrap_or_default();
        Self(Sha256::digest(&canonical).into())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(f, "Digest({first:02x}{second:02x}{third:02x}{fourth:02x}..)")
    }
}

/// Names one submission of many orders, such as one CSV file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunId(pub String);

/// An order that is to be stored.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The order.
    pub order: PayoutOrder,
    /// The run that it belongs to.
    pub run: RunId,
    /// When it was submitted.
    pub created_at: Timestamp,
}

/// What became of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// Stored, and held until the run is released.
    New,
    /// It was there already, with the same body.
    Existing {
        /// Where it stands.
        status: Status,
    },
    /// The key is there with another body. Nothing of the batch was stored.
    Conflict,
}
