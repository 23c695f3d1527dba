//! The one-method trait to the network. An implementation never retries and never follows a
//! redirect.

use std::{error::Error as StdError, fmt::Debug};

use async_trait::async_trait;
use bytes::Bytes;

use crate::Timestamp;

/// Whether the provider can have read the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reached {
    /// Certainly not: the failure came before the request was written (DNS, connect, TLS).
    No,
    /// It may have read it: something failed after the first byte was written.
    Maybe,
}

/// The latest moment at which a request may be sent.
///
/// Between the decision to send and the sending, a machine can be suspended or a process stopped,
/// for hours. By then another worker may have queried the payout and sent it again, so a request
/// that is ready too late must not be sent.
///
/// ```
/// use pagos_core::{Departure, Timestamp};
///
/// let (noon, later) = (Timestamp::from_millis(1_000), Timestamp::from_millis(1_001));
/// assert!(!Departure::NotAfter(noon).is_over(noon));
/// assert!(Departure::NotAfter(noon).is_over(later));
/// assert!(!Departure::Anytime.is_over(later));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Departure {
    /// At any time: for queries and other requests that move no money.
    Anytime,
    /// Not after this moment, by the clock of whoever decided to send.
    NotAfter(Timestamp),
}

impl Departure {
    /// Whether a request that has not been sent by `now` must not be sent any more.
    pub fn is_over(self, now: Timestamp) -> bool {
        match self {
            Self::Anytime => false,
            Self::NotAfter(last) => now > last,
        }
    }
}

/// Sends one request, once. To use another HTTP client, implement this trait and run the suite
/// `transport` of `pagos-conformance` against it.
///
/// An implementation must not retry, must not follow redirects, must cap the body and must answer
/// within a limit of its own. Dropping the future does not recall the request.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends `request` and returns the whole response.
    ///
    /// An implementation that has a clock reads it immediately before it hands the request to the
    /// network, and sends nothing if `departure` is over.
    ///
    /// # Errors
    /// [`TransportError`], which says whether the request can have reached the provider. When in
    /// doubt: [`Reached::Maybe`]. A departure that is over is [`TransportError::too_late`].
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError>;
}

/// No response came. What matters is whether the request arrived.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// Whether the provider can have read the request.
    pub reached: Reached,
    /// What happened, without the URL's query, headers or body.
    pub message: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error without a cause.
    pub fn new(reached: Reached, message: impl Into<String>) -> Self {
        Self { reached, message: message.into(), source: None }
    }

    /// An error for a request that was ready only after its [`Departure`]. Nothing was sent.
    pub fn too_late() -> Self {
        let message = "the request was ready too late to be sent; nothing was sent";
        Self::new(Reached::No, message)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}
