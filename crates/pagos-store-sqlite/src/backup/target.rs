//! The place of a copy. The copy has another name there until all of it is on the disk, and it
//! replaces nothing.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use pagos_engine::{StoreError, StoreErrorKind};
use tempfile::{TempDir, TempPath};

use crate::{
    file, lock,
    place::{self, blame},
};

/// A file that has no name of its own yet.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    folder: TempDir,
}

impl Unfinished {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A place where there is no file.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
}

impl Target {
    /// The place of a backup.
    ///
    /// # Errors
    /// If there is a file, or if there is no folder.
    pub(super) fn of_backup(path: &Path) -> Result<Self, StoreError> {
        match path.symlink_metadata() {
            Ok(_) => Err(blame(path, IS_THERE)),
            Err(_) => Ok(Self { path: place::find(path)? }),
        }
    }

    /// The place of a database that is gone.
    ///
    /// # Errors
    /// If there is a database, or the log of one.
    pub(super) fn of_database(path: &Path) -> Result<Self, StoreError> {
        if path.symlink_metadata().is_ok() {
            return Err(blame(path, DATABASE_IS_THERE));
        }
        let target = Self { path: place::find(path)? };
        target.refuse_traces()?;
        Ok(target)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A new file for its owner only, in a folder of its own beside the place. All of it is removed
    /// when it is dropped; what a killed process leaves begins with `.unfinished-`.
    pub(super) fn begin(&self) -> Result<Unfinished, StoreError> {
        let make = || {
            let folder =
                tempfile::Builder::new().prefix(".unfinished-").tempdir_in(self.folder())?;
            let path = folder.path().join("copy.db");
            file::create_private(&path)?;
            Ok(Unfinished { path, folder })
        };
        make().map_err(|cause| self.refused(cause))
    }

    /// Brings a closed file to the disk. Returns its size.
    pub(super) fn flush(&self, unfinished: &Path) -> Result<u64, StoreError> {
        let flush = || -> io::Result<u64> {
            let file = File::options().read(true).write(true).open(unfinished)?;
            file.sync_all()?;
            Ok(file.metadata()?.len())
        };
        flush().map_err(|cause| self.refused(cause))
    }

    /// Gives the file its name, unless there is one by now.
    pub(super) fn keep(&self, unfinished: Unfinished) -> Result<(), StoreError> {
        self.name(unfinished, IS_THERE)
    }

    /// The same for a database, under the lock of its place, which is signed before.
    pub(super) fn put_in_place(
        &self,
        unfinished: Unfinished,
        identity: &str,
    ) -> Result<(), StoreError> {
        let lock = lock::take_place(&self.path, identity)?;
        self.refuse_traces()?;
        lock.sync_all().map_err(|cause| self.refused(cause))?;
        self.name(unfinished, DATABASE_IS_THERE)
    }

    fn name(&self, unfinished: Unfinished, is_there: &str) -> Result<(), StoreError> {
        let named = TempPath::try_from_path(&unfinished.path)
            .map_err(|cause| self.refused(cause))?
            .persist_noclobber(&self.path);
        named.map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => blame(&self.path, is_there),
            _ => self.refused(error.error),
        })?;
        sync_folder(self.folder()).map_err(|cause| self.refused(cause))?;
        // Nothing is in it any more. If it stays, it is in nobody's way.
        drop(unfinished.folder);
        Ok(())
    }

    fn refuse_traces(&self) -> Result<(), StoreError> {
        match place::trace_of_a_database(&self.path) {
            None => Ok(()),
            Some(trace) => Err(blame(
                &trace,
                "is of the database that was here, and it may be the only record of what was sent \
                 last: keep it, move it to another folder, and try again",
            )),
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Why the copy could not be written.
    pub(super) fn refused(&self, cause: io::Error) -> StoreError {
        match cause.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => self.full().with_source(cause),
            _ => blame(&self.path, &format!("cannot be written: {cause}")).with_source(cause),
        }
    }

    /// The same for an error of SQLite.
    pub(super) fn failed(&self, error: StoreError) -> StoreError {
        match error.kind {
            StoreErrorKind::Full => StoreError { source: error.source, ..self.full() },
            _ => {
                let message = format!("{}: {}", self.path.display(), error.message);
                StoreError { message, ..error }
            }
        }
    }

    fn full(&self) -> StoreError {
        let what =
            "the disk is full, and nothing is left of the copy; make room, or name another folder";
        blame(&self.path, what).of_kind(StoreErrorKind::Full)
    }
}

const IS_THERE: &str = "there is a file already, and it is not overwritten; name another one";

const DATABASE_IS_THERE: &str = "there is a database already, and it is not overwritten. Keep it: it may be the only \
     record of what was sent since the backup. End every pagos that works on it, move it to another \
     folder with the files beside it (-wal, -shm), and try again";

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
