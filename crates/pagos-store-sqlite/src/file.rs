//! The database file: created for its owner only, recognised as ours, opened with the right
//! settings.

use std::{
    fs::{self, OpenOptions, TryLockError},
    io::ErrorKind,
    path::Path,
    time::{Duration, Instant},
};

use pagos_engine::StoreError;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    failure::Failure,
    lock, moved,
    place::{self, blame},
    query, schema, wal,
};

/// How long to wait for another process that is writing.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) const BUSY_BEAT: Duration = Duration::from_millis(10);

/// How long the creation of a database may take before other processes treat it as deleted.
pub(crate) const MAKING_MAX: Duration = Duration::from_secs(2);

/// The number of statements kept prepared; more than this crate has.
const STATEMENTS_MAX: usize = 128;

/// Opens for writing, and creates or migrates the file if needed.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    let looked_at = |cause| blame(path, "cannot be opened").with_source(cause);
    match place::is_blank(path).map_err(looked_at)? {
        true => make(path),
        false => match unfinished(path)? {
            None => open_as_it_is(path, Use::Again),
            Some(lock_file) => finish(path, lock_file),
        },
    }
}

/// Finds the lock file of an unfinished database. It is not signed, so nobody has dispatched from
/// that database; and it is free, so nobody is making the database now: the process that began may
/// have died. The lock is held from here on.
fn unfinished(path: &Path) -> Result<Option<fs::File>, StoreError> {
    let lock_path = lock::path_of(path);
    let failed = |cause| blame(&lock_path, "cannot be locked").with_source(cause);
    let lock_file = match private().open(&lock_path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let is_free = match lock_file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(cause)) => return Err(failed(cause)),
    };
    // Read under the lock, since it may have been signed in between.
    let is_signed = lock_file.metadata().map_err(failed)?.len() > 0;
    Ok((is_free && !is_signed).then_some(lock_file))
}

/// The first use of a database whose tables exist, and the signature that completes its creation.
fn finish(path: &Path, mut lock_file: fs::File) -> Result<Connection, StoreError> {
    let failed = |cause| blame(&lock::path_of(path), "cannot be locked").with_source(cause);
    let connection = open_as_it_is(path, Use::First)?;
    let identity = query::identity(&connection).map_err(|failure| name(path, failure))?;
    lock::sign(&mut lock_file, &identity).map_err(failed)?;
    Ok(connection)
}

/// Whether there is no database and never was one. One that is being made at this moment counts as
/// new.
pub(crate) fn is_new(path: &Path) -> Result<bool, StoreError> {
    let looked_at = |cause| blame(path, "cannot be opened").with_source(cause);
    if !place::is_blank(path).map_err(looked_at)? {
        return Ok(false);
    }
    let lock_path = lock::path_of(path);
    let trace = match fs::metadata(&lock_path) {
        // It is not signed yet, or by an older version; opening it shows which.
        Ok(lock) if lock.len() == 0 => None,
        Ok(_) => Some(lock_path),
        Err(_) => place::trace_of_a_database(path),
    };
    match trace {
        // It may have been made since.
        Some(_) if !place::is_blank(path).map_err(looked_at)? => Ok(false),
        Some(trace) => Err(place::refuse_gone(path, &trace)),
        None => Ok(true),
    }
}

