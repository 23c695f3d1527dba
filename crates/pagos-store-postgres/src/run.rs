//! Reads, releases and withdraws runs; releases and withdrawals work in portions. `submit.rs`
//! submits to them.

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Actor, Closed, Payout, Permit, Run, RunId, stride};
use tokio_postgres::Row;

use crate::{
    connection::Connection,
    failure::Failure,
    flight::{Flight, Statement, raised},
    row::{self, payout_columns},
    tallies::count_moved,
    transaction::Work,
};

/// The number of members that one transaction releases or withdraws. A run may have a million, and
/// other writers must not wait for all of them.
const PORTION: i64 = 10_000;

/// Reads what is known of a run.
pub(crate) struct ReadRun<'call> {
    pub(crate) run: &'call RunId,
}

impl Work for ReadRun<'_> {
    type Answer = Option<Run>;

    async fn run(&self, connection: &Connection) -> Result<Option<Run>, Failure> {
        let sql = concat!("SELECT ", run_columns!(), " FROM runs WHERE name = $1");
        let row = connection.at_most_one(sql, &[&self.run.0]).await?;
        row.as_ref().map(read_run).transpose()
    }
}

/// Reads the runs with a number below `before`, newest first.
pub(crate) struct ReadRuns {
    pub(crate) before: Option<u64>,
    pub(crate) limit: usize,
}

impl Work for ReadRuns {
    type Answer = Vec<(RunId, Run)>;

    async fn run(&self, connection: &Connection) -> Result<Vec<(RunId, Run)>, Failure> {
        let sql = concat!(
            "SELECT ",
            run_columns!(),
            ", name FROM runs WHERE id < $1 ORDER BY id DESC LIMIT $2"
        );
        let before = self.before.map_or(i64::MAX, row::signed);
        let rows = connection.rows(sql, &[&before, &row::limit(self.limit)]).await?;
        rows.iter().map(|row| Ok((RunId(row.try_get(8)?), read_run(row)?))).collect()
    }
}

macro_rules! run_columns {
    () => {
        "id, (SELECT count(*) FROM members WHERE run = runs.id),
         (SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE run = -runs.id),
         expected, created_at, closed_at, made_due_at,
         ARRAY(SELECT actor FROM run_actors WHERE run = runs.id ORDER BY actor)"
    };
}
use run_columns;

fn read_run(row: &Row) -> Result<Run, Failure> {
    let archived = row::unsigned(row.try_get(2)?)?;
    let expected: Option<i64> = row.try_get(3)?;
    let actors: Vec<String> = row.try_get(7)?;
    Ok(Run {
        id: row::unsigned(row.try_get(0)?)?,
        members: row::unsigned(row.try_get(1)?)? + archived,
        archived,
        expected: expected.map(row::unsigned).transpose()?,
        created_at: row::timestamp(row.try_get(4)?),
        closed_at: row::timestamp(row.try_get(5)?),
        released_at: row::timestamp(row.try_get(6)?),
        submitted_by: actors.into_iter().map(Actor::new).collect::<Result<_, _>>()?,
    })
}

/// Reads the members of a run that are held, by key. An unreadable one is an error: whoever asks
/// adds them up.
pub(crate) struct ReadHeld<'call> {
    pub(crate) run: &'call RunId,
    pub(crate) after: Option<&'call OrderKey>,
    pub(crate) limit: usize,
}

impl Work for ReadHeld<'_> {
    type Answer = Vec<Payout>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payout>, Failure> {
        let sql = concat!(
            "SELECT ",
            payout_columns!("payouts"),
            " FROM members CROSS JOIN LATERAL (
                SELECT * FROM orders JOIN payouts USING (id)
                WHERE orders.key = members.key AND held
              ) AS payouts
              WHERE members.run = (SELECT id FROM runs WHERE name = $1) AND members.key > $2
              ORDER BY members.key LIMIT $3"
        );
        let after = self.after.map_or("", OrderKey::as_str);
        let rows = connection.rows(sql, &[&self.run.0, &after, &row::limit(self.limit)]).await?;
        rows.iter().map(row::payout).collect()
    }
}

