//! Counts and sums that are kept up to date beside the rows, so that a tally of a million payouts
//! is a handful of rows.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Currency, Timestamp};
use pagos_engine::{Progress, RunId, Tally, TallyRow};

use crate::{connection::Connection, failure::Failure, row, transaction::Work};

/// A part of a statement: counts the rows of its table `moved` (`run, account, currency, status,
/// amount_minor, at_rest, attention`, and `sign`: 1 for what is added to a row of the tallies, -1
/// for what is subtracted) in the stripe `$1`. A payout has a row in `moved` for each of its runs,
/// and one for run 0, which stands for all payouts: `unnest(runs || 0::bigint)`. The rows are
/// locked in one order, and after everything else that a statement locks, so that two statements
/// never wait for each other.
macro_rules! count_moved {
    () => {
        "counted AS (
            INSERT INTO tallies (run, account, currency, status, stripe,
                                 count, amount_minor, at_rest, attention)
            SELECT run, account, currency, status, $1::integer,
                   sum(sign), sum(sign * amount_minor::numeric),
                   sum(sign * at_rest::integer), sum(sign * attention::integer)
            FROM moved
            GROUP BY run, account, currency, status
            HAVING sum(sign) <> 0 OR sum(sign * amount_minor::numeric) <> 0
                OR sum(sign * at_rest::integer) <> 0 OR sum(sign * attention::integer) <> 0
            ORDER BY run, account, currency, status
            ON CONFLICT (run, account, currency, status, stripe) DO UPDATE SET
                count = tallies.count + excluded.count,
                amount_minor = tallies.amount_minor + excluded.amount_minor,
                at_rest = tallies.at_rest + excluded.at_rest,
                attention = tallies.attention + excluded.attention
        )"
    };
}
pub(crate) use count_moved;

/// Whether nothing more happens by itself: released with nothing due, or a person must look.
pub(crate) fn is_at_rest(held: bool, due_at: Option<Timestamp>, progress: &Progress) -> bool {
    (!held && due_at.is_none()) || progress.attention.is_some()
}

/// The payouts that a tally counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of<'call> {
    /// All payouts in the store.
    Store,
    /// All members of a run.
    Run(&'call RunId),
    /// The archived members of a run, whose tally has the run's number with a minus.
    Archived(&'call RunId),
}

/// Reads a tally.
pub(crate) struct ReadTally<'call> {
    pub(crate) of: Of<'call>,
}

impl Work for ReadTally<'_> {
    type Answer = Tally;

    async fn run(&self, connection: &Connection) -> Result<Tally, Failure> {
        let (run, sign) = match self.of {
            Of::Store => (None, 1_i64),
            Of::Run(run) => (Some(run.0.as_str()), 1),
            Of::Archived(run) => (Some(run.0.as_str()), -1),
        };
        let mut rows: BTreeMap<(AccountName, Currency, String), TallyRow> = BTreeMap::new();
        for row in connection.rows(TALLY, &[&run, &sign]).await? {
            let account = AccountName::new(row.try_get::<_, String>(0)?)?;
            let currency: Currency = row.try_get::<_, &str>(1)?.parse()?;
            let status: String = row.try_get(2)?;
            let amount: &str = row.try_get(4)?;
            let found = TallyRow {
                account: account.clone(),
                currency,
                status: status.clone(),
                count: row::unsigned(row.try_get(3)?)?,
                amount_minor: parse_amount(amount)?,
                at_rest: row::unsigned(row.try_get(5)?)?,
                attention: row::unsigned(row.try_get(6)?)?,
            };
            rows.insert((account, currency, status), found);
        }
        Ok(Tally { rows: rows.into_values().collect() })
    }
}

/// Sums are wider than PostgreSQL's integers, so they arrive as decimal text.
fn parse_amount(text: &str) -> Result<i128, Failure> {
    text.parse().map_err(|_| Failure::new("a stored sum is not a number; the tallies are damaged"))
}

const TALLY: &str = "SELECT account, currency, status, sum(count)::bigint, sum(amount_minor)::text,
            sum(at_rest)::bigint, sum(attention)::bigint
     FROM tallies
     WHERE run = CASE WHEN $1::text IS NULL THEN 0
                      ELSE $2::bigint * (SELECT id FROM runs WHERE name = $1) END
     GROUP BY account, currency, status
     HAVING sum(count) <> 0";
