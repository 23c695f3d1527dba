//! The sessions of payments and their secrets, by account and by the provider's id.
//!
//! A secret is stored in plain text, since a delivery may come weeks after the session was opened.
//! Only the file's owner can read the file. That is not encryption at rest: whoever can read the
//! file, or a backup of it, has the secrets.

use pagos_core::{AccountName, OrderKey, ProviderRef, Secret};
use pagos_engine::{KnownSession, OpenedSession};
use rusqlite::{Connection, params};

use crate::failure::Failure;

/// The payment that a session belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The given payment; the session is stored.
    Ours,
    /// Another payment; nothing was written.
    Another,
}

/// Stores the session that payment number `payment` opened. If the same payment opens it again, the
/// newer secret is kept.
pub(crate) fn keep(
    connection: &Connection,
    account: &str,
    payment: i64,
    opened: &OpenedSession,
) -> Result<Owner, Failure> {
    let written = connection
        .prepare_cached(
            "INSERT INTO payment_sessions (account, reference, payment, secret)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, reference) DO UPDATE SET secret = excluded.secret
             WHERE payment_sessions.payment = excluded.payment",
        )?
        .execute(params![
            account,
            opened.reference.as_str(),
            payment,
            opened.secret.as_ref().map(|secret| secret.expose()),
        ])?;
    Ok(if written > 0 { Owner::Ours } else { Owner::Another })
}

pub(crate) fn known(
    connection: &Connection,
    account: &AccountName,
    reference: &ProviderRef,
) -> Result<Option<KnownSession>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT payments.key, payment_sessions.secret
         FROM payment_sessions JOIN payments ON payments.id = payment_sessions.payment
         WHERE payment_sessions.account = ?1 AND payment_sessions.reference = ?2",
    )?;
    let mut rows = statement.query([account.as_str(), reference.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(KnownSession {
        key: OrderKey::new(row.get::<_, String>(0)?)
            .map_err(|cause| Failure::from(cause).of(format!("session {reference}")))?,
        secret: row.get::<_, Option<String>>(1)?.map(Secret::new),
    }))
}
