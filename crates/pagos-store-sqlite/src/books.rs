//! Lines of bank statements, and the payouts that they were matched with.

use std::collections::BTreeSet;

use pagos_core::{BookName, Currency, Day, Money, OrderKey};
use pagos_engine::{BookLine, LineFilter, LineMatch, LineState, LineStep};
use rusqlite::{Connection, Row, params};

use crate::{failure::Failure, row};

pub(crate) fn add(connection: &Connection, lines: &[BookLine]) -> Result<Vec<bool>, Failure> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO book_lines (book, id, day, change_minor, currency, state, version, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7) ON CONFLICT (book, id) DO NOTHING",
    )?;
    let mut add = |line: &BookLine| {
        let BookLine { book, id, day, change, state, body, version: _ } = line;
        let day = day.to_string();
        let (minor, currency) = (change.minor, change.currency.code());
        let added =
            insert.execute(params![book.as_str(), id, day, minor, currency, state.word(), body])?;
        Ok(added > 0)
    };
    lines.iter().map(&mut add).collect()
}

/// The columns that [`read_line`] reads.
macro_rules! line_columns {
    () => {
        "book, id, day, change_minor, currency, state, version, body"
    };
}

pub(crate) fn lines(
    connection: &Connection,
    filter: &LineFilter,
    after: Option<(Day, &str)>,
    limit: usize,
) -> Result<Vec<BookLine>, Failure> {
    // No id is empty, so every line of a day is after the place that the day begins with.
    let begins = (filter.from, "");
    let (day, id) = after.filter(|after| *after > begins).unwrap_or(begins);
    let book = filter.book.as_str();
    let (day, through) = (day.to_string(), filter.through.to_string());
    let limit = row::limit(limit);
    let mut statement = connection.prepare_cached(match filter.state {
        None => LINES,
        Some(LineState::Matched) => MATCHED_LINES,
        Some(LineState::Open | LineState::Proposed | LineState::Explained) => UNMATCHED_LINES,
    })?;
    let mut rows = match filter.state {
        None => statement.query(params![book, day, id, through, limit])?,
        Some(state) => statement.query(params![book, day, id, through, limit, state.word()])?,
    };
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_line(row)?);
    }
    Ok(found)
}

const LINES: &str = concat!(
    "SELECT ",
    line_columns!(),
    " FROM book_lines
     WHERE book = ?1 AND (day, id) > (?2, ?3) AND day <= ?4 ORDER BY day, id LIMIT ?5"
);

/// Nearly all lines are matched, so this walks over few others.
const MATCHED_LINES: &str = concat!(
    "SELECT ",
    line_columns!(),
    " FROM book_lines
     WHERE book = ?1 AND (day, id) > (?2, ?3) AND day <= ?4 AND state = ?6
     ORDER BY day, id LIMIT ?5"
);

const UNMATCHED_LINES: &str = concat!(
    "SELECT ",
    line_columns!(),
    " FROM book_lines
     WHERE book = ?1 AND state <> 'matched' AND state = ?6 AND (day, id) > (?2, ?3) AND day <= ?4
     ORDER BY day, id LIMIT ?5"
);

pub(crate) fn line(
    connection: &Connection,
    book: &BookName,
    id: &str,
) -> Result<Option<BookLine>, Failure> {
    let sql = concat!("SELECT ", line_columns!(), " FROM book_lines WHERE book = ?1 AND id = ?2");
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([book.as_str(), id])?;
    rows.next()?.map(read_line).transpose()
}

pub(crate) fn write(connection: &Connection, steps: &[LineStep]) -> Result<Vec<bool>, Failure> {
    let mut written = Vec::with_capacity(steps.len());
    for LineStep { line, matches } in steps {
        let is_written = rewrite(connection, line)?;
        if is_written {
            replace_matches(connection, line, matches)?;
        }
        written.push(is_written);
    }
    Ok(written)
}

/// Writes a line that still has its version; returns whether it had.
fn rewrite(connection: &Connection, line: &BookLine) -> Result<bool, Failure> {
    let BookLine { book, id, state, body, version, .. } = line;
    let mut update = connection.prepare_cached(
        "UPDATE book_lines SET state = ?1, body = ?2, version = version + 1
         WHERE book = ?3 AND id = ?4 AND version = ?5",
    )?;
    let version = row::signed(*version);
    Ok(update.execute(params![state.word(), body, book.as_str(), id, version])? > 0)
}

fn replace_matches(
    connection: &Connection,
    line: &BookLine,
    matches: &[LineMatch],
) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM book_matches WHERE book = ?1 AND line = ?2")?
        .execute([line.book.as_str(), &line.id])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO book_matches (book, line, key, change_minor, currency, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for LineMatch { book, line, key, change, body } in matches {
        let (minor, currency) = (change.minor, change.currency.code());
        insert.execute(params![book.as_str(), line, key.as_str(), minor, currency, body])?;
    }
    Ok(())
}

pub(crate) fn matches(
    connection: &Connection,
    keys: &[OrderKey],
) -> Result<Vec<LineMatch>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT book, line, key, change_minor, currency, body FROM book_matches WHERE key = ?1",
    )?;
    let keys: BTreeSet<&OrderKey> = keys.iter().collect();
    let mut found = Vec::new();
    for key in keys {
        let mut rows = statement.query([key.as_str()])?;
        while let Some(row) = rows.next()? {
            found.push(read_match(row)?);
        }
    }
    Ok(found)
}

pub(crate) fn matches_of_line(
    connection: &Connection,
    book: &BookName,
    line: &str,
) -> Result<Vec<LineMatch>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT book, line, key, change_minor, currency, body FROM book_matches
         WHERE book = ?1 AND line = ?2 ORDER BY key",
    )?;
    let mut rows = statement.query([book.as_str(), line])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_match(row)?);
    }
    Ok(found)
}

fn read_line(row: &Row<'_>) -> Result<BookLine, Failure> {
    let state = LineState::from_word(row::text(row, 5)?);
    Ok(BookLine {
        book: BookName::new(row::text(row, 0)?)?,
        id: row.get(1)?,
        day: row::text(row, 2)?.parse()?,
        change: money(row, 3)?,
        state: state.ok_or_else(|| Failure::unreadable("a line is in an unknown state"))?,
        version: row::unsigned(row.get(6)?)?,
        body: row.get(7)?,
    })
}

fn read_match(row: &Row<'_>) -> Result<LineMatch, Failure> {
    Ok(LineMatch {
        book: BookName::new(row::text(row, 0)?)?,
        line: row.get(1)?,
        key: OrderKey::new(row::text(row, 2)?)?,
        change: money(row, 3)?,
        body: row.get(5)?,
    })
}

/// Reads an amount in minor units, and its currency in the next column.
fn money(row: &Row<'_>, column: usize) -> Result<Money, Failure> {
    let currency: Currency = row::text(row, column + 1)?.parse()?;
    Ok(Money::new(row.get(column)?, currency))
}
