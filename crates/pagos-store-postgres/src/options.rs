//! How a store connects and how long it waits, beside its URL. Reads nothing and connects nowhere.

use std::time::Duration;

use pagos_core::Secret;

/// What a [`crate::PostgresStore`] is opened with. All waits use tokio's timer.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The password where the URL has none, so that it need not stand in a URL.
    pub password: Option<Secret>,
    /// Connections that are open at once, at most; 1 or more. Each commits on its own.
    pub connections_max: usize,
    /// How long opening the store waits for a server that does not answer or is starting, and how
    /// long one attempt to connect may take later on.
    pub connect_timeout: Duration,
    /// For how long from its beginning a call waits for a server that went away, before it is an
    /// error. Asking what became of a commit may take as long again.
    pub reconnect_for: Duration,
    /// Certificates of authorities to trust beside the system's, as PEM text.
    pub extra_roots_pem: Vec<u8>,
    /// The schema that holds the tables; it is created if it is not there. Lower-case letters,
    /// digits and underscores.
    pub schema: String,
}

impl Default for PostgresOptions {
    /// No password, 8 connections, 5 and 30 seconds, the system's authorities, the schema `pagos`.
    fn default() -> Self {
        Self {
            password: None,
            connections_max: 8,
            connect_timeout: Duration::from_secs(5),
            reconnect_for: Duration::from_secs(30),
            extra_roots_pem: Vec::new(),
            schema: "pagos".to_owned(),
        }
    }
}
