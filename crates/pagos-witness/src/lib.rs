//! A witness in a file: it remembers every attempt before its request leaves, and does not share
//! the fate of the store.
//!
//! A store goes back to an earlier state when a backup is restored or a disk lies. It does not know
//! then what was sent since. Put the witness on another disk than the store.
//!
//! The file is text and is only ever appended to: a header, then one line for each attempt. Every
//! line ends with a checksum over itself and the line before it. It grows by about 210 bytes for
//! each attempt and is never shortened.
//!
//! This crate names nobody: an attempt holds the merchant's own key and the name of the account.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod file;
mod index;
mod line;
mod log;
mod medium;
mod scan;
mod thread;
#[cfg(test)]
mod trial;
mod trouble;

pub use file::FileWitness;
