//! The mark of a database that was moved to another store: nothing is written to it again, by any
//! version of this program, and so nothing is sent from it.
//!
//! The mark is a table, and triggers on every table that refuse each change. They also stop
//! processes that opened the database before it was marked: whatever sends must first write that it
//! does.

use pagos_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::failure::Failure;

/// Where a database was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTo {
    /// The identity that the other database had before it was filled.
    pub identity: String,
    /// Its address, for people.
    pub place: String,
}

/// The mark; `None` if the database was not moved.
pub(crate) fn mark(connection: &Connection) -> Result<Option<MovedTo>, Failure> {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'moved'";
    if !connection.prepare_cached(table)?.exists(())? {
        return Ok(None);
    }
    let read = "SELECT identity, place FROM moved";
    let mark = connection
        .query_row(read, (), |row| Ok(MovedTo { identity: row.get(0)?, place: row.get(1)? }));
    // The table alone is a mark too, whoever emptied it.
    let nowhere = || MovedTo { identity: String::new(), place: "another database".to_owned() };
    Ok(Some(mark.optional()?.unwrap_or_else(nowhere)))
}

/// Refuses a database that was moved.
pub(crate) fn refuse(connection: &Connection) -> Result<(), Failure> {
    match mark(connection)? {
        None => Ok(()),
        Some(MovedTo { place, .. }) => Err(Failure::new(words(&place))),
    }
}

/// Writes the mark, in the caller's transaction.
pub(crate) fn set(connection: &Connection, to: &MovedTo, now: Timestamp) -> Result<(), Failure> {
    connection.execute_batch(
        "CREATE TABLE moved (identity TEXT NOT NULL, place TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    )?;
    connection.execute(
        "INSERT INTO moved (identity, place, at) VALUES (?1, ?2, ?3)",
        params![to.identity, to.place, now.as_millis()],
    )?;
    let message = words(&to.place).replace('\'', "''");
    for table in tables(connection)? {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            connection.execute_batch(&format!(
                "CREATE TRIGGER \"moved {table} {change}\" BEFORE {change} ON \"{table}\"
                 BEGIN SELECT RAISE(ABORT, '{message}'); END"
            ))?;
        }
    }
    Ok(())
}

/// Whether the other database was seen to have everything.
pub(crate) fn is_complete(connection: &Connection) -> Result<bool, Failure> {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'moved_completely'";
    Ok(connection.prepare_cached(table)?.exists(())?)
}

/// Notes that the other database has everything. A table of its own, since rows are refused.
pub(crate) fn complete(connection: &Connection) -> Result<(), Failure> {
    let table = "CREATE TABLE IF NOT EXISTS moved_completely (at INTEGER) STRICT";
    Ok(connection.execute_batch(table)?)
}

/// The tables of the database.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<String>, Failure> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY name",
    )?;
    let names = statement.query_map((), |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn words(place: &str) -> String {
    format!(
        "was moved to {place}, and nothing is sent from here any more; name that database instead, or \
         run the same `pagos migrate` again if it did not finish"
    )
}
