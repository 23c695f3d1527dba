//! Payments: stored once, written step by step, found by key, status and due time. Their sessions
//! are in `session.rs`.

use pagos_core::{OrderKey, PaymentOrder, Timestamp};
use pagos_engine::{
    ClaimRequest, Digest, Entry, Lease, Payment, PaymentCommitted, PaymentProgress, PaymentStep,
    Share, SubmittedPayment, Work,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    failure::Failure,
    inbox, outbox, row,
    session::{self, Owner},
    tallies,
    thread::Transaction,
    unread::{self, UNREAD_MAX, Unread},
};

pub(crate) fn submit_payment(
    connection: &Connection,
    order: &PaymentOrder,
    now: Timestamp,
) -> Result<SubmittedPayment, Failure> {
    let digest = Digest::of(order);
    if let Some(stored) = payment(connection, &order.key)? {
        let is_same = stored.digest == digest;
        return Ok(if is_same {
            SubmittedPayment::Existing(stored)
        } else {
            SubmittedPayment::Conflict
        });
    }
    let progress = PaymentProgress::new(now);
    let payment = Payment { order: order.clone(), digest, progress, due_at: None, version: 1 };
    insert(connection, &payment)?;
    inbox::match_key(connection, &order.account, &order.key)?;
    Ok(SubmittedPayment::New(payment))
}

fn insert(connection: &Connection, payment: &Payment) -> Result<(), Failure> {
    let Payment { order, digest, progress, due_at, version } = payment;
    connection
        .prepare_cached(
            "INSERT INTO payments
             (key, account, amount_minor, currency, status, attention, version, due_at,
              created_at, digest, digest_version, order_json, progress_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            order.key.as_str(),
            order.account.as_str(),
            order.amount.minor,
            order.amount.currency.code(),
            progress.word(),
            progress.attention.is_some(),
            row::signed(*version),
            row::millis(*due_at),
            progress.created_at.as_millis(),
            digest.0,
            Digest::VERSION,
            serde_json::to_string(order)?,
            serde_json::to_string(progress)?,
        ])?;
    Ok(())
}

/// Finds conflicts before anything is written: a conflict is an answer, and what is written before
/// an answer stays.
pub(crate) fn commit(
    connection: &Connection,
    step: &PaymentStep,
) -> Result<PaymentCommitted, Failure> {
    let Some(stored) = stored(connection, &step.key)? else {
        return Ok(PaymentCommitted::Conflict);
    };
    let version = row::unsigned(stored.version)?;
    if version != step.version {
        return Ok(PaymentCommitted::Conflict);
    }
    if let Some(opened) = &step.opens {
        match session::keep(connection, &stored.account, stored.id, opened)? {
            Owner::Ours => {}
            Owner::Another => return Ok(PaymentCommitted::SessionTaken),
        }
    }
    if let Some(id) = step.applies {
        inbox::apply(connection, id)?;
    }
    if let Some(opened) = &step.opens {
        inbox::match_reference(connection, &stored.account, &opened.reference)?;
    }
    update(connection, stored.id, step)?;
    for entry in &step.entries {
        connection
            .prepare_cached("INSERT INTO payment_entries (payment, entry_json) VALUES (?1, ?2)")?
            .execute(params![stored.id, serde_json::to_string(entry)?])?;
    }
    outbox::tell(connection, &step.notices)?;
    Ok(PaymentCommitted::Done { version: version + 1 })
}

struct Stored {
    id: i64,
    version: i64,
    account: String,
}

fn stored(connection: &Connection, key: &OrderKey) -> Result<Option<Stored>, Failure> {
    let stored = connection
        .prepare_cached("SELECT id, version, account FROM payments WHERE key = ?1")?
        .query_row([key.as_str()], |row| {
            Ok(Stored { id: row.get(0)?, version: row.get(1)?, account: row.get(2)? })
        })
        .optional()?;
    Ok(stored)
}

fn update(connection: &Connection, id: i64, step: &PaymentStep) -> Result<(), Failure> {
    // Two statements rather than a CASE: a column that is not named needs no index update.
    let sql = match step.lease {
        Lease::Keep => {
            "UPDATE payments SET status = ?1, attention = ?2, due_at = ?3, progress_json = ?4,
                    unreadable = NULL, version = version + 1
             WHERE id = ?5"
        }
        Lease::End => {
            "UPDATE payments SET status = ?1, attention = ?2, due_at = ?3, progress_json = ?4,
                    unreadable = NULL, version = version + 1, lease_until = NULL
             WHERE id = ?5"
        }
    };
    connection.prepare_cached(sql)?.execute(params![
        step.progress.word(),
        step.progress.attention.is_some(),
        row::millis(step.due_at),
        serde_json::to_string(&step.progress)?,
        id,
    ])?;
    Ok(())
}

