//! Notices for the application, about payouts and payments in one numbering. Nothing is taken out.
//!
//! A notice is inserted without a number, for its transaction may commit after one that began later.
//! Who reads numbers what can be seen, one reader at a time: a number, once seen, is final, and
//! whatever becomes visible afterwards comes after it. The notices of one payout are in its order:
//! its row is locked from before they are inserted until they are committed.

use pagos_engine::Notice;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::schema;
use crate::transaction::Work;

/// Notices that one transaction numbers.
const PORTION: i64 = 10_000;

/// Numbers a portion of what has no number; the answer is whether there may be more.
pub(crate) struct Number;

impl Work for Number {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        // The lock first, in a statement of its own: what the last reader numbered must be visible
        // to the statement that goes on counting.
        let lock = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))";
        connection.execute(lock, &[&(schema::LOCK + 1)]).await?;
        let numbered = connection.execute(NUMBER, &[&PORTION]).await?;
        Ok(row::signed(numbered) == PORTION)
    }
}

const NUMBER: &str = "WITH waiting AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM (SELECT id FROM outbox WHERE number IS NULL ORDER BY id LIMIT $1) AS portion
    )
    UPDATE outbox SET number = place + (SELECT coalesce(max(number), 0) FROM outbox)
    FROM waiting WHERE outbox.id = waiting.id";

/// Is there anything without a number?
pub(crate) struct IsWaiting;

impl Work for IsWaiting {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        let sql = "SELECT EXISTS (SELECT FROM outbox WHERE number IS NULL)";
        Ok(connection.one(sql, &[]).await?.try_get(0)?)
    }
}

/// Reads what has numbers.
pub(crate) struct ReadNumbered {
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Work for ReadNumbered {
    type Answer = Vec<(u64, Notice)>;

    async fn run(&self, connection: &Connection) -> Result<Vec<(u64, Notice)>, Failure> {
        let sql = "SELECT number, notice_json FROM outbox
                   WHERE number > $1 ORDER BY number LIMIT $2";
        let rows =
            connection.rows(sql, &[&row::signed(self.after), &row::limit(self.limit)]).await?;
        let notice =
            |row| Ok((row::unsigned(tokio_postgres::Row::try_get(row, 0)?)?, row::json(row, 1)?));
        rows.iter().map(notice).collect()
    }
}
