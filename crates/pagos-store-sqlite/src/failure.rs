//! Converts SQLite's errors to the engine's: what happened, and what to do.
//!
//! A stored row contains names and account numbers, which the errors of its readers may quote. So
//! an error about a row says where the fault is, without the row's content, and has no source.

use std::fmt::Display;

use pagos_engine::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;
use serde_json::error::Category;

/// A [`StoreError`] under construction, so that `?` works on the errors of SQLite and of serde.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    /// Whether another process is in the way for now.
    pub(crate) is_busy: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { error: StoreError::new(message), is_busy: false }
    }

    /// Why a row cannot be read, without any of its content. [`Failure::of`] adds which row.
    pub(crate) fn unreadable(because: impl Into<String>) -> Self {
        Self { error: StoreError::unreadable(because), is_busy: false }
    }

    pub(crate) fn is_about_a_row(&self) -> bool {
        self.error.kind == StoreErrorKind::UnreadableRow
    }

    /// Names the row that cannot be read, such as `payout k1`. Other failures stay as they are.
    #[must_use]
    pub(crate) fn of(self, row: impl Display) -> Self {
        if !self.is_about_a_row() {
            return self;
        }
        Self::unreadable(cannot_be_read(row, &self.error.message))
    }
}

/// The sentence about a row that cannot be read.
pub(crate) fn cannot_be_read(row: impl Display, because: &str) -> String {
    format!(
        "{row} cannot be read by this version of pagos ({because}): was it written by a newer one?"
    )
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Self {
        if matches!(
            cause,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
        ) {
            return Self::unreadable("a column of it has another form than it should");
        }
        let code = cause.sqlite_error_code();
        let is_busy = matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
        let kind = match code {
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Damaged,
            _ if is_busy => StoreErrorKind::Busy,
            _ => StoreErrorKind::Failed,
        };
        let message = match code {
            Some(ErrorCode::DiskFull) => "the disk is full; nothing was written".to_owned(),
            _ if is_busy => "another program keeps the database locked (a backup, a database browser?); end it, and try again"
                .to_owned(),
            Some(ErrorCode::SystemIoFailure) => {
                "the disk failed to read or write the database".to_owned()
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                "the database is damaged: stop every process that works on it, keep the file, and restore \
                 a backup (\"A damaged database\" in docs/OPERATIONS.md); a new one would pay again what \
                 this one has paid"
                    .to_owned()
            }
            Some(ErrorCode::NotADatabase) => {
                "the file is not a SQLite database, or its beginning is damaged (\"A damaged \
                 database\" in docs/OPERATIONS.md)"
                    .to_owned()
            }
            Some(ErrorCode::ReadOnly) => "the database is open for reading only".to_owned(),
            _ => format!("the database refused: {cause}"),
        };
        Self { error: StoreError::new(message).of_kind(kind).with_source(cause), is_busy }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(cause: serde_json::Error) -> Self {
        let what = match cause.classify() {
            Category::Data => "has another form than this version knows",
            Category::Syntax | Category::Eof | Category::Io => "is damaged",
        };
        let (line, column) = (cause.line(), cause.column());
        Self::unreadable(format!("its JSON {what}, at line {line}, column {column}"))
    }
}

impl From<pagos_core::Error> for Failure {
    fn from(_: pagos_core::Error) -> Self {
        Self::unreadable("it has a name or a currency that this version does not take")
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn an_error_of_sqlite_tells_the_next_step() {
        let cases = [
            (ffi::SQLITE_BUSY, StoreErrorKind::Busy),
            (ffi::SQLITE_LOCKED, StoreErrorKind::Busy),
            (ffi::SQLITE_FULL, StoreErrorKind::Full),
            (ffi::SQLITE_CORRUPT, StoreErrorKind::Damaged),
            (ffi::SQLITE_NOTADB, StoreErrorKind::Damaged),
            (ffi::SQLITE_IOERR, StoreErrorKind::Failed),
            (ffi::SQLITE_READONLY, StoreErrorKind::Failed),
        ];
        for (code, expected) in cases {
            let cause = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(Failure::from(cause).error.kind(), expected, "{code}");
        }
    }
}