/// Fixes the members of a run, if there are as many as expected, and makes nothing due.
pub(crate) struct Close<'call> {
    pub(crate) run: &'call RunId,
    pub(crate) expected: u64,
    pub(crate) now: Timestamp,
}

impl Work for Close<'_> {
    type Answer = Closed;

    async fn run(&self, connection: &Connection) -> Result<Closed, Failure> {
        let lock = "SELECT id FROM runs WHERE name = $1 FOR UPDATE";
        let Some(row) = connection.at_most_one(lock, &[&self.run.0]).await? else {
            return Ok(Closed::Incomplete { members: 0 });
        };
        let id: i64 = row.try_get(0)?;
        // A statement of its own, so that it sees what was submitted while the lock was waited for.
        let members = connection.one(COUNT_MEMBERS, &[&id]).await?.try_get(0)?;
        let members = row::unsigned(members)?;
        if members != self.expected {
            return Ok(Closed::Incomplete { members });
        }
        let close =
            "UPDATE runs SET expected = $2, closed_at = coalesce(closed_at, $3) WHERE id = $1";
        let (expected, now) = (row::signed(members), self.now.as_millis());
        connection.execute(close, &[&id, &expected, &now]).await?;
        Ok(Closed::Done { id: row::unsigned(id)? })
    }
}

const COUNT_MEMBERS: &str = "SELECT (SELECT count(*) FROM members WHERE run = $1)
    + (SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE run = -$1::bigint)";

/// Fixes the members of a run, if there are as many as expected, and releases the first portion of
/// them, in one round trip.
pub(crate) struct Release<'call> {
    pub(crate) run: &'call RunId,
    pub(crate) permit: Permit,
    pub(crate) now: Timestamp,
}

/// The result of a [`Release`].
pub(crate) enum Fixed {
    /// The members do not change any more.
    Released(Portion),
    /// The run has this number of members, and nothing was changed.
    Incomplete(u64),
    /// The run is not the one that the permit is for, and nothing was changed.
    AnotherRun,
}

/// How far a release has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Portion {
    /// The number of the run.
    pub(crate) run: i64,
    pub(crate) made_due: u64,
    /// The last key of the portion; `None` if there are no more.
    pub(crate) last: Option<String>,
}

impl Flight for Release<'_> {
    type Answer = Fixed;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        // Every key is greater than the empty text.
        let mut statement = Statement::new(RELEASE)
            .with(self.run.0.as_str())
            .with("")
            .with(PORTION)
            .with(self.now.as_millis())
            .with(row::signed(stride()))
            .with(row::signed(self.permit.expected()))
            .with(self.permit.id().map(row::signed));
        statement.before = Some(Box::new(Statement::new(LOCK).with(self.run.0.as_str())));
        Ok(statement)
    }

    fn read(&self, answer: &str) -> Result<Fixed, Failure> {
        if answer.is_empty() {
            return Err(Failure::collision("the run is not locked"));
        }
        if answer == ANOTHER_RUN {
            return Ok(Fixed::AnotherRun);
        }
        match answer.strip_prefix("incomplete ") {
            Some(members) => members.parse().map(Fixed::Incomplete).map_err(|_| unknown_answer()),
            None => Portion::read(answer).map(Fixed::Released),
        }
    }
}

/// Releases another portion of a run whose members are fixed, so the cursor reaches all of them.
pub(crate) struct ReleaseMore<'call> {
    pub(crate) run: i64,
    pub(crate) after: &'call str,
    pub(crate) now: Timestamp,
}

impl Flight for ReleaseMore<'_> {
    type Answer = Portion;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        Ok(Statement::new(RELEASE_MORE)
            .with(self.run)
            .with(self.after)
            .with(PORTION)
            .with(self.now.as_millis())
            .with(row::signed(stride())))
    }

    fn read(&self, answer: &str) -> Result<Portion, Failure> {
        Portion::read(answer)
    }
}

