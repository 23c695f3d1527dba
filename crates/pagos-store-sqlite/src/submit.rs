//! Intents become held payouts, whole batches or nothing; runs are released or withdrawn.

use std::collections::HashMap;
use std::collections::hash_map;

use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_core::Status;
use pagos_core::Timestamp;
use pagos_engine::Digest;
use pagos_engine::Intent;
use pagos_engine::Progress;
use pagos_engine::RunId;
use pagos_engine::Submitted;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::failure::Failure;
use crate::row;
use crate::tallies;
use crate::tallies::Counted;
use crate::tallies::is_at_rest;
use crate::thread::Transaction;

/// The first world of an account stays.
pub(crate) fn bind(
    transaction: &mut Transaction<'_>,
    account: &AccountName,
    world: &str,
) -> Result<String, Failure> {
    let connection = transaction.connection;
    connection
        .prepare_cached("INSERT OR IGNORE INTO worlds (account, world) VALUES (?1, ?2)")?
        .execute([account.as_str(), world])?;
    let bound = connection
        .prepare_cached("SELECT world FROM worlds WHERE account = ?1")?
        .query_row([account.as_str()], |row| row.get(0))?;
    Ok(bound)
}

pub(crate) fn submit(
    transaction: &mut Transaction<'_>,
    intents: &[Intent],
) -> Result<Vec<Submitted>, Failure> {
    let digests: Vec<Digest> = intents.iter().map(|intent| Digest::of(&intent.order)).collect();
    let mut batch = HashMap::new();
    let mut outcomes = Vec::with_capacity(intents.len());
    for (intent, digest) in intents.iter().zip(&digests) {
        outcomes.push(outcome(transaction.connection, intent, *digest, &mut batch)?);
    }
    if outcomes.contains(&Submitted::Conflict) {
        return Ok(outcomes);
    }
    let mut runs = HashMap::new();
    for ((intent, digest), outcome) in intents.iter().zip(&digests).zip(&outcomes) {
        let run = match runs.get(&intent.run) {
            Some(run) => *run,
            None => run_number(transaction.connection, &intent.run)?,
        };
        runs.insert(&intent.run, run);
        match outcome {
            Submitted::New => insert(transaction, intent, *digest, run)?,
            Submitted::Existing { .. } => join(transaction, &intent.order.key, run)?,
            Submitted::Conflict => {}
        }
    }
    Ok(outcomes)
}

fn outcome<'intent>(
    connection: &Connection,
    intent: &'intent Intent,
    digest: Digest,
    batch: &mut HashMap<&'intent OrderKey, Digest>,
) -> Result<Submitted, Failure> {
    let key = &intent.order.key;
    if let Some((stored, status)) = stored(connection, key)? {
        let is_same = stored == digest;
        return Ok(if is_same { Submitted::Existing { status } } else { Submitted::Conflict });
    }
    Ok(match batch.entry(key) {
        hash_map::Entry::Vacant(entry) => {
            entry.insert(digest);
            Submitted::New
        }
        hash_map::Entry::Occupied(entry) if *entry.get() == digest => {
            Submitted::Existing { status: Progress::new(intent.created_at).status() }
        }
        hash_map::Entry::Occupied(_) => Submitted::Conflict,
    })
}

fn stored(connection: &Connection, key: &OrderKey) -> Result<Option<(Digest, Status)>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT digest, progress_json FROM payouts WHERE key = ?1")?;
    let mut rows = statement.query([key.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((Digest(row.get(0)?), row::progress(row, 1)?.status())))
}

fn insert(
    transaction: &mut Transaction<'_>,
    intent: &Intent,
    digest: Digest,
    run: i64,
) -> Result<(), Failure> {
    let Intent { order, created_at, .. } = intent;
    let progress = Progress::new(*created_at);
    let counted = Counted {
        run,
        account: order.account.as_str().to_owned(),
        currency: order.amount.currency.code().to_owned(),
        status: progress.word().to_owned(),
        amount_minor: order.amount.minor,
        at_rest: is_at_rest(true, None, &progress),
        attention: progress.attention.is_some(),
    };
    transaction
        .connection
        .prepare_cached(
            "INSERT INTO payouts
             (key, account, run, amount_minor, currency, status, held, at_rest, attention,
              version, epoch, created_at, digest, order_json, progress_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, 1, 0, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            order.key.as_str(),
            counted.account,
            run,
            counted.amount_minor,
            counted.currency,
            counted.status,
            counted.at_rest,
            counted.attention,
            created_at.as_millis(),
            digest.0,
            serde_json::to_string(order)?,
            serde_json::to_string(&progress)?,
        ])?;
    transaction.tallies.enter(counted);
    Ok(())
}

