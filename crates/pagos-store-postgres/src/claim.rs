//! Claims: what is due and nobody's becomes one worker's for a while.

use pagos_engine::Claim;
use pagos_engine::ClaimRequest;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::transaction::Work;

/// The accounts that have payouts with a due time, as the table `accounts` of a statement. There
/// are few; each costs one look into the index.
macro_rules! accounts_due {
    () => {
        "accounts (account) AS (
            (SELECT account FROM payouts WHERE due_at IS NOT NULL AND NOT held
             ORDER BY account LIMIT 1)
            UNION ALL
            SELECT (SELECT next.account FROM payouts AS next
                    WHERE next.due_at IS NOT NULL AND NOT next.held
                      AND next.account > accounts.account
                    ORDER BY next.account LIMIT 1)
            FROM accounts WHERE accounts.account IS NOT NULL
        )"
    };
}
pub(crate) use accounts_due;

impl Work for ClaimRequest {
    type Answer = Vec<Claim>;

    /// Rows that another worker claims at this moment are skipped, so nobody waits for anybody. Of
    /// several accounts, a few more rows are locked than claimed; they are free again at the commit.
    async fn run(&self, connection: &Connection) -> Result<Vec<Claim>, Failure> {
        let lease_until = self.now.plus(self.lease);
        let except: Vec<&str> = self.except.iter().map(|account| account.as_str()).collect();
        let rows = connection
            .rows(
                CLAIM,
                &[
                    &self.now.as_millis(),
                    &row::limit(self.limit),
                    &except,
                    &lease_until.as_millis(),
                ],
            )
            .await?;
        let claim = |row| Ok(Claim { payout: row::payout(row)?, lease_until });
        rows.iter().map(claim).collect()
    }
}

const CLAIM: &str = concat!(
    "WITH RECURSIVE ",
    accounts_due!(),
    ", due AS MATERIALIZED (
        SELECT free.id FROM accounts CROSS JOIN LATERAL (
            SELECT id, due_at, key FROM payouts
            WHERE payouts.account = accounts.account AND NOT held AND due_at <= $1
              AND (lease_until IS NULL OR lease_until <= $1)
            ORDER BY due_at, key LIMIT $2
            FOR UPDATE SKIP LOCKED
        ) AS free
        WHERE accounts.account <> ALL ($3)
        ORDER BY free.due_at, free.key LIMIT $2
    ), claimed AS (
        UPDATE payouts SET epoch = epoch + 1, lease_until = $4
        FROM due WHERE payouts.id = due.id
        RETURNING order_json, progress_json, digest, due_at, version, epoch, key
    )
    SELECT order_json, progress_json, digest, due_at, version, epoch
    FROM claimed ORDER BY due_at, key"
);

/// Ends every claim, and raises the epochs so that whoever held one writes nothing any more.
pub(crate) struct EndClaims;

impl Work for EndClaims {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        connection.execute(END_CLAIMS, &[]).await
    }
}

/// In the order of the ids, as everything that locks several rows.
const END_CLAIMS: &str = "WITH leased AS MATERIALIZED (
        SELECT id FROM payouts WHERE lease_until IS NOT NULL ORDER BY id FOR UPDATE
    )
    UPDATE payouts SET epoch = epoch + 1, lease_until = NULL
    FROM leased WHERE payouts.id = leased.id";
