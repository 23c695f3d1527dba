//! Bank statements as one model.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod line;

pub use line::{Balance, Charge, Counterparty, Head, Kind, Line, Side, Tail, Text, Transaction};
