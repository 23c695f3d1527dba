//! Pages for people: runs to upload and approve, payouts to follow, and doubts to decide, in Spanish
//! and English.
//!
//! [`Desk`] is a router that is served beside the HTTP API under `/desk`. It is a client of that API
//! and nothing else: every page reads, and every form changes, through an operation of the API under
//! the token of whoever is logged in. So no page can do what a token may not, and no rule about money
//! is here.
//!
//! The pages need no script. A small one keeps the progress of a run up to date.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod accounts;
mod call;
mod chart;
mod cookie;
mod desk;
mod endpoints;
mod failed;
mod frame;
mod headers;
mod inbox;
mod language;
mod link;
mod links;
mod login;
mod overview;
mod payout;
mod payouts;
mod report;
mod run;
mod runs;
mod session;
mod show;
mod view;
mod waiting;
mod words;

pub use desk::Desk;
