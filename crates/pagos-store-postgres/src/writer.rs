//! Records which transactions of a connection happened: one row per connection, with a number that
//! every transaction raises.
//!
//! A transaction's id would not do. After a crash the server gives ids that nothing durable bears
//! to other transactions, so `pg_xact_status` can call one committed that never was. The number is
//! written by the transaction itself and so shares its fate: through a crash, a failover, a
//! restored backup.

use tokio::time::Instant;

use crate::{connection::Connection, failure::Failure};

/// The row of one connection, in the last durable state that this program knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) id: i64,
    /// The last transaction that is known to have happened.
    pub(crate) serial: i64,
    /// When the row was last read.
    pub(crate) seen_at: Instant,
}

/// What the server knows about a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Serial(i64),
    /// The row does not exist.
    Nothing,
}

/// Stripes per tally, so that connections do not queue for one row.
const STRIPES: i64 = 16;

/// Registers a connection, and sweeps the rows that nobody has used for long.
const REGISTER: &str = "WITH swept AS (
        DELETE FROM writers WHERE used_at < now() - interval '30 days'
    )
    INSERT INTO writers (serial, used_at) VALUES (0, now()) RETURNING id";

const SETTLE: &str = "UPDATE writers SET used_at = now(), closed = true WHERE id = $1
    RETURNING serial, answer";

/// A row that was last read longer ago than this may have been swept.
const SWEPT_AFTER_DAYS: u64 = 20;

impl Writer {
    /// Gives the connection a row of its own.
    pub(crate) async fn register(connection: &mut Connection) -> Result<Self, Failure> {
        let row = connection.write_alone(REGISTER, &[]).await?;
        let row = row.ok_or_else(|| Failure::new("the server gave no row of transactions"))?;
        let id: i64 = row.try_get(0)?;
        connection.writer = Some(id);
        connection.stripe = i32::try_from(id.rem_euclid(STRIPES)).unwrap_or(0);
        Ok(Self { id, serial: 0, seen_at: Instant::now() })
    }

    /// This writer after transaction `serial`.
    pub(crate) fn after(self, serial: i64) -> Self {
        Self { serial, seen_at: Instant::now(), ..self }
    }

    /// Begins the transaction after the last one and writes its number. Returns the number.
    pub(crate) async fn begin(&self, connection: &Connection) -> Result<i64, Failure> {
        let next = self.serial + 1;
        let raise = format!(
            "UPDATE writers SET serial = {next}, used_at = now()
             WHERE id = {} AND serial = {} AND NOT closed",
            self.id, self.serial
        );
        match connection.begin(&raise).await? {
            1 => {
                connection.trust_session();
                Ok(next)
            }
            _ => Err(Failure::lost("the connection's row of transactions is not as it was")),
        }
    }

    /// Reads what is committed now, without waiting.
    pub(crate) async fn look(&self, connection: &Connection) -> Result<Found, Failure> {
        let sql = "SELECT serial FROM writers WHERE id = $1";
        Ok(match connection.at_most_one(sql, &[&self.id]).await? {
            Some(row) => Found::Serial(row.try_get(0)?),
            None => Found::Nothing,
        })
    }

    /// Reads what is committed for good, and the answer that the last flight left. It waits for a
    /// transaction that still has the row, and writes after it, so that whatever this commit waits
    /// for (a flush, a standby) has received the other one too. This closes the row: a transaction
    /// that did not have it yet, since its messages are still on their way, finds it closed and
    /// does not happen.
    pub(crate) async fn settle(
        &self,
        connection: &Connection,
    ) -> Result<(Found, Option<String>), Failure> {
        let Some(row) = connection.write_alone(SETTLE, &[&self.id]).await? else {
            return Ok((Found::Nothing, None));
        };
        Ok((Found::Serial(row.try_get(0)?), row.try_get(1)?))
    }

    /// Whether the row may have been swept in between.
    pub(crate) fn may_be_swept(&self) -> bool {
        self.seen_at.elapsed().as_secs() > SWEPT_AFTER_DAYS * 86_400
    }
}
