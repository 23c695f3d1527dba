//! Deliveries: kept byte for byte, once, until they are closed. Nothing is verified here.

use bytes::Bytes;
use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::Timestamp;
use pagos_engine::InboxId;
use pagos_engine::InboxItem;
use pagos_engine::fingerprint;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;

use crate::delivery;
use crate::failure::Failure;
use crate::row;

pub(crate) fn receive(
    connection: &Connection,
    account: &AccountName,
    delivery: &Delivery,
) -> Result<InboxId, Failure> {
    let fingerprint = fingerprint(delivery);
    let known: Option<i64> = connection
        .prepare_cached("SELECT id FROM inbox WHERE account = ?1 AND fingerprint = ?2")?
        .query_row(params![account.as_str(), fingerprint], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(InboxId(row::unsigned(id)?));
    }
    connection
        .prepare_cached(
            "INSERT INTO inbox
             (account, fingerprint, received_at, due_at, deferrals, outcome, headers, body)
             VALUES (?1, ?2, ?3, ?3, 0, '', ?4, ?5)",
        )?
        .execute(params![
            account.as_str(),
            fingerprint,
            delivery.received_at.as_millis(),
            delivery::headers_to_bytes(&delivery.headers),
            &delivery.body[..],
        ])?;
    Ok(InboxId(row::unsigned(connection.last_insert_rowid())?))
}

pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<InboxItem>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id, account, headers, body, received_at, deferrals
         FROM inbox INDEXED BY inbox_open WHERE due_at <= ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![now.as_millis(), row::limit(limit)])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(item(row)?);
    }
    Ok(items)
}

fn item(row: &Row<'_>) -> Result<InboxItem, Failure> {
    let headers: Vec<u8> = row.get(2)?;
    let body: Vec<u8> = row.get(3)?;
    let deferrals: i64 = row.get(5)?;
    Ok(InboxItem {
        id: InboxId(row::unsigned(row.get(0)?)?),
        account: AccountName::new(row.get::<_, String>(1)?)?,
        delivery: Delivery {
            headers: delivery::headers_from_bytes(&headers)?,
            body: Bytes::from(body),
            received_at: Timestamp::from_millis(row.get(4)?),
        },
        deferrals: u32::try_from(deferrals).unwrap_or(u32::MAX),
    })
}

/// Puts off or closes. What is closed stays closed, and saying so twice is no error.
pub(crate) fn file(
    connection: &Connection,
    id: InboxId,
    due_at: Option<Timestamp>,
    outcome: &str,
) -> Result<(), Failure> {
    let number = row::signed(id.0);
    let filed = connection
        .prepare_cached(
            "UPDATE inbox SET due_at = ?1, outcome = ?2, deferrals = deferrals + (?1 IS NOT NULL)
             WHERE id = ?3 AND due_at IS NOT NULL",
        )?
        .execute(params![row::millis(due_at), outcome, number])?;
    if filed > 0 {
        return Ok(());
    }
    let exists =
        connection.prepare_cached("SELECT 1 FROM inbox WHERE id = ?1")?.exists([number])?;
    if exists {
        return Ok(());
    }
    Err(Failure::new(format!("the inbox has no delivery {}", id.0)))
}

pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let earliest = connection
        .prepare_cached("SELECT min(due_at) FROM inbox WHERE due_at IS NOT NULL")?
        .query_row((), |row| row.get(0))?;
    Ok(row::timestamp(earliest))
}
