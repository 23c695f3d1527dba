//! Converts PostgreSQL's errors to the engine's: what happened, whether to try again, what to do.
//!
//! Only an error's message is kept, never its detail, which quotes rows; and rows contain account
//! numbers.

use std::{error::Error, fmt, io};

use pagos_engine::{StoreError, StoreErrorKind};
use serde_json::error::Category;
use tokio_postgres::error::{Severity, SqlState};

/// A [`StoreError`] under construction, and what it means for the work that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) error: StoreError,
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The server or the connection to it is gone: the same work can be done on another connection.
    Lost,
    /// Another transaction was in the way. This one was rolled back, and can be repeated at once.
    Collision,
    /// It would fail again. Nothing happened.
    Refused,
    /// It is unknown whether it happened, so it is not repeated.
    Unsettled,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { kind: Kind::Refused, error: StoreError::new(message) }
    }

    pub(crate) fn lost(message: impl Into<String>) -> Self {
        Self { kind: Kind::Lost, error: StoreError::new(message) }
    }

    /// It cannot be determined whether it happened, or what its answer was.
    pub(crate) fn unsettled(message: impl Into<String>) -> Self {
        Self { kind: Kind::Unsettled, error: StoreError::new(message) }
    }

    /// Another worker did something at the same moment; the work must begin again.
    pub(crate) fn collision(message: impl Into<String>) -> Self {
        Self { kind: Kind::Collision, error: StoreError::new(message) }
    }

    /// One row cannot be read. `because` quotes nothing of it.
    pub(crate) fn unreadable(because: impl fmt::Display) -> Self {
        let message = format!(
            "this version of pagos cannot read a stored row ({because}); was it written by a newer \
             version?"
        );
        Self { kind: Kind::Refused, error: StoreError::unreadable(message) }
    }

    /// Like [`Failure::unreadable`], for JSON that is not as expected. Its error can quote a value,
    /// so only the position is reported.
    pub(crate) fn unreadable_json(what: &str, cause: &serde_json::Error) -> Self {
        let how = match cause.classify() {
            Category::Io | Category::Eof => "is cut off",
            Category::Syntax => "is not JSON",
            Category::Data => "has an unknown form",
        };
        let (line, column) = (cause.line(), cause.column());
        Self::unreadable(format!("{what} {how} at line {line}, column {column}"))
    }

    /// Whether it is about one row only.
    pub(crate) fn is_unreadable_row(&self) -> bool {
        self.error.kind == StoreErrorKind::UnreadableRow
    }

    fn with_source(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { error: self.error.with_source(cause), ..self }
    }

    /// An error while connecting to `place`.
    pub(crate) fn of_connecting(cause: tokio_postgres::Error, place: &str) -> Self {
        let (kind, what) = match cause.as_db_error() {
            Some(told) => (kind_of_connecting(told.code()), remedy(told.code(), told.message())),
            None => unreachable_server(&cause),
        };
        let mut error = StoreError::new(format!("{place}: {what}"));
        if cause.as_db_error().is_none() {
            error = error.with_source(cause);
        }
        Self { kind, error }
    }
}

fn kind_of_connecting(code: &SqlState) -> Kind {
    match kind(code) {
        Kind::Collision => Kind::Refused,
        // Who refuses a connection with it wants another connection, not another moment.
        Kind::Lost if code.code() == UNSUPPORTED => Kind::Refused,
        kind => kind,
    }
}

/// The meaning of a refused connection, in this program's words.
fn remedy(code: &SqlState, message: &str) -> String {
    let code_text = code.code();
    match code_text {
        "28P01" => "the server refused the password; check the user and the password in the \
                    database's URL"
            .to_owned(),
        "28000" => format!(
            "the server does not let this user in: {message}; check the user, the way of \
             encryption, and the server's pg_hba.conf"
        ),
        "3D000" => "the server has no such database; make it first (createdb)".to_owned(),
        "42501" => format!("this user may not do that: {message}; grant it (GRANT)"),
        "53300" => {
            "the server takes no more connections; raise max_connections, or open fewer".to_owned()
        }
        "57P03" => "the server is starting or stopping; try again".to_owned(),
        _ => format!("the server refused: {message} ({code_text})"),
    }
}

