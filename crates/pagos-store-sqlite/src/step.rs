//! One step of one payout: progress, history, notices and the applied delivery, all or nothing.

use pagos_core::ProviderRef;
use pagos_engine::{Committed, Lease, Step, stride};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    failure::Failure,
    inbox, outbox, row,
    tallies::{self, Counted, is_at_rest},
    thread::Transaction,
};

/// A step, encoded for writing. Encoding takes longer than writing, so it is done outside the
/// thread that all callers wait for.
#[derive(Debug)]
pub(crate) struct Written {
    step: Step,
    progress_json: String,
    entries: Vec<String>,
    notices: Vec<String>,
}

impl Written {
    pub(crate) fn of(step: Step) -> Result<Self, Failure> {
        Ok(Self {
            progress_json: serde_json::to_string(&step.progress)?,
            entries: step.entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?,
            notices: step.notices.iter().map(serde_json::to_string).collect::<Result<_, _>>()?,
            step,
        })
    }
}

pub(crate) fn commit(
    transaction: &mut Transaction<'_>,
    written: &Written,
) -> Result<Committed, Failure> {
    let (connection, step) = (transaction.connection, &written.step);
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
    if let Some(reference) = step.progress.standing.reference()
        && stored.reference.as_deref() != Some(reference.as_str())
    {
        name(connection, &stored, step, reference)?;
    }
    let after = Counted {
        status: step.progress.word().to_owned(),
        at_rest: is_at_rest(stored.is_held, step.due_at, &step.progress),
        attention: step.progress.attention.is_some(),
        ..stored.counted.clone()
    };
    let version = version + stride();
    update(connection, stored.id, written, &after, version)?;
    keep(connection, stored.id, &written.entries)?;
    outbox::tell_json(connection, &written.notices)?;
    tallies::recount(transaction, step.key.as_str(), &stored.counted, &after)?;
    Ok(Committed::Done { version })
}

/// Adds entries to the history of the payout with this number.
pub(crate) fn keep(connection: &Connection, id: i64, entries: &[String]) -> Result<(), Failure> {
    for entry in entries {
        connection
            .prepare_cached(
                "INSERT INTO entries (payout, number, entry_json)
                 SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM entries WHERE payout = ?1",
            )?
            .execute(params![id, entry])?;
    }
    Ok(())
}

struct Stored {
    id: i64,
    version: i64,
    epoch: i64,
    is_held: bool,
    reference: Option<String>,
    counted: Counted,
}

fn stored(connection: &Connection, step: &Step) -> Result<Option<Stored>, Failure> {
    let stored = connection
        .prepare_cached(
            "SELECT id, version, epoch, held, reference,
                    account, currency, status, amount_minor, at_rest, attention
             FROM payouts WHERE key = ?1",
        )?
        .query_row([step.key.as_str()], |row| {
            Ok(Stored {
                id: row.get(0)?,
                version: row.get(1)?,
                epoch: row.get(2)?,
                is_held: row.get(3)?,
                reference: row.get(4)?,
                counted: tallies::counted(row, 5)?,
            })
        })
        .optional()?;
    Ok(stored)
}

/// Stores the provider's id of a payout. If it had none before, orphans that name it become due.
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
    if stored.reference.is_none() {
        inbox::match_reference(connection, account, reference)?;
    }
    Ok(())
}

fn update(
    connection: &Connection,
    id: i64,
    written: &Written,
    after: &Counted,
    version: u64,
) -> Result<(), Failure> {
    let step = &written.step;
    // Two statements rather than a CASE: a column that is not named needs no index update.
    let sql = match step.lease {
        Lease::Keep => {
            "UPDATE payouts SET status = ?1, work = ?2, at_rest = ?3, attention = ?4, due_at = ?5,
                    progress_json = ?6, reference = ?7, unreadable = NULL,
                    version = ?9
             WHERE id = ?8"
        }
        Lease::End => {
            "UPDATE payouts SET status = ?1, work = ?2, at_rest = ?3, attention = ?4, due_at = ?5,
                    progress_json = ?6, reference = ?7, unreadable = NULL,
                    version = ?9, lease_until = NULL
             WHERE id = ?8"
        }
    };
    connection.prepare_cached(sql)?.execute(params![
        after.status,
        step.progress.work().word(),
        after.at_rest,
        after.attention,
        row::millis(step.due_at),
        written.progress_json,
        step.progress.standing.reference().map(ProviderRef::as_str),
        id,
        row::signed(version),
    ])?;
    Ok(())
}
