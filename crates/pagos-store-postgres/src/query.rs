//! What is read: payouts, pages, histories, and the next due time of everything. Changes nothing.

use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_core::ProviderRef;
use pagos_core::Timestamp;
use pagos_engine::Entry;
use pagos_engine::Filter;
use pagos_engine::Payout;

use crate::claim::accounts_due;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::transaction::Work;

pub(crate) struct ReadPayout<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadPayout<'_> {
    type Answer = Option<Payout>;

    async fn run(&self, connection: &Connection) -> Result<Option<Payout>, Failure> {
        let sql = "SELECT order_json, progress_json, digest, due_at, version, epoch
                   FROM payouts WHERE key = $1";
        let row = connection.at_most_one(sql, &[&self.key.as_str()]).await?;
        row.as_ref().map(row::payout).transpose()
    }
}

/// The payout that bears the provider's id.
pub(crate) struct FindPayout<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) reference: &'call ProviderRef,
}

impl Work for FindPayout<'_> {
    type Answer = Option<OrderKey>;

    async fn run(&self, connection: &Connection) -> Result<Option<OrderKey>, Failure> {
        let sql = "SELECT key FROM payout_references JOIN payouts USING (key)
                   WHERE payout_references.account = $1 AND reference = $2";
        let row = connection
            .at_most_one(sql, &[&self.account.as_str(), &self.reference.as_str()])
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(OrderKey::new(row.try_get::<_, String>(0)?)?))
    }
}

pub(crate) struct ListPayouts<'call> {
    pub(crate) filter: &'call Filter,
    pub(crate) after: Option<&'call OrderKey>,
    pub(crate) limit: usize,
}

impl Work for ListPayouts<'_> {
    type Answer = Vec<Payout>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payout>, Failure> {
        let sql = "SELECT order_json, progress_json, digest, due_at, version, epoch FROM payouts
                   WHERE key > $1 AND ($3::text IS NULL OR status = $3)
                     AND ($2::text IS NULL OR run = (SELECT id FROM runs WHERE name = $2))
                   ORDER BY key LIMIT $4";
        // Every key is greater than the empty text.
        let after = self.after.map_or("", OrderKey::as_str);
        let run = self.filter.run.as_ref().map(|run| run.0.as_str());
        let rows = connection
            .rows(sql, &[&after, &run, &self.filter.status, &row::limit(self.limit)])
            .await?;
        rows.iter().map(row::payout).collect()
    }
}

pub(crate) struct ReadHistory<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadHistory<'_> {
    type Answer = Vec<Entry>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Entry>, Failure> {
        let sql = "SELECT entry_json FROM entries
                   WHERE payout = (SELECT id FROM payouts WHERE key = $1) ORDER BY id";
        row::entries(&connection.rows(sql, &[&self.key.as_str()]).await?)
    }
}

pub(crate) struct NextDue;

impl Work for NextDue {
    type Answer = Option<Timestamp>;

    async fn run(&self, connection: &Connection) -> Result<Option<Timestamp>, Failure> {
        Ok(row::timestamp(connection.one(NEXT_DUE, &[]).await?.try_get(0)?))
    }
}

/// A claimed payout can be claimed again when its claim has ended and it is due.
const NEXT_DUE: &str = concat!(
    "WITH RECURSIVE ",
    accounts_due!(),
    "SELECT least(
        (SELECT min(due_at) FROM inbox WHERE due_at IS NOT NULL),
        (SELECT min(due_at) FROM payments WHERE due_at IS NOT NULL),
        (SELECT min(greatest(due_at, lease_until)) FROM payouts
         WHERE lease_until IS NOT NULL AND due_at IS NOT NULL AND NOT held),
        (SELECT min(unclaimed.due_at) FROM accounts CROSS JOIN LATERAL (
            SELECT due_at FROM payouts
            WHERE payouts.account = accounts.account AND NOT held AND due_at IS NOT NULL
              AND lease_until IS NULL
            ORDER BY due_at, key LIMIT 1
         ) AS unclaimed)
    )"
);
