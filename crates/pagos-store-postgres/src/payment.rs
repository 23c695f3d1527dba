//! Payments: stored once, written step by step, found by key, status and due time. `session.rs`
//! finds their sessions.

use pagos_core::{OrderKey, PaymentOrder, Timestamp};
use pagos_engine::{
    Digest, Entry, Lease, Payment, PaymentCommitted, PaymentProgress, PaymentStep, SubmittedPayment,
};
use tokio_postgres::Row;

use crate::{
    connection::Connection,
    failure::Failure,
    flight::{Flight, Statement, raised},
    inbox,
    row::{self, DIGEST_VERSION, payment_columns},
    transaction::Work,
};

/// Stores a payment, unless it exists.
pub(crate) struct AskFor<'call> {
    pub(crate) order: &'call PaymentOrder,
    pub(crate) now: Timestamp,
}

impl Work for AskFor<'_> {
    type Answer = SubmittedPayment;

    async fn run(&self, connection: &Connection) -> Result<SubmittedPayment, Failure> {
        let digest = Digest::of(self.order);
        if let Some(stored) = (ReadPayment { key: &self.order.key }).run(connection).await? {
            let is_same = stored.digest == digest;
            return Ok(if is_same {
                SubmittedPayment::Existing(stored)
            } else {
                SubmittedPayment::Conflict
            });
        }
        let progress = PaymentProgress::new(self.now);
        let payment =
            Payment { order: self.order.clone(), digest, progress, due_at: None, version: 1 };
        match insert(connection, &payment).await? {
            0 => Err(Failure::collision("another worker asks for the same payment at this moment")),
            _ => Ok(SubmittedPayment::New(payment)),
        }
    }
}

/// Also opens deliveries again that named the payment before it was known.
async fn insert(connection: &Connection, payment: &Payment) -> Result<u64, Failure> {
    let Payment { order, digest, progress, due_at, version } = payment;
    let row = connection
        .one(
            INSERT,
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
                &DIGEST_VERSION,
                &serde_json::to_string(order)?,
                &serde_json::to_string(progress)?,
            ],
        )
        .await?;
    row::unsigned(row.try_get(0)?)
}

const INSERT: &str = "WITH new AS (
        INSERT INTO payments
            (key, account, amount_minor, currency, status, attention, version, due_at, created_at,
             digest, digest_version, order_json, progress_json)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (key) DO NOTHING
        RETURNING key, account
    ), named AS MATERIALIZED (
        SELECT orphan.id
        FROM new JOIN inbox AS orphan ON orphan.account = new.account
             AND orphan.order_key = new.key AND orphan.state = 'orphan'
        ORDER BY orphan.id FOR UPDATE OF orphan
    ), reopened AS (
        UPDATE inbox SET state = 'open', deferrals = 0
        FROM named WHERE inbox.id = named.id AND inbox.state = 'orphan'
    )
    SELECT count(*) FROM new";

impl Flight for PaymentStep {
    type Answer = PaymentCommitted;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        let opens = self.opens.as_ref();
        let secret = opens.and_then(|opened| opened.secret.as_ref());
        Ok(Statement::new(COMMIT)
            .with(self.key.as_str())
            .with(row::signed(self.version))
            .with(self.progress.word())
            .with(self.progress.attention.is_some())
            .with(row::millis(self.due_at))
            .with(serde_json::to_string(&self.progress)?)
            .with(opens.map(|opened| opened.reference.as_str()))
            .with(secret.map(crate::session::secret_bytes))
            .with(self.applies.map(|id| row::signed(id.0)))
            .with(row::texts(&self.entries)?)
            .with(row::texts(&self.notices)?)
            .with(self.lease == Lease::End))
    }

    fn read(&self, answer: &str) -> Result<PaymentCommitted, Failure> {
        match (answer, self.applies) {
            ("done", _) => Ok(PaymentCommitted::Done { version: self.version + 1 }),
            ("conflict", _) => Ok(PaymentCommitted::Conflict),
            ("taken", _) => Ok(PaymentCommitted::SessionTaken),
            ("unknown", Some(id)) => Err(inbox::unknown(id)),
            _ => Err(Failure::new("the database answered a step with an unknown word")),
        }
    }
}

