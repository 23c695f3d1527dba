//! Runs and their members: joined one by one, released or withdrawn in portions.

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Actor, Closed, Payout, Permit, Run, RunId, stride};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    failure::Failure,
    row::{self, payout_columns},
    sealed,
    tallies::{self, Counted},
    thread::Transaction,
};

/// The number of members that one transaction releases or withdraws. A run may have a million;
/// other writers must not wait for all of them, and the log must not hold them all at once.
pub(crate) const PORTION: usize = 10_000;

/// A run's row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) number: i64,
    pub(crate) expected: Option<i64>,
    pub(crate) created_at: Option<i64>,
    pub(crate) closed_at: Option<i64>,
    pub(crate) released_at: Option<i64>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            expected: row.get(1)?,
            created_at: row.get(2)?,
            closed_at: row.get(3)?,
            released_at: row.get(4)?,
        })
    }

    fn to_run(self, connection: &Connection) -> Result<Run, Failure> {
        Ok(Run {
            id: row::unsigned(self.number)?,
            members: members(connection, self.number)?,
            archived: sealed::count(connection, self.number)?,
            expected: self.expected.map(row::unsigned).transpose()?,
            created_at: row::timestamp(self.created_at),
            closed_at: row::timestamp(self.closed_at),
            released_at: row::timestamp(self.released_at),
            submitted_by: actors(connection, self.number)?,
        })
    }
}

/// The run with this name, if anything was ever submitted to it.
pub(crate) fn stored(connection: &Connection, run: &RunId) -> Result<Option<Stored>, Failure> {
    let stored = connection
        .prepare_cached(
            "SELECT id, expected, created_at, closed_at, made_due_at FROM runs WHERE name = ?1",
        )?
        .query_row([&run.0], Stored::read)
        .optional()?;
    Ok(stored)
}

/// Like [`stored`], but creates the run if it does not exist.
pub(crate) fn stored_or_new(
    connection: &Connection,
    run: &RunId,
    created_at: Option<Timestamp>,
) -> Result<Stored, Failure> {
    if let Some(stored) = stored(connection, run)? {
        return Ok(stored);
    }
    let number: i64 = connection
        .prepare_cached("UPDATE run_numbers SET last = last + 1 WHERE id = 1 RETURNING last")?
        .query_row((), |row| row.get(0))?;
    let created_at = row::millis(created_at);
    connection
        .prepare_cached("INSERT INTO runs (id, name, created_at) VALUES (?1, ?2, ?3)")?
        .execute(params![number, run.0, created_at])?;
    Ok(Stored { number, expected: None, created_at, closed_at: None, released_at: None })
}

/// Notes who submitted something to a run.
pub(crate) fn note_actor(connection: &Connection, run: i64, by: &Actor) -> Result<(), Failure> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO run_actors (run, actor) VALUES (?1, ?2)")?
        .execute(params![run, by.as_str()])?;
    Ok(())
}

fn actors(connection: &Connection, run: i64) -> Result<Vec<Actor>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT actor FROM run_actors WHERE run = ?1 ORDER BY actor")?;
    let names = statement.query_map([run], |row| row.get::<_, String>(0))?;
    names.map(|name| Ok(Actor::new(name?)?)).collect()
}

/// What is known of a run.
pub(crate) fn run(connection: &Connection, run: &RunId) -> Result<Option<Run>, Failure> {
    stored(connection, run)?.map(|stored| stored.to_run(connection)).transpose()
}

/// The runs with a number below `before`, newest first.
pub(crate) fn runs(
    connection: &Connection,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(RunId, Run)>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id, expected, created_at, closed_at, made_due_at, name FROM runs
         WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let before = before.map_or(i64::MAX, row::signed);
    let found = statement.query_map(params![before, row::limit(limit)], |row| {
        Ok((RunId(row.get(5)?), Stored::read(row)?))
    })?;
    let to_run = |found: rusqlite::Result<(RunId, Stored)>| {
        let (name, stored) = found?;
        Ok((name, stored.to_run(connection)?))
    };
    found.map(to_run).collect()
}

