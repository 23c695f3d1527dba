//! Deletes applied deliveries, and notices that every reader has acknowledged. Orphans and
//! unreadable deliveries stay.

use pagos_core::Timestamp;
use rusqlite::{Connection, params};

use crate::{failure::Failure, row};

/// How many deliveries [`find_deliveries`] would find.
pub(crate) fn count_deliveries(connection: &Connection, before: Timestamp) -> Result<u64, Failure> {
    let count = connection
        .prepare_cached(
            "SELECT count(*) FROM inbox WHERE state = 'applied' AND received_at < ?1
             AND due_at < ?1 AND id < (SELECT max(id) FROM inbox)",
        )?
        .query_row([before.as_millis()], |row| row.get(0))?;
    row::unsigned(count)
}

/// Applied deliveries that were neither received nor due since `before`, oldest first.
pub(crate) fn find_deliveries(
    connection: &Connection,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<i64>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM inbox WHERE state = 'applied' AND received_at < ?1 AND due_at < ?1
         ORDER BY id LIMIT ?2",
    )?;
    let ids =
        statement.query_map(params![before.as_millis(), row::limit(limit)], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Deletes those of them that are unchanged, except the newest delivery: SQLite would reuse its
/// number.
pub(crate) fn deliveries(
    connection: &Connection,
    ids: &[i64],
    before: Timestamp,
) -> Result<u64, Failure> {
    let mut forgotten = 0;
    for id in ids {
        let gone = connection
            .prepare_cached(
                "DELETE FROM inbox WHERE id = ?1 AND state = 'applied' AND received_at < ?2
                 AND due_at < ?2 AND id < (SELECT max(id) FROM inbox)",
            )?
            .execute(params![id, before.as_millis()])?;
        forgotten += u64::from(gone > 0);
    }
    Ok(forgotten)
}

/// Deletes notices up to `up_to` that every reader has acknowledged, if there is a reader. The
/// newest one stays: SQLite would reuse its number, and no reader would notice.
pub(crate) fn notices(connection: &Connection, up_to: u64) -> Result<u64, Failure> {
    let gone = connection
        .prepare_cached(
            "DELETE FROM outbox WHERE number <= min(?1, (SELECT min(position) FROM readers))
             AND number < (SELECT max(number) FROM outbox)",
        )?
        .execute([row::signed(up_to)])?;
    Ok(gone.try_into().unwrap_or(u64::MAX))
}
