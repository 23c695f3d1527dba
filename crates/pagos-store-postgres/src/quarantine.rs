//! Takes rows that this version cannot read out of the work, with a notice that calls a person, so
//! that they do not end the claims of others. Their contents stay as they are and are never quoted.

use pagos_core::{AccountName, Currency, Money, OrderKey, Status, Timestamp};
use pagos_engine::{Notice, NoticeAbout, NoticeKind, OrderNews, stride};
use tokio_postgres::Row;

use crate::{
    connection::Connection, failure::Failure, queue::requeued, row, tallies::count_moved,
    transaction::Work,
};

/// The table of an unreadable row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Payouts,
    Payments,
}

/// What the columns say about a row whose JSON cannot be read.
pub(crate) struct Unreadable {
    id: i64,
    version: i64,
    key: String,
    account: AccountName,
    amount_minor: i64,
    currency: String,
    because: String,
}

impl Unreadable {
    /// Reads `id, version, key, account, amount_minor, currency` from the column `first` on.
    pub(crate) fn read(row: &Row, first: usize, why: Failure) -> Result<Self, Failure> {
        Ok(Self {
            id: row.try_get(first)?,
            version: row.try_get(first + 1)?,
            key: row.try_get(first + 2)?,
            account: AccountName::new(row.try_get::<_, String>(first + 3)?)?,
            amount_minor: row.try_get(first + 4)?,
            currency: row.try_get(first + 5)?,
            because: why.error.message,
        })
    }

    fn notice(&self, table: Table, now: Timestamp) -> Notice {
        let news = |news: OrderNews| match table {
            Table::Payouts => NoticeAbout::Payout(news),
            Table::Payments => NoticeAbout::Payment(news),
        };
        let because = format!("{}: {}", self.key, self.because);
        Notice {
            account: self.account.clone(),
            // This version does not know the currency: the notice is about the account, with the
            // key in words.
            about: self.news().map_or(NoticeAbout::Account, news),
            event: NoticeKind::Attention { because },
            at: now,
        }
    }

    fn news(&self) -> Option<OrderNews> {
        let currency: Currency = self.currency.parse().ok()?;
        Some(OrderNews {
            key: OrderKey::new(self.key.as_str()).ok()?,
            runs: Vec::new(),
            status: Status::Unknown,
            was: None,
            reason: Some(self.because.clone()),
            amount: Money::new(self.amount_minor, currency),
            returned: None,
            reference: None,
        })
    }
}

/// Sets payouts aside that were only read.
pub(crate) struct SetAside<'call> {
    pub(crate) rows: &'call [Unreadable],
    pub(crate) now: Timestamp,
}

impl Work for SetAside<'_> {
    type Answer = ();

    async fn run(&self, connection: &Connection) -> Result<(), Failure> {
        set_aside(connection, Table::Payouts, self.rows, self.now).await
    }
}

/// Sets rows aside that are unchanged.
pub(crate) async fn set_aside(
    connection: &Connection,
    table: Table,
    rows: &[Unreadable],
    now: Timestamp,
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let reasons: Vec<&str> = rows.iter().map(|row| row.because.as_str()).collect();
    let notices: Vec<Notice> = rows.iter().map(|row| row.notice(table, now)).collect();
    let notices = row::texts(&notices)?;
    let done = match table {
        Table::Payouts => {
            let (stripe, rise) = (connection.stripe, row::signed(stride()));
            connection
                .execute(PAYOUTS, &[&stripe, &ids, &reasons, &notices, &versions, &rise])
                .await
        }
        Table::Payments => connection.execute(PAYMENTS, &[&ids, &reasons, &notices]).await,
    };
    done.map(drop)
}

const PAYOUTS: &str = concat!(
    "WITH list AS MATERIALIZED (
        SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[])
                      AS list (id, reason, notice, version)
    ), old AS MATERIALIZED (
        SELECT id, runs, account, currency, status, amount_minor, at_rest, attention, key,
               created_at, work AS old_work, CASE WHEN NOT held THEN due_at END AS old_due_at
        FROM payouts JOIN list USING (id, version) JOIN orders USING (id)
        ORDER BY key FOR UPDATE OF payouts
    ), new AS (
        UPDATE payouts SET status = 'quarantined', due_at = NULL, lease_until = NULL,
            attention = true, at_rest = true, unreadable = list.reason,
            version = payouts.version + $6, epoch = payouts.epoch + $6
        FROM list JOIN old USING (id) WHERE payouts.id = list.id
        RETURNING payouts.id, payouts.runs, old.account, old.currency, payouts.status,
                  old.amount_minor, payouts.at_rest, payouts.attention, payouts.work, payouts.due_at
    ), change AS MATERIALIZED (
        SELECT new.id, old.account, old.key, old.created_at, old.old_work, old.old_due_at,
               old.status AS old_status, new.work, new.due_at, new.status
        FROM old JOIN new USING (id)
    ), ",
    requeued!(),
    " told AS (
        INSERT INTO outbox (notice_json)
        SELECT notice FROM list JOIN old USING (id) ORDER BY id
    ), moved AS (
        SELECT unnest(runs || 0::bigint) AS run, account, currency, status, amount_minor, at_rest,
               attention, -1 AS sign
        FROM old
        UNION ALL
        SELECT unnest(runs || 0::bigint), account, currency, status, amount_minor, at_rest,
               attention, 1
        FROM new
    ), ",
    count_moved!(),
    "SELECT count(*) FROM new"
);

const PAYMENTS: &str = "WITH new AS (
        UPDATE payments SET status = 'quarantined', due_at = NULL, lease_until = NULL,
            attention = true, unreadable = list.reason
        FROM unnest($1::bigint[], $2::text[]) AS list (id, reason) WHERE payments.id = list.id
    ), told AS (
        INSERT INTO outbox (notice_json)
        SELECT notice FROM unnest($3::text[]) WITH ORDINALITY AS list (notice, place)
        ORDER BY place
    )
    SELECT 1";
