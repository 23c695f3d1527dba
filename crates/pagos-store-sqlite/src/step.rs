//! One step of one payout: progress, history, notices and the applied delivery, all or nothing.

use pagos_core::ProviderRef;
use pagos_engine::Committed;
use pagos_engine::Lease;
use pagos_engine::Step;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::failure::Failure;
use crate::inbox;
use crate::outbox;
use crate::row;
use crate::tallies;
use crate::tallies::Counted;
use crate::tallies::is_at_rest;
use crate::thread::Transaction;

pub(crate) fn commit(transaction: &mut Transaction<'_>, step: &Step) -> Result<Committed, Failure> {
    let connection = transaction.connection;
    let Some(stored) = stored(connection, step)? else {
        return Ok(Committed::Conflict);
    };
    let epoch = row::unsigned(stored.epoch)?;
    let version = row::unsigned(stored.version)?;
    if version != step.version || step.fence.is_some_and(|fence| fence != epoch) {
        return Ok(Committed::Conflict);
    }
    if let Some(id) = step.applies {
        inbox::apply(connection, id)?;
    }
    if let Some(reference) = step.progress.standing.reference() {
        name(connection, &stored, step, reference)?;
    }
    let after = Counted {
        status: step.progress.word().to_owned(),
        at_rest: is_at_rest(stored.is_held, step.due_at, &step.progress),
        attention: step.progress.attention.is_some(),
        ..stored.counted.clone()
    };
    update(connection, stored.id, step, &after)?;
    for entry in &step.entries {
        connection
            .prepare_cached("INSERT INTO entries (payout, entry_json) VALUES (?1, ?2)")?
            .execute(params![stored.id, serde_json::to_string(entry)?])?;
    }
    outbox::tell(connection, &step.notices)?;
    tallies::recount(transaction, step.key.as_str(), &stored.counted, &after)?;
    Ok(Committed::Done { version: version + 1 })
}

struct Stored {
    id: i64,
    version: i64,
    epoch: i64,
    is_held: bool,
    counted: Counted,
}

fn stored(connection: &Connection, step: &Step) -> Result<Option<Stored>, Failure> {
    let stored = connection
        .prepare_cached(
            "SELECT id, version, epoch, held,
                    account, currency, status, amount_minor, at_rest, attention
             FROM payouts WHERE key = ?1",
        )?
        .query_row([step.key.as_str()], |row| {
            Ok(Stored {
                id: row.get(0)?,
                version: row.get(1)?,
                epoch: row.get(2)?,
                is_held: row.get(3)?,
                counted: tallies::counted(row, 4)?,
            })
        })
        .optional()?;
    Ok(stored)
}

/// Keeps the provider's id of a payout. Orphans that name it are due again if it had none before.
fn name(
    connection: &Connection,
    stored: &Stored,
    step: &Step,
    reference: &ProviderRef,
) -> Result<(), Failure> {
    let account = &stored.counted.account;
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO payout_references (account, reference, key)
             VALUES (?1, ?2, ?3)",
        )?
        .execute(params![account, reference.as_str(), step.key.as_str()])?;
    let is_first = connection
        .prepare_cached(
            "SELECT 1 FROM payouts WHERE id = ?1
               AND json_extract(progress_json, '$.standing.held.reference') IS NULL",
        )?
        .exists([stored.id])?;
    if is_first {
        inbox::match_reference(connection, account, reference)?;
    }
    Ok(())
}

fn update(connection: &Connection, id: i64, step: &Step, after: &Counted) -> Result<(), Failure> {
    // Two statements rather than a CASE: a column that is not named costs no index anything.
    let sql = match step.lease {
        Lease::Keep => {
            "UPDATE payouts SET status = ?1, work = ?2, at_rest = ?3, attention = ?4, due_at = ?5,
                    progress_json = ?6, unreadable = NULL, version = version + 1
             WHERE id = ?7"
        }
        Lease::End => {
            "UPDATE payouts SET status = ?1, work = ?2, at_rest = ?3, attention = ?4, due_at = ?5,
                    progress_json = ?6, unreadable = NULL, version = version + 1,
                    lease_until = NULL
             WHERE id = ?7"
        }
    };
    connection.prepare_cached(sql)?.execute(params![
        after.status,
        step.progress.work().word(),
        after.at_rest,
        after.attention,
        row::millis(step.due_at),
        serde_json::to_string(&step.progress)?,
        id,
    ])?;
    Ok(())
}