/// The members of a run that are held, by key. An unreadable one is an error: whoever asks adds
/// them up.
pub(crate) fn held(
    connection: &Connection,
    run: &RunId,
    after: Option<&OrderKey>,
    limit: usize,
) -> Result<Vec<Payout>, Failure> {
    let Some(stored) = stored(connection, run)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        payout_columns!(),
        " FROM members CROSS JOIN payouts ON payouts.id = members.payout
         CROSS JOIN orders USING (id)
         WHERE members.run = ?1 AND members.key > ?2 AND held = 1
         ORDER BY members.key LIMIT ?3"
    ))?;
    let after = after.map_or("", OrderKey::as_str);
    let mut rows = statement.query(params![stored.number, after, row::limit(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::payout(row)?);
    }
    Ok(found)
}

/// The number of members, including archived ones.
fn members(connection: &Connection, run: i64) -> Result<u64, Failure> {
    let members = connection
        .prepare_cached("SELECT count(*) FROM members WHERE run = ?1")?
        .query_row([run], |row| row.get(0))?;
    Ok(row::unsigned(members)? + sealed::count(connection, run)?)
}

pub(crate) fn is_member(connection: &Connection, run: i64, key: &str) -> Result<bool, Failure> {
    let is_member = connection
        .prepare_cached("SELECT 1 FROM members WHERE run = ?1 AND key = ?2")?
        .exists(params![run, key])?;
    Ok(is_member)
}

/// A payout's position in lists: its number, and when it was submitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) id: i64,
    pub(crate) created_at: i64,
}

/// Makes a payout a member. Returns false if it already is one.
pub(crate) fn join(
    connection: &Connection,
    run: i64,
    key: &str,
    Placed { id, created_at }: Placed,
) -> Result<bool, Failure> {
    let joined = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO members (run, key, created_at, payout) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![run, key, created_at, id])?;
    Ok(joined > 0)
}

/// The numbers of the runs that a payout is a member of.
pub(crate) fn numbers_of(connection: &Connection, key: &str) -> Result<Vec<i64>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT run FROM members INDEXED BY members_of WHERE key = ?1")?;
    let numbers = statement.query_map([key], |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// The names of the runs that a payout is a member of, sorted.
pub(crate) fn names_of(connection: &Connection, key: &str) -> Result<Vec<RunId>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT name FROM members INDEXED BY members_of JOIN runs ON runs.id = members.run
         WHERE members.key = ?1 ORDER BY name",
    )?;
    let names = statement.query_map([key], |row| Ok(RunId(row.get(0)?)))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The result of the first transaction of a release.
#[derive(Debug)]
pub(crate) enum Begun {
    /// The run does not have the expected members. Nothing was changed.
    Incomplete {
        /// How many it has.
        members: u64,
    },
    /// The run is not the one that the permit is for. Nothing was changed.
    AnotherRun,
    /// The members of the run with this number are fixed, and the first portion of them is due.
    Fixed { run: i64, portion: Portion },
}

/// The result of one transaction of a release.
#[derive(Debug)]
pub(crate) struct Portion {
    pub(crate) made_due: u64,
    /// The last member that was processed, if there may be more.
    pub(crate) last: Option<String>,
}

/// Fixes the members of a run and makes nothing due.
pub(crate) fn close(
    connection: &Connection,
    run: &RunId,
    expected: u64,
    now: Timestamp,
) -> Result<Closed, Failure> {
    let Some(stored) = stored(connection, run)? else {
        return Ok(Closed::Incomplete { members: 0 });
    };
    let members = members(connection, stored.number)?;
    if members != expected {
        return Ok(Closed::Incomplete { members });
    }
    connection
        .prepare_cached(
            "UPDATE runs SET expected = ?1, closed_at = coalesce(closed_at, ?2) WHERE id = ?3",
        )?
        .execute(params![row::signed(expected), now.as_millis(), stored.number])?;
    Ok(Closed::Done { id: row::unsigned(stored.number)? })
}

pub(crate) fn begin_release(
    connection: &Connection,
    run: &RunId,
    permit: Permit,
    now: Timestamp,
) -> Result<Begun, Failure> {
    let Some(stored) = stored(connection, run)? else {
        return Ok(Begun::Incomplete { members: 0 });
    };
    if permit.id().is_some_and(|id| row::signed(id) != stored.number) {
        return Ok(Begun::AnotherRun);
    }
    let members = members(connection, stored.number)?;
    if members != permit.expected() {
        return Ok(Begun::Incomplete { members });
    }
    connection
        .prepare_cached(
            "UPDATE runs SET expected = ?1, closed_at = coalesce(closed_at, ?2),
             made_due_at = coalesce(made_due_at, ?2) WHERE id = ?3",
        )?
        .execute(params![row::signed(members), now.as_millis(), stored.number])?;
    // Every key is greater than the empty text.
    let portion = release_portion(connection, stored.number, "", now)?;
    Ok(Begun::Fixed { run: stored.number, portion })
}

