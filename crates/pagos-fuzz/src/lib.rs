//! Fuzz targets: one plain function for everything that reads untrusted bytes, which panics where a rule
//! is broken. And the loop that runs them from a seed. Not a list of examples: those are `fixtures/`.
//!
//! Unpublished. The inputs are text where people have to read them: the corpus is reviewed like code.
//! The same functions run in three ways: a bounded number of times in the tests of this crate, for as
//! long as one likes with `cargo xtask fuzz`, and guided by coverage with `cargo xtask fuzz --coverage`.

// Tools of tests: a broken rule panics, and that is the report.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod bankfile;
pub mod corpus;
pub mod hunt;
mod keys;
mod money;
pub mod mutate;
mod provider;
mod reply;
mod settings;
mod statement;
pub mod target;
mod text;
mod token;
mod url;
mod webhook;

#[cfg(feature = "command")]
mod configuration;
#[cfg(feature = "command")]
mod payroll;

pub use target::{Target, targets};
