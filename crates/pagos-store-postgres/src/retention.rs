//! Payouts that leave the store: proposed, removed, and their keys sealed. `sealed.rs` keeps what
//! stays of them; the engine decides which may leave.

use pagos_core::Timestamp;
use pagos_engine::{Candidate, Leaving, Mark, RunId, Scope, Seal, SealedAs, Sealing};
use tokio_postgres::Row;

use crate::{
    connection::Connection,
    failure::Failure,
    row::{self, payout_columns, payouts},
    sealed,
    tallies::count_moved,
    transaction::Work,
};

/// Reads payouts in the order in which they came in.
pub(crate) struct ReadCandidates {
    pub(crate) scope: Scope,
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Work for ReadCandidates {
    type Answer = Vec<Candidate>;

    /// Reads as many pages as needed: unreadable rows are left out, and a short answer means that
    /// there are no more.
    async fn run(&self, connection: &Connection) -> Result<Vec<Candidate>, Failure> {
        let sql = match self.scope {
            Scope::All => ALL,
            Scope::Settled => SETTLED,
        };
        let mut after = row::signed(self.after);
        let mut candidates = Vec::new();
        while candidates.len() < self.limit {
            let wanted = self.limit - candidates.len();
            let rows = connection.rows(sql, &[&after, &row::limit(wanted)]).await?;
            candidates.extend(row::readable(&rows, candidate)?);
            match rows.last() {
                Some(last) if rows.len() == wanted => after = last.try_get(8)?,
                _ => break,
            }
        }
        Ok(candidates)
    }
}

fn candidate(row: &Row) -> Result<Candidate, Failure> {
    let runs: Vec<String> = row.try_get(11)?;
    Ok(Candidate {
        payout: row::payout(row)?,
        place: row::unsigned(row.try_get(8)?)?,
        is_held: row.try_get(9)?,
        lease_until: row::timestamp(row.try_get(10)?),
        runs: runs.into_iter().map(RunId).collect(),
        has_open_run: row.try_get(12)?,
    })
}

/// `greatest` ignores NULL.
macro_rules! candidates {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            payout_columns!(),
            ", payouts.id, held,
                greatest(lease_until, (SELECT until FROM asking WHERE payout = payouts.id)),
                ARRAY (SELECT name FROM runs WHERE runs.id = ANY (payouts.runs) ORDER BY name),
                EXISTS (SELECT FROM runs WHERE runs.id = ANY (payouts.runs) AND made_due_at IS NULL)
            FROM ",
            payouts!(),
            " WHERE payouts.id > $1 ",
            $condition,
            "ORDER BY payouts.id LIMIT $2"
        )
    };
}

const ALL: &str = candidates!("");

const SETTLED: &str = candidates!(
    "AND status IN ('succeeded', 'failed') AND due_at IS NULL AND NOT held AND NOT attention "
);

/// Removes payouts and seals their keys.
pub(crate) struct TakeOut<'call> {
    pub(crate) leaving: &'call [Leaving],
    pub(crate) now: Timestamp,
}

impl Work for TakeOut<'_> {
    type Answer = Vec<Sealing>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Sealing>, Failure> {
        let leaving = || self.leaving.iter();
        let marks: Vec<Mark> = leaving().map(|one| Mark::of(&one.key, one.digest)).collect();
        let keys: Vec<&str> = leaving().map(|one| one.key.as_str()).collect();
        let versions: Vec<i64> = leaving().map(|one| row::signed(one.version)).collect();
        let names: Vec<String> = marks.iter().map(|mark| sealed::hex(mark.key)).collect();
        let digests: Vec<i64> = marks.iter().map(|mark| i64::from_be_bytes(mark.digest)).collect();
        let succeeded: Vec<bool> = leaving().map(|one| one.ended == SealedAs::Succeeded).collect();
        sealed::seal_alone(connection).await?;
        connection.rows(LOCK, &[&keys]).await?;
        let row = connection
            .one(
                SEAL,
                &[
                    &connection.stripe,
                    &keys,
                    &versions,
                    &names,
                    &digests,
                    &succeeded,
                    &self.now.as_millis(),
                    &Seal::day_of(self.now),
                ],
            )
            .await?;
        let answer: &str = row.try_get(0)?;
        if answer.len() != self.leaving.len() {
            return Err(Failure::new("the database did not answer for each payout"));
        }
        let read = |letter| if letter == 'd' { Sealing::Done } else { Sealing::Changed };
        Ok(answer.chars().map(read).collect())
    }
}

