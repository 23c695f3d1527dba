//! What is said when the witness cannot be used: where, what happened, and what to do.

use std::{
    fmt::Display,
    io::{self, ErrorKind},
    path::Path,
};

use pagos_engine::{WitnessError, WitnessErrorKind};

/// An operation of the system failed.
pub(crate) fn of_system(path: &Path, what: &str, error: &io::Error) -> WitnessError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            let told = format!("{what}: {error}; make room on its disk, nothing else is needed");
            trouble(WitnessErrorKind::Full, path, &told)
        }
        ErrorKind::NotFound => gone(path, "the witness is not there"),
        _ => trouble(
            WitnessErrorKind::Unavailable,
            path,
            &format!("{what}: {error}; see that its disk is there and that it may be written"),
        ),
    }
}

/// The path leads nowhere, or to another file.
pub(crate) fn gone(path: &Path, what: &str) -> WitnessError {
    let todo = "mount its disk or bring the file back; if it is lost, begin another witness";
    trouble(WitnessErrorKind::Unavailable, path, &format!("{what}; {todo}"))
}

/// Somebody changed it, or its disk did.
pub(crate) fn damaged(path: &Path, what: &str) -> WitnessError {
    let todo = "keep the file and bring back an intact copy with at least as many lines; if there is \
                none, begin another witness";
    trouble(WitnessErrorKind::Damaged, path, &format!("{what}; {todo}"))
}

/// It is not the witness of this store.
pub(crate) fn other_store(path: &Path, theirs: &str, ours: &str) -> WitnessError {
    let told = format!(
        "the witness belongs to the database {theirs}, and this one is {ours}; name this database's own witness"
    );
    trouble(WitnessErrorKind::OtherStore, path, &told)
}

pub(crate) fn trouble(kind: WitnessErrorKind, path: &Path, told: &dyn Display) -> WitnessError {
    WitnessError { kind, message: format!("{}: {told}", path.display()) }
}
