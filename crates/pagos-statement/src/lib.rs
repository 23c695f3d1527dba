//! Bank statements as one model: camt.053, camt.054, MT940, and the tables that banks export.
//!
//! This crate opens no file, reads no clock and matches nothing with payouts. Readers are streams over
//! bytes or rows, and give parts of statements to a sink; no part of a file with a problem may be used.
#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod amount;
mod camt;
mod dates;
mod decode;
mod fold;
mod format;
mod line;
mod mapping;
mod mt940;
mod part;
mod problem;
mod sum;
mod table;
mod text;
mod xml;

pub use camt::read_camt;
pub use format::Format;
pub use line::{Balance, Charge, Counterparty, Head, Kind, Line, Side, Tail, Text, Transaction};
pub use mapping::Mapping;
pub use mt940::read_mt940;
pub use part::{Counts, Part};
pub use problem::Problem;
pub use table::{Row, read_table};
