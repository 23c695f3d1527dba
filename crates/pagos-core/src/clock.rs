//! The clock and the nonce source. Providers are given both and never read either by themselves.

use std::fmt::Debug;

use crate::Timestamp;

/// Tells the time. A program's `main` builds its only real clock.
pub trait Clock: Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Draws values that never repeat, for protocols that need a nonce.
pub trait NonceSource: Debug + Send + Sync {
    /// 16 fresh bytes. In live use they come from the operating system's generator.
    fn draw(&self) -> [u8; 16];
}
