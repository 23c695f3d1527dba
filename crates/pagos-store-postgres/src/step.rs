//! One step of one payout: progress, history, notices and the applied delivery, all or nothing, in
//! one statement.

use pagos_engine::Committed;
use pagos_engine::Lease;
use pagos_engine::Step;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::inbox;
use crate::row;
use crate::tallies::count_moved;
use crate::transaction::Work;

impl Work for Step {
    type Answer = Committed;

    async fn run(&self, connection: &Connection) -> Result<Committed, Failure> {
        let delivery = self.applies.map(|id| row::signed(id.0));
        let reference = self.progress.standing.reference().map(|reference| reference.as_str());
        let row = connection
            .one(
                COMMIT,
                &[
                    &connection.stripe,
                    &self.key.as_str(),
                    &row::signed(self.version),
                    &self.fence.map(row::signed),
                    &(self.lease == Lease::End),
                    &self.progress.word(),
                    &self.progress.attention.is_some(),
                    &row::millis(self.due_at),
                    &serde_json::to_string(&self.progress)?,
                    &reference,
                    &delivery,
                    &row::texts(&self.entries)?,
                    &row::texts(&self.notices)?,
                    &self.progress.work().word(),
                ],
            )
            .await?;
        let (written, is_delivery_known): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
        if written == 0 {
            return Ok(Committed::Conflict);
        }
        match (self.applies, is_delivery_known) {
            (Some(id), false) => Err(inbox::unknown(id)),
            _ => Ok(Committed::Done { version: self.version + 1 }),
        }
    }
}

/// `old` waits for who else writes this payout, and is empty if the payout is then not as the step
/// wants it; everything else hangs on it. Its `runs` are those that it then has. References and
/// deliveries are locked before the tallies: `before` sees to that.
const COMMIT: &str = concat!(
    "WITH old AS MATERIALIZED (
        SELECT id, runs, account, currency, status, amount_minor, at_rest, attention, held,
               reference
        FROM payouts WHERE key = $2 AND version = $3 AND ($4::bigint IS NULL OR epoch = $4)
        FOR UPDATE
    ), new AS (
        UPDATE payouts SET
            status = $6, attention = $7, due_at = $8, progress_json = $9, reference = $10,
            work = $14, unreadable = NULL,
            at_rest = $7 OR ($8::bigint IS NULL AND NOT old.held),
            version = payouts.version + 1,
            lease_until = CASE WHEN $5 THEN NULL ELSE payouts.lease_until END
        FROM old WHERE payouts.id = old.id
        RETURNING payouts.id, payouts.runs, payouts.account, payouts.currency, payouts.status,
                  payouts.amount_minor, payouts.at_rest, payouts.attention
    ), named AS (
        INSERT INTO payout_references (account, reference, key)
        SELECT account, $10::text, $2 FROM old
        WHERE $10 IS NOT NULL AND $10 IS DISTINCT FROM old.reference
        ON CONFLICT (account, reference) DO UPDATE SET key = excluded.key
        WHERE NOT EXISTS (SELECT FROM payouts WHERE payouts.key = payout_references.key)
        RETURNING key
    ), touched AS MATERIALIZED (
        SELECT id FROM inbox WHERE id IN (
            SELECT $11::bigint FROM old WHERE $11 IS NOT NULL
            UNION ALL
            SELECT orphan.id FROM old JOIN inbox AS orphan ON orphan.state = 'orphan'
                AND orphan.account = old.account AND orphan.reference = $10
            WHERE old.reference IS NULL
        )
        ORDER BY id FOR UPDATE
    ), filed AS (
        UPDATE inbox SET
            state = CASE WHEN inbox.id = $11 THEN 'applied' ELSE 'open' END,
            because = CASE WHEN inbox.id = $11 THEN '' ELSE because END,
            deferrals = CASE WHEN inbox.id = $11 THEN deferrals ELSE 0 END
        FROM touched
        WHERE inbox.id = touched.id AND (inbox.id = $11 OR inbox.state = 'orphan')
        RETURNING inbox.id
    ), before AS MATERIALIZED (
        SELECT (SELECT count(*) FROM named) + (SELECT count(*) FROM filed)
    ), kept AS (
        INSERT INTO entries (payout, entry_json)
        SELECT new.id, entry FROM new, unnest($12::text[]) WITH ORDINALITY AS list (entry, place)
        ORDER BY place
    ), told AS (
        INSERT INTO outbox (notice_json)
        SELECT notice FROM new, unnest($13::text[]) WITH ORDINALITY AS list (notice, place)
        ORDER BY place
    ), moved AS (
        SELECT unnest(runs || 0::bigint) AS run, account, currency, status, amount_minor, at_rest,
               attention, -1 AS sign
        FROM before CROSS JOIN old
        UNION ALL
        SELECT unnest(runs || 0::bigint), account, currency, status, amount_minor, at_rest,
               attention, 1
        FROM before CROSS JOIN new
    ), ",
    count_moved!(),
    "SELECT (SELECT count(*) FROM new), EXISTS (SELECT FROM inbox WHERE id = $11)"
);
