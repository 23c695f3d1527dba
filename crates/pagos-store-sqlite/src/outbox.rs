//! The outbox: notices for the application in one numbering, and the positions of its readers.
//! Notices are deleted only after the slowest reader.

use pagos_engine::Notice;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{failure::Failure, row, run};

/// The number is the highest so far plus one: SQLite's rule for a key that is not given.
pub(crate) fn tell(connection: &Connection, notices: &[Notice]) -> Result<(), Failure> {
    let notices = notices.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    tell_json(connection, &notices)
}

/// Like [`tell`], for notices that are already encoded.
pub(crate) fn tell_json(connection: &Connection, notices: &[String]) -> Result<(), Failure> {
    for notice in notices {
        connection
            .prepare_cached("INSERT INTO outbox (notice_json) VALUES (?1)")?
            .execute([notice])?;
    }
    Ok(())
}

pub(crate) fn told(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Notice)>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT number, notice_json FROM outbox WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = statement.query(params![row::signed(after), row::limit(limit)])?;
    let mut notices = Vec::new();
    while let Some(row) = rows.next()? {
        let number = row::unsigned(row.get(0)?)?;
        let mut notice: Notice =
            row::json(row, 1).map_err(|failure| failure.of(format!("notice {number}")))?;
        if let Some(key) = notice.key() {
            let runs = run::names_of(connection, key.as_str())?;
            notice.set_runs(runs);
        }
        notices.push((number, notice));
    }
    Ok(notices)
}

/// The number of the newest notice; 0 if there is none.
pub(crate) fn newest(connection: &Connection) -> Result<u64, Failure> {
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(number) FROM outbox")?
        .query_row((), |row| row.get(0))?;
    row::unsigned(newest.unwrap_or(0))
}

pub(crate) fn position(connection: &Connection, reader: &str) -> Result<Option<u64>, Failure> {
    let position: Option<i64> = connection
        .prepare_cached("SELECT position FROM readers WHERE name = ?1")?
        .query_row([reader], |row| row.get(0))
        .optional()?;
    position.map(row::unsigned).transpose()
}

/// Moves a reader forward; it never goes back.
pub(crate) fn acknowledge(
    connection: &Connection,
    reader: &str,
    number: u64,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO readers (name, position) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)",
        )?
        .execute(params![reader, row::signed(number)])?;
    Ok(())
}

/// Whether there was a reader of this name, which is forgotten.
pub(crate) fn forget_reader(connection: &Connection, reader: &str) -> Result<bool, Failure> {
    let sql = "DELETE FROM readers WHERE name = ?1";
    Ok(connection.prepare_cached(sql)?.execute([reader])? > 0)
}

/// The readers and their positions, sorted by name.
pub(crate) fn readers(connection: &Connection) -> Result<Vec<(String, u64)>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT name, position FROM readers ORDER BY name")?;
    let readers = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    readers.map(|reader| reader.map_err(Failure::from)).map(position_of).collect()
}

fn position_of(reader: Result<(String, i64), Failure>) -> Result<(String, u64), Failure> {
    let (name, position) = reader?;
    Ok((name, row::unsigned(position)?))
}
