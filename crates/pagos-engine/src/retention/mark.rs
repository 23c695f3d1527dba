//! What is kept of an archived order for ever: just enough to recognise its key and its body.

use pagos_core::OrderKey;
use sha2::{Digest as _, Sha256};

use crate::intent::Digest;

/// A key and an order, each as the beginning of a hash. Marks are stored for ever, so they are
/// short: a sealed key takes a few dozen bytes.
///
/// Both parts are cut so that a collision can only keep a payout from being sent: another key that
/// looks like this one is refused as a conflict (one in 2^128), and another body that looks like
/// this one is taken for the payout that was made (one in 2^64).
///
/// The digest is the one of [`Digest::VERSION`] 2. Whoever changes the canonical form must keep
/// version 2 for comparing with marks, since the orders themselves are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The hash of the key.
    pub key: [u8; 16],
    /// The hash of the order.
    pub digest: [u8; 8],
}

impl Mark {
    /// The mark of an order with this key and digest.
    ///
    /// ```
    /// use pagos_core::OrderKey;
    /// use pagos_engine::Mark;
    ///
    /// let key = OrderKey::new("salary-7")?;
    /// assert_ne!(Mark::of_key(&key), Mark::of_key(&OrderKey::new("salary-8")?));
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn of(key: &OrderKey, digest: Digest) -> Self {
        Self { key: Self::of_key(key), digest: beginning(digest.0) }
    }

    /// The part that identifies the key.
    pub fn of_key(key: &OrderKey) -> [u8; 16] {
        beginning(Sha256::digest(key.as_str()).into())
    }
}

fn beginning<const LENGTH: usize>(hash: [u8; 32]) -> [u8; LENGTH] {
    // A mark is shorter than a hash, so no byte is invented.
    let mut bytes = hash.iter().copied();
    std::array::from_fn(|_| bytes.next().unwrap_or_default())
}
