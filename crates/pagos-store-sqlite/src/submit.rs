//! Stores intents as held payouts, whole batches or nothing.

use std::collections::{HashMap, hash_map};

use pagos_core::{OrderKey, PayoutOrder, Status};
use pagos_engine::{Digest, Intent, Mark, Progress, RunId, Seal, Submitted};
use rusqlite::{Connection, Row, params};

use crate::{
    failure::Failure,
    inbox, row,
    run::{self, Placed, Stored},
    sealed::{self, Sealed},
    tallies::{self, ALL, Counted, is_at_rest},
    thread::Transaction,
};

/// An intent, encoded for writing outside the thread that all callers wait for.
#[derive(Debug)]
pub(crate) struct Written {
    intent: Intent,
    digest: Digest,
    counted: Counted,
    order_json: String,
    progress: Progress,
    progress_json: String,
}

impl Written {
    pub(crate) fn of(intent: Intent) -> Result<Self, Failure> {
        let Intent { order, created_at, .. } = &intent;
        let progress = Progress::new(*created_at);
        Ok(Self {
            digest: Digest::of(order),
            counted: Counted {
                account: order.account.as_str().to_owned(),
                currency: order.amount.currency.code().to_owned(),
                status: progress.word().to_owned(),
                amount_minor: order.amount.minor,
                at_rest: is_at_rest(true, None, &progress),
                attention: progress.attention.is_some(),
            },
            order_json: serde_json::to_string(order)?,
            progress_json: serde_json::to_string(&progress)?,
            progress,
            intent,
        })
    }
}

pub(crate) fn submit(
    transaction: &mut Transaction<'_>,
    run: &RunId,
    intents: &[Written],
) -> Result<Vec<Submitted>, Failure> {
    let created_at = intents.iter().map(|written| written.intent.created_at).min();
    let run = run::stored_or_new(transaction.connection, run, created_at)?;
    let mut batch = HashMap::new();
    let mut outcomes = Vec::with_capacity(intents.len());
    for Written { intent, digest, .. } in intents {
        outcomes.push(outcome(transaction.connection, run, intent, *digest, &mut batch)?);
    }
    if outcomes.iter().any(|outcome| outcome.is_refusal()) {
        return Ok(outcomes);
    }
    for (written, outcome) in intents.iter().zip(&outcomes) {
        let is_new_member = match outcome {
            Submitted::New => {
                insert(transaction, written, run.number)?;
                true
            }
            Submitted::Existing { .. } => join(transaction, &written.intent.order.key, run.number)?,
            Submitted::Archived(seal) => join_archived(transaction, written, *seal, run.number)?,
            Submitted::Conflict | Submitted::Closed => false,
        };
        if let Some(by) = written.intent.by.as_ref().filter(|_| is_new_member) {
            run::note_actor(transaction.connection, run.number, by)?;
        }
    }
    Ok(outcomes)
}

