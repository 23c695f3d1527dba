//! Rows that this version cannot read: taken out of the work, with a notice that calls a person, so
//! that they end nobody else's claim. Their contents stay as they are, and nothing of them is told.

use pagos_core::AccountName;
use pagos_core::Currency;
use pagos_core::Money;
use pagos_core::OrderKey;
use pagos_core::Status;
use pagos_core::Timestamp;
use pagos_engine::Notice;
use pagos_engine::NoticeAbout;
use pagos_engine::NoticeKind;
use pagos_engine::OrderNews;
use tokio_postgres::Row;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::tallies::count_moved;

/// Where an unreadable row is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Payouts,
    Payments,
}

/// What the columns tell of a row whose JSON cannot be read.
pub(crate) struct Unreadable {
    id: i64,
    key: String,
    account: AccountName,
    amount_minor: i64,
    currency: String,
    because: String,
}

impl Unreadable {
    /// Reads `id, key, account, amount_minor, currency` from the column `first` on.
    pub(crate) fn read(row: &Row, first: usize, why: Failure) -> Result<Self, Failure> {
        Ok(Self {
            id: row.try_get(first)?,
            key: row.try_get(first + 1)?,
            account: AccountName::new(row.try_get::<_, String>(first + 2)?)?,
            amount_minor: row.try_get(first + 3)?,
            currency: row.try_get(first + 4)?,
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
            // A currency that this version does not know: the account is told with the key in words.
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

/// Sets rows aside that this transaction has locked.
pub(crate) async fn set_aside(
    connection: &Connection,
    table: Table,
    rows: Vec<Unreadable>,
    now: Timestamp,
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let reasons: Vec<&str> = rows.iter().map(|row| row.because.as_str()).collect();
    let notices: Vec<Notice> = rows.iter().map(|row| row.notice(table, now)).collect();
    let notices = row::texts(&notices)?;
    let done = match table {
        Table::Payouts => {
            let stripe = connection.stripe;
            connection.execute(PAYOUTS, &[&stripe, &ids, &reasons, &notices]).await
        }
        Table::Payments => connection.execute(PAYMENTS, &[&ids, &reasons, &notices]).await,
    };
    done.map(drop)
}

const PAYOUTS: &str = concat!(
    "WITH list AS MATERIALIZED (
        SELECT * FROM unnest($2::bigint[], $3::text[]) AS list (id, reason)
    ), old AS MATERIALIZED (
        SELECT id, runs, account, currency, status, amount_minor, at_rest, attention
        FROM payouts WHERE id IN (SELECT id FROM list)
    ), new AS (
        UPDATE payouts SET status = 'quarantined', due_at = NULL, lease_until = NULL,
            attention = true, at_rest = true, unreadable = list.reason
        FROM list WHERE payouts.id = list.id
        RETURNING payouts.runs, payouts.account, payouts.currency, payouts.status,
                  payouts.amount_minor, payouts.at_rest, payouts.attention
    ), told AS (
        INSERT INTO outbox (notice_json)
        SELECT notice FROM unnest($4::text[]) WITH ORDINALITY AS list (notice, place)
        ORDER BY place
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
