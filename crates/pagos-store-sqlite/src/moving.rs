//! Gives a whole database to another store, and marks it afterwards: [`SqliteSource`].
//!
//! The database is locked for writers from the first row to the mark, so what was copied is what is
//! marked. Until the mark nothing is written, so whatever is broken off before it leaves no trace.

mod tables;

use std::{fmt, path::Path};

use pagos_core::Timestamp;
use pagos_engine::{Moved, MovedSum, Restored, StoreError, Turn};
use rusqlite::{Connection, Row, types::ValueRef};

use crate::{
    failure::Failure,
    file, lock,
    moved::{self, MovedTo},
    place::{self, blame},
    query, records,
};

/// A database that is about to be moved. Nobody else dispatches from it or writes to it while this
/// exists. Dropping it gives it back as it was, unless it was marked.
///
/// Its methods block.
pub struct SqliteSource {
    identity: String,
    moved_to: Option<MovedTo>,
    /// Holds the transaction that keeps other writers away.
    connection: Connection,
    /// Sees what is committed, and nothing else.
    reader: Connection,
    _turn: Turn,
}

impl fmt::Debug for SqliteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteSource({})", self.identity)
    }
}

impl SqliteSource {
    /// Opens the database at `path`, which is brought up to date, takes its turn to send, and keeps
    /// other writers away. `now` is what the caller's clock shows.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_core::Timestamp;
    /// use pagos_store_sqlite::{SqliteSource, SqliteStore};
    ///
    /// let path = folder.join("pagos.db");
    /// drop(SqliteStore::open(&path)?);
    /// let source = SqliteSource::open(&path, Timestamp::from_millis(0))?;
    /// assert_eq!(source.moved_to(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`crate::SqliteStore::open`]; also if there is no database, if another process
    /// works on it, or if a worker that may have ended claims something.
    pub fn open(path: impl AsRef<Path>, now: Timestamp) -> Result<Self, StoreError> {
        let path = place::find(path.as_ref())?;
        if file::is_new(&path)? {
            return Err(blame(&path, "is no database, so there is nothing to move"));
        }
        let connection = file::open_to_move(&path)?;
        let named = |failure: Failure| blame(&path, &failure.error.message);
        let identity = query::identity(&connection).map_err(named)?;
        let Turn::Alone(guard) = lock::take_turn(&path, &identity)? else {
            return Err(blame(
                &path,
                "another process works on it; end that one (`pagos serve`, `pagos pay`), and try again",
            ));
        };
        // After the turn was taken: the other process may just have marked it.
        connection.execute_batch("BEGIN IMMEDIATE").map_err(Failure::from).map_err(named)?;
        let moved_to = moved::mark(&connection).map_err(named)?;
        refuse_claims(&connection, now).map_err(named)?;
        let reader = file::open_to_compare(&path)?;
        Ok(Self { identity, moved_to, connection, reader, _turn: Turn::Alone(guard) })
    }

    /// The identity of the database. It moves along, since archives and the ids of events name it.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Where the database was moved before, or was about to be moved.
    pub fn moved_to(&self) -> Option<&MovedTo> {
        self.moved_to.as_ref()
    }

    /// Whether a move of this database was seen to be complete. Another one would be from a state
    /// that knows nothing of what the other database has sent since.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn is_complete(&self) -> Result<bool, StoreError> {
        Ok(moved::is_complete(&self.connection)?)
    }

    /// Whether the database was restored, and whether it may send again.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn restored(&self) -> Result<Option<Restored>, StoreError> {
        Ok(records::restored(&self.connection)?)
    }

    /// How many rows of this kind there are.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn count(&self, kind: Moved) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM ({})", tables::to_copy(kind));
        let count = self.connection.query_row(&sql, (), |row| row.get(0));
        let count: i64 = count.map_err(Failure::from)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The last number that a run got. Its run may have been withdrawn.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn last_run(&self) -> Result<i64, StoreError> {
        let last = self.connection.query_row("SELECT last FROM run_numbers", (), |row| row.get(0));
        Ok(last.map_err(Failure::from)?)
    }

    /// Gives all rows of a kind to `take`, in portions of lines in the text format of PostgreSQL's
    /// COPY, until it returns false. A portion is less than a megabyte, unless one row is more.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn read(
        &self,
        kind: Moved,
        take: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<(), StoreError> {
        Ok(read(&self.connection, kind, tables::to_copy(kind), take)?)
    }

    /// Sums up the rows of a kind, as they are committed, with another query than
    /// [`SqliteSource::read`].
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn sum(&self, kind: Moved) -> Result<MovedSum, StoreError> {
        Ok(sum(&self.reader, kind)?)
    }

    /// Marks the database: from here on nothing is written to it, by any process, so nothing is
    /// sent from it. When this returns, the mark is on the disk.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use pagos_core::Timestamp;
    /// use pagos_store_sqlite::{MovedTo, SqliteSource, SqliteStore};
    ///
    /// let path = folder.join("pagos.db");
    /// drop(SqliteStore::open(&path)?);
    /// let now = Timestamp::from_millis(0);
    /// let to = MovedTo { identity: "7f3a".to_owned(), place: "postgres://db/pay".to_owned() };
    /// SqliteSource::open(&path, now)?.mark(&to, now)?;
    /// let refused = SqliteStore::open(&path).unwrap_err();
    /// assert!(refused.to_string().contains("was moved to postgres://db/pay"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it cannot be written, or is not found afterwards. It may be marked then.
    pub fn mark(&mut self, to: &MovedTo, now: Timestamp) -> Result<(), StoreError> {
        if self.moved_to.is_none() {
            moved::set(&self.connection, to, now)?;
        }
        self.connection.execute_batch("COMMIT").map_err(Failure::from)?;
        // Into the file itself, so that the mark does not depend on the log. A reader may be in the
        // way; then the log has it, and is as durable.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection.query_row(checkpoint, (), |_| Ok(())).map_err(Failure::from)?;
        self.moved_to = moved::mark(&self.reader)?;
        match self.moved_to.as_ref() == Some(to) {
            true => Ok(()),
            false => Err(StoreError::new("the mark of the database is not as it was written")),
        }
    }

    /// Notes in the marked database that the other one has everything.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn complete(&self) -> Result<(), StoreError> {
        moved::complete(&self.connection)?;
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT").map_err(Failure::from)?;
        }
        Ok(())
    }
}