fn unreachable_server(cause: &tokio_postgres::Error) -> (Kind, String) {
    let of_io = find_io(cause);
    // The client offers no other way to distinguish the kinds of its errors.
    let is_tls = cause.to_string().contains("TLS");
    let is_cut = of_io.is_some_and(|io| io.kind() != io::ErrorKind::InvalidData);
    // The client itself says so when none of several hosts is the primary.
    if of_io.is_some_and(|io| io.kind() == io::ErrorKind::PermissionDenied) && !is_tls {
        return (Kind::Lost, STANDBYS.to_owned());
    }
    match (is_tls, is_cut) {
        (true, false) => (
            Kind::Refused,
            format!(
                "no verified encryption: {}; the server needs ssl=on and a certificate that names \
                 this host and that an authority vouches for (sslrootcert names a further \
                 authority); sslmode=disable does without, on a network that nobody else can read",
                innermost(cause)
            ),
        ),
        (_, true) => (
            Kind::Lost,
            format!(
                "no PostgreSQL server answers: {}; is it running, and are host and port right?",
                innermost(cause)
            ),
        ),
        (false, false) if cause.is_closed() => {
            (Kind::Lost, "the server closed the connection; is it shutting down?".to_owned())
        }
        (false, false) => (Kind::Refused, format!("{cause}: {}", innermost(cause))),
    }
}

/// What a standby is, and what to do about it.
pub(crate) const STANDBY: &str = "the server is a standby (pg_is_in_recovery), which can only be read; if a failover is under way, try \
    again when it is over; otherwise this is a reader endpoint: connect to the primary, by the \
    writer endpoint or by all hosts (postgres://USER@HOST1,HOST2/DATABASE)";

const STANDBYS: &str = "none of these hosts is a primary that answers and can be written; if a \
    failover is under way, try again when it is over; otherwise add the primary to the hosts";

fn find_io(cause: &tokio_postgres::Error) -> Option<&io::Error> {
    let mut next = cause.source();
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        next = error.source();
    }
    None
}