impl Portion {
    /// Parses the run, how many became due, how many members were processed, and the last key of
    /// them.
    fn read(answer: &str) -> Result<Self, Failure> {
        let mut words = answer.splitn(4, ' ');
        let mut number = || words.next()?.parse::<i64>().ok();
        let (Some(run), Some(made_due), Some(members)) = (number(), number(), number()) else {
            return Err(unknown_answer());
        };
        let last = words.next().filter(|_| members >= PORTION).map(str::to_owned);
        Ok(Self { run, made_due: row::unsigned(made_due)?, last })
    }
}

const ANOTHER_RUN: &str = "another run";

fn unknown_answer() -> Failure {
    Failure::unsettled("the database answered a release with unknown words")
}

/// A statement of its own, because the next one must see what was submitted while this one waited
/// for the lock. It leaves a setting in the transaction that says that it has the lock.
const LOCK: &str = "SELECT set_config('pagos.locked_run', id::text, true)
    FROM (SELECT id FROM runs WHERE name = $1 FOR UPDATE) AS run";

/// Of a portion of the members of the run in `fixed`, makes those due that are held. Their tallies
/// do not change: neither a held nor a due payout is at rest.
macro_rules! released {
    () => {
        "portion AS MATERIALIZED (
            SELECT key FROM members WHERE run = (SELECT id FROM fixed) AND key > $2
            ORDER BY key LIMIT $3
        ), waiting AS MATERIALIZED (
            SELECT payouts.id, orders.account, orders.key
            FROM portion JOIN orders USING (key) JOIN payouts USING (id) WHERE held
            ORDER BY orders.key FOR UPDATE OF payouts
        ), released AS (
            UPDATE payouts SET held = false, due_at = $4, version = version + $5
            FROM waiting WHERE payouts.id = waiting.id AND held
            RETURNING payouts.id, work, waiting.account, waiting.key
        ), queued AS (
            INSERT INTO queue (account, work, due_at, key, id)
            SELECT account, work, $4, key, id FROM released ORDER BY key
        ), done AS (
            SELECT concat_ws(' ', id, (SELECT count(*) FROM released),
                             (SELECT count(*) FROM portion),
                             (SELECT max(key) FROM portion)) AS answer
            FROM fixed
        ),"
    };
}

/// Outside the transaction that has the lock, `run` is empty, and nothing happens. The answer is
/// then empty, unless there is no such run.
const RELEASE: &str = concat!(
    "WITH run AS MATERIALIZED (
        SELECT id FROM runs
        WHERE name = $1 AND id::text = current_setting('pagos.locked_run', true)
    ), counted AS MATERIALIZED (
        SELECT id, (SELECT count(*) FROM members WHERE run = run.id)
                 + (SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE run = -run.id) AS members
        FROM run
    ), fixed AS (
        UPDATE runs SET expected = $6, closed_at = coalesce(closed_at, $4),
                        made_due_at = coalesce(made_due_at, $4)
        FROM counted WHERE runs.id = counted.id AND counted.members = $6
             AND ($7::bigint IS NULL OR runs.id = $7)
        RETURNING runs.id
    ), ",
    released!(),
    " outcome AS MATERIALIZED (
        SELECT coalesce((SELECT answer FROM done),
                        (SELECT 'another run' FROM counted WHERE id <> $7::bigint),
                        (SELECT 'incomplete ' || members FROM counted),
                        CASE WHEN EXISTS (SELECT FROM runs WHERE name = $1) THEN ''
                             ELSE 'incomplete 0' END) AS answer
    ), ",
    raised!("$8", "$9")
);

const RELEASE_MORE: &str = concat!(
    "WITH fixed AS MATERIALIZED (
        SELECT $1::bigint AS id
    ), ",
    released!(),
    " outcome AS MATERIALIZED (
        SELECT answer FROM done
    ), ",
    raised!("$6", "$7")
);

