//! The one-method seam to the network. This module does not retry and follows no redirect.

use std::{error::Error as StdError, fmt::Debug};

use async_trait::async_trait;
use bytes::Bytes;

use crate::Timestamp;

/// Can the provider have read the request?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reached {
    /// Certainly not: the failure came before the request was written (DNS, connect, TLS).
    No,
    /// It may have: anything after the first byte was written.
    Maybe,
}

/// Until when a request may leave.
///
/// Between the decision to send and the sending a machine can be suspended or a process stopped, for
/// hours. By then somebody else may have asked about the payout and sent it again, so a request that
/// is ready too late must stay where it is.
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
    /// Whenever it is ready: a query, or another request that moves no money.
    Anytime,
    /// Not after this moment, by the clock of whoever decided to send.
    NotAfter(Timestamp),
}

impl Departure {
    /// Must a request that has not left by `now` stay?
    pub fn is_over(self, now: Timestamp) -> bool {
        match self {
            Self::Anytime => false,
            Self::NotAfter(last) => now > last,
        }
    }
}

/// Sends one request, once. Whoever has an HTTP client of his own implements this, and runs the suite
/// `transport` of `pagos-conformance` against it.
///
/// An implementation must not retry, must not follow redirects, must cap the body and must answer
/// within a limit of its own. Dropping the future does not take the request back.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends `request` and returns the whole response.
    ///
    /// An implementation that has a clock looks at it immediately before it hands the request to the
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

/// No response came. Whether the request arrived is the question that matters.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// Can the provider have read the request?
    pub reached: Reached,
    /// What happened, without URL query, headers or body.
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

    /// The request was ready only when its [`Departure`] was over. Nothing was sent.
    pub fn too_late() -> Self {
        let message = "the request was ready too late to be sent; nothing was sent";
        Self::new(Reached::No, message)
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}
