//! Reaches a server: its address, the connection, and whether the session there is ours alone.
//!
//! The name of a prepared statement is safe only in a session that nobody else gets. Whether a
//! session is ours is not guessed: it is begun with a mark as one of its options, which a pooler
//! refuses or keeps to itself. A session in which the mark is found was begun for this connection,
//! which then changes the mark together with the settings of the session. A transaction that checks
//! the mark before its statements can rely on their names and on the settings.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    failure::Failure,
    lineage::Lineages,
    url::{Encryption, Server},
};

/// The purpose of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Read,
}

/// The server, and the settings of its sessions.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) server: Server,
    pub(crate) tls: Option<MakeRustlsConnect>,
    pub(crate) schema: String,
    pub(crate) mode: Mode,
    pub(crate) connect_timeout: Duration,
    pub(crate) lineages: Arc<Lineages>,
    refuses_options: Arc<AtomicBool>,
}

/// The option that carries the mark. The server accepts any name with a dot in it.
pub(crate) const MARK: &str = "pagos.session";

impl Target {
    pub(crate) fn new(
        server: Server,
        schema: String,
        mode: Mode,
        connect_timeout: Duration,
    ) -> Self {
        let (lineages, refuses_options) = Default::default();
        Self { server, tls: None, schema, mode, connect_timeout, lineages, refuses_options }
    }

    /// Connects a client, and returns the mark that its session was begun with. Once a pooler has
    /// refused options, it gets none any more.
    pub(crate) async fn connect(&self) -> Result<(Client, Option<String>), Failure> {
        let config = &self.server.config;
        if !self.refuses_options.load(Ordering::Relaxed) {
            let mark = draw_mark();
            let given = config.get_options().unwrap_or_default();
            let mut marked = config.clone();
            marked.options(format!("{given} -c {MARK}={mark}").trim_start());
            match self.connect_with(&marked).await {
                Ok(client) => return Ok((client, Some(mark))),
                Err(cause) if is_about_options(&cause) => {}
                Err(cause) => return Err(Failure::of_connecting(cause, &self.server.place)),
            }
            self.refuses_options.store(true, Ordering::Relaxed);
        }
        let client = self.connect_with(config).await;
        let client = client.map_err(|cause| Failure::of_connecting(cause, &self.server.place))?;
        Ok((client, None))
    }

    async fn connect_with(&self, config: &Config) -> Result<Client, tokio_postgres::Error> {
        // The task ends when the client is dropped or the connection is lost.
        match (self.server.encryption, &self.tls) {
            (Encryption::Verified, Some(tls)) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                tokio::spawn(connection);
                Ok(client)
            }
            // Without a connector, a configuration that requires TLS is an error.
            (Encryption::Verified, None) | (Encryption::None, _) => {
                let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    }
}

/// The mark may be guessable, but no two sessions of a server have the same one.
fn draw_mark() -> String {
    format!("{:016x}", RandomState::new().hash_one(MARK))
}

/// Poolers refuse options as a protocol violation (08P01: pgbouncer) or as an unsupported feature
/// (0A000: RDS Proxy). If it is something else, the attempt without options reports it.
fn is_about_options(cause: &tokio_postgres::Error) -> bool {
    let class = |code: &str| code.starts_with("08") || code.starts_with("0A");
    cause.as_db_error().is_some_and(|told| class(told.code().code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_one_sessions_and_needs_no_quotes() {
        let (one, other) = (draw_mark(), draw_mark());
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
