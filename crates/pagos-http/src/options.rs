//! The settings of a transport: limits, trusted authorities, client certificate, proxy.

use std::time::Duration;

use crate::{ClientIdentity, Destinations, Proxy, RootCertificates};

/// The settings of a [`crate::HttpTransport`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// The limit from the start of the call to the last byte of the response. Must be shorter than
    /// the lease of a dispatcher.
    pub total_timeout: Duration,
    /// The limit for DNS, TCP and TLS together. At most `total_timeout`.
    pub connect_timeout: Duration,
    /// The largest response body.
    pub body_size_bytes_max: usize,
    /// What a larger response body is.
    pub large_body: LargeBody,
    /// How long an unused connection is kept for the next call. It is shorter than the usual time
    /// of servers, so that a call rarely meets a connection that the server has just closed.
    pub idle_timeout: Duration,
    /// The certificate that is shown to servers that request one (mutual TLS).
    pub client_identity: Option<ClientIdentity>,
    /// Authorities to trust in addition to the system's, for servers with a private one.
    pub extra_roots: RootCertificates,
    /// The proxy for every request. With a proxy, a plain http request is not sent.
    pub proxy: Option<Proxy>,
    /// To which addresses connections are made. Anything but [`Destinations::Anywhere`] excludes a
    /// proxy, which would resolve the name itself.
    pub destinations: Destinations,
}

/// What a response body above the limit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LargeBody {
    /// An error; it is never truncated.
    #[default]
    Error,
    /// Cut off at the limit, for a caller that only looks at the status.
    CutOff,
}

/// 30 s in total, 10 s to connect, 1 MiB of response, 20 s idle; the system's authorities, no
/// client certificate, no proxy; any address.
impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            total_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            body_size_bytes_max: 1024 * 1024,
            large_body: LargeBody::Error,
            idle_timeout: Duration::from_secs(20),
            client_identity: None,
            extra_roots: RootCertificates::default(),
            proxy: None,
            destinations: Destinations::Anywhere,
        }
    }
}
