//! The sessions of payments and their secrets, by account and by the provider's id.
//!
//! A secret is stored in plain text, since a delivery may come weeks after the session was opened.
//! That is not encryption at rest: whoever can read the database, or a backup of it, has the
//! secrets.

use pagos_core::{AccountName, OrderKey, ProviderRef, Secret};
use pagos_engine::KnownSession;

use crate::{connection::Connection, failure::Failure, transaction::Work};

/// The bytes of a secret that are written to the database.
pub(crate) fn secret_bytes(secret: &Secret) -> &[u8] {
    secret.expose().as_bytes()
}

pub(crate) struct FindSession<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) reference: &'call ProviderRef,
}

impl Work for FindSession<'_> {
    type Answer = Option<KnownSession>;

    async fn run(&self, connection: &Connection) -> Result<Option<KnownSession>, Failure> {
        let sql = "SELECT payments.key, payment_sessions.secret
                   FROM payment_sessions JOIN payments ON payments.id = payment_sessions.payment
                   WHERE payment_sessions.account = $1 AND payment_sessions.reference = $2";
        let row = connection
            .at_most_one(sql, &[&self.account.as_str(), &self.reference.as_str()])
            .await?;
        let Some(row) = row else { return Ok(None) };
        let secret: Option<Vec<u8>> = row.try_get(1)?;
        let secret = secret.map(String::from_utf8).transpose();
        Ok(Some(KnownSession {
            key: OrderKey::new(row.try_get::<_, String>(0)?)?,
            secret: secret
                .map_err(|_| Failure::unreadable("a secret is not text"))?
                .map(Secret::new),
        }))
    }
}
