//! From SQLite's errors to the engine's: what happened, and what to do. Not a list of codes.

use pagos_engine::StoreError;
use rusqlite::ErrorCode;

/// A [`StoreError`] in the making, so that `?` works on the errors of SQLite and of serde.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { error: StoreError::new(message) }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Self {
        let message = match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full; nothing was written".to_owned(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another process keeps the database busy; try again".to_owned()
            }
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
        Self { error: StoreError::new(message).with_source(cause) }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(cause: serde_json::Error) -> Self {
        let message = "a stored row cannot be read; was it written by another version?";
        Self { error: StoreError::new(message).with_source(cause) }
    }
}

impl From<pagos_core::Error> for Failure {
    fn from(cause: pagos_core::Error) -> Self {
        let message = "a stored row cannot be read; was it written by another version?";
        Self { error: StoreError::new(message).with_source(cause) }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}
