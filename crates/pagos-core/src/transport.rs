//! The one-method seam to the network. This module does not retry and follows no redirect.

use std::error::Error as StdError;
use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

/// Can the provider have read the request?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reached {
    /// Certainly not: the failure came before the request was written (DNS, connect, TLS).
    No,
    /// It may have: anything after the first byte was written.
    Maybe,
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
    /// # Errors
    /// [`TransportError`], which says whether the request can have reached the provider. When in
    /// doubt: [`Reached::Maybe`].
    async fn send(
        &self,
        request: http::Request<Bytes>,
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

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}
