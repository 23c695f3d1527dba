//! Lines of bank statements, and the payouts that they were matched with. A batch is a few
//! statements over arrays, whatever its length.

use std::collections::HashSet;

use pagos_core::{BookName, Currency, Day, Money, OrderKey};
use pagos_engine::{BookLine, LineFilter, LineMatch, LineState, LineStep};
use tokio_postgres::Row;

use crate::{connection::Connection, failure::Failure, row, transaction::Work};

/// Adds lines; the answer says which are new.
pub(crate) struct AddLines<'call> {
    pub(crate) lines: &'call [BookLine],
}

impl Work for AddLines<'_> {
    type Answer = Vec<bool>;

    async fn run(&self, connection: &Connection) -> Result<Vec<bool>, Failure> {
        let lines = || self.lines.iter();
        let books: Vec<&str> = lines().map(|line| line.book.as_str()).collect();
        let ids: Vec<&str> = lines().map(|line| line.id.as_str()).collect();
        let days: Vec<String> = lines().map(|line| line.day.to_string()).collect();
        let minor: Vec<i64> = lines().map(|line| line.change.minor).collect();
        let currencies: Vec<&str> = lines().map(|line| line.change.currency.code()).collect();
        let states: Vec<&str> = lines().map(|line| line.state.word()).collect();
        let bodies: Vec<String> = lines().map(|line| row::words(&line.body)).collect();
        let rows = connection
            .rows(ADD, &[&books, &ids, &days, &minor, &currencies, &states, &bodies])
            .await?;
        let mut added = HashSet::with_capacity(rows.len());
        for row in &rows {
            added.insert((row.try_get::<_, &str>(0)?, row.try_get::<_, &str>(1)?));
        }
        // Of two lines with one id, the first is the new one.
        Ok(lines().map(|line| added.remove(&(line.book.as_str(), line.id.as_str()))).collect())
    }
}

/// In the order of the ids, so that two statements that overlap never wait for each other.
const ADD: &str = "INSERT INTO book_lines (book, id, day, change_minor, currency, state, body, version)
    SELECT DISTINCT ON (book, id) book, id, day, change_minor, currency, state, body, 1
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
         WITH ORDINALITY AS list (book, id, day, change_minor, currency, state, body, place)
    ORDER BY book, id, place
    ON CONFLICT (book, id) DO NOTHING
    RETURNING book, id";

/// The columns that [`read_line`] reads.
macro_rules! line_columns {
    () => {
        "book, id, day, change_minor, currency, state, version, body"
    };
}

/// Reads a page of lines.
pub(crate) struct ReadLines<'call> {
    pub(crate) filter: &'call LineFilter,
    pub(crate) after: Option<(Day, &'call str)>,
    pub(crate) limit: usize,
}

impl Work for ReadLines<'_> {
    type Answer = Vec<BookLine>;

    async fn run(&self, connection: &Connection) -> Result<Vec<BookLine>, Failure> {
        let LineFilter { book, state, from, through } = self.filter;
        // No id is empty, so every line of a day is after the place that the day begins with.
        let begins = (*from, "");
        let (day, id) = self.after.filter(|after| *after > begins).unwrap_or(begins);
        let (day, through) = (day.to_string(), through.to_string());
        let (limit, word) = (row::limit(self.limit), state.map(LineState::word));
        let sql = match state {
            None | Some(LineState::Matched) => LINES,
            Some(LineState::Open | LineState::Proposed | LineState::Explained) => UNMATCHED_LINES,
        };
        let rows =
            connection.rows(sql, &[&book.as_str(), &day, &id, &through, &limit, &word]).await?;
        rows.iter().map(read_line).collect()
    }
}

/// Nearly all lines are matched, so this walks over few others.
const LINES: &str = concat!(
    "SELECT ",
    line_columns!(),
    " FROM book_lines
     WHERE book = $1 AND (day, id) > ($2, $3) AND day <= $4 AND ($6::text IS NULL OR state = $6)
     ORDER BY day, id LIMIT $5"
);

const UNMATCHED_LINES: &str = concat!(
    "SELECT ",
    line_columns!(),
    " FROM book_lines
     WHERE book = $1 AND state <> 'matched' AND state = $6 AND (day, id) > ($2, $3) AND day <= $4
     ORDER BY day, id LIMIT $5"
);

/// Reads one line.
pub(crate) struct ReadLine<'call> {
    pub(crate) book: &'call BookName,
    pub(crate) id: &'call str,
}

impl Work for ReadLine<'_> {
    type Answer = Option<BookLine>;

    async fn run(&self, connection: &Connection) -> Result<Option<BookLine>, Failure> {
        let sql =
            concat!("SELECT ", line_columns!(), " FROM book_lines WHERE book = $1 AND id = $2");
        let row = connection.at_most_one(sql, &[&self.book.as_str(), &self.id]).await?;
        row.as_ref().map(read_line).transpose()
    }
}

/// Writes lines that still have their versions, with their matches. The answer says which had.
pub(crate) struct WriteLines<'call> {
    pub(crate) steps: &'call [LineStep],
}