fn outcome<'intent>(
    connection: &Connection,
    run: Stored,
    intent: &'intent Intent,
    digest: Digest,
    batch: &mut HashMap<&'intent OrderKey, Digest>,
) -> Result<Submitted, Failure> {
    let key = &intent.order.key;
    let known = known(connection, key, digest)?;
    if known == Some(Known::AsAnother) {
        return Ok(Submitted::Conflict);
    }
    if known.is_none()
        && let Some(sealed) = sealed::find(connection, Mark::of_key(key))?
    {
        return outcome_of_sealed(connection, run, Mark::of(key, digest), sealed);
    }
    if run.closed_at.is_some() && !run::is_member(connection, run.number, key.as_str())? {
        return Ok(Submitted::Closed);
    }
    if let Some(Known::AsThis(status)) = known {
        return Ok(Submitted::Existing { status });
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

/// The answer for a sealed key, which is never stored again, whatever order comes under it.
fn outcome_of_sealed(
    connection: &Connection,
    run: Stored,
    mark: Mark,
    sealed: Sealed,
) -> Result<Submitted, Failure> {
    if !sealed.is_of(mark) {
        return Ok(Submitted::Conflict);
    }
    let is_member = sealed::is_member(connection, run.number, mark.key, &sealed)?;
    Ok(match run.closed_at.is_some() && !is_member {
        true => Submitted::Closed,
        false => Submitted::Archived(sealed.seal),
    })
}

/// How a key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It names the same order, which has this status.
    AsThis(Status),
    /// It names another order.
    AsAnother,
}

fn known(
    connection: &Connection,
    key: &OrderKey,
    digest: Digest,
) -> Result<Option<Known>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, digest_version, order_json, progress_json
         FROM payouts JOIN orders USING (id) WHERE key = ?1",
    )?;
    let mut rows = statement.query([key.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let known = compared(row, digest).map_err(|failure| failure.of(format!("payout {key}")))?;
    Ok(Some(known))
}

fn compared(row: &Row<'_>, digest: Digest) -> Result<Known, Failure> {
    if row::digest::<PayoutOrder>(row, 0, 2)? != digest {
        return Ok(Known::AsAnother);
    }
    Ok(Known::AsThis(row::json::<Progress>(row, 3)?.status()))
}

fn insert(transaction: &mut Transaction<'_>, written: &Written, run: i64) -> Result<(), Failure> {
    let Written { intent, counted, .. } = written;
    let Intent { order, created_at, .. } = intent;
    let connection = transaction.connection;
    connection
        .prepare_cached(
            "INSERT INTO payouts
             (key, account, amount_minor, currency, status, work, held, at_rest, attention,
              version, epoch, created_at, progress_json, seal_checked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, 1, 0, ?9, ?10, 1)",
        )?
        .execute(params![
            order.key.as_str(),
            counted.account,
            counted.amount_minor,
            counted.currency,
            counted.status,
            written.progress.work().word(),
            counted.at_rest,
            counted.attention,
            created_at.as_millis(),
            written.progress_json,
        ])?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "INSERT INTO orders (id, created_at, digest, digest_version, order_json)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            id,
            created_at.as_millis(),
            written.digest.0,
            Digest::VERSION,
            written.order_json,
        ])?;
    let placed = Placed { id, created_at: created_at.as_millis() };
    run::join(connection, run, order.key.as_str(), placed)?;
    inbox::match_key(connection, &order.account, &order.key)?;
    transaction.tallies.enter(ALL, counted);
    transaction.tallies.enter(run, counted);
    Ok(())
}

/// Makes an archived payout a member of one more run. Returns false if it already is one.
fn join_archived(
    transaction: &mut Transaction<'_>,
    written: &Written,
    seal: Seal,
    run: i64,
) -> Result<bool, Failure> {
    let Counted { account, currency, amount_minor, .. } = &written.counted;
    let counted = sealed::counted(account, currency, seal.ended, *amount_minor);
    let mark = Mark::of_key(&written.intent.order.key);
    sealed::join_and_count(transaction, run, mark, &counted)
}

/// Makes a stored payout a member of one more run. Its version does not change, since nothing that
/// a step is computed from has changed. Returns false if it already is a member.
fn join(transaction: &mut Transaction<'_>, key: &OrderKey, run: i64) -> Result<bool, Failure> {
    let (counted, placed) = transaction
        .connection
        .prepare_cached(
            "SELECT account, currency, status, amount_minor, at_rest, attention, created_at, id
             FROM payouts WHERE key = ?1",
        )?
        .query_row([key.as_str()], |row| {
            let placed = Placed { created_at: row.get(6)?, id: row.get(7)? };
            Ok((tallies::counted(row, 0)?, placed))
        })?;
    let is_new_member = run::join(transaction.connection, run, key.as_str(), placed)?;
    if is_new_member {
        transaction.tallies.enter(run, &counted);
    }
    Ok(is_new_member)
}
