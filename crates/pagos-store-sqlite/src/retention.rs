//! Payouts that leave the store: proposed, removed, and their keys sealed. `sealed.rs` keeps what
//! stays of them; the engine decides which may leave.

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Candidate, Leaving, RunId, Scope, Sealing};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    failure::Failure,
    row::{self, payout_columns},
    sealed,
    tallies::{self, ALL, Counted},
    thread::Transaction,
};

/// Reads rows until `limit` of them are readable, so that a short answer is the last one.
pub(crate) fn candidates(
    connection: &Connection,
    scope: Scope,
    after: u64,
    limit: usize,
) -> Result<Vec<Candidate>, Failure> {
    let sql = match scope {
        Scope::All => ALL_CANDIDATES,
        Scope::Settled => SETTLED_CANDIDATES,
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query([row::signed(after)])?;
    row::readable(rows, limit, |row| candidate(connection, row))
}

/// CROSS JOIN walks payouts in their order first, then finds the order of each.
macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            payout_columns!(),
            ", payouts.id, held, lease_until, key
             FROM payouts CROSS JOIN orders USING (id)
             WHERE payouts.id > ?1 ",
            $condition,
            "ORDER BY payouts.id"
        )
    };
}

const ALL_CANDIDATES: &str = candidates!("");

const SETTLED_CANDIDATES: &str = candidates!(
    "AND status IN ('succeeded', 'failed') AND due_at IS NULL AND held = 0 AND attention = 0 "
);

fn candidate(connection: &Connection, row: &Row<'_>) -> Result<Candidate, Failure> {
    let runs = runs_of(connection, row::text(row, 11)?)?;
    Ok(Candidate {
        place: row::unsigned(row.get(8)?)?,
        payout: row::payout(row)?,
        is_held: row.get(9)?,
        lease_until: row::timestamp(row.get(10)?),
        has_open_run: runs.iter().any(|run| !run.is_released),
        runs: runs.into_iter().map(|run| run.name).collect(),
    })
}

struct RunOf {
    number: i64,
    name: RunId,
    is_released: bool,
}

/// The runs that a payout is a member of, sorted by name.
fn runs_of(connection: &Connection, key: &str) -> Result<Vec<RunOf>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT runs.id, name, made_due_at IS NOT NULL
         FROM members INDEXED BY members_of JOIN runs ON runs.id = members.run
         WHERE members.key = ?1 ORDER BY name",
    )?;
    let runs = statement.query_map([key], |row| {
        Ok(RunOf { number: row.get(0)?, name: RunId(row.get(1)?), is_released: row.get(2)? })
    })?;
    Ok(runs.collect::<Result<_, _>>()?)
}

pub(crate) fn seal(
    transaction: &mut Transaction<'_>,
    leaving: &[Leaving],
    now: Timestamp,
) -> Result<Vec<Sealing>, Failure> {
    leaving.iter().map(|one| seal_one(transaction, one, now)).collect()
}

fn seal_one(
    transaction: &mut Transaction<'_>,
    leaving: &Leaving,
    now: Timestamp,
) -> Result<Sealing, Failure> {
    let connection = transaction.connection;
    let Some(stored) = stored(connection, &leaving.key)? else { return Ok(Sealing::Changed) };
    let runs = runs_of(connection, leaving.key.as_str())?;
    let is_claimed = stored.lease_until.is_some_and(|until| until > now.as_millis());
    let is_as_it_was = row::unsigned(stored.version)? == leaving.version && !stored.is_due;
    let is_free = !stored.is_held && !is_claimed && runs.iter().all(|run| run.is_released);
    if !is_as_it_was || !is_free {
        return Ok(Sealing::Changed);
    }
    let numbers: Vec<i64> = runs.iter().map(|run| run.number).collect();
    sealed::keep(connection, leaving, &stored.counted, &numbers, now)?;
    take_out(connection, &leaving.key, &stored)?;
    transaction.tallies.leave(ALL, &stored.counted);
    for run in numbers {
        transaction.tallies.enter(sealed::archived_of(run), &stored.counted);
    }
    Ok(Sealing::Done)
}

struct Stored {
    id: i64,
    version: i64,
    is_held: bool,
    is_due: bool,
    lease_until: Option<i64>,
    reference: Option<String>,
    counted: Counted,
}

fn stored(connection: &Connection, key: &OrderKey) -> Result<Option<Stored>, Failure> {
    let stored = connection
        .prepare_cached(
            "SELECT id, version, held, due_at IS NOT NULL, lease_until, reference,
                    account, currency, status, amount_minor, at_rest, attention
             FROM payouts WHERE key = ?1",
        )?
        .query_row([key.as_str()], |row| {
            Ok(Stored {
                id: row.get(0)?,
                version: row.get(1)?,
                is_held: row.get(2)?,
                is_due: row.get(3)?,
                lease_until: row.get(4)?,
                reference: row.get(5)?,
                counted: tallies::counted(row, 6)?,
            })
        })
        .optional()?;
    Ok(stored)
}

/// Removes a payout. If it had several references over time, the earlier ones stay and name no
/// payout any more.
fn take_out(connection: &Connection, key: &OrderKey, stored: &Stored) -> Result<(), Failure> {
    let (id, key) = (stored.id, key.as_str());
    connection.prepare_cached("DELETE FROM entries WHERE payout = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM members WHERE key = ?1")?.execute([key])?;
    connection
        .prepare_cached(
            "DELETE FROM payout_references WHERE account = ?1 AND reference = ?2 AND key = ?3",
        )?
        .execute(params![stored.counted.account, stored.reference, key])?;
    connection.prepare_cached("DELETE FROM payouts WHERE id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM orders WHERE id = ?1")?.execute([id])?;
    Ok(())
}
