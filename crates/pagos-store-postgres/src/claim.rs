//! Leases due payouts that no worker holds to one worker. `quarantine.rs` sets unreadable ones
//! aside.

use pagos_core::Timestamp;
use pagos_engine::{
    Begin, Begun, Claim, ClaimRequest, Committed, Lease, Payment, Payout, Share, Step, Work, stride,
};
use tokio_postgres::Row;

use crate::{
    connection::Connection,
    failure::Failure,
    quarantine::{self, Table, Unreadable},
    row::{self, payment_columns, payout_columns},
    step, transaction,
};

/// The shares of a request, one array per column.
struct Shares<'call> {
    places: Vec<i64>,
    accounts: Vec<&'call str>,
    works: Vec<&'call str>,
    limits: Vec<i64>,
    leases_until: Vec<i64>,
}

impl<'call> Shares<'call> {
    /// The shares of some kinds of work, with their positions among all.
    fn of(request: &'call ClaimRequest, is_meant: impl Fn(Work) -> bool) -> Self {
        let numbered = (1_i64..).zip(&request.shares);
        let meant: Vec<_> = numbered.filter(|(_, share)| is_meant(share.lane.work)).collect();
        let shares = || meant.iter().map(|(_, share)| *share);
        let lease_until = |share: &Share| request.now.plus(share.lease).as_millis();
        Self {
            places: meant.iter().map(|(place, _)| *place).collect(),
            accounts: shares().map(|share| share.lane.account.as_str()).collect(),
            works: shares().map(|share| share.lane.work.word()).collect(),
            limits: shares().map(|share| row::limit(share.limit)).collect(),
            leases_until: shares().map(lease_until).collect(),
        }
    }
}

/// The columns after those of the payout or the payment.
struct Columns {
    id: usize,
    lease_until: usize,
}

/// The result of a claim.
struct Claimed<T> {
    /// Each with the end of its claim, and its row.
    read: Vec<(T, Timestamp, usize)>,
    unreadable: Vec<Unreadable>,
}