/// Moves a stored payout into another run. Its version stays: nothing that a step is computed from
/// has changed.
fn join(transaction: &mut Transaction<'_>, key: &OrderKey, run: i64) -> Result<(), Failure> {
    let before = transaction
        .connection
        .prepare_cached(
            "SELECT run, account, currency, status, amount_minor, at_rest, attention
             FROM payouts WHERE key = ?1",
        )?
        .query_row([key.as_str()], |row| tallies::counted(row, 0))?;
    if before.run == run {
        return Ok(());
    }
    transaction
        .connection
        .prepare_cached("UPDATE payouts SET run = ?1 WHERE key = ?2")?
        .execute(params![run, key.as_str()])?;
    transaction.tallies.enter(Counted { run, ..before.clone() });
    transaction.tallies.leave(before);
    Ok(())
}

/// The number of a run, which is given one if it has none.
fn run_number(connection: &Connection, run: &RunId) -> Result<i64, Failure> {
    if let Some(number) = known_run(connection, run)? {
        return Ok(number);
    }
    connection.prepare_cached("INSERT INTO runs (name) VALUES (?1)")?.execute([&run.0])?;
    Ok(connection.last_insert_rowid())
}

/// The number of a run that was submitted at least once.
pub(crate) fn known_run(connection: &Connection, run: &RunId) -> Result<Option<i64>, Failure> {
    let number = connection
        .prepare_cached("SELECT id FROM runs WHERE name = ?1")?
        .query_row([&run.0], |row| row.get(0))
        .optional()?;
    Ok(number)
}

/// Rows that one transaction releases or withdraws. A run may have a million; the others who write
/// shall not wait for all of them, nor shall the log hold them all at once.
pub(crate) const PORTION: u64 = 10_000;

/// Makes up to [`PORTION`] of a run's held payouts due. Their tallies stay: held or due, a payout
/// is not at rest.
pub(crate) fn release(
    transaction: &mut Transaction<'_>,
    run: &RunId,
    now: Timestamp,
) -> Result<u64, Failure> {
    let Some(run) = known_run(transaction.connection, run)? else { return Ok(0) };
    let released = transaction
        .connection
        .prepare_cached(
            "UPDATE payouts SET held = 0, due_at = ?1, version = version + 1
             WHERE id IN (SELECT id FROM payouts WHERE run = ?2 AND held = 1 LIMIT ?3)",
        )?
        .execute(params![now.as_millis(), run, row::signed(PORTION)])?;
    Ok(released.try_into().unwrap_or(u64::MAX))
}

/// Deletes up to [`PORTION`] of a run's held payouts.
pub(crate) fn withdraw(transaction: &mut Transaction<'_>, run: &RunId) -> Result<u64, Failure> {
    let Some(run) = known_run(transaction.connection, run)? else { return Ok(0) };
    let held = held_payouts(transaction.connection, run)?;
    let mut entries =
        transaction.connection.prepare_cached("DELETE FROM entries WHERE payout = ?1")?;
    let mut payouts = transaction.connection.prepare_cached("DELETE FROM payouts WHERE id = ?1")?;
    let mut withdrawn = 0;
    for (id, counted) in held {
        entries.execute([id])?;
        payouts.execute([id])?;
        transaction.tallies.leave(counted);
        withdrawn += 1;
    }
    Ok(withdrawn)
}

fn held_payouts(connection: &Connection, run: i64) -> Result<Vec<(i64, Counted)>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id, run, account, currency, status, amount_minor, at_rest, attention
         FROM payouts WHERE run = ?1 AND held = 1 LIMIT ?2",
    )?;
    let mut rows = statement.query(params![run, row::signed(PORTION)])?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        held.push((row.get(0)?, tallies::counted(row, 1)?));
    }
    Ok(held)
}