/// Makes a new database where there was none. The maker holds the lock, so that of several
/// processes one makes the database and the others find it.
fn make(path: &Path) -> Result<Connection, StoreError> {
    let lock_path = lock::path_of(path);
    let failed = |cause| blame(&lock_path, "cannot be locked").with_source(cause);
    let patience_ends_at = Instant::now() + MAKING_MAX;
    // The creator of the lock file makes the database, even if another process read the file in
    // between.
    let mut is_first = false;
    loop {
        let created = private().create_new(true).open(&lock_path);
        is_first |= created.is_ok();
        let lock_file = match created {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => create(&lock_path),
            created => created,
        }
        .map_err(failed)?;
        let is_ours = match lock_file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        };
        let is_blank = place::is_blank(path);
        if !is_blank.map_err(|cause| blame(path, "cannot be opened").with_source(cause))? {
            return open_as_it_is(path, Use::Again);
        }
        let is_signed = lock_file.metadata().map_err(failed)?.len() > 0;
        if is_ours && is_first {
            if let Some(trace) = place::trace_of_a_database(path) {
                // The file would be a trace of a database that never existed.
                let _ = fs::remove_file(&lock_path);
                return Err(place::refuse_gone(path, &trace));
            }
            make_tables(path)?;
            return finish(path, lock_file);
        }
        // It was there before, or another process is about to make it and has not signed yet.
        if is_signed || Instant::now() >= patience_ends_at {
            return Err(place::refuse_gone(path, &lock_path));
        }
        drop(lock_file);
        std::thread::sleep(BUSY_BEAT);
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
    let connection = connect(path, WRITING)?;
    let prepare = || {
        // The same settings as for later openings; the deletion of the journal is flushed too.
        connection.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA fullfsync = TRUE")?;
        schema::make(&connection)
    };
    patiently(&connection, prepare).map_err(|failure| name(path, failure))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Opened by its maker.
    First,
    Again,
    /// Opened to move it to another store, again if the first time did not finish.
    ToMove,
}

pub(crate) const WRITING: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens an existing database. All checks come before anything is written, even by SQLite, which
/// discards the part of a log that it cannot read.
fn open_as_it_is(path: &Path, used: Use) -> Result<Connection, StoreError> {
    wal::check(path)?;
    let connection = connect(path, WRITING)?;
    let named = |failure| name(path, failure);
    let looked_at = || {
        check(&connection, path, used)?;
        query::identity_if_any(&connection)
    };
    let identity = patiently(&connection, looked_at).map_err(named)?;
    lock::check_signature(path, identity.as_deref())?;
    let prepare = || {
        // FULL: a commit is on the disk when it returns. On macOS it would reach only the disk's
        // own cache without fullfsync, which changes nothing elsewhere. Temporary tables and
        // statement journals need not be durable. Source: sqlite.org/pragma.html#pragma_fullfsync.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;",
        )?;
        if used == Use::First {
            connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
        }
        schema::migrate(&connection)?;
        end_backup(&connection)
    };
    patiently(&connection, prepare).map_err(named)?;
    Ok(connection)
}

/// Forgets what a backup says of its own rows, which is no longer true once it is written to.
pub(crate) fn end_backup(connection: &Connection) -> Result<(), Failure> {
    Ok(connection.execute_batch("DROP TABLE IF EXISTS backup")?)
}

/// Opens an existing database for writing, even if it was moved already.
pub(crate) fn open_to_move(path: &Path) -> Result<Connection, StoreError> {
    open_as_it_is(path, Use::ToMove)
}

/// Opens it once more for reading, beside the connection that moves it.
pub(crate) fn open_to_compare(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Opens for reading; creates nothing.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    if is_new(path)? {
        let is_there = path.exists();
        let what = match is_there {
            true => "is empty; the first `pagos pay` or `pagos serve` makes a database of it",
            false => "does not exist",
        };
        return Err(blame(path, what));
    }
    // Checked before SQLite opens it, which would read on as if nothing were lost, and rebuild the
    // index.
    wal::check(path)?;
    open_reader(path)
}

/// Opens a file for reading that is already checked.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags)?;
    let prepare = || {
        check(&connection, path, Use::Again)?;
        if schema::version(&connection)? < schema::VERSION {
            return Err(Failure::new(
                "was written by an older version of pagos; open it for writing once, as `pagos pay` \
                 and `pagos serve` do, to bring it up to date",
            ));
        }
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;")?;
        Ok(())
    };
    patiently(&connection, prepare).map_err(|failure| name(path, failure))?;
    Ok(connection)
}

/// Checks whether it can be opened for writing. Writes nothing.
pub(crate) fn check_for_writing(path: &Path) -> Result<(), StoreError> {
    let connection = open_read_only(path)?;
    let identity = query::identity_if_any(&connection).map_err(|failure| name(path, failure))?;
    lock::check_signature(path, identity.as_deref())
}

