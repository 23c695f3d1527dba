//! Notices for the application, about payouts and payments in one numbering. Nothing is taken out.

use pagos_engine::Notice;
use rusqlite::Connection;
use rusqlite::params;

use crate::failure::Failure;
use crate::row;

/// The number is the highest so far plus one: SQLite's rule for a key that is not given.
pub(crate) fn tell(connection: &Connection, notices: &[Notice]) -> Result<(), Failure> {
    for notice in notices {
        connection
            .prepare_cached("INSERT INTO outbox (notice_json) VALUES (?1)")?
            .execute([serde_json::to_string(notice)?])?;
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
        let notice = serde_json::from_str(row::text(row, 1)?)?;
        notices.push((row::unsigned(row.get(0)?)?, notice));
    }
    Ok(notices)
}
