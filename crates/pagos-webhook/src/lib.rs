//! An HTTP receiver for provider webhooks: it verifies a delivery, stores it durably, and only then
//! acknowledges it.
//!
//! It never changes a payout: the engine applies deliveries from the inbox. It terminates no TLS,
//! neither follows nor sends redirects, keeps counters, and tells `tracing` of each delivery.
//!
//! [`Receiver::serve`] is a whole server. A program that already has one calls [`Receiver::answer`]
//! with the request as it arrived, body unparsed.

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
mod telemetry;

pub use counters::Counters;
pub use endpoint::Endpoint;
pub use ready::Worker;
pub use receiver::Receiver;
pub use server::Served;
pub use settings::Settings;
