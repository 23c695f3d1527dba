//! What stays of archived payouts: the marks of their keys, for ever, and the sums of their runs.
//!
//! A mark holds the first run of its payout, since nearly every payout has only one. Other runs are
//! in a table of their own, together with runs that an archived payout joined later.

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Leaving, Mark, Seal, SealedAs};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    failure::Failure,
    row,
    tallies::{self, Counted},
    thread::Transaction,
};

/// The run number of the tallies for a run's archived members. No run has number 0.
pub(crate) fn archived_of(run: i64) -> i64 {
    -run
}

/// Stores what stays of a payout that leaves.
///
/// # Errors
/// If its key is already sealed, which the key of a stored payout never is.
pub(crate) fn keep(
    connection: &Connection,
    leaving: &Leaving,
    counted: &Counted,
    runs: &[i64],
    now: Timestamp,
) -> Result<(), Failure> {
    let mark = Mark::of(&leaving.key, leaving.digest);
    let first = runs.first().copied().unwrap_or(0);
    connection
        .prepare_cached(
            "INSERT INTO sealed (key, digest, run, succeeded, day) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            mark.key,
            mark.digest,
            first,
            leaving.ended == SealedAs::Succeeded,
            Seal::day_of(now),
        ])?;
    for run in runs.iter().skip(1) {
        join(connection, *run, mark.key, counted)?;
    }
    Ok(())
}

/// A sealed key as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed {
    digest: [u8; 8],
    first_run: i64,
    pub(crate) seal: Seal,
}

impl Sealed {
    /// Whether it is the mark of this order.
    pub(crate) fn is_of(&self, mark: Mark) -> bool {
        self.digest == mark.digest
    }
}

/// The seal of a key; `None` if it is not sealed.
pub(crate) fn find(connection: &Connection, mark: [u8; 16]) -> Result<Option<Sealed>, Failure> {
    let found = connection
        .prepare_cached("SELECT digest, run, succeeded, day FROM sealed WHERE key = ?1")?
        .query_row([mark], |row| {
            let ended = if row.get(2)? { SealedAs::Succeeded } else { SealedAs::Failed };
            let seal = Seal::on_day(ended, row.get(3)?);
            Ok(Sealed { digest: row.get(0)?, first_run: row.get(1)?, seal })
        })
        .optional()?;
    Ok(found)
}

pub(crate) fn seal(connection: &Connection, key: &OrderKey) -> Result<Option<Seal>, Failure> {
    Ok(find(connection, Mark::of_key(key))?.map(|sealed| sealed.seal))
}

/// Whether the archived payout with this mark is a member of the run.
pub(crate) fn is_member(
    connection: &Connection,
    run: i64,
    mark: [u8; 16],
    sealed: &Sealed,
) -> Result<bool, Failure> {
    if sealed.first_run == run {
        return Ok(true);
    }
    let joined = connection
        .prepare_cached("SELECT 1 FROM sealed_members WHERE run = ?1 AND key = ?2")?
        .exists(params![run, mark])?;
    Ok(joined)
}

/// Makes an archived payout a member of one more run, and counts it there.
pub(crate) fn join_and_count(
    transaction: &mut Transaction<'_>,
    run: i64,
    mark: [u8; 16],
    counted: &Counted,
) -> Result<bool, Failure> {
    let Some(sealed) = find(transaction.connection, mark)? else { return Ok(false) };
    if is_member(transaction.connection, run, mark, &sealed)? {
        return Ok(false);
    }
    join(transaction.connection, run, mark, counted)?;
    transaction.tallies.enter(run, counted);
    transaction.tallies.enter(archived_of(run), counted);
    Ok(true)
}

fn join(
    connection: &Connection,
    run: i64,
    mark: [u8; 16],
    counted: &Counted,
) -> Result<(), Failure> {
    let Counted { account, currency, status, amount_minor, .. } = counted;
    connection
        .prepare_cached(
            "INSERT INTO sealed_members (run, key, account, currency, status, amount_minor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![run, mark, account, currency, status, amount_minor])?;
    Ok(())
}

/// What an archived payout adds to the tallies: it is at rest, and needs nobody's attention.
pub(crate) fn counted(
    account: &str,
    currency: &str,
    ended: SealedAs,
    amount_minor: i64,
) -> Counted {
    Counted {
        account: account.to_owned(),
        currency: currency.to_owned(),
        status: ended.word().to_owned(),
        amount_minor,
        at_rest: true,
        attention: false,
    }
}

/// How many members of a run are archived.
pub(crate) fn count(connection: &Connection, run: i64) -> Result<u64, Failure> {
    let count = connection
        .prepare_cached("SELECT coalesce(sum(count), 0) FROM tallies WHERE run = ?1")?
        .query_row([archived_of(run)], |row| row.get(0))?;
    row::unsigned(count)
}

/// Removes the archived members from a run that is withdrawn. Their keys stay sealed.
pub(crate) fn leave(transaction: &mut Transaction<'_>, run: i64) -> Result<(), Failure> {
    let connection = transaction.connection;
    let mut statement = connection.prepare_cached(
        "SELECT account, currency, status, amount_minor, 1, 0 FROM sealed_members WHERE run = ?1",
    )?;
    let members = statement.query_map([run], |row| tallies::counted(row, 0))?;
    for counted in members.collect::<Result<Vec<Counted>, _>>()? {
        transaction.tallies.leave(run, &counted);
        transaction.tallies.leave(archived_of(run), &counted);
    }
    connection.prepare_cached("DELETE FROM sealed_members WHERE run = ?1")?.execute([run])?;
    Ok(())
}
