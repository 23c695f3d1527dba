//! The HTTP API of Pagos, for programs that are not written in Rust.
//!
//! [`Api::router`] has every operation, [`Api::openapi`] is the document that describes them, and
//! [`Api::serve`] is a whole server. [`token`] makes and revokes the tokens that callers need.
//!
//! It knows no provider by name and no database, and it decides nothing about money: every change
//! goes through the engine, under a key, by the name of the token.
//!
#![doc = include_str!("../doc/answers.md")]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod acts;
mod amount;
mod answer;
mod api;
mod approvers;
mod balances;
mod caller;
mod endpoints;
mod events;
mod extract;
mod guesses;
mod history;
mod inbox;
mod links;
mod mask;
mod payments;
mod payouts;
mod problem;
mod router;
mod runs;
mod series;
mod server;
mod session;
mod telemetry;
pub mod token;
mod tokens;
mod totals;
mod uploads;
mod waiting;

pub use acts::{Acts, ReleaseState};
pub use api::{Api, Limits, Parts};
pub use approvers::{ApproversError, approvers, blocked_runs};
pub use guesses::PeerAddress;
pub use problem::Fault;
pub use uploads::{Upload, UploadError, Uploads};