/// Leaves the versions alone, since a claim changes nothing that a step is computed from.
pub(crate) fn claim(
    transaction: &mut Transaction<'_>,
    request: &ClaimRequest,
) -> Result<Vec<Payment>, Failure> {
    let mut claimed = Vec::new();
    for share in request.shares.iter().filter(|share| share.lane.work == Work::Follow) {
        let due = due(transaction.connection, share, request.now)?;
        for row in &due.unread {
            unread::set_payment_aside(transaction, row, &share.lane.account, request.now)?;
        }
        let lease_until = request.now.plus(share.lease);
        for (id, payment) in due.payments {
            transaction
                .connection
                .prepare_cached("UPDATE payments SET lease_until = ?1 WHERE id = ?2")?
                .execute(params![lease_until.as_millis(), id])?;
            claimed.push(payment);
        }
    }
    Ok(claimed)
}

/// The due payments of one lane, in the order of claiming.
#[derive(Debug, Default)]
struct Due {
    payments: Vec<(i64, Payment)>,
    unread: Vec<Unread>,
}

fn due(connection: &Connection, share: &Share, now: Timestamp) -> Result<Due, Failure> {
    // A payment counts in no tally, but the columns that a tally reads are those that a notice
    // needs.
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, digest_version, due_at, version, id, key,
                account, currency, status, amount_minor, 0, attention
         FROM payments INDEXED BY payments_due
         WHERE account = ?1 AND due_at <= ?2 AND (lease_until IS NULL OR lease_until <= ?2)
         ORDER BY due_at, key LIMIT ?3",
    )?;
    let rows_max = row::limit(share.limit.saturating_add(UNREAD_MAX));
    let arguments = params![share.lane.account.as_str(), now.as_millis(), rows_max];
    let mut rows = statement.query(arguments)?;
    let mut due = Due::default();
    while due.payments.len() < share.limit
        && let Some(row) = rows.next()?
    {
        let id = row.get(6)?;
        match row::payment(row) {
            Ok(payment) => due.payments.push((id, payment)),
            Err(failure) if failure.is_about_a_row() => due.unread.push(Unread {
                id,
                version: row.get(5)?,
                key: row.get(7)?,
                counted: tallies::counted(row, 8)?,
                because: failure.error.message,
            }),
            Err(failure) => return Err(failure),
        }
    }
    Ok(due)
}

pub(crate) fn payment(connection: &Connection, key: &OrderKey) -> Result<Option<Payment>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, digest_version, due_at, version
         FROM payments WHERE key = ?1",
    )?;
    let mut rows = statement.query([key.as_str()])?;
    let payment = rows.next()?.map(row::payment).transpose();
    payment.map_err(|failure| failure.of(format!("payment {key}")))
}

/// Reads rows until `limit` of them are readable, so that a short page is the last one.
pub(crate) fn list(
    connection: &Connection,
    status: Option<&str>,
    after: Option<&OrderKey>,
    limit: usize,
) -> Result<Vec<Payment>, Failure> {
    // Every key is greater than the empty text.
    let after = after.map_or("", OrderKey::as_str);
    let Some(status) = status else {
        let mut statement = connection.prepare_cached(
            "SELECT order_json, progress_json, digest, digest_version, due_at, version
             FROM payments WHERE key > ?1 ORDER BY key",
        )?;
        return row::readable(statement.query([after])?, limit, row::payment);
    };
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, digest_version, due_at, version
         FROM payments INDEXED BY payments_status
         WHERE status = ?1 AND key > ?2 ORDER BY key",
    )?;
    row::readable(statement.query([status, after])?, limit, row::payment)
}

/// When a payment of an account can be claimed. It takes two reads: the earliest due one without a
/// claim, and the claims, of which there are few.
pub(crate) fn next_due(
    connection: &Connection,
    account: &str,
) -> Result<Option<Timestamp>, Failure> {
    let unclaimed: Option<i64> = connection
        .prepare_cached(
            "SELECT min(due_at) FROM
             (SELECT due_at FROM payments INDEXED BY payments_due
              WHERE account = ?1 AND due_at IS NOT NULL AND lease_until IS NULL
              ORDER BY due_at LIMIT 1)",
        )?
        .query_row([account], |row| row.get(0))?;
    let claimed: Option<i64> = connection
        .prepare_cached(
            "SELECT min(max(due_at, lease_until)) FROM payments INDEXED BY payments_leased
             WHERE lease_until IS NOT NULL AND due_at IS NOT NULL AND account = ?1",
        )?
        .query_row([account], |row| row.get(0))?;
    Ok(row::timestamp(unclaimed.into_iter().chain(claimed).min()))
}

pub(crate) fn history(connection: &Connection, key: &OrderKey) -> Result<Vec<Entry>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT entry_json FROM payment_entries
         WHERE payment = (SELECT id FROM payments WHERE key = ?1) ORDER BY id",
    )?;
    let entries = row::entries(statement.query([key.as_str()])?);
    entries.map_err(|failure| failure.of(format!("the history of payment {key}")))
}
