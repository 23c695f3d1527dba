//! Runs are released or withdrawn, in portions. Submitting is in `submit.rs`.

use pagos_core::Timestamp;
use pagos_engine::RunId;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::tallies::count_moved;
use crate::transaction::Work;

/// Rows that one transaction releases or withdraws. A run may have a million; the others who write
/// shall not wait for all of them.
const PORTION: i64 = 10_000;

/// Makes a portion of a run's held payouts due. Their tallies stay: held or due, a payout is not at
/// rest.
pub(crate) struct Release<'call> {
    pub(crate) run: &'call RunId,
    pub(crate) now: Timestamp,
}

impl Work for Release<'_> {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        connection.execute(RELEASE, &[&self.run.0, &self.now.as_millis(), &PORTION]).await
    }
}

/// Deletes a portion of a run's held payouts.
pub(crate) struct Withdraw<'call> {
    pub(crate) run: &'call RunId,
}

impl Work for Withdraw<'_> {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        let row = connection.one(WITHDRAW, &[&connection.stripe, &self.run.0, &PORTION]).await?;
        row::unsigned(row.try_get(0)?)
    }
}

const RELEASE: &str = "WITH portion AS MATERIALIZED (
        SELECT id FROM payouts
        WHERE run = (SELECT id FROM runs WHERE name = $1) AND held
        ORDER BY id LIMIT $3 FOR UPDATE
    )
    UPDATE payouts SET held = false, due_at = $2, version = version + 1
    FROM portion WHERE payouts.id = portion.id";

/// The entries are deleted by the same statement: references are checked at its end.
const WITHDRAW: &str = concat!(
    "WITH portion AS MATERIALIZED (
        SELECT id FROM payouts
        WHERE run = (SELECT id FROM runs WHERE name = $2) AND held
        ORDER BY id LIMIT $3 FOR UPDATE
    ), forgotten AS (
        DELETE FROM entries USING portion WHERE payout = portion.id
    ), withdrawn AS (
        DELETE FROM payouts USING portion WHERE payouts.id = portion.id
        RETURNING run, account, currency, status, amount_minor, at_rest, attention
    ), moved AS (SELECT *, -1 AS sign FROM withdrawn), ",
    count_moved!(),
    "SELECT count(*) FROM withdrawn"
);
