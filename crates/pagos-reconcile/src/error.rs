//! The error of this crate. Its kind is the next step of the caller.

use pagos_engine::StoreError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong; the message says what to change. Nothing was written.
    #[error("{0}")]
    Refused(String),
    /// Somebody else wrote at the same moment. Read again and decide again.
    #[error("{0}")]
    Conflict(String),
    /// A stored line or record cannot be read: a newer version wrote it, or it is damaged.
    #[error("{0}")]
    Unreadable(String),
    /// The store failed; its own kind says what to do.
    #[error("the store failed")]
    Store(#[source] Box<StoreError>),
}

impl Error {
    pub(crate) fn store(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }
}
