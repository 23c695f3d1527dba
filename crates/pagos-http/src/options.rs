//! The limits of a transport, whom it trusts and as whom it comes. Not the address: a request
//! carries its own.

use std::time::Duration;

use crate::{ClientIdentity, Proxy, RootCertificates};

/// The limits that [`crate::HttpTransport`] keeps, and its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// From the start of the call to the last byte of the answer. Must be shorter than the lease
    /// that a dispatcher holds.
    pub total_timeout: Duration,
    /// For DNS, TCP and TLS together. Cut to `total_timeout`.
    pub connect_timeout: Duration,
    /// The largest answer that is read; a larger one is an error, never a cut text.
    pub body_size_bytes_max: usize,
    /// How long an unused connection is kept for the next call. Shorter than what usual servers
    /// keep, so that a call rarely meets a connection which the other side has just closed.
    pub idle_timeout: Duration,
    /// The certificate that is shown to servers that ask for one (mutual TLS).
    pub client_identity: Option<ClientIdentity>,
    /// Authorities to trust beside the system's, for servers with a private one.
    pub extra_roots: RootCertificates,
    /// The proxy through which every request goes. With one, a plain http request is not sent.
    pub proxy: Option<Proxy>,
}

/// 30 s in total, 10 s to connect, 1 MiB of answer, 20 s idle; the system's trust, no identity, no proxy.
impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            total_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            body_size_bytes_max: 1024 * 1024,
            idle_timeout: Duration::from_secs(20),
            client_identity: None,
            extra_roots: RootCertificates::default(),
            proxy: None,
        }
    }
}