impl<T> Claimed<T> {
    fn read(
        rows: &[Row],
        columns: &Columns,
        read: impl Fn(&Row) -> Result<T, Failure>,
    ) -> Result<Self, Failure> {
        let mut claimed = Self { read: Vec::with_capacity(rows.len()), unreadable: Vec::new() };
        for (number, row) in rows.iter().enumerate() {
            match read(row) {
                Ok(one) => {
                    let lease_until = Timestamp::from_millis(row.try_get(columns.lease_until)?);
                    claimed.read.push((one, lease_until, number));
                }
                Err(why) if why.is_unreadable_row() => {
                    claimed.unreadable.push(Unreadable::read(row, columns.id, why)?);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(claimed)
    }
}

/// A claim with the position of its share.
pub(crate) type Placed = (i64, Claim);

/// Claims payouts to send them, and begins the attempts that belong to the claims.
pub(crate) struct ClaimToSend<'call> {
    pub(crate) request: &'call ClaimRequest,
    pub(crate) begin: &'call dyn Begin,
}

impl transaction::Work for ClaimToSend<'_> {
    type Answer = Vec<Placed>;

    /// Skips rows that another worker is claiming, so that nobody waits. The rows are locked first
    /// and written once, together with the attempts that begin.
    async fn run(&self, connection: &Connection) -> Result<Vec<Placed>, Failure> {
        let now = self.request.now;
        let shares = Shares::of(self.request, |work| work == Work::Send);
        let rows = connection
            .rows(
                CLAIM_TO_SEND,
                &[
                    &now.as_millis(),
                    &shares.accounts,
                    &shares.works,
                    &shares.limits,
                    &shares.leases_until,
                    &shares.places,
                ],
            )
            .await?;
        let claimed = Claimed::read(&rows, &COLUMNS, row::payout)?;
        quarantine::set_aside(connection, Table::Payouts, &claimed.unreadable, now).await?;
        let column = |number: usize, column| match rows.get(number) {
            Some(row) => Ok(row.try_get::<_, i64>(column)?),
            None => Err(Failure::new("a claimed payout has no row")),
        };
        let mut claims = Vec::with_capacity(claimed.read.len());
        let mut alone = Vec::new();
        let stride = stride();
        let (mut steps, mut until, mut begun) = (Vec::new(), Vec::new(), Vec::new());
        for (payout, lease_until, number) in claimed.read {
            let fence = payout.epoch;
            let payout = Payout { epoch: fence + stride, ..payout };
            match self.begin.begin(&payout) {
                None => alone.push((column(number, COLUMNS.id)?, lease_until.as_millis())),
                Some(attempt) => {
                    steps.push(step_of(&payout, fence, attempt));
                    until.push(lease_until);
                    begun.push(claims.len());
                }
            }
            let claim = Claim { payout, work: Work::Send, lease_until };
            claims.push((column(number, PLACE)?, claim));
        }
        lease(connection, &alone, stride).await?;
        if !steps.is_empty() {
            let answers = step::claim(connection, &steps, &until, stride).await?;
            for ((place, step), answer) in begun.into_iter().zip(steps).zip(answers) {
                let (Committed::Done { version }, Some((_, claim))) =
                    (answer.into_committed()?, claims.get_mut(place))
                else {
                    return Err(changed_while_locked());
                };
                claim.payout.version = version;
                claim.payout.progress = step.progress;
                claim.payout.due_at = step.due_at;
            }
        }
        Ok(claims)
    }
}

/// Claims payouts without beginning an attempt, each until its moment. Their rows are locked.
async fn lease(
    connection: &Connection,
    payouts: &[(i64, i64)],
    stride: u64,
) -> Result<(), Failure> {
    if payouts.is_empty() {
        return Ok(());
    }
    let (ids, until): (Vec<i64>, Vec<i64>) = payouts.iter().copied().unzip();
    let sql = "UPDATE payouts SET epoch = epoch + $3, lease_until = list.until
        FROM unnest($1::bigint[], $2::bigint[]) AS list (id, until) WHERE payouts.id = list.id";
    match connection.execute(sql, &[&ids, &until, &row::signed(stride)]).await?
        == u64::try_from(payouts.len()).unwrap_or(u64::MAX)
    {
        true => Ok(()),
        false => Err(changed_while_locked()),
    }
}

fn changed_while_locked() -> Failure {
    Failure::new("a payout changed while its row was locked")
}

fn step_of(payout: &Payout, fence: u64, attempt: Begun) -> Step {
    Step {
        key: payout.order.key.clone(),
        version: payout.version,
        fence: Some(fence),
        lease: Lease::Keep,
        progress: attempt.progress,
        due_at: attempt.due_at,
        entries: attempt.entries,
        notices: Vec::new(),
        applies: None,
    }
}

const COLUMNS: Columns = Columns { lease_until: 8, id: 10 };

/// The column with the share's position.
const PLACE: usize = 9;

/// Whether no earlier claim holds at the moment `$1`.
macro_rules! is_free {
    () => {
        "(payouts.lease_until IS NULL OR payouts.lease_until <= $1)
         AND NOT EXISTS (SELECT FROM asking WHERE payout = payouts.id AND until > $1)"
    };
}

/// Payouts that are due in a lane at the moment `$1`, according to their rows. The queue only says
/// where to look: a worker that waited for a row, or comes to it late, decides by what the row then
/// says.
macro_rules! is_due {
    () => {
        "queue JOIN payouts USING (id)
            WHERE queue.account = shares.account AND queue.work = shares.work AND queue.due_at <= $1
              AND payouts.work = shares.work AND NOT payouts.held AND payouts.due_at <= $1"
    };
}

/// Reads the values of the rows as they are locked, which may be newer than what the statement sees
/// elsewhere.
const CLAIM_TO_SEND: &str = concat!(
    "WITH shares AS MATERIALIZED (
        SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
                      AS list (account, work, most, lease_until, place)
    ), due AS MATERIALIZED (
        SELECT free.*, shares.lease_until, shares.place FROM shares CROSS JOIN LATERAL (
            SELECT payouts.id, payouts.progress_json, payouts.due_at, payouts.version, payouts.epoch
            FROM ",
    is_due!(),
    " AND ",
    is_free!(),
    "       ORDER BY queue.due_at, queue.key LIMIT shares.most
            FOR UPDATE OF payouts SKIP LOCKED
        ) AS free
    ), asked AS (
        DELETE FROM asking WHERE payout = ANY (ARRAY (SELECT id FROM due))
    )
    SELECT ",
    payout_columns!(),
    ", lease_until, place, due.id, version, key, account, amount_minor, currency
    FROM due CROSS JOIN LATERAL (
        SELECT * FROM orders WHERE orders.id = due.id OFFSET 0
    ) AS ordered
    ORDER BY place, due_at, key"
);

/// Claims payouts to ask about them.
pub(crate) struct ClaimToAsk<'call> {
    pub(crate) request: &'call ClaimRequest,
}

/// The payouts that were claimed to ask, and those to set aside.
pub(crate) struct ToAsk {
    pub(crate) claims: Vec<Placed>,
    pub(crate) unreadable: Vec<Unreadable>,
}

