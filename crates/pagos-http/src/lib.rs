//! The Pagos transport over reqwest and rustls, with record and replay. No provider, no retry.
//!
//! [`HttpTransport`] sends one request over one connection and tells, when no answer came, whether
//! the request can have arrived; it does not send a request that is ready too late. [`RecordTransport`] writes what went over another transport to
//! files; [`ReplayTransport`] answers from such files and compares requests byte for byte.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod exchange;
mod failure;
mod message;
mod options;
mod proxy;
mod record;
mod replay;
mod tls;
mod transport;

pub use exchange::Exchange;
pub use options::HttpOptions;
pub use proxy::Proxy;
pub use record::RecordTransport;
pub use replay::ReplayTransport;
pub use tls::{ClientIdentity, RootCertificates};
pub use transport::HttpTransport;