/// Sums up the rows of a kind.
pub(crate) fn sum(connection: &Connection, kind: Moved) -> Result<MovedSum, Failure> {
    let mut sum = MovedSum::default();
    read(connection, kind, tables::to_compare(kind), &mut |lines| {
        sum.add(&lines);
        true
    })?;
    Ok(sum)
}

/// A claim that is not over says that a worker may be about to send, here or on another machine.
fn refuse_claims(connection: &Connection, now: Timestamp) -> Result<(), Failure> {
    let until: Option<i64> = connection.query_row(
        "SELECT max(lease_until) FROM (SELECT lease_until FROM payouts WHERE lease_until > ?1
         UNION ALL SELECT lease_until FROM payments WHERE lease_until > ?1)",
        [now.as_millis()],
        |row| row.get(0),
    )?;
    match until {
        None => Ok(()),
        Some(until) => Err(Failure::new(format!(
            "a worker that has ended claims payouts until {}, since it may have sent them; try again \
             after that",
            Timestamp::from_millis(until)
        ))),
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The size of a portion.
const PORTION_BYTES: usize = 256 * 1024;

fn read(
    connection: &Connection,
    kind: Moved,
    sql: &str,
    take: &mut dyn FnMut(Vec<u8>) -> bool,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(())?;
    let mut portion = Vec::with_capacity(PORTION_BYTES);
    while let Some(row) = rows.next()? {
        write_line(&mut portion, kind, row, columns)?;
        if portion.len() >= PORTION_BYTES
            && !take(std::mem::replace(&mut portion, Vec::with_capacity(PORTION_BYTES)))
        {
            return Ok(());
        }
    }
    if !portion.is_empty() {
        take(portion);
    }
    Ok(())
}

fn write_line(
    out: &mut Vec<u8>,
    kind: Moved,
    row: &Row<'_>,
    columns: usize,
) -> Result<(), Failure> {
    for column in 0..columns {
        if column > 0 {
            out.push(b'\t');
        }
        match row.get_ref(column)? {
            ValueRef::Null => out.extend(b"\\N"),
            ValueRef::Integer(number) => out.extend(number.to_string().into_bytes()),
            ValueRef::Text(text) => text.iter().for_each(|byte| write_byte(out, *byte)),
            // The other store keeps the beginning of a digest as a number.
            ValueRef::Blob(bytes) if kind == Moved::Sealed => {
                let digest = bytes.try_into().map(i64::from_be_bytes);
                let digest = digest.map_err(|_| Failure::unreadable("a seal has another form"))?;
                out.extend(digest.to_string().into_bytes());
            }
            ValueRef::Blob(bytes) => {
                out.extend(b"\\\\x");
                let digits =
                    |byte: &u8| [byte >> 4, byte & 15].map(|half| HEX.get(usize::from(half)));
                out.extend(bytes.iter().flat_map(digits).flatten());
            }
            ValueRef::Real(_) => return Err(Failure::unreadable("a column of it is no number")),
        }
    }
    out.push(b'\n');
    Ok(())
}

/// Writes a byte of a text as COPY does. Texts of PostgreSQL hold every character except NUL; its
/// store writes a blank for it.
///
/// Source: postgresql.org/docs/current/sql-copy.html, "Text Format".
fn write_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        0 => out.push(b' '),
        b'\\' => out.extend(b"\\\\"),
        b'\n' => out.extend(b"\\n"),
        b'\r' => out.extend(b"\\r"),
        b'\t' => out.extend(b"\\t"),
        0x08 => out.extend(b"\\b"),
        0x0b => out.extend(b"\\v"),
        0x0c => out.extend(b"\\f"),
        other => out.push(other),
    }
}