/// The faults in the pages of an existing database.
pub(crate) fn damage(path: &Path) -> Result<Vec<String>, StoreError> {
    let connection = open_read_only(path)?;
    let look = || {
        let mut statement = connection.prepare(&format!("PRAGMA quick_check({FINDINGS_MAX})"))?;
        let rows = statement.query_map((), |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<String>, rusqlite::Error>>()?)
    };
    let mut found = look().map_err(|failure: Failure| name(path, failure))?;
    found.retain(|finding| finding != "ok");
    Ok(found)
}

/// A damaged file has thousands of faults; a few are enough for the message.
const FINDINGS_MAX: usize = 3;

/// Tries again while another process is in the way. SQLite's own waiting does not cover the switch
/// to a write-ahead log, which two processes attempt if they create a file together.
fn patiently<T>(
    connection: &Connection,
    prepare: impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let patience_ends_at = Instant::now() + BUSY_TIMEOUT;
    loop {
        match prepare() {
            Err(failure) if failure.is_busy && Instant::now() < patience_ends_at => {
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK")?;
                }
                std::thread::sleep(BUSY_BEAT);
            }
            outcome => return outcome,
        }
    }
}

pub(crate) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connect = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // A plan never depends on bound values, so statements are planned once and not each time
        // that they run. Source: sqlite.org/c3ref/c_dbconfig_defensive.html.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        #[cfg(test)]
        let connection = crate::plans::overhear(connection);
        Ok(connection)
    };
    connect().map_err(|failure: Failure| name(path, failure))
}

/// Checks that it is ours, and not newer than this version. Called before anything is changed in
/// it.
pub(crate) fn check(connection: &Connection, path: &Path, used: Use) -> Result<(), Failure> {
    // Read first: the maker of a database signs its lock after using the database.
    let is_being_made = fs::metadata(lock::path_of(path)).is_ok_and(|lock| lock.len() == 0);
    // One snapshot: another process may be making the tables at this moment.
    let snapshot = connection.unchecked_transaction()?;
    let tables: i64 =
        snapshot.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    let id: i32 = snapshot.query_row("PRAGMA application_id", (), |row| row.get(0))?;
    let version = schema::version(&snapshot)?;
    snapshot.finish()?;
    let is_ours = id == schema::APPLICATION_ID;
    if tables == 0 && (is_ours || (id == 0 && version == 0)) {
        return Err(Failure::new(place::words_of_no_tables()));
    }
    let is_beginning = id == schema::APPLICATION_ID_OF_A_BEGINNING;
    if is_beginning && used != Use::First {
        let error = StoreError::new(match is_being_made {
            true => place::HALF_MADE.to_owned(),
            false => place::words_of_a_beginning(),
        });
        return Err(Failure { error, is_busy: is_being_made });
    }
    if !is_ours && !is_beginning {
        return Err(Failure::new("is a database of another program"));
    }
    if version > schema::VERSION {
        return Err(Failure::new(format!(
            "was written by a newer version of pagos (schema {version}, this one knows {}); \
             upgrade this program",
            schema::VERSION
        )));
    }
    match used {
        Use::First | Use::Again => moved::refuse(connection),
        // It refuses all changes, so that it cannot be brought up to date.
        Use::ToMove if version < schema::VERSION && moved::mark(connection)?.is_some() => Err(
            Failure::new("its move began with an older version of pagos; finish it with that one"),
        ),
        Use::ToMove => Ok(()),
    }
}

pub(crate) fn name(path: &Path, failure: Failure) -> StoreError {
    let StoreError { kind, message, source } = failure.error;
    StoreError { kind, message: format!("{}: {message}", path.display()), source }
}

/// Opens or creates a file that only its owner can read. Existing content is kept.
pub(crate) fn create(path: &Path) -> std::io::Result<fs::File> {
    private().create(true).truncate(false).open(path)
}

/// Creates a file that only its owner can read, whatever the umask is, where there is none.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    private().create_new(true).open(path)?;
    keep_private(path)
}

/// Creates the database for its owner only. An existing one is not even opened: closing a handle of
/// ours would drop the locks that SQLite holds on the file in this process.
fn create_if_missing(path: &Path) -> std::io::Result<()> {
    match private().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_file() => Ok(()),
        created => created.map(drop),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Restricts a blank file, which somebody else may have made. SQLite gives the files beside it
/// (`-wal`, `-shm`) the same mode.
#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test can show what a power loss leaves, so the settings that decide it are looked at.
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
