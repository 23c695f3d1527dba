//! From SQLite's errors to the engine's: what happened, and what to do. Not a list of codes.

use pagos_engine::StoreError;
use rusqlite::ErrorCode;

/// A [`StoreError`] in the making, so that `?` works on the errors of SQLite and of serde.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    /// Another process is in the way, for now.
    pub(crate) is_busy: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { error: StoreError::new(message), is_busy: false }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Self {
        let code = cause.sqlite_error_code();
        let is_busy = matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
        let message = match code {
            Some(ErrorCode::DiskFull) => "the disk is full; nothing was written".to_owned(),
            _ if is_busy => "another process keeps the database busy; try again".to_owned(),
            Some(ErrorCode::SystemIoFailure) => {
                "the disk failed to read or write the database".to_owned()
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                "the database is damaged; restore a backup".to_owned()
            }
            Some(ErrorCode::NotADatabase) => "the file is not a SQLite database".to_owned(),
            Some(ErrorCode::ReadOnly) => "the database is open for reading only".to_owned(),
            _ => format!("the database refused: {cause}"),
        };
        Self { error: StoreError::new(message).with_source(cause), is_busy }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(cause: serde_json::Error) -> Self {
        let message = "a stored row cannot be read; was it written by another version?";
        Self { error: StoreError::new(message).with_source(cause), is_busy: false }
    }
}

impl From<pagos_core::Error> for Failure {
    fn from(cause: pagos_core::Error) -> Self {
        let message = "a stored row cannot be read; was it written by another version?";
        Self { error: StoreError::new(message).with_source(cause), is_busy: false }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}
