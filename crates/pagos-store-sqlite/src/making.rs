//! How a database is made, in an order that a power failure cannot confuse: the lock file that says that
//! it is being made, the tables, the signature of the lock file. Each is durable before the next begins,
//! and nothing is dispatched before the last.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::Path,
    time::Instant,
};

use pagos_engine::StoreError;
use rusqlite::Connection;

use crate::{
    file::{self, Use},
    lock::{self, Stage},
    place::{self, blame},
    query, schema, wal,
};

/// Opens for writing, and creates or migrates the file if needed.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    match is_blank(path)? {
        true => make(path),
        false => match unfinished(path)? {
            None => file::open_as_it_is(path, Use::Again),
            Some(Unfinished { lock_file, stage: Stage::Begun }) if is_undone(path)? => {
                make_tables(path)?;
                finish(path, lock_file)
            }
            Some(Unfinished { lock_file, .. }) => finish(path, lock_file),
        },
    }
}

/// A database whose lock file is not signed.
struct Unfinished {
    lock_file: File,
    stage: Stage,
}

/// Finds the lock file of an unfinished database. It is not signed, so nobody has dispatched from
/// that database; and it is free, so nobody is making the database now: the process that began may
/// have died. The lock is held from here on.
fn unfinished(path: &Path) -> Result<Option<Unfinished>, StoreError> {
    let lock_path = lock::path_of(path);
    let failed = |cause| blame(&lock_path, "cannot be locked").with_source(cause);
    let mut lock_file = match file::private().open(&lock_path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    if !try_lock(&lock_file).map_err(failed)? {
        return Ok(None);
    }
    // Read under the lock, since it may have been signed in between.
    let stage = Stage::read(&mut lock_file).map_err(failed)?;
    Ok((stage != Stage::Signed).then_some(Unfinished { lock_file, stage }))
}

/// Lets SQLite undo a transaction that a crash has left half done, and looks whether it was the one that
/// makes the tables: then nothing is left of the file.
fn is_undone(path: &Path) -> Result<bool, StoreError> {
    wal::check(path)?;
    let connection = file::connect(path, file::WRITING)?;
    let read = || Ok(connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?);
    file::patiently(&connection, read).map_err(|failure| file::name(path, failure))?;
    is_blank(path)
}

/// The first use of a database whose tables exist, and the signature that completes its creation.
fn finish(path: &Path, mut lock_file: File) -> Result<Connection, StoreError> {
    let failed = |cause| blame(&lock::path_of(path), "cannot be locked").with_source(cause);
    let connection = file::open_as_it_is(path, Use::First)?;
    let identity = query::identity(&connection).map_err(|failure| file::name(path, failure))?;
    lock::sign(&mut lock_file, &identity).map_err(failed)?;
    Ok(connection)
}

/// Makes a new database where there was none. The maker holds the lock, so that of several
/// processes one makes the database and the others find it.
fn make(path: &Path) -> Result<Connection, StoreError> {
    let lock_path = lock::path_of(path);
    let failed = |cause| blame(&lock_path, "cannot be locked").with_source(cause);
    let patience_ends_at = Instant::now() + file::MAKING_MAX;
    // The creator of the lock file makes the database, even if another process read the file in
    // between.
    let mut is_first = false;
    loop {
        is_first |= lock::begin(&lock_path).map_err(failed)?;
        let mut lock_file = file::create(&lock_path).map_err(failed)?;
        let is_ours = try_lock(&lock_file).map_err(failed)?;
        if !is_blank(path)? {
            return file::open_as_it_is(path, Use::Again);
        }
        let stage = match is_ours {
            true => Stage::read(&mut lock_file),
            false => lock_file.metadata().map(|lock| Stage::guess(&lock)),
        };
        let stage = stage.map_err(failed)?;
        // Whoever began it is dead, and had not come to its tables.
        let is_taken_over = !is_first && stage == Stage::Begun;
        if is_ours && (is_first || is_taken_over) {
            let trace = match is_taken_over {
                true => place::trace_of_a_log(path),
                false => place::trace_of_a_database(path),
            };
            if let Some(trace) = trace {
                // The file would be a trace of a database that never existed.
                let _ = fs::remove_file(&lock_path);
                return Err(place::refuse_gone(path, &trace));
            }
            make_tables(path)?;
            return finish(path, lock_file);
        }
        // It was there before, or another process is about to make it and has not signed yet.
        if stage == Stage::Signed || Instant::now() >= patience_ends_at {
            return Err(place::refuse_gone(path, &lock_path));
        }
        drop(lock_file);
        std::thread::sleep(file::BUSY_BEAT);
    }
}

/// Writes the tables and the identity of a new database with the first bytes of its file, before
/// there is a log. They are then in the file itself, whatever happens to its log; a file without
/// them is no new database, and neither is a file with only these.
fn make_tables(path: &Path) -> Result<(), StoreError> {
    let failed = |cause| blame(path, "cannot be opened").with_source(cause);
    create_if_missing(path).map_err(failed)?;
    keep_private(path)
        .map_err(|cause| blame(path, "cannot be made private to its owner").with_source(cause))?;
    let connection = file::connect(path, file::WRITING)?;
    let prepare = || {
        // The same settings as for later openings; the deletion of the journal is flushed too.
        connection.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA fullfsync = TRUE")?;
        schema::make(&connection)
    };
    file::patiently(&connection, prepare).map_err(|failure| file::name(path, failure))
}

fn is_blank(path: &Path) -> Result<bool, StoreError> {
    place::is_blank(path).map_err(|cause| blame(path, "cannot be opened").with_source(cause))
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// Creates the database for its owner only. An existing one is not even opened: closing a handle of
/// ours would drop the locks that SQLite holds on the file in this process.
fn create_if_missing(path: &Path) -> io::Result<()> {
    match file::private().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_file() => Ok(()),
        created => created.map(drop),
    }
}

/// Creates a file that only its owner can read, whatever the umask is, where there is none.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    file::private().create_new(true).open(path)?;
    keep_private(path)
}

/// Restricts a blank file, which somebody else may have made. SQLite gives the files beside it
/// (`-wal`, `-shm`) the same mode.
#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a power failure leaves is decided by these settings; `cargo xtask power` tries it.
    #[test]
    fn truth_20_a_commit_asks_for_a_full_flush() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("pagos.db")).unwrap();
        let wanted = [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("fullfsync", "1"),
            ("checkpoint_fullfsync", "1"),
            // Switched off while the file was migrated.
            ("foreign_keys", "1"),
        ];
        for (pragma, value) in wanted {
            let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            let found: String = connection.query_row(&sql, (), |row| row.get(0)).unwrap();
            assert_eq!(found, value, "{pragma}");
        }
    }
}
