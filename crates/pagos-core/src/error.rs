//! The error of the domain. Its kind tells the caller what to do next.

use std::{error::Error as StdError, fmt, time::Duration};

/// What the caller does next. Exhaustive on purpose: a new kind must break every `match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The provider cannot carry this input; nothing was sent. Fix the input.
    Invalid,
    /// The request certainly never reached the provider, or the call moves no money. Send again.
    Undelivered,
    /// The provider refused the request unread. Send again after [`Error::retry_after`].
    Throttled,
    /// The provider refused the credentials, clock, IP address or signature. An operator must act.
    Unauthorized,
    /// A documented, definite refusal: no money moves under this key. Final for this attempt.
    Rejected,
    /// The payout may have happened. Query it; never send it under another key
    /// ([`crate::manual::unknown`]).
    Unknown,
}

impl ErrorKind {
    /// The stable word for reports and stores: `invalid`, `undelivered`, `throttled`,
    /// `unauthorized`, `rejected`, `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            ErrorKind::Invalid => "invalid",
            ErrorKind::Undelivered => "undelivered",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Unauthorized => "unauthorized",
            ErrorKind::Rejected => "rejected",
            ErrorKind::Unknown => "unknown",
        }
    }
}

/// The error of every fallible operation of the domain and of the providers.
///
/// `Display` prints this level only; the cause is in [`StdError::source`]. The message never
/// contains a secret, an account number or a document.
///
/// ```
/// use pagos_core::{Error, ErrorKind};
///
/// let error = Error::invalid("amount").because("1500.50 COP has cents; whole pesos only");
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert_eq!(error.to_string(), "amount: 1500.50 COP has cents; whole pesos only");
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    field: Option<&'static str>,
    message: String,
    provider_code: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` says what happened.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let inner = Inner {
            kind,
            field: None,
            message: message.into(),
            provider_code: None,
            retry_after: None,
            source: None,
        };
        Self { inner: Box::new(inner) }
    }

    /// An error caused by our input in `field`. Follow it with [`Error::because`].
    pub fn invalid(field: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::Invalid, "not valid");
        error.inner.field = Some(field);
        error
    }

    /// Sets the message.
    #[must_use]
    pub fn because(mut self, message: impl Into<String>) -> Self {
        self.inner.message = message.into();
        self
    }

    /// Names another field: an amount that was parsed for the limit `amount_min`, for example.
    #[must_use]
    pub fn about(mut self, field: &'static str) -> Self {
        self.inner.field = Some(field);
        self
    }

    /// Adds the provider's own code, which the history keeps.
    #[must_use]
    pub fn with_provider_code(mut self, code: impl Into<String>) -> Self {
        self.inner.provider_code = Some(code.into());
        self
    }

    /// Adds how long to wait before repeating the call.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.inner.retry_after = Some(wait);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The caller's next step.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The field of our input that caused the error, if one did.
    pub fn field(&self) -> Option<&'static str> {
        self.inner.field
    }

    /// The message without the field.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The provider's own code, if it gave one.
    pub fn provider_code(&self) -> Option<&str> {
        self.inner.provider_code.as_deref()
    }

    /// How long to wait, if the provider or the kind tells.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }
}

// Written by hand because thiserror does not see a source behind the box.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inner.field {
            Some(field) => write!(f, "{field}: {}", self.inner.message),
            None => f.write_str(&self.inner.message),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("field", &self.inner.field)
            .field("message", &self.inner.message)
            .field("provider_code", &self.inner.provider_code)
            .field("retry_after", &self.inner.retry_after)
            .field("source", &self.inner.source)
            .finish()
    }
}
