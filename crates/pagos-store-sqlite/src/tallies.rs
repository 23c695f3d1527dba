//! Counts and sums that are kept up to date beside the rows, so that a tally of a million payouts
//! is a handful of rows. They are written once per group of commands.

use std::collections::HashMap;

use pagos_core::{AccountName, Timestamp};
use pagos_engine::{Progress, Tally, TallyRow};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{failure::Failure, row, run, thread::Transaction};

/// The run number that stands for all payouts. SQLite numbers rows from 1.
pub(crate) const ALL: i64 = 0;

/// What one payout adds to the tally of each of its runs, and of [`ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) account: String,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) amount_minor: i64,
    pub(crate) at_rest: bool,
    pub(crate) attention: bool,
}

/// Reads `account, currency, status, amount_minor, at_rest, attention` from column `first` on.
pub(crate) fn counted(row: &Row<'_>, first: usize) -> rusqlite::Result<Counted> {
    Ok(Counted {
        account: row.get(first)?,
        currency: row.get(first + 1)?,
        status: row.get(first + 2)?,
        amount_minor: row.get(first + 3)?,
        at_rest: row.get(first + 4)?,
        attention: row.get(first + 5)?,
    })
}

/// Whether nothing more happens by itself: released with nothing due, or a person must look.
pub(crate) fn is_at_rest(held: bool, due_at: Option<Timestamp>, progress: &Progress) -> bool {
    (!held && due_at.is_none()) || progress.attention.is_some()
}

/// Counts a stored payout anew, in every tally that it belongs to.
pub(crate) fn recount(
    transaction: &mut Transaction<'_>,
    key: &str,
    before: &Counted,
    after: &Counted,
) -> Result<(), Failure> {
    if after == before {
        return Ok(());
    }
    for run in run::numbers_of(transaction.connection, key)?.into_iter().chain([ALL]) {
        transaction.tallies.enter(run, after);
        transaction.tallies.leave(run, before);
    }
    Ok(())
}

/// Changes to the tallies that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct TallyChanges {
    rows: HashMap<Name, Sum>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Name {
    run: i64,
    account: String,
    currency: String,
    status: String,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    count: i64,
    amount_minor: i128,
    at_rest: i64,
    attention: i64,
}

impl Sum {
    fn plus(self, other: Sum) -> Sum {
        Sum {
            count: self.count + other.count,
            amount_minor: self.amount_minor + other.amount_minor,
            at_rest: self.at_rest + other.at_rest,
            attention: self.attention + other.attention,
        }
    }
}

impl TallyChanges {
    pub(crate) fn enter(&mut self, run: i64, payout: &Counted) {
        self.count(run, payout, 1);
    }

    pub(crate) fn leave(&mut self, run: i64, payout: &Counted) {
        self.count(run, payout, -1);
    }

    fn count(&mut self, run: i64, payout: &Counted, sign: i64) {
        let sum = Sum {
            count: sign,
            amount_minor: i128::from(sign) * i128::from(payout.amount_minor),
            at_rest: sign * i64::from(payout.at_rest),
            attention: sign * i64::from(payout.attention),
        };
        let Counted { account, currency, status, .. } = payout.clone();
        self.add(Name { run, account, currency, status }, sum);
    }

    pub(crate) fn merge(&mut self, other: TallyChanges) {
        for (name, sum) in other.rows {
            self.add(name, sum);
        }
    }

    fn add(&mut self, name: Name, sum: Sum) {
        let total = self.rows.entry(name).or_default();
        *total = total.plus(sum);
    }

    pub(crate) fn write(self, connection: &Connection) -> Result<(), Failure> {
        for (name, sum) in self.rows {
            write_row(connection, &name, sum)?;
        }
        Ok(())
    }
}

fn write_row(connection: &Connection, name: &Name, sum: Sum) -> Result<(), Failure> {
    let Name { run, account, currency, status } = name;
    let stored = connection
        .prepare_cached(
            "SELECT count, amount_minor, at_rest, attention FROM tallies
             WHERE run = ?1 AND account = ?2 AND currency = ?3 AND status = ?4",
        )?
        .query_row(params![run, account, currency, status], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let before = match stored {
        Some((count, amount, at_rest, attention)) => {
            Sum { count, amount_minor: parse_amount(&amount)?, at_rest, attention }
        }
        None => Sum::default(),
    };
    let after = before.plus(sum);
    if after.count == 0 {
        connection
            .prepare_cached(
                "DELETE FROM tallies
                 WHERE run = ?1 AND account = ?2 AND currency = ?3 AND status = ?4",
            )?
            .execute(params![run, account, currency, status])?;
        return Ok(());
    }
    let amount = after.amount_minor.to_string();
    connection
        .prepare_cached("INSERT OR REPLACE INTO tallies VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            run,
            account,
            currency,
            status,
            after.count,
            amount,
            after.at_rest,
            after.attention,
        ])?;
    Ok(())
}

/// Sums are wider than SQLite's integers, so they are stored as decimal text.
fn parse_amount(text: &str) -> Result<i128, Failure> {
    text.parse().map_err(|_| Failure::new("a stored sum is not a number; the tallies are damaged"))
}

/// For the migration of a file that has no tally of all payouts: computes it from those of the
/// runs.
pub(crate) fn fill_all(connection: &Connection) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT account, currency, status, count, amount_minor, at_rest, attention FROM tallies",
    )?;
    let mut rows = statement.query(())?;
    let mut changes = TallyChanges::default();
    while let Some(row) = rows.next()? {
        let name =
            Name { run: ALL, account: row.get(0)?, currency: row.get(1)?, status: row.get(2)? };
        let sum = Sum {
            count: row.get(3)?,
            amount_minor: parse_amount(row::text(row, 4)?)?,
            at_rest: row.get(5)?,
            attention: row.get(6)?,
        };
        changes.add(name, sum);
    }
    changes.write(connection)
}

/// The tally of the run with this number.
pub(crate) fn read(connection: &Connection, run: i64) -> Result<Tally, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT account, currency, status, count, amount_minor, at_rest, attention FROM tallies
         WHERE run = ?1",
    )?;
    let mut stored = statement.query([run])?;
    let mut rows: Vec<TallyRow> = Vec::new();
    while let Some(row) = stored.next()? {
        rows.push(tally_row(row).map_err(|failure| failure.of("a row of the tallies"))?);
    }
    // Sorted by our order of the currencies, which need not be that of their codes.
    rows.sort_by(|one, other| {
        let name = |row: &TallyRow| (row.account.clone(), row.currency, row.status.clone());
        name(one).cmp(&name(other))
    });
    Ok(Tally { rows })
}

fn tally_row(row: &Row<'_>) -> Result<TallyRow, Failure> {
    Ok(TallyRow {
        account: AccountName::new(row.get::<_, String>(0)?)?,
        currency: row::text(row, 1)?.parse()?,
        status: row.get(2)?,
        count: row::unsigned(row.get(3)?)?,
        amount_minor: parse_amount(row::text(row, 4)?)?,
        at_rest: row::unsigned(row.get(5)?)?,
        attention: row::unsigned(row.get(6)?)?,
    })
}
