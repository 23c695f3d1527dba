//! Reads payouts, histories, and the next due time of lanes.

use pagos_core::{AccountName, OrderKey, ProviderRef, Timestamp};
use pagos_engine::{Entry, Lane, Payout};

use crate::{
    connection::Connection,
    failure::Failure,
    row::{self, payout_columns, payouts},
    transaction::Work,
};

pub(crate) struct ReadPayout<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadPayout<'_> {
    type Answer = Option<Payout>;

    async fn run(&self, connection: &Connection) -> Result<Option<Payout>, Failure> {
        let sql = concat!("SELECT ", payout_columns!(), " FROM ", payouts!(), " WHERE key = $1");
        let row = connection.at_most_one(sql, &[&self.key.as_str()]).await?;
        row.as_ref().map(row::payout).transpose()
    }
}

/// Finds the payout with the provider's id.
pub(crate) struct FindPayout<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) reference: &'call ProviderRef,
}

impl Work for FindPayout<'_> {
    type Answer = Option<OrderKey>;

    async fn run(&self, connection: &Connection) -> Result<Option<OrderKey>, Failure> {
        let sql = "SELECT key FROM payout_references JOIN orders ON orders.id = payout
                   WHERE payout_references.account = $1
                     AND payout_references.reference = $2";
        let row = connection
            .at_most_one(sql, &[&self.account.as_str(), &self.reference.as_str()])
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(OrderKey::new(row.try_get::<_, String>(0)?)?))
    }
}

pub(crate) struct ReadHistory<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadHistory<'_> {
    type Answer = Vec<Entry>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Entry>, Failure> {
        let sql = "SELECT entry_json FROM entries
                   WHERE payout = (SELECT id FROM orders WHERE key = $1) ORDER BY id";
        row::entries(&connection.rows(sql, &[&self.key.as_str()]).await?)
    }
}

/// Notes the server's line of history, where nothing is written.
pub(crate) struct Look;

impl Work for Look {
    type Answer = ();

    async fn run(&self, connection: &Connection) -> Result<(), Failure> {
        connection.look_at_lineage().await
    }
}

/// Reads the identity of this database, and the line of history that it is on.
pub(crate) struct Identity;

impl Work for Identity {
    type Answer = String;

    async fn run(&self, connection: &Connection) -> Result<String, Failure> {
        connection.look_at_lineage().await?;
        Ok(connection.one("SELECT id FROM identity", &[]).await?.try_get(0)?)
    }
}

pub(crate) struct NextDue<'call> {
    pub(crate) lanes: &'call [Lane],
}

impl Work for NextDue<'_> {
    type Answer = Option<Timestamp>;

    async fn run(&self, connection: &Connection) -> Result<Option<Timestamp>, Failure> {
        let accounts: Vec<&str> = self.lanes.iter().map(|lane| lane.account.as_str()).collect();
        let works: Vec<&str> = self.lanes.iter().map(|lane| lane.work.word()).collect();
        Ok(row::timestamp(connection.one(NEXT_DUE, &[&accounts, &works]).await?.try_get(0)?))
    }
}

/// A claimed payout can be claimed again when its claim is over and it is due. Without a claim,
/// only the first of each lane matters; with a claim, only those before that first one, and few
/// rows are claimed.
const NEXT_DUE: &str = "WITH lanes AS MATERIALIZED (
        SELECT DISTINCT account, work FROM unnest($1::text[], $2::text[]) AS list (account, work)
    )
    SELECT least(
        (SELECT min(soonest.at) FROM lanes CROSS JOIN LATERAL (
            SELECT min(greatest(queue.due_at, lease_until, until)) AS at
            FROM queue JOIN payouts USING (id) LEFT JOIN asking ON asking.payout = queue.id
            WHERE queue.account = lanes.account AND queue.work = lanes.work
              AND queue.due_at <= coalesce((
                SELECT free.due_at FROM queue AS free JOIN payouts USING (id)
                WHERE free.account = lanes.account AND free.work = lanes.work
                  AND lease_until IS NULL AND NOT EXISTS (SELECT FROM asking WHERE payout = free.id)
                ORDER BY free.due_at, free.key LIMIT 1
              ), 9223372036854775807)
         ) AS soonest),
        (SELECT min(first.due_at) FROM lanes CROSS JOIN LATERAL (
            SELECT due_at FROM payments
            WHERE payments.account = lanes.account AND due_at IS NOT NULL AND lease_until IS NULL
            ORDER BY due_at, key LIMIT 1
         ) AS first WHERE lanes.work = 'follow'),
        (SELECT min(greatest(due_at, lease_until)) FROM payments JOIN lanes USING (account)
         WHERE lanes.work = 'follow' AND lease_until IS NOT NULL AND due_at IS NOT NULL),
        (SELECT min(first.due_at) FROM lanes CROSS JOIN LATERAL (
            SELECT due_at FROM inbox
            WHERE inbox.account = lanes.account AND is_genuine = (lanes.work = 'apply')
              AND state = 'open'
            ORDER BY due_at LIMIT 1
         ) AS first WHERE lanes.work IN ('apply', 'hint'))
    )";