/// Of the next [`PORTION`] members after `after`, makes those due that are held. Their tallies do
/// not change: neither a held nor a due payout is at rest.
pub(crate) fn release_portion(
    connection: &Connection,
    run: i64,
    after: &str,
    now: Timestamp,
) -> Result<Portion, Failure> {
    let (length, last): (i64, Option<String>) = connection
        .prepare_cached(
            "SELECT count(*), max(key) FROM
             (SELECT key FROM members WHERE run = ?1 AND key > ?2 ORDER BY key LIMIT ?3)",
        )?
        .query_row(params![run, after, row::limit(PORTION)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let released = connection
        .prepare_cached(
            "UPDATE payouts SET held = 0, due_at = ?1, version = version + ?5
             WHERE held = 1 AND key IN
             (SELECT key FROM members WHERE run = ?2 AND key > ?3 AND key <= ?4)",
        )?
        .execute(params![now.as_millis(), run, after, last, row::signed(stride())])?;
    let may_be_more = length >= row::limit(PORTION);
    Ok(Portion { made_due: count(released), last: last.filter(|_| may_be_more) })
}

/// The result of one transaction of a withdrawal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Withdrawn {
    pub(crate) forgotten: u64,
    pub(crate) is_done: bool,
}

/// Removes up to [`PORTION`] members from a run that was not released. The run itself is deleted
/// with the last of them, so that an interrupted withdrawal finds the rest.
pub(crate) fn withdraw(
    transaction: &mut Transaction<'_>,
    run: &RunId,
) -> Result<Withdrawn, Failure> {
    let connection = transaction.connection;
    let open = stored(connection, run)?.filter(|run| run.released_at.is_none());
    let Some(Stored { number, .. }) = open else {
        return Ok(Withdrawn { forgotten: 0, is_done: true });
    };
    let keys = some_members(connection, number)?;
    let mut forgotten = 0;
    for key in &keys {
        forgotten += u64::from(leave(transaction, number, key)?);
    }
    let is_done = keys.len() < PORTION;
    if is_done {
        sealed::leave(transaction, number)?;
        connection.prepare_cached("DELETE FROM run_actors WHERE run = ?1")?.execute([number])?;
        connection.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([number])?;
    }
    Ok(Withdrawn { forgotten, is_done })
}

fn some_members(connection: &Connection, run: i64) -> Result<Vec<String>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT key FROM members WHERE run = ?1 ORDER BY key LIMIT ?2")?;
    let keys = statement.query_map(params![run, row::limit(PORTION)], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Removes a payout from a run, and deletes it if it is held, in no other run, and has no history: what
/// a person decided about it, or saw of it, is never erased. Returns whether it was deleted.
fn leave(transaction: &mut Transaction<'_>, run: i64, key: &str) -> Result<bool, Failure> {
    let connection = transaction.connection;
    connection
        .prepare_cached("DELETE FROM members WHERE run = ?1 AND key = ?2")?
        .execute(params![run, key])?;
    let (id, is_held, counted): (i64, bool, Counted) = connection
        .prepare_cached(
            "SELECT id, held, account, currency, status, amount_minor, at_rest, attention
             FROM payouts WHERE key = ?1",
        )?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, tallies::counted(row, 2)?)))?;
    transaction.tallies.leave(run, &counted);
    let has_history: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE payout = ?1)")?
        .query_row([id], |row| row.get(0))?;
    if !is_held || has_history || !numbers_of(connection, key)?.is_empty() {
        return Ok(false);
    }
    connection.prepare_cached("DELETE FROM payouts WHERE id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM orders WHERE id = ?1")?.execute([id])?;
    transaction.tallies.leave(tallies::ALL, &counted);
    Ok(true)
}

fn count(rows: usize) -> u64 {
    rows.try_into().unwrap_or(u64::MAX)
}