fn innermost(cause: &tokio_postgres::Error) -> String {
    let mut last: &dyn Error = cause;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// What the code means for the work. PostgreSQL's appendix A lists the codes.
fn kind(code: &SqlState) -> Kind {
    match code.code() {
        // Serialization failure, deadlock, lock timeout, a key that another worker has just stored.
        "40001" | "40P01" | "55P03" | "23505" => Kind::Collision,
        // Shut down by a person, crashed, starting, database dropped, idle for too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "53300" => Kind::Lost,
        // A server that was the primary when the connection was made, and is a standby now. A pooler
        // on the way keeps the connection. The second code is that of BEGIN READ WRITE there; nothing
        // else that we send is unsupported.
        READ_ONLY | UNSUPPORTED => Kind::Lost,
        code if code.starts_with("08") => Kind::Lost,
        _ => Kind::Refused,
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(cause: tokio_postgres::Error) -> Self {
        if let Some(told) = cause.as_db_error() {
            let (code, message) = (told.code().code(), told.message());
            if message.contains(STATEMENT_MODE) {
                return Self::new(NO_TRANSACTIONS);
            }
            if code == GUARD {
                return Self::lost("the connection's row of transactions is not as it was");
            }
            let kind = match told.parsed_severity() {
                // The connection is over, whatever the code says.
                Some(Severity::Fatal | Severity::Panic) => Kind::Lost,
                _ => kind(told.code()),
            };
            let message = match (kind, code) {
                (_, READ_ONLY | UNSUPPORTED) => STANDBY.to_owned(),
                (Kind::Lost, _) => format!("the server ended the connection: {message} ({code})"),
                (Kind::Collision, _) => {
                    format!("other workers keep the rows busy; try again: {message} ({code})")
                }
                (_, "53100") => {
                    "the server's disk is full; nothing was written; make room".to_owned()
                }
                (_, "57014") => "the server cancelled a statement that took too long, or a person \
                                 did; nothing was written"
                    .to_owned(),
                (_, "42501") => format!("this user may not do that: {message}; grant it (GRANT)"),
                _ => format!("the database refused: {message} ({code})"),
            };
            let error = StoreError::new(message);
            return match code {
                "53100" => Self { kind, error: error.of_kind(StoreErrorKind::Full) },
                _ => Self { kind, error },
            };
        }
        let is_lost = cause.is_closed() || find_io(&cause).is_some();
        let (kind, message) = match is_lost {
            true => (Kind::Lost, "the connection to the server was lost"),
            false => (Kind::Refused, "a row cannot be read; was it written by another version?"),
        };
        Self { kind, error: StoreError::new(message).with_source(cause) }
    }
}

/// A statement that writes, in a transaction that only reads, as all do on a standby.
const READ_ONLY: &str = "25006";

const UNSUPPORTED: &str = "0A000";

/// Division by zero: no statement of ours divides by anything but its guard.
const GUARD: &str = "22012";

/// The words with which pgbouncer refuses a transaction if every statement has a session of its
/// own.
const STATEMENT_MODE: &str = "statement pooling mode";

const NO_TRANSACTIONS: &str = "the pooler before the server works by statements \
    (pool_mode = statement) and refuses transactions, without which a payout could be sent twice; \
    set pool_mode = transaction or session for this database, or connect to the server itself";

/// A value of ours that cannot become JSON.
impl From<serde_json::Error> for Failure {
    fn from(cause: serde_json::Error) -> Self {
        Self::new("a value cannot be written as JSON").with_source(cause)
    }
}

/// A stored name, key or currency that is not valid. The cause is not kept, because it quotes the
/// value.
impl From<pagos_core::Error> for Failure {
    fn from(_: pagos_core::Error) -> Self {
        Self::unreadable("a name, key or currency is not a legal one")
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            Kind::Lost => StoreErrorKind::Unreachable,
            Kind::Collision => StoreErrorKind::Busy,
            Kind::Unsettled => StoreErrorKind::UnknownOutcome,
            Kind::Refused => failure.error.kind,
        };
        failure.error.of_kind(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_its_next_step() {
        let cases = [
            (Failure::new("no"), StoreErrorKind::Failed),
            (Failure::lost("no"), StoreErrorKind::Unreachable),
            (Failure::collision("no"), StoreErrorKind::Busy),
            (Failure::unsettled("no"), StoreErrorKind::UnknownOutcome),
            (Failure::unreadable("no"), StoreErrorKind::UnreadableRow),
        ];
        for (failure, expected) in cases {
            assert_eq!(StoreError::from(failure).kind(), expected);
        }
    }

    #[test]
    fn a_code_says_whether_to_try_again() {
        let cases = [
            ("40001", Kind::Collision),
            ("40P01", Kind::Collision),
            ("55P03", Kind::Collision),
            ("57P01", Kind::Lost),
            ("57P02", Kind::Lost),
            ("57P03", Kind::Lost),
            ("08006", Kind::Lost),
            ("08P01", Kind::Lost),
            ("25P03", Kind::Lost),
            ("42601", Kind::Refused),
            ("23505", Kind::Collision),
            ("57014", Kind::Refused),
            ("53100", Kind::Refused),
            ("25006", Kind::Lost),
            ("0A000", Kind::Lost),
        ];
        for (code, expected) in cases {
            assert_eq!(kind(&SqlState::from_code(code)), expected, "{code}");
        }
    }
}
