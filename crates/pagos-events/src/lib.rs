//! Notices of the outbox as signed events, delivered to the merchant's endpoints by HTTP POST.
//!
//! A [`Deliverer`] delivers to one [`Endpoint`]: at least once, in order within a payout, several at the
//! same time, signed after Standard Webhooks. It keeps in the store how far it has come. [`EventType`] is
//! the table of what can be told; [`verify`] is for receivers. [`endpoint_state`], [`enable`],
//! [`disable`], [`replay`] and [`forget`] are for the operator.
//!
//! This crate opens no connection: the transport is given, and it is the transport that keeps private
//! addresses out.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod deliver;
mod endpoint;
mod event;
mod kind;
mod operate;
mod queue;
mod schedule;
mod sender;
mod session;
mod sign;
mod state;
mod telemetry;
mod window;

pub use endpoint::{Endpoint, EndpointName, Reach};
pub use event::Event;
pub use kind::EventType;
pub use operate::{
    EndpointState, OrderError, Standing, Writer, disable, enable, endpoint_names, endpoint_state,
    forget, replay,
};
pub use schedule::HORIZON;
pub use sender::{Deliverer, Equipment, TRY_TIMEOUT};
pub use sign::{
    ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER, TOLERANCE, string_to_sign, verify,
};
