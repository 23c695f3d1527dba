//! The lock of the one process that dispatches from a store. It does not guard the rows: versions
//! and epochs do.

use std::ffi::OsString;
use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;
use std::path::PathBuf;

use pagos_engine::Guard;
use pagos_engine::StoreError;
use pagos_engine::Turn;

use crate::file;

/// Held by the process that dispatches; given back when dropped, or by the operating system when
/// the process ends in whatever way.
#[derive(Debug)]
struct WorkerLock {
    _file: File,
}

impl Guard for WorkerLock {}

/// The turn to dispatch from the store at `path`, if no other process has it.
pub(crate) fn take_turn(path: &Path) -> Result<Turn, StoreError> {
    let beside = path_beside(path);
    let failed = |cause| {
        StoreError::new(format!("{}: cannot be locked", beside.display())).with_source(cause)
    };
    let file = file::create(&beside).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Turn::Alone(Box::new(WorkerLock { _file: file }))),
        Err(TryLockError::WouldBlock) => Ok(Turn::Taken),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

/// Not the database itself: SQLite's own locks are lost when any handle to its file is closed.
fn path_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    PathBuf::from(name)
}