/// `found` is empty if the payment is not as the step expects it, `old` if the delivery is unknown,
/// `opened` if another payment has the session; then nothing is written. If the same payment opens
/// a session again, the newer secret is kept.
const COMMIT: &str = concat!(
    "WITH found AS MATERIALIZED (
        SELECT id, account FROM payments WHERE key = $1 AND version = $2 FOR UPDATE
    ), old AS MATERIALIZED (
        SELECT id, account FROM found
        WHERE $9::bigint IS NULL OR EXISTS (SELECT FROM inbox WHERE inbox.id = $9)
    ), opened AS (
        INSERT INTO payment_sessions (account, reference, payment, secret)
        SELECT account, $7::text, id, $8::bytea FROM old WHERE $7 IS NOT NULL
        ON CONFLICT (account, reference) DO UPDATE SET secret = excluded.secret
        WHERE payment_sessions.payment = excluded.payment
        RETURNING payment
    ), new AS (
        UPDATE payments SET status = $3, attention = $4, due_at = $5, progress_json = $6,
            unreadable = NULL, version = payments.version + 1,
            lease_until = CASE WHEN $12 THEN NULL ELSE payments.lease_until END
        FROM old WHERE payments.id = old.id AND ($7 IS NULL OR EXISTS (SELECT FROM opened))
        RETURNING payments.id, payments.account
    ), touched AS MATERIALIZED (
        SELECT id FROM inbox WHERE id IN (
            SELECT $9::bigint FROM new WHERE $9 IS NOT NULL
            UNION ALL
            SELECT orphan.id FROM new JOIN inbox AS orphan ON orphan.state = 'orphan'
                AND orphan.account = new.account AND orphan.reference = $7
        )
        ORDER BY id FOR UPDATE
    ), filed AS (
        UPDATE inbox SET
            state = CASE WHEN inbox.id = $9 THEN 'applied' ELSE 'open' END,
            because = CASE WHEN inbox.id = $9 THEN '' ELSE because END,
            deferrals = CASE WHEN inbox.id = $9 THEN deferrals ELSE 0 END
        FROM touched
        WHERE inbox.id = touched.id AND (inbox.id = $9 OR inbox.state = 'orphan')
    ), kept AS (
        INSERT INTO payment_entries (payment, entry_json)
        SELECT new.id, entry FROM new, unnest($10::text[]) WITH ORDINALITY AS list (entry, place)
        ORDER BY place
    ), told AS (
        INSERT INTO outbox (notice_json)
        SELECT notice FROM new, unnest($11::text[]) WITH ORDINALITY AS list (notice, place)
        ORDER BY place
    ), outcome AS MATERIALIZED (
        SELECT CASE WHEN EXISTS (SELECT FROM new) THEN 'done'
                    WHEN NOT EXISTS (SELECT FROM found) THEN 'conflict'
                    WHEN EXISTS (SELECT FROM old) OR EXISTS (
                        SELECT FROM found JOIN payment_sessions AS known
                            ON known.account = found.account AND known.reference = $7
                        WHERE known.payment <> found.id
                    ) THEN 'taken'
                    ELSE 'unknown' END AS answer
    ), ",
    raised!("$13", "$14")
);

pub(crate) struct ReadPayment<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadPayment<'_> {
    type Answer = Option<Payment>;

    async fn run(&self, connection: &Connection) -> Result<Option<Payment>, Failure> {
        let sql = concat!("SELECT ", payment_columns!(), " FROM payments WHERE key = $1");
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

    /// Reads as many pages as needed: unreadable rows are left out, and a short answer means that
    /// there are no more.
    async fn run(&self, connection: &Connection) -> Result<Vec<Payment>, Failure> {
        // Every key is greater than the empty text.
        let mut after = self.after.map_or("", OrderKey::as_str).to_owned();
        let mut payments = Vec::new();
        while payments.len() < self.limit {
            let wanted = self.limit - payments.len();
            let rows = self.page(connection, &after, wanted).await?;
            payments.extend(row::readable(&rows, row::payment)?);
            match rows.last() {
                Some(last) if rows.len() == wanted => after = last.try_get(6)?,
                _ => break,
            }
        }
        Ok(payments)
    }
}

impl ListPayments<'_> {
    async fn page(
        &self,
        connection: &Connection,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let limit = row::limit(limit);
        // Two statements, so that each has its index.
        match self.status {
            None => connection.rows(LIST, &[&after, &limit]).await,
            Some(status) => connection.rows(LIST_STATUS, &[&after, &limit, &status]).await,
        }
    }
}

const LIST: &str = concat!(
    "SELECT ",
    payment_columns!(),
    ", key FROM payments WHERE key > $1 ORDER BY key LIMIT $2"
);

const LIST_STATUS: &str = concat!(
    "SELECT ",
    payment_columns!(),
    ", key FROM payments WHERE status = $3 AND key > $1 ORDER BY key LIMIT $2"
);

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