/// Removes a portion of its members from a run that was not released, and deletes those that are
/// held and have no other run. The last portion deletes the run too.
pub(crate) struct Withdraw<'call> {
    pub(crate) run: &'call RunId,
}

/// The result of one portion.
pub(crate) struct Withdrawn {
    pub(crate) forgotten: u64,
    pub(crate) is_last: bool,
}

impl Work for Withdraw<'_> {
    type Answer = Withdrawn;

    async fn run(&self, connection: &Connection) -> Result<Withdrawn, Failure> {
        let lock = "SELECT id FROM runs WHERE name = $1 AND made_due_at IS NULL FOR UPDATE";
        let Some(row) = connection.at_most_one(lock, &[&self.run.0]).await? else {
            return Ok(Withdrawn { forgotten: 0, is_last: true });
        };
        let run: i64 = row.try_get(0)?;
        let locked = connection.rows(LOCK_MEMBERS, &[&run, &PORTION]).await?;
        let keys: Result<Vec<&str>, _> = locked.iter().map(|row| row.try_get(0)).collect();
        let keys = keys?;
        let left = connection.one(LEAVE, &[&connection.stripe, &run, &keys]).await?;
        let forgotten = row::unsigned(left.try_get(0)?)?;
        let is_last = row::limit(keys.len()) < PORTION;
        if is_last {
            // The keys of archived members stay sealed.
            connection.execute("DELETE FROM sealed_members WHERE run = $1", &[&run]).await?;
            connection
                .execute("DELETE FROM tallies WHERE run IN ($1, -$1::bigint)", &[&run])
                .await?;
            connection.execute("DELETE FROM run_actors WHERE run = $1", &[&run]).await?;
            connection.execute("DELETE FROM runs WHERE id = $1", &[&run]).await?;
        }
        Ok(Withdrawn { forgotten, is_last })
    }
}

/// A statement of its own, because the next one must see the runs that were added while this one
/// waited for a lock.
const LOCK_MEMBERS: &str =
    "SELECT orders.key FROM members JOIN orders USING (key) JOIN payouts USING (id)
    WHERE members.run = $1 ORDER BY members.key LIMIT $2 FOR UPDATE OF payouts";

/// Held payouts are in no queue. What a person decided about one, or saw of it, is never erased.
const LEAVE: &str = concat!(
    "WITH old AS MATERIALIZED (
        SELECT id, key, created_at, array_remove(runs, $2) AS rest, account, currency, status, amount_minor, at_rest,
               attention, held AND cardinality(array_remove(runs, $2)) = 0
                   AND NOT EXISTS (SELECT FROM entries WHERE entries.payout = payouts.id) AS is_forgotten
        FROM orders JOIN payouts USING (id) WHERE key = ANY ($3::text[])
    ), leaving AS (
        DELETE FROM members WHERE run = $2 AND key = ANY ($3::text[])
    ), unlisted AS (
        DELETE FROM unsettled USING old WHERE is_forgotten AND unsettled.status = old.status
            AND unsettled.created_at = old.created_at AND unsettled.key = old.key
    ), unordered AS (
        DELETE FROM orders USING old WHERE orders.id = old.id AND is_forgotten
    ), gone AS (
        DELETE FROM payouts USING old WHERE payouts.id = old.id AND is_forgotten
        RETURNING payouts.id
    ), staying AS (
        UPDATE payouts SET runs = old.rest FROM old WHERE payouts.id = old.id AND NOT is_forgotten
    ), moved AS (
        SELECT $2::bigint AS run, account, currency, status, amount_minor, at_rest, attention,
               -1 AS sign
        FROM old
        UNION ALL
        SELECT 0, account, currency, status, amount_minor, at_rest, attention, -1
        FROM old WHERE is_forgotten
    ), ",
    count_moved!(),
    "SELECT count(*) FROM gone"
);
