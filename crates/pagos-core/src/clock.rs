//! Where time and randomness come from: both are given to a provider, never taken by it.

use std::fmt::Debug;

use crate::Timestamp;

/// Tells the time. The only real clock of a program is built by its `main`.
pub trait Clock: Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Draws values that never repeat, for protocols that want a nonce.
pub trait NonceSource: Debug + Send + Sync {
    /// 16 fresh bytes. A live source takes them from the operating system's generator.
    fn draw(&self) -> [u8; 16];
}
