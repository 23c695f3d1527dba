//! Small records, whose bodies only their owners understand.

use pagos_engine::{Record, RecordKind, RecordWrite, RecordWritten, stride};
use tokio_postgres::Row;

use crate::{connection::Connection, failure::Failure, row, transaction::Work};

pub(crate) struct ReadRecord<'call> {
    pub(crate) kind: RecordKind,
    pub(crate) name: &'call str,
}

impl Work for ReadRecord<'_> {
    type Answer = Option<Record>;

    async fn run(&self, connection: &Connection) -> Result<Option<Record>, Failure> {
        let sql = "SELECT name, version, body FROM records WHERE kind = $1 AND name = $2";
        let row = connection.at_most_one(sql, &[&self.kind.word(), &self.name]).await?;
        row.as_ref().map(read).transpose()
    }
}

pub(crate) struct ReadRecords<'call> {
    pub(crate) kind: RecordKind,
    pub(crate) after: &'call str,
    pub(crate) limit: usize,
}

impl Work for ReadRecords<'_> {
    type Answer = Vec<Record>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Record>, Failure> {
        let sql = "SELECT name, version, body FROM records
                   WHERE kind = $1 AND name > $2 ORDER BY name LIMIT $3";
        let limit = row::limit(self.limit);
        let rows = connection.rows(sql, &[&self.kind.word(), &self.after, &limit]).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Record, Failure> {
    let version = row::unsigned(row.try_get(1)?)?;
    Ok(Record { name: row.try_get(0)?, version, body: row.try_get(2)? })
}

/// Writes a record over the version that it was computed from, with its notices.
pub(crate) struct WriteRecord<'call> {
    pub(crate) write: &'call RecordWrite,
}

impl Work for WriteRecord<'_> {
    type Answer = RecordWritten;

    async fn run(&self, connection: &Connection) -> Result<RecordWritten, Failure> {
        let RecordWrite { kind, name, was, body, notices } = self.write;
        let version = body.as_ref().map_or(0, |_| was.unwrap_or(0) + stride());
        let new = row::signed(version);
        let (kind, name, was) = (kind.word(), name.as_str(), was.map(row::signed));
        let written = match (was, body.as_deref().map(row::words)) {
            (None, Some(body)) => connection.execute(INSERT, &[&kind, &name, &body, &new]).await?,
            (Some(was), Some(body)) => {
                connection.execute(UPDATE, &[&kind, &name, &body, &was, &new]).await?
            }
            (Some(was), None) => connection.execute(DELETE, &[&kind, &name, &was]).await?,
            // Nothing is there, and nothing is to be: only a conflict can be told.
            (None, None) => {
                let read = ReadRecord { kind: self.write.kind, name };
                u64::from(read.run(connection).await?.is_none())
            }
        };
        if written == 0 {
            return Ok(RecordWritten::Conflict);
        }
        let notices = row::texts(&notices.iter().collect::<Vec<_>>())?;
        connection.execute(TELL, &[&notices]).await?;
        Ok(RecordWritten::Done { version })
    }
}

const INSERT: &str = "INSERT INTO records (kind, name, version, body) VALUES ($1, $2, $4, $3)
    ON CONFLICT DO NOTHING";

const UPDATE: &str = "UPDATE records SET version = $5, body = $3
    WHERE kind = $1 AND name = $2 AND version = $4";

const DELETE: &str = "DELETE FROM records WHERE kind = $1 AND name = $2 AND version = $3";

const TELL: &str = "INSERT INTO outbox (notice_json) SELECT * FROM unnest($1::text[])";