impl transaction::Work for ClaimToAsk<'_> {
    type Answer = ToAsk;

    /// Runs in a transaction of its own. Whether it happened need not be known: if its answer is
    /// lost, the payouts are asked about a lease later.
    async fn run(&self, connection: &Connection) -> Result<ToAsk, Failure> {
        let shares = Shares::of(self.request, |work| work != Work::Send);
        let rows = connection
            .rows_alone(
                CLAIM_TO_ASK,
                &[
                    &self.request.now.as_millis(),
                    &shares.accounts,
                    &shares.works,
                    &shares.limits,
                    &shares.leases_until,
                    &shares.places,
                ],
            )
            .await?;
        let claimed = Claimed::read(&rows, &COLUMNS, row::payout)?;
        let mut claims = Vec::with_capacity(claimed.read.len());
        for (payout, lease_until, number) in claimed.read {
            let Some(row) = rows.get(number) else { continue };
            let work = payout.progress.work();
            claims.push((row.try_get(PLACE)?, Claim { payout, work, lease_until }));
        }
        Ok(ToAsk { claims, unreadable: claimed.unreadable })
    }
}

/// If two workers see the same payout as free, one inserts it, and the other gets others next time.
const CLAIM_TO_ASK: &str = concat!(
    "WITH shares AS MATERIALIZED (
        SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
                      AS list (account, work, most, lease_until, place)
    ), due AS MATERIALIZED (
        SELECT free.id, shares.lease_until, shares.place FROM shares CROSS JOIN LATERAL (
            SELECT payouts.id FROM ",
    is_due!(),
    " AND ",
    is_free!(),
    "       ORDER BY queue.due_at, queue.key LIMIT shares.most
        ) AS free
    ), claimed AS (
        INSERT INTO asking (payout, until)
        SELECT id, lease_until FROM due ORDER BY id
        ON CONFLICT (payout) DO UPDATE SET until = excluded.until WHERE asking.until <= $1
        RETURNING payout
    )
    SELECT ",
    payout_columns!(),
    ", lease_until, place, id, version, key, account, amount_minor, currency
    FROM due JOIN orders USING (id) JOIN (
        SELECT id, progress_json, due_at, version, epoch FROM payouts
    ) AS payouts USING (id)
    WHERE id = ANY (ARRAY (SELECT payout FROM claimed))
    ORDER BY place, due_at, key"
);

/// Claims payments. They have no epochs, because a query that is sent twice does no harm.
pub(crate) struct ClaimPayments<'call> {
    pub(crate) request: &'call ClaimRequest,
}

impl transaction::Work for ClaimPayments<'_> {
    type Answer = Vec<Payment>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payment>, Failure> {
        let Shares { accounts, limits, leases_until, .. } = Shares::of(self.request, |_| true);
        let now = self.request.now;
        let rows = connection
            .rows(CLAIM_PAYMENTS, &[&now.as_millis(), &accounts, &limits, &leases_until])
            .await?;
        let columns = Columns { lease_until: 6, id: 7 };
        let claimed = Claimed::read(&rows, &columns, row::payment)?;
        quarantine::set_aside(connection, Table::Payments, &claimed.unreadable, now).await?;
        Ok(claimed.read.into_iter().map(|(payment, ..)| payment).collect())
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
    ", lease_until, id, version, key, account, amount_minor, currency
    FROM claimed ORDER BY place, due_at, key"
);

/// Ends every claim, and raises the epochs of payouts that are being sent, so that no previous
/// holder can write.
pub(crate) struct EndClaims;

impl transaction::Work for EndClaims {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        connection.execute("DELETE FROM asking", &[]).await?;
        let payouts = connection.execute(END_CLAIMS, &[&row::signed(stride())]).await?;
        Ok(payouts + connection.execute(END_CLAIMS_OF_PAYMENTS, &[]).await?)
    }
}

/// Works in the order of the keys, like everything that waits for several payouts. It reads all of
/// them: an index of claims would be written with each claim, for something that a program does
/// once.
const END_CLAIMS: &str = "WITH leased AS MATERIALIZED (
        SELECT payouts.id FROM payouts JOIN orders USING (id)
        WHERE lease_until IS NOT NULL ORDER BY key FOR UPDATE OF payouts
    )
    UPDATE payouts SET epoch = epoch + $1, lease_until = NULL
    FROM leased WHERE payouts.id = leased.id";

const END_CLAIMS_OF_PAYMENTS: &str = "WITH leased AS MATERIALIZED (
        SELECT id FROM payments WHERE lease_until IS NOT NULL ORDER BY key FOR UPDATE
    )
    UPDATE payments SET lease_until = NULL
    FROM leased WHERE payments.id = leased.id";
