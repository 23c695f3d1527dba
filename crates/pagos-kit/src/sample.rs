//! Keys and moments that samples begin with.

use std::sync::{Mutex, PoisonError};

use pagos_core::{NonceSource, OrderKey, Timestamp};
use pagos_twin::SplitMix64;

/// When every test begins: 2026-01-10T12:00:00Z.
pub fn start() -> Timestamp {
    Timestamp::from_millis(1_768_046_400_000)
}

/// A key.
pub fn key(text: &str) -> OrderKey {
    OrderKey::new(text).unwrap()
}

/// Where the twin of a provider sends its webhooks. Nobody is there: the tests carry them.
pub(crate) fn notify_url(provider: &str) -> String {
    format!("https://merchant.example/webhooks/{provider}")
}

/// Nonces that the seed determines.
#[derive(Debug)]
pub(crate) struct SeededNonces(Mutex<SplitMix64>);

impl SeededNonces {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(SplitMix64::new(seed)))
    }
}

impl NonceSource for SeededNonces {
    fn draw(&self) -> [u8; 16] {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (high, low) = (random.next_u64(), random.next_u64());
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}
