//! Payments: stored once, written step by step, found by key, status and due time. Their sessions
//! are found in `session.rs`.

use pagos_core::OrderKey;
use pagos_core::PaymentOrder;
use pagos_core::Timestamp;
use pagos_engine::Asked;
use pagos_engine::Committed;
use pagos_engine::Digest;
use pagos_engine::Entry;
use pagos_engine::Payment;
use pagos_engine::PaymentProgress;
use pagos_engine::PaymentStep;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::inbox;
use crate::row;
use crate::transaction::Work;

/// Stores a payment, unless it is there.
pub(crate) struct AskFor<'call> {
    pub(crate) order: &'call PaymentOrder,
    pub(crate) now: Timestamp,
}

impl Work for AskFor<'_> {
    type Answer = Asked;

    async fn run(&self, connection: &Connection) -> Result<Asked, Failure> {
        let digest = Digest::of(self.order);
        if let Some(stored) = (ReadPayment { key: &self.order.key }).run(connection).await? {
            let is_same = stored.digest == digest;
            return Ok(if is_same { Asked::Existing(stored) } else { Asked::Conflict });
        }
        let progress = PaymentProgress::new(self.now);
        let payment =
            Payment { order: self.order.clone(), digest, progress, due_at: None, version: 1 };
        match insert(connection, &payment).await? {
            0 => Err(Failure::collision("another worker asks for the same payment at this moment")),
            _ => Ok(Asked::New(payment)),
        }
    }
}

async fn insert(connection: &Connection, payment: &Payment) -> Result<u64, Failure> {
    let Payment { order, digest, progress, due_at, version } = payment;
    connection
        .execute(
            "INSERT INTO payments
             (key, account, amount_minor, currency, status, attention, version, due_at,
              created_at, digest, order_json, progress_json)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (key) DO NOTHING",
            &[
                &order.key.as_str(),
                &order.account.as_str(),
                &order.amount.minor,
                &order.amount.currency.code(),
                &progress.word(),
                &progress.attention.is_some(),
                &row::signed(*version),
                &row::millis(*due_at),
                &progress.created_at.as_millis(),
                &digest.0.as_slice(),
                &serde_json::to_string(order)?,
                &serde_json::to_string(progress)?,
            ],
        )
        .await
}

impl Work for PaymentStep {
    type Answer = Committed;

    async fn run(&self, connection: &Connection) -> Result<Committed, Failure> {
        let delivery = self.applies.map(|id| row::signed(id.0));
        let opens = self.opens.as_ref();
        let secret = opens.and_then(|opened| opened.secret.as_ref());
        let row = connection
            .one(
                COMMIT,
                &[
                    &self.key.as_str(),
                    &row::signed(self.version),
                    &self.progress.word(),
                    &self.progress.attention.is_some(),
                    &row::millis(self.due_at),
                    &serde_json::to_string(&self.progress)?,
                    &opens.map(|opened| opened.reference.as_str()),
                    &secret.map(crate::session::secret_bytes),
                    &delivery,
                    &row::texts(&self.entries)?,
                    &row::texts(&self.notices)?,
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

/// `old` is empty if the payment is not as the step wants it, `opened` if another payment has the
/// session; then nothing is written. Opened once more by the same payment, a session keeps the newer
/// secret.
const COMMIT: &str = "WITH old AS MATERIALIZED (
        SELECT id, account FROM payments WHERE key = $1 AND version = $2 FOR UPDATE
    ), opened AS (
        INSERT INTO payment_sessions (account, reference, payment, secret)
        SELECT account, $7::text, id, $8::bytea FROM old WHERE $7 IS NOT NULL
        ON CONFLICT (account, reference) DO UPDATE SET secret = excluded.secret
        WHERE payment_sessions.payment = excluded.payment
        RETURNING payment
    ), new AS (
        UPDATE payments SET status = $3, attention = $4, due_at = $5, progress_json = $6,
            version = payments.version + 1
        FROM old WHERE payments.id = old.id AND ($7 IS NULL OR EXISTS (SELECT FROM opened))
        RETURNING payments.id
    ), filed AS (
        UPDATE inbox SET due_at = NULL, outcome = 'applied'
        FROM new WHERE inbox.id = $9 AND inbox.due_at IS NOT NULL
    ), kept AS (
        INSERT INTO payment_entries (payment, entry_json)
        SELECT new.id, entry FROM new, unnest($10::text[]) WITH ORDINALITY AS list (entry, place)
        ORDER BY place
    ), told AS (
        INSERT INTO outbox (notice_json)
        SELECT notice FROM new, unnest($11::text[]) WITH ORDINALITY AS list (notice, place)
        ORDER BY place
    )
    SELECT (SELECT count(*) FROM new), EXISTS (SELECT FROM inbox WHERE id = $9)";

pub(crate) struct ReadPayment<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadPayment<'_> {
    type Answer = Option<Payment>;

    async fn run(&self, connection: &Connection) -> Result<Option<Payment>, Failure> {
        let sql = "SELECT order_json, progress_json, digest, due_at, version
                   FROM payments WHERE key = $1";
        let row = connection.at_most_one(sql, &[&self.key.as_str()]).await?;
        row.as_ref().map(row::payment).transpose()
    }
}

pub(crate) struct ListPayments<'call> {
    pub(crate) status: Option<&'call str>,
    pub(crate) after: Option<&'call OrderKey>,
    pub(crate) limit: usize,
}

impl Work for ListPayments<'_> {
    type Answer = Vec<Payment>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payment>, Failure> {
        // Every key is greater than the empty text.
        let after = self.after.map_or("", OrderKey::as_str);
        let limit = row::limit(self.limit);
        // Two statements, so that each has its index.
        let rows = match self.status {
            None => {
                let sql = "SELECT order_json, progress_json, digest, due_at, version
                           FROM payments WHERE key > $1 ORDER BY key LIMIT $2";
                connection.rows(sql, &[&after, &limit]).await?
            }
            Some(status) => {
                let sql = "SELECT order_json, progress_json, digest, due_at, version
                           FROM payments WHERE status = $1 AND key > $2 ORDER BY key LIMIT $3";
                connection.rows(sql, &[&status, &after, &limit]).await?
            }
        };
        rows.iter().map(row::payment).collect()
    }
}

pub(crate) struct DuePayments {
    pub(crate) now: Timestamp,
    pub(crate) limit: usize,
}

impl Work for DuePayments {
    type Answer = Vec<Payment>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payment>, Failure> {
        let sql = "SELECT order_json, progress_json, digest, due_at, version
                   FROM payments WHERE due_at <= $1 ORDER BY due_at, key LIMIT $2";
        let rows = connection.rows(sql, &[&self.now.as_millis(), &row::limit(self.limit)]).await?;
        rows.iter().map(row::payment).collect()
    }
}

pub(crate) struct ReadPaymentHistory<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadPaymentHistory<'_> {
    type Answer = Vec<Entry>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Entry>, Failure> {
        let sql = "SELECT entry_json FROM payment_entries
                   WHERE payment = (SELECT id FROM payments WHERE key = $1) ORDER BY id";
        row::entries(&connection.rows(sql, &[&self.key.as_str()]).await?)
    }
}
