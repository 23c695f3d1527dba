//! Small records, whose bodies only their owners understand.

use pagos_engine::{Record, RecordKind, RecordWrite, RecordWritten, Restored, stride};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{failure::Failure, outbox, row};

pub(crate) fn record(
    connection: &Connection,
    kind: RecordKind,
    name: &str,
) -> Result<Option<Record>, Failure> {
    let found = connection
        .prepare_cached("SELECT name, version, body FROM records WHERE kind = ?1 AND name = ?2")?
        .query_row([kind.word(), name], read)
        .optional()?;
    found.map(to_record).transpose()
}

pub(crate) fn records(
    connection: &Connection,
    kind: RecordKind,
    after: &str,
    limit: usize,
) -> Result<Vec<Record>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT name, version, body FROM records WHERE kind = ?1 AND name > ?2
         ORDER BY name LIMIT ?3",
    )?;
    let found = statement.query_map(params![kind.word(), after, row::limit(limit)], read)?;
    found.map(|found| to_record(found?)).collect()
}

pub(crate) fn write(
    connection: &Connection,
    write: &RecordWrite,
) -> Result<RecordWritten, Failure> {
    let RecordWrite { kind, name, was, body, notices } = write;
    let version = body.as_ref().map_or(0, |_| was.unwrap_or(0) + stride());
    let (kind, was) = (kind.word(), was.map(row::signed));
    let written = match (was, body) {
        (None, Some(body)) => connection
            .prepare_cached(
                "INSERT OR IGNORE INTO records (kind, name, version, body) VALUES (?1, ?2, ?4, ?3)",
            )?
            .execute(params![kind, name, body, row::signed(version)])?,
        (Some(was), Some(body)) => connection
            .prepare_cached(
                "UPDATE records SET version = ?5, body = ?3
                 WHERE kind = ?1 AND name = ?2 AND version = ?4",
            )?
            .execute(params![kind, name, body, was, row::signed(version)])?,
        (Some(was), None) => connection
            .prepare_cached("DELETE FROM records WHERE kind = ?1 AND name = ?2 AND version = ?3")?
            .execute(params![kind, name, was])?,
        // Nothing is there, and nothing is to be: only a conflict can be told.
        (None, None) => usize::from(record(connection, write.kind, name)?.is_none()),
    };
    if written == 0 {
        return Ok(RecordWritten::Conflict);
    }
    outbox::tell(connection, notices)?;
    Ok(RecordWritten::Done { version })
}

/// Whether the database was restored from a backup, and whether it may send again.
pub(crate) fn restored(connection: &Connection) -> Result<Option<Restored>, Failure> {
    let (kind, name) = Restored::RECORD;
    let found = record(connection, kind, name)?;
    let restored = found.map(|record| Restored::read(&record.body)).transpose();
    restored.map_err(|error| Failure { error, is_busy: false })
}

fn read(row: &Row<'_>) -> rusqlite::Result<(String, i64, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn to_record((name, version, body): (String, i64, String)) -> Result<Record, Failure> {
    Ok(Record { name, version: row::unsigned(version)?, body })
}
