//! The Pagos transport over reqwest and rustls, and a recorder. It never retries.
//!
//! [`HttpTransport`] sends one request over one connection. If no response came, it says whether
//! the request can have arrived; a request that is ready too late is not sent. [`RecordTransport`]
//! writes the exchanges of another transport to a file that `pagos-conformance` replays.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod address;
mod failure;
mod message;
mod options;
mod proxy;
mod record;
mod telemetry;
mod tls;
mod transport;

pub use address::{AddressClass, Destinations};
pub use options::{HttpOptions, LargeBody};
pub use proxy::Proxy;
pub use record::RecordTransport;
pub use tls::{ClientIdentity, RootCertificates};
pub use transport::HttpTransport;