/// Locks in the order of the keys, like everything that waits for several payouts. It is a
/// statement of its own because the next one must see the runs that were added while this one
/// waited for a lock.
const LOCK: &str = "SELECT key FROM orders JOIN payouts USING (id)
    WHERE key = ANY ($1) ORDER BY key FOR UPDATE OF payouts";

/// The rows of `old` are locked, and everything depends on them; none of them is due, so none is in
/// the queue. `before` makes sure that references are locked before the tallies.
const SEAL: &str = concat!(
    "WITH list AS MATERIALIZED (
        SELECT * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::boolean[])
            WITH ORDINALITY AS list (key, version, mark, mark_digest, succeeded, place)
    ), old AS MATERIALIZED (
        SELECT payouts.id, payouts.runs, orders.account, orders.currency, payouts.status,
               orders.amount_minor, payouts.at_rest, payouts.attention, payouts.reference,
               orders.created_at, list.key, list.mark::uuid AS mark, list.mark_digest,
               list.succeeded, list.place
        FROM list JOIN orders ON orders.key = list.key JOIN payouts ON payouts.id = orders.id
        WHERE payouts.version = list.version AND NOT payouts.held AND payouts.due_at IS NULL
          AND (payouts.lease_until IS NULL OR payouts.lease_until <= $7)
          AND NOT EXISTS (SELECT FROM asking WHERE payout = payouts.id AND until > $7)
          AND NOT EXISTS (SELECT FROM runs
                          WHERE runs.id = ANY (payouts.runs) AND made_due_at IS NULL)
    ), kept AS (
        INSERT INTO sealed (key, digest, run, day, succeeded)
        SELECT mark, mark_digest, coalesce(runs[1], 0), $8::bigint::integer, succeeded FROM old
    ), joined AS (
        INSERT INTO sealed_members (run, key, account, currency, status, amount_minor)
        SELECT member.run, mark, account, currency, status, amount_minor
        FROM old CROSS JOIN LATERAL unnest(old.runs) AS member (run)
        WHERE member.run <> old.runs[1]
    ), forgotten AS (
        DELETE FROM entries USING old WHERE entries.payout = old.id
    ), freed AS (
        DELETE FROM members USING old
        WHERE members.run = ANY (old.runs) AND members.key = old.key
    ), unlisted AS (
        DELETE FROM unsettled USING old
        WHERE unsettled.status = old.status AND unsettled.created_at = old.created_at
          AND unsettled.key = old.key
    ), unordered AS (
        DELETE FROM orders USING old WHERE orders.id = old.id
    ), unasked AS (
        DELETE FROM asking USING old WHERE asking.payout = old.id
    ), unnamed AS (
        DELETE FROM payout_references USING old
        WHERE payout_references.account = old.account
          AND payout_references.reference = old.reference AND payout_references.payout = old.id
        RETURNING old.place
    ), gone AS (
        DELETE FROM payouts USING old WHERE payouts.id = old.id RETURNING old.place
    ), before AS MATERIALIZED (
        SELECT (SELECT count(*) FROM unnamed) + (SELECT count(*) FROM gone)
    ), moved AS (
        SELECT 0::bigint AS run, account, currency, status, amount_minor, at_rest, attention,
               -1 AS sign
        FROM before CROSS JOIN old
        UNION ALL
        SELECT -member.run, account, currency, status, amount_minor, at_rest, attention, 1
        FROM before CROSS JOIN old CROSS JOIN LATERAL unnest(old.runs) AS member (run)
    ), ",
    count_moved!(),
    "SELECT coalesce(string_agg(CASE WHEN gone.place IS NULL THEN 'c' ELSE 'd' END, ''
                                ORDER BY list.place), '')
     FROM list LEFT JOIN gone ON gone.place = list.place"
);
