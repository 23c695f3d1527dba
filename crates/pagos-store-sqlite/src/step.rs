//! One step of one payout: progress, history, notices and the applied delivery, all or nothing.

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
    let Some(stored) = stored(transaction.connection, step)? else {
        return Ok(Committed::Conflict);
    };
    let epoch = row::unsigned(stored.epoch)?;
    let version = row::unsigned(stored.version)?;
    if version != step.version || step.fence.is_some_and(|fence| fence != epoch) {
        return Ok(Committed::Conflict);
    }
    if let Some(id) = step.applies {
        inbox::file(transaction.connection, id, None, "applied")?;
    }
    let after = Counted {
        status: step.progress.word().to_owned(),
        at_rest: is_at_rest(stored.is_held, step.due_at, &step.progress),
        attention: step.progress.attention.is_some(),
        ..stored.counted.clone()
    };
    update(transaction.connection, stored.id, step, &after)?;
    if let Some(reference) = step.progress.standing.reference() {
        transaction
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO payout_references (account, reference, key)
                 VALUES (?1, ?2, ?3)",
            )?
            .execute(params![stored.counted.account, reference.as_str(), step.key.as_str()])?;
    }
    for entry in &step.entries {
        transaction
            .connection
            .prepare_cached("INSERT INTO entries (payout, entry_json) VALUES (?1, ?2)")?
            .execute(params![stored.id, serde_json::to_string(entry)?])?;
    }
    outbox::tell(transaction.connection, &step.notices)?;
    if after != stored.counted {
        transaction.tallies.enter(after);
        transaction.tallies.leave(stored.counted);
    }
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
                    run, account, currency, status, amount_minor, at_rest, attention
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

fn update(connection: &Connection, id: i64, step: &Step, after: &Counted) -> Result<(), Failure> {
    // Two statements rather than a CASE: a column that is not named costs no index anything.
    let sql = match step.lease {
        Lease::Keep => {
            "UPDATE payouts SET status = ?1, at_rest = ?2, attention = ?3, due_at = ?4,
                    progress_json = ?5, version = version + 1
             WHERE id = ?6"
        }
        Lease::End => {
            "UPDATE payouts SET status = ?1, at_rest = ?2, attention = ?3, due_at = ?4,
                    progress_json = ?5, version = version + 1, lease_until = NULL
             WHERE id = ?6"
        }
    };
    connection.prepare_cached(sql)?.execute(params![
        after.status,
        after.at_rest,
        after.attention,
        row::millis(step.due_at),
        serde_json::to_string(&step.progress)?,
        id,
    ])?;
    Ok(())
}
