//! Payments: stored once, written step by step, found by key, status and due time. Their sessions
//! are in `session.rs`.

use pagos_core::OrderKey;
use pagos_core::PaymentOrder;
use pagos_core::Timestamp;
use pagos_engine::Asked;
use pagos_engine::Committed;
use pagos_engine::Digest;
use pagos_engine::Entry;
use pagos_engine::Payment;
use pagos_engine::PaymentProgress;
use pagos_engine::PaymentStep;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Rows;
use rusqlite::params;

use crate::failure::Failure;
use crate::inbox;
use crate::outbox;
use crate::row;
use crate::session;
use crate::session::Owner;

pub(crate) fn ask_for(
    connection: &Connection,
    order: &PaymentOrder,
    now: Timestamp,
) -> Result<Asked, Failure> {
    let digest = Digest::of(order);
    if let Some(stored) = payment(connection, &order.key)? {
        let is_same = stored.digest == digest;
        return Ok(if is_same { Asked::Existing(stored) } else { Asked::Conflict });
    }
    let progress = PaymentProgress::new(now);
    let payment = Payment { order: order.clone(), digest, progress, due_at: None, version: 1 };
    insert(connection, &payment)?;
    Ok(Asked::New(payment))
}

fn insert(connection: &Connection, payment: &Payment) -> Result<(), Failure> {
    let Payment { order, digest, progress, due_at, version } = payment;
    connection
        .prepare_cached(
            "INSERT INTO payments
             (key, account, amount_minor, currency, status, attention, version, due_at,
              created_at, digest, order_json, progress_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            order.key.as_str(),
            order.account.as_str(),
            order.amount.minor,
            order.amount.currency.code(),
            progress.word(),
            progress.attention.is_some(),
            row::signed(*version),
            row::millis(*due_at),
            progress.created_at.as_millis(),
            digest.0,
            serde_json::to_string(order)?,
            serde_json::to_string(progress)?,
        ])?;
    Ok(())
}

/// Conflicts are found before anything is written: a conflict is an answer, and what was written
/// before an answer stays.
pub(crate) fn commit(connection: &Connection, step: &PaymentStep) -> Result<Committed, Failure> {
    let Some(stored) = stored(connection, &step.key)? else { return Ok(Committed::Conflict) };
    let version = row::unsigned(stored.version)?;
    if version != step.version {
        return Ok(Committed::Conflict);
    }
    if let Some(opened) = &step.opens {
        match session::keep(connection, &stored.account, stored.id, opened)? {
            Owner::Ours => {}
            Owner::Another => return Ok(Committed::Conflict),
        }
    }
    if let Some(id) = step.applies {
        inbox::file(connection, id, None, "applied")?;
    }
    update(connection, stored.id, step)?;
    for entry in &step.entries {
        connection
            .prepare_cached("INSERT INTO payment_entries (payment, entry_json) VALUES (?1, ?2)")?
            .execute(params![stored.id, serde_json::to_string(entry)?])?;
    }
    outbox::tell(connection, &step.notices)?;
    Ok(Committed::Done { version: version + 1 })
}

struct Stored {
    id: i64,
    version: i64,
    account: String,
}

fn stored(connection: &Connection, key: &OrderKey) -> Result<Option<Stored>, Failure> {
    let stored = connection
        .prepare_cached("SELECT id, version, account FROM payments WHERE key = ?1")?
        .query_row([key.as_str()], |row| {
            Ok(Stored { id: row.get(0)?, version: row.get(1)?, account: row.get(2)? })
        })
        .optional()?;
    Ok(stored)
}

fn update(connection: &Connection, id: i64, step: &PaymentStep) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "UPDATE payments SET status = ?1, attention = ?2, due_at = ?3, progress_json = ?4,
                    version = version + 1
             WHERE id = ?5",
        )?
        .execute(params![
            step.progress.word(),
            step.progress.attention.is_some(),
            row::millis(step.due_at),
            serde_json::to_string(&step.progress)?,
            id,
        ])?;
    Ok(())
}

pub(crate) fn payment(connection: &Connection, key: &OrderKey) -> Result<Option<Payment>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, due_at, version FROM payments WHERE key = ?1",
    )?;
    let mut rows = statement.query([key.as_str()])?;
    rows.next()?.map(row::payment).transpose()
}

pub(crate) fn list(
    connection: &Connection,
    status: Option<&str>,
    after: Option<&OrderKey>,
    limit: usize,
) -> Result<Vec<Payment>, Failure> {
    // Every key is greater than the empty text.
    let after = after.map_or("", OrderKey::as_str);
    let limit = row::limit(limit);
    let Some(status) = status else {
        let mut statement = connection.prepare_cached(
            "SELECT order_json, progress_json, digest, due_at, version
             FROM payments WHERE key > ?1 ORDER BY key LIMIT ?2",
        )?;
        return collect(statement.query(params![after, limit])?);
    };
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, due_at, version
         FROM payments INDEXED BY payments_status
         WHERE status = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
    )?;
    collect(statement.query(params![status, after, limit])?)
}

pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Payment>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, due_at, version
         FROM payments INDEXED BY payments_due
         WHERE due_at <= ?1 ORDER BY due_at, key LIMIT ?2",
    )?;
    collect(statement.query(params![now.as_millis(), row::limit(limit)])?)
}

pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let earliest = connection
        .prepare_cached("SELECT min(due_at) FROM payments WHERE due_at IS NOT NULL")?
        .query_row((), |row| row.get(0))?;
    Ok(row::timestamp(earliest))
}

pub(crate) fn history(connection: &Connection, key: &OrderKey) -> Result<Vec<Entry>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT entry_json FROM payment_entries
         WHERE payment = (SELECT id FROM payments WHERE key = ?1) ORDER BY id",
    )?;
    row::entries(statement.query([key.as_str()])?)
}

fn collect(mut rows: Rows<'_>) -> Result<Vec<Payment>, Failure> {
    let mut payments = Vec::new();
    while let Some(row) = rows.next()? {
        payments.push(row::payment(row)?);
    }
    Ok(payments)
}