impl Work for WriteLines<'_> {
    type Answer = Vec<bool>;

    async fn run(&self, connection: &Connection) -> Result<Vec<bool>, Failure> {
        let written = self.rewrite(connection).await?;
        let done = || self.steps.iter().zip(&written).filter(|(_, done)| **done);
        let books: Vec<&str> = done().map(|(step, _)| step.line.book.as_str()).collect();
        let ids: Vec<&str> = done().map(|(step, _)| step.line.id.as_str()).collect();
        connection.execute(FORGET, &[&books, &ids]).await?;

        let matches = || done().flat_map(|(step, _)| &step.matches);
        let books: Vec<&str> = matches().map(|found| found.book.as_str()).collect();
        let ids: Vec<&str> = matches().map(|found| found.line.as_str()).collect();
        let keys: Vec<&str> = matches().map(|found| found.key.as_str()).collect();
        let minor: Vec<i64> = matches().map(|found| found.change.minor).collect();
        let currencies: Vec<&str> = matches().map(|found| found.change.currency.code()).collect();
        let bodies: Vec<String> = matches().map(|found| row::words(&found.body)).collect();
        connection.execute(KEEP, &[&books, &ids, &keys, &minor, &currencies, &bodies]).await?;
        Ok(written)
    }
}

impl WriteLines<'_> {
    async fn rewrite(&self, connection: &Connection) -> Result<Vec<bool>, Failure> {
        let lines = || self.steps.iter().map(|step| &step.line);
        let books: Vec<&str> = lines().map(|line| line.book.as_str()).collect();
        let ids: Vec<&str> = lines().map(|line| line.id.as_str()).collect();
        let versions: Vec<i64> = lines().map(|line| row::signed(line.version)).collect();
        let states: Vec<&str> = lines().map(|line| line.state.word()).collect();
        let bodies: Vec<String> = lines().map(|line| row::words(&line.body)).collect();
        let rows = connection.rows(WRITE, &[&books, &ids, &versions, &states, &bodies]).await?;
        let mut written = HashSet::with_capacity(rows.len());
        for row in &rows {
            written.insert((row.try_get::<_, &str>(0)?, row.try_get::<_, &str>(1)?));
        }
        let is_written =
            |line: &BookLine| written.contains(&(line.book.as_str(), line.id.as_str()));
        Ok(lines().map(is_written).collect())
    }
}

/// Waits for other writers of these lines, in the order of their ids; the lines that are then as
/// their steps expect are written. The bodies, which are long, are fetched by their position.
const WRITE: &str = "WITH found AS MATERIALIZED (
        SELECT list.* FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
            WITH ORDINALITY AS list (book, id, version, new_state, place)
        JOIN book_lines ON book_lines.book = list.book AND book_lines.id = list.id
        WHERE book_lines.version = list.version
        ORDER BY book_lines.book, book_lines.id FOR UPDATE OF book_lines
    )
    UPDATE book_lines SET
        state = new_state, body = ($5::text[])[place], version = book_lines.version + 1
    FROM found WHERE book_lines.book = found.book AND book_lines.id = found.id
    RETURNING book_lines.book, book_lines.id";

const FORGET: &str = "DELETE FROM book_matches
    USING unnest($1::text[], $2::text[]) AS list (book, id)
    WHERE book_matches.book = list.book AND book_matches.line = list.id";

const KEEP: &str = "INSERT INTO book_matches (book, line, key, change_minor, currency, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])";

/// Reads the matches of some payouts.
pub(crate) struct ReadMatches<'call> {
    pub(crate) keys: &'call [OrderKey],
}

impl Work for ReadMatches<'_> {
    type Answer = Vec<LineMatch>;

    async fn run(&self, connection: &Connection) -> Result<Vec<LineMatch>, Failure> {
        let keys: Vec<&str> = self.keys.iter().map(OrderKey::as_str).collect();
        let sql = "SELECT book, line, key, change_minor, currency, body FROM book_matches
                   WHERE key = ANY ($1)";
        connection.rows(sql, &[&keys]).await?.iter().map(read_match).collect()
    }
}

/// Reads the matches of one line.
pub(crate) struct ReadMatchesOfLine<'call> {
    pub(crate) book: &'call BookName,
    pub(crate) line: &'call str,
}

impl Work for ReadMatchesOfLine<'_> {
    type Answer = Vec<LineMatch>;

    async fn run(&self, connection: &Connection) -> Result<Vec<LineMatch>, Failure> {
        let sql = "SELECT book, line, key, change_minor, currency, body FROM book_matches
                   WHERE book = $1 AND line = $2 ORDER BY key";
        let rows = connection.rows(sql, &[&self.book.as_str(), &self.line]).await?;
        rows.iter().map(read_match).collect()
    }
}

fn read_line(row: &Row) -> Result<BookLine, Failure> {
    let state = LineState::from_word(row.try_get(5)?);
    Ok(BookLine {
        book: BookName::new(row.try_get::<_, String>(0)?)?,
        id: row.try_get(1)?,
        day: row.try_get::<_, &str>(2)?.parse()?,
        change: money(row, 3)?,
        state: state.ok_or_else(|| Failure::unreadable("a line is in an unknown state"))?,
        version: row::unsigned(row.try_get(6)?)?,
        body: row.try_get(7)?,
    })
}

fn read_match(row: &Row) -> Result<LineMatch, Failure> {
    Ok(LineMatch {
        book: BookName::new(row.try_get::<_, String>(0)?)?,
        line: row.try_get(1)?,
        key: OrderKey::new(row.try_get::<_, String>(2)?)?,
        change: money(row, 3)?,
        body: row.try_get(5)?,
    })
}

/// Reads an amount in minor units, and its currency in the next column.
fn money(row: &Row, column: usize) -> Result<Money, Failure> {
    let currency: Currency = row.try_get::<_, &str>(column + 1)?.parse()?;
    Ok(Money::new(row.try_get(column)?, currency))
}
