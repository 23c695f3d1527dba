//! Deliveries: kept byte for byte, once, until they are closed. Nothing is verified here.
//!
//! Two workers may take the same delivery from the inbox. Applying it twice is harmless: the step
//! of the second is a conflict, or learns nothing new.

use bytes::Bytes;
use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::Timestamp;
use pagos_engine::InboxId;
use pagos_engine::InboxItem;
use pagos_engine::fingerprint;
use tokio_postgres::Row;

use crate::connection::Connection;
use crate::delivery;
use crate::failure::Failure;
use crate::row;
use crate::transaction::Work;

/// Stores a delivery, unless it is there.
pub(crate) struct Receive<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) delivery: &'call Delivery,
}

impl Work for Receive<'_> {
    type Answer = InboxId;

    async fn run(&self, connection: &Connection) -> Result<InboxId, Failure> {
        let row = connection
            .at_most_one(
                RECEIVE,
                &[
                    &self.account.as_str(),
                    &fingerprint(self.delivery).as_slice(),
                    &self.delivery.received_at.as_millis(),
                    &delivery::headers_to_bytes(&self.delivery.headers),
                    &self.delivery.body.as_ref(),
                ],
            )
            .await?;
        match row {
            Some(row) => Ok(InboxId(row::unsigned(row.try_get(0)?)?)),
            // Stored by another connection after this statement began: the next attempt finds it.
            None => Err(Failure::collision("the same delivery comes in twice at this moment")),
        }
    }
}

const RECEIVE: &str = "WITH known AS (
        SELECT id FROM inbox WHERE account = $1 AND fingerprint = $2
    ), new AS (
        INSERT INTO inbox
            (account, fingerprint, received_at, due_at, deferrals, outcome, headers, body)
        SELECT $1, $2, $3, $3, 0, '', $4, $5 WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (account, fingerprint) DO NOTHING
        RETURNING id
    )
    SELECT id FROM known UNION ALL SELECT id FROM new";

/// Reads what is due.
pub(crate) struct ReadDue {
    pub(crate) now: Timestamp,
    pub(crate) limit: usize,
}

impl Work for ReadDue {
    type Answer = Vec<InboxItem>;

    async fn run(&self, connection: &Connection) -> Result<Vec<InboxItem>, Failure> {
        let sql = "SELECT id, account, headers, body, received_at, deferrals
                   FROM inbox WHERE due_at <= $1 ORDER BY id LIMIT $2";
        let arguments: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
            [&self.now.as_millis(), &row::limit(self.limit)];
        connection.rows(sql, &arguments).await?.iter().map(item).collect()
    }
}

fn item(row: &Row) -> Result<InboxItem, Failure> {
    let body: &[u8] = row.try_get(3)?;
    let deferrals: i64 = row.try_get(5)?;
    Ok(InboxItem {
        id: InboxId(row::unsigned(row.try_get(0)?)?),
        account: AccountName::new(row.try_get::<_, String>(1)?)?,
        delivery: Delivery {
            headers: delivery::headers_from_bytes(row.try_get(2)?)?,
            body: Bytes::copy_from_slice(body),
            received_at: Timestamp::from_millis(row.try_get(4)?),
        },
        deferrals: u32::try_from(deferrals).unwrap_or(u32::MAX),
    })
}

/// Puts off or closes. What is closed stays closed, and saying so twice is no error.
pub(crate) struct File<'call> {
    pub(crate) id: InboxId,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) outcome: &'call str,
}

impl Work for File<'_> {
    type Answer = ();

    async fn run(&self, connection: &Connection) -> Result<(), Failure> {
        let sql = "WITH filed AS (
                UPDATE inbox SET due_at = $2, outcome = $3,
                    deferrals = deferrals + ($2::bigint IS NOT NULL)::integer
                WHERE id = $1 AND due_at IS NOT NULL
            )
            SELECT EXISTS (SELECT FROM inbox WHERE id = $1)";
        // The one character that text cannot hold.
        let outcome = self.outcome.replace('\0', " ");
        let row = connection
            .one(sql, &[&row::signed(self.id.0), &row::millis(self.due_at), &outcome])
            .await?;
        match row.try_get(0)? {
            true => Ok(()),
            false => Err(unknown(self.id)),
        }
    }
}

pub(crate) fn unknown(id: InboxId) -> Failure {
    Failure::new(format!("the inbox has no delivery {}", id.0))
}
