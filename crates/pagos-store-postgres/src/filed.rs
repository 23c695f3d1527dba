//! Reads the inbox: what is due, what became of a delivery, what was refused.

use bytes::Bytes;
use pagos_core::{AccountName, Delivery, Timestamp};
use pagos_engine::{
    Filed, InboxId, InboxItem, InboxState, Refused, Trust, Verdict, headers_from_bytes,
};
use tokio_postgres::Row;

use crate::{connection::Connection, failure::Failure, row, transaction::Work};

macro_rules! filed_columns {
    () => {
        "inbox.id, inbox.account, headers, body, received_at, deferrals, verdict_json, state, \
         because, repeats"
    };
}

/// Reads what is due for some accounts.
pub(crate) struct ReadDue<'call> {
    pub(crate) trust: Trust,
    pub(crate) accounts: &'call [AccountName],
    pub(crate) now: Timestamp,
    pub(crate) limit: usize,
}

impl Work for ReadDue<'_> {
    type Answer = Vec<InboxItem>;

    async fn run(&self, connection: &Connection) -> Result<Vec<InboxItem>, Failure> {
        let accounts: Vec<&str> = self.accounts.iter().map(AccountName::as_str).collect();
        let is_genuine = self.trust == Trust::Verified;
        let due = if is_genuine { DUE } else { HINTS_DUE };
        let rows = connection
            .rows(due, &[&accounts, &is_genuine, &self.now.as_millis(), &row::limit(self.limit)])
            .await?;
        rows.iter().map(item).collect()
    }
}

/// Only the bodies of the selected deliveries are read.
const DUE: &str = concat!(
    "WITH due AS MATERIALIZED (
        SELECT first.id
        FROM (SELECT DISTINCT unnest($1::text[]) AS account) AS accounts
        CROSS JOIN LATERAL (
            SELECT id FROM inbox
            WHERE state = 'open' AND inbox.account = accounts.account
              AND is_genuine = $2 AND due_at <= $3
            ORDER BY id LIMIT $4
        ) AS first
        ORDER BY first.id LIMIT $4
    )
    SELECT ",
    filed_columns!(),
    " FROM due JOIN inbox USING (id) ORDER BY id"
);

/// Sorted by how long they have been due: the row of a hint is reused, so its number says nothing.
const HINTS_DUE: &str = concat!(
    "WITH due AS MATERIALIZED (
        SELECT first.id, first.due_at
        FROM (SELECT DISTINCT unnest($1::text[]) AS account) AS accounts
        CROSS JOIN LATERAL (
            SELECT id, due_at FROM inbox
            WHERE state = 'open' AND inbox.account = accounts.account
              AND is_genuine = $2 AND due_at <= $3
            ORDER BY due_at, id LIMIT $4
        ) AS first
        ORDER BY first.due_at, first.id LIMIT $4
    )
    SELECT ",
    filed_columns!(),
    " FROM due JOIN inbox USING (id) ORDER BY due.due_at, id"
);

/// One delivery.
pub(crate) struct ReadDelivery {
    pub(crate) id: InboxId,
}

impl Work for ReadDelivery {
    type Answer = Option<Filed>;

    async fn run(&self, connection: &Connection) -> Result<Option<Filed>, Failure> {
        let sql = concat!("SELECT ", filed_columns!(), " FROM inbox WHERE id = $1");
        let row = connection.at_most_one(sql, &[&row::signed(self.id.0)]).await?;
        row.as_ref().map(filed).transpose()
    }
}

/// A page of deliveries.
pub(crate) struct ListDeliveries {
    pub(crate) state: Option<InboxState>,
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Work for ListDeliveries {
    type Answer = Vec<Filed>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Filed>, Failure> {
        let state = self.state.map(InboxState::word);
        let (after, limit) = (row::signed(self.after), row::limit(self.limit));
        let sql = match self.state {
            None | Some(InboxState::Applied) => LIST,
            Some(InboxState::Open | InboxState::Orphan | InboxState::Unreadable) => LIST_UNAPPLIED,
        };
        connection.rows(sql, &[&state, &after, &limit]).await?.iter().map(filed).collect()
    }
}

const LIST: &str = concat!(
    "SELECT ",
    filed_columns!(),
    " FROM inbox WHERE id > $2 AND ($1::text IS NULL OR state = $1) ORDER BY id LIMIT $3"
);

/// Nearly all deliveries are applied; the other states have an index.
const LIST_UNAPPLIED: &str = concat!(
    "SELECT ",
    filed_columns!(),
    " FROM inbox WHERE id > $2 AND state <> 'applied' AND state = $1 ORDER BY id LIMIT $3"
);

fn item(row: &Row) -> Result<InboxItem, Failure> {
    let body: &[u8] = row.try_get(3)?;
    let deferrals: i64 = row.try_get(5)?;
    Ok(InboxItem {
        id: InboxId(row::unsigned(row.try_get(0)?)?),
        account: AccountName::new(row.try_get::<_, String>(1)?)?,
        delivery: Delivery {
            headers: headers_from_bytes(row.try_get(2)?)
                .ok_or_else(|| Failure::unreadable("the headers of a delivery are no headers"))?,
            body: Bytes::copy_from_slice(body),
            received_at: Timestamp::from_millis(row.try_get(4)?),
        },
        verdict: verdict(row.try_get(6)?),
        deferrals: u32::try_from(deferrals).unwrap_or(u32::MAX),
    })
}

/// The verdict of a newer version counts as missing: the engine then judges the bytes again.
fn verdict(json: Option<&str>) -> Option<Verdict> {
    serde_json::from_str(json?).ok()
}

fn filed(row: &Row) -> Result<Filed, Failure> {
    let state = InboxState::from_word(row.try_get(7)?);
    Ok(Filed {
        item: item(row)?,
        state: state.ok_or_else(|| Failure::unreadable("a delivery is in an unknown state"))?,
        because: row.try_get(8)?,
        repeats: row::unsigned(row.try_get(9)?)?,
    })
}

/// Reads what was refused so far.
pub(crate) struct ReadRefused;

impl Work for ReadRefused {
    type Answer = Vec<Refused>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Refused>, Failure> {
        let sql = "SELECT account, reason, count, last_at FROM refused ORDER BY account, reason";
        let refused = |row: &Row| {
            Ok(Refused {
                account: Some(row.try_get::<_, String>(0)?)
                    .filter(|name| !name.is_empty())
                    .map(AccountName::new)
                    .transpose()?,
                reason: row.try_get(1)?,
                count: row::unsigned(row.try_get(2)?)?,
                last_at: Timestamp::from_millis(row.try_get(3)?),
            })
        };
        connection.rows(sql, &[]).await?.iter().map(refused).collect()
    }
}
