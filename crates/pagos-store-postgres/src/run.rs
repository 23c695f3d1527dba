//! Runs are looked at, released and withdrawn, the last two in portions. Submitting is in `submit.rs`.

use pagos_core::Timestamp;
use pagos_engine::Run;
use pagos_engine::RunId;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::tallies::count_moved;
use crate::transaction::Work;

/// Members that one transaction releases or withdraws. A run may have a million; the others who write
/// shall not wait for all of them.
const PORTION: i64 = 10_000;

/// Reads what is known of a run.
pub(crate) struct ReadRun<'call> {
    pub(crate) run: &'call RunId,
}

impl Work for ReadRun<'_> {
    type Answer = Option<Run>;

    async fn run(&self, connection: &Connection) -> Result<Option<Run>, Failure> {
        let sql =
            "SELECT (SELECT count(*) FROM members WHERE run = runs.id), expected, released_at,
                          (SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE run = -runs.id)
                   FROM runs WHERE name = $1";
        let Some(row) = connection.at_most_one(sql, &[&self.run.0]).await? else { return Ok(None) };
        let expected: Option<i64> = row.try_get(1)?;
        let archived = row::unsigned(row.try_get(3)?)?;
        Ok(Some(Run {
            members: row::unsigned(row.try_get(0)?)? + archived,
            archived,
            expected: expected.map(row::unsigned).transpose()?,
            released_at: row::timestamp(row.try_get(2)?),
        }))
    }
}

/// Fixes the members of a run, if there are as many as expected.
pub(crate) struct Fix<'call> {
    pub(crate) run: &'call RunId,
    pub(crate) expected: u64,
    pub(crate) now: Timestamp,
}

/// What became of a [`Fix`].
pub(crate) enum Fixed {
    /// The members of the run of this number do not change any more.
    Run(i64),
    /// It has so many, and nothing was changed.
    Incomplete(u64),
}

impl Work for Fix<'_> {
    type Answer = Fixed;

    async fn run(&self, connection: &Connection) -> Result<Fixed, Failure> {
        let lock = "SELECT id FROM runs WHERE name = $1 FOR UPDATE";
        let Some(row) = connection.at_most_one(lock, &[&self.run.0]).await? else {
            return Ok(Fixed::Incomplete(0));
        };
        let run: i64 = row.try_get(0)?;
        // A statement of its own: it sees what was submitted while this one waited for the lock.
        let count = "SELECT (SELECT count(*) FROM members WHERE run = $1)
            + (SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE run = -$1::bigint)";
        let members = row::unsigned(connection.one(count, &[&run]).await?.try_get(0)?)?;
        if members != self.expected {
            return Ok(Fixed::Incomplete(members));
        }
        let fix = "UPDATE runs SET expected = $2, released_at = coalesce(released_at, $3)
                   WHERE id = $1";
        let (expected, now) = (row::signed(self.expected), self.now.as_millis());
        connection.execute(fix, &[&run, &expected, &now]).await?;
        Ok(Fixed::Run(run))
    }
}

/// Makes those of a portion of a run's members due that are held. The run is fixed, so the cursor
/// passes all of them. Their tallies stay: held or due, a payout is not at rest.
pub(crate) struct Release<'call> {
    pub(crate) run: i64,
    pub(crate) after: &'call str,
    pub(crate) now: Timestamp,
}

/// How far a [`Release`] came.
pub(crate) struct Portion {
    pub(crate) made_due: u64,
    /// The last key of it; `None` if there are no more.
    pub(crate) last: Option<String>,
}

impl Work for Release<'_> {
    type Answer = Portion;

    async fn run(&self, connection: &Connection) -> Result<Portion, Failure> {
        let row = connection
            .one(RELEASE, &[&self.run, &self.after, &PORTION, &self.now.as_millis()])
            .await?;
        let members: i64 = row.try_get(1)?;
        let last = if members < PORTION { None } else { row.try_get(2)? };
        Ok(Portion { made_due: row::unsigned(row.try_get(0)?)?, last })
    }
}

const RELEASE: &str = "WITH portion AS MATERIALIZED (
        SELECT key FROM members WHERE run = $1 AND key > $2 ORDER BY key LIMIT $3
    ), waiting AS MATERIALIZED (
        SELECT payouts.id FROM portion JOIN payouts USING (key) WHERE held
        ORDER BY payouts.key FOR UPDATE OF payouts
    ), released AS (
        UPDATE payouts SET held = false, due_at = $4, version = version + 1
        FROM waiting WHERE payouts.id = waiting.id AND held
        RETURNING payouts.id
    )
    SELECT (SELECT count(*) FROM released), (SELECT count(*) FROM portion),
           (SELECT max(key) FROM portion)";

/// Takes a portion of its members out of a run that was not released, and forgets those that are held
/// and have no other run. The last portion takes the run with it.
pub(crate) struct Withdraw<'call> {
    pub(crate) run: &'call RunId,
}

/// What became of a portion.
pub(crate) struct Withdrawn {
    pub(crate) forgotten: u64,
    pub(crate) is_last: bool,
}

impl Work for Withdraw<'_> {
    type Answer = Withdrawn;

    async fn run(&self, connection: &Connection) -> Result<Withdrawn, Failure> {
        let lock = "SELECT id FROM runs WHERE name = $1 AND released_at IS NULL FOR UPDATE";
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
            // The keys of those that are archived stay sealed.
            connection.execute("DELETE FROM sealed_members WHERE run = $1", &[&run]).await?;
            connection
                .execute("DELETE FROM tallies WHERE run IN ($1, -$1::bigint)", &[&run])
                .await?;
            connection.execute("DELETE FROM runs WHERE id = $1", &[&run]).await?;
        }
        Ok(Withdrawn { forgotten, is_last })
    }
}

/// Apart from what follows: that must see the runs which were added while this waited for a lock.
const LOCK_MEMBERS: &str = "SELECT payouts.key FROM members JOIN payouts USING (key)
    WHERE members.run = $1 ORDER BY payouts.key LIMIT $2 FOR UPDATE OF payouts";

/// The entries are deleted by the same statement: references are checked at its end.
const LEAVE: &str = concat!(
    "WITH old AS MATERIALIZED (
        SELECT id, key, created_at, array_remove(runs, $2) AS rest, account, currency, status, amount_minor, at_rest,
               attention, held AND cardinality(array_remove(runs, $2)) = 0 AS is_forgotten
        FROM payouts WHERE key = ANY ($3::text[])
    ), leaving AS (
        DELETE FROM members WHERE run = $2 AND key = ANY ($3::text[])
    ), forgotten AS (
        DELETE FROM entries USING old WHERE entries.payout = old.id AND is_forgotten
    ), unlisted AS (
        DELETE FROM arrivals USING old WHERE is_forgotten
            AND arrivals.created_at = old.created_at AND arrivals.key = old.key
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
