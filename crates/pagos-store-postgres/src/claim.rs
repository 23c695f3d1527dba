//! Claims: what is due and nobody's becomes one worker's for a while. What cannot be read is set
//! aside, see `quarantine.rs`.

use pagos_core::Timestamp;
use pagos_engine::Claim;
use pagos_engine::ClaimRequest;
use pagos_engine::Payment;
use pagos_engine::Share;
use tokio_postgres::Row;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::quarantine;
use crate::quarantine::Table;
use crate::quarantine::Unreadable;
use crate::row;
use crate::row::payment_columns;
use crate::row::payout_columns;
use crate::transaction::Work;

/// What a request wants, one column per array.
struct Shares<'call> {
    accounts: Vec<&'call str>,
    works: Vec<&'call str>,
    limits: Vec<i64>,
    leases_until: Vec<i64>,
}

impl<'call> Shares<'call> {
    fn of(request: &'call ClaimRequest) -> Self {
        let shares = || request.shares.iter();
        let lease_until = |share: &Share| request.now.plus(share.lease).as_millis();
        Self {
            accounts: shares().map(|share| share.lane.account.as_str()).collect(),
            works: shares().map(|share| share.lane.work.word()).collect(),
            limits: shares().map(|share| row::limit(share.limit)).collect(),
            leases_until: shares().map(lease_until).collect(),
        }
    }
}

/// The columns behind those of the payout or the payment.
struct Columns {
    id: usize,
    lease_until: usize,
}

/// Reads what was claimed, and sets aside what cannot be read.
async fn read_claimed<T>(
    connection: &Connection,
    rows: &[Row],
    (table, columns, now): (Table, Columns, Timestamp),
    read: impl Fn(&Row) -> Result<T, Failure>,
) -> Result<Vec<(T, Timestamp)>, Failure> {
    let mut claimed = Vec::with_capacity(rows.len());
    let mut unreadable = Vec::new();
    for row in rows {
        match read(row) {
            Ok(one) => {
                let lease_until = Timestamp::from_millis(row.try_get(columns.lease_until)?);
                claimed.push((one, lease_until));
            }
            Err(why) if why.is_unreadable_row() => {
                unreadable.push(Unreadable::read(row, columns.id, why)?);
            }
            Err(failure) => return Err(failure),
        }
    }
    quarantine::set_aside(connection, table, unreadable, now).await?;
    Ok(claimed)
}

/// Claims payouts.
pub(crate) struct ClaimPayouts<'call> {
    pub(crate) request: &'call ClaimRequest,
}

impl Work for ClaimPayouts<'_> {
    type Answer = Vec<Claim>;

    /// Rows that another worker claims at this moment are skipped, so nobody waits for anybody.
    async fn run(&self, connection: &Connection) -> Result<Vec<Claim>, Failure> {
        let Shares { accounts, works, limits, leases_until } = Shares::of(self.request);
        let now = self.request.now;
        let rows = connection
            .rows(CLAIM, &[&now.as_millis(), &accounts, &works, &limits, &leases_until])
            .await?;
        let columns = Columns { lease_until: 7, id: 8 };
        let reading = (Table::Payouts, columns, now);
        let claimed = read_claimed(connection, &rows, reading, row::payout).await?;
        let claim = |(payout, lease_until)| Claim { payout, lease_until };
        Ok(claimed.into_iter().map(claim).collect())
    }
}

/// `due` as an array, because nobody can tell the planner how few rows it has: joined, it was compared
/// with the whole table.
const CLAIM: &str = concat!(
    "WITH shares AS MATERIALIZED (
        SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
                      AS list (account, work, most, lease_until, place)
    ), due AS MATERIALIZED (
        SELECT free.id FROM shares CROSS JOIN LATERAL (
            SELECT id FROM payouts
            WHERE payouts.account = shares.account AND payouts.work = shares.work
              AND NOT held AND due_at <= $1
              AND (payouts.lease_until IS NULL OR payouts.lease_until <= $1)
            ORDER BY due_at, key LIMIT shares.most
            FOR UPDATE SKIP LOCKED
        ) AS free
    ), claimed AS (
        UPDATE payouts SET epoch = epoch + 1, lease_until = shares.lease_until
        FROM shares WHERE payouts.id = ANY (ARRAY (SELECT id FROM due))
          AND payouts.account = shares.account AND payouts.work = shares.work
        RETURNING payouts.*, shares.place
    )
    SELECT ",
    payout_columns!(),
    ", lease_until, id, key, account, amount_minor, currency
    FROM claimed ORDER BY place, due_at, key"
);

/// Claims payments. They have no epochs: a question that is asked twice harms nobody.
pub(crate) struct ClaimPayments<'call> {
    pub(crate) request: &'call ClaimRequest,
}

impl Work for ClaimPayments<'_> {
    type Answer = Vec<Payment>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payment>, Failure> {
        let Shares { accounts, limits, leases_until, .. } = Shares::of(self.request);
        let now = self.request.now;
        let rows = connection
            .rows(CLAIM_PAYMENTS, &[&now.as_millis(), &accounts, &limits, &leases_until])
            .await?;
        let columns = Columns { lease_until: 6, id: 7 };
        let reading = (Table::Payments, columns, now);
        let claimed = read_claimed(connection, &rows, reading, row::payment).await?;
        Ok(claimed.into_iter().map(|(payment, _)| payment).collect())
    }
}

const CLAIM_PAYMENTS: &str = concat!(
    "WITH shares AS MATERIALIZED (
        SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
                      AS list (account, most, lease_until, place)
    ), due AS MATERIALIZED (
        SELECT free.id FROM shares CROSS JOIN LATERAL (
            SELECT id FROM payments
            WHERE payments.account = shares.account AND due_at <= $1
              AND (payments.lease_until IS NULL OR payments.lease_until <= $1)
            ORDER BY due_at, key LIMIT shares.most
            FOR UPDATE SKIP LOCKED
        ) AS free
    ), claimed AS (
        UPDATE payments SET lease_until = shares.lease_until
        FROM shares WHERE payments.id = ANY (ARRAY (SELECT id FROM due))
          AND payments.account = shares.account
        RETURNING payments.*, shares.place
    )
    SELECT ",
    payment_columns!(),
    ", lease_until, id, key, account, amount_minor, currency
    FROM claimed ORDER BY place, due_at, key"
);

/// Ends every claim, and raises the epochs so that whoever held one writes nothing any more.
pub(crate) struct EndClaims;

impl Work for EndClaims {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        let payouts = connection.execute(END_CLAIMS, &[]).await?;
        Ok(payouts + connection.execute(END_CLAIMS_OF_PAYMENTS, &[]).await?)
    }
}

/// In the order of the keys, as everything that waits for several payouts.
const END_CLAIMS: &str = "WITH leased AS MATERIALIZED (
        SELECT id FROM payouts WHERE lease_until IS NOT NULL ORDER BY key FOR UPDATE
    )
    UPDATE payouts SET epoch = epoch + 1, lease_until = NULL
    FROM leased WHERE payouts.id = leased.id";

const END_CLAIMS_OF_PAYMENTS: &str = "WITH leased AS MATERIALIZED (
        SELECT id FROM payments WHERE lease_until IS NOT NULL ORDER BY key FOR UPDATE
    )
    UPDATE payments SET lease_until = NULL
    FROM leased WHERE payments.id = leased.id";
