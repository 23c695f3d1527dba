//! Files that banks take and give beside statements. Pure: bytes in, bytes out.
//!
//! * [`pain001`] writes the orders of a file as an ISO 20022 credit transfer initiation.
//! * [`pain002`] reads the bank's answer to it, status by status.
//! * [`pab`] writes the flat file PAB of Bancolombia, from a public description.
//! * [`cep`] writes what Banco de México's page asks for to give out an electronic proof of payment
//!   (CEP), and compares a CEP with a payout.
//!
//! Nothing here sends anything, and nothing here knows whether a payout was sent by other means:
//! whoever exports an order and pays it with Pagos too pays it twice. No bank has seen these files
//! yet.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod cep;
mod charset;
pub mod pab;
pub mod pain001;
pub mod pain002;
mod problem;
mod transfer;
mod xml;

pub use charset::{Change, Charset};
pub use problem::Problem;
pub use transfer::{Agent, Debtor, Transfer, Written};
