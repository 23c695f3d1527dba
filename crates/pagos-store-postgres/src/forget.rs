//! Deletes applied deliveries, notices that every reader has acknowledged, and readers that nobody uses. Orphans and
//! unreadable deliveries stay.

use pagos_core::Timestamp;

use crate::{connection::Connection, failure::Failure, row, transaction::Work};

/// Counts what [`ForgetDeliveries`] would delete.
pub(crate) struct CountDeliveries {
    pub(crate) before: Timestamp,
}

impl Work for CountDeliveries {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        let sql = "SELECT count(*) FROM inbox WHERE state = 'applied' AND received_at < $1
                   AND due_at < $1 AND id < (SELECT max(id) FROM inbox)";
        row::unsigned(connection.one(sql, &[&self.before.as_millis()]).await?.try_get(0)?)
    }
}

/// Deletes deliveries that were applied and were neither received nor due since `before`.
pub(crate) struct ForgetDeliveries {
    pub(crate) before: Timestamp,
    pub(crate) limit: usize,
}

impl Work for ForgetDeliveries {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        let (before, limit) = (self.before.as_millis(), row::limit(self.limit));
        connection.execute(DELIVERIES, &[&before, &limit]).await
    }
}

/// The lock checks a row again that another worker has just opened.
const DELIVERIES: &str = "DELETE FROM inbox WHERE id IN (
        SELECT id FROM inbox WHERE state = 'applied' AND received_at < $1 AND due_at < $1
          AND id < (SELECT max(id) FROM inbox)
        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
    )";

/// Deletes notices that every reader has acknowledged, if there is a reader. The newest one stays,
/// because the numbering continues from it.
pub(crate) struct ForgetNotices {
    pub(crate) up_to: u64,
}

impl Work for ForgetNotices {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        connection.execute(NOTICES, &[&row::signed(self.up_to)]).await
    }
}

/// Two conditions rather than the lesser of two numbers, because `least` ignores NULL.
const NOTICES: &str = "DELETE FROM outbox
    WHERE number <= $1 AND number <= (SELECT min(position) FROM readers)
      AND number < (SELECT max(number) FROM outbox)";

/// Forgets a reader of the outbox; the answer is whether there was one.
pub(crate) struct ForgetReader<'call> {
    pub(crate) name: &'call str,
}

impl Work for ForgetReader<'_> {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        let sql = "DELETE FROM readers WHERE name = $1";
        Ok(connection.execute(sql, &[&self.name]).await? > 0)
    }
}

/// The readers and their positions.
pub(crate) struct ReadReaders;

impl Work for ReadReaders {
    type Answer = Vec<(String, u64)>;

    async fn run(&self, connection: &Connection) -> Result<Vec<(String, u64)>, Failure> {
        let rows = connection.rows("SELECT name, position FROM readers ORDER BY name", &[]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row::unsigned(row.try_get(1)?)?))).collect()
    }
}
