//! HTTP receiver for provider webhooks: verified, stored durably, and only then acknowledged.
//!
//! It applies nothing to any payout: that is the engine's work, from the inbox. It terminates no
//! TLS, follows and sends no redirects, and logs nothing; it counts.
//!
//! [`Receiver::serve`] is a whole server. A program that has one already calls
//! [`Receiver::answer`] with the request as it came, body unparsed.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod connection;
mod counters;
mod endpoint;
mod hints;
mod ready;
mod receiver;
mod server;
mod settings;
mod slots;

pub use counters::Counters;
pub use endpoint::Endpoint;
pub use ready::Worker;
pub use receiver::Receiver;
pub use server::Served;
pub use settings::Settings;
