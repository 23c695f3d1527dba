//! How a store connects and how long it waits, apart from its URL.

use std::time::Duration;

use pagos_core::Secret;

/// The options of a [`crate::PostgresStore`]. All waits use tokio's timer.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The password if the URL has none, so that it need not be part of a URL.
    pub password: Option<Secret>,
    /// The maximum number of open connections; 1 or more. Each commits on its own.
    pub connections_max: usize,
    /// How long opening the store waits for a server that does not answer or is starting, and how
    /// long one later attempt to connect may take.
    pub connect_timeout: Duration,
    /// How long after its beginning a call waits for a server that went away, before it fails.
    /// Finding out what became of a commit may take as long again.
    pub reconnect_for: Duration,
    /// Certificates of authorities to trust in addition to the system's, as PEM text.
    pub extra_roots_pem: Vec<u8>,
    /// The schema of the tables, which is created if it is missing. Lower-case letters, digits and
    /// underscores.
    pub schema: String,
}

impl Default for PostgresOptions {
    /// No password, 8 connections, 5 and 60 seconds, the system's authorities, the schema `pagos`.
    fn default() -> Self {
        Self {
            password: None,
            connections_max: 8,
            connect_timeout: Duration::from_secs(5),
            // A failover by Patroni takes its `ttl` of 30 seconds, and up to 15 more.
            reconnect_for: Duration::from_secs(60),
            extra_roots_pem: Vec::new(),
            schema: "pagos".to_owned(),
        }
    }
}
