//! What the server is set to, and what that means for money. Asks for nothing and changes nothing.

/// The settings of a server, as its `SHOW` commands spell them; read by
/// [`crate::PostgresStore::settings`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// As in `SHOW server_version`.
    pub server_version: String,
    /// As a number: 150004 is 15.4.
    pub server_version_number: u32,
    /// What the server gives to new sessions. The store's own sessions raise it where it is too weak.
    pub synchronous_commit: String,
    /// `on` or `off`.
    pub fsync: String,
    /// `on` or `off`.
    pub full_page_writes: String,
    /// The standbys that a commit waits for; empty for none.
    pub synchronous_standby_names: String,
    /// Is it a standby, which cannot be written?
    pub is_in_recovery: bool,
    /// Standbys that are connected now, or `None` if this user may not see them.
    pub standbys: Option<u32>,
    /// As `read committed`.
    pub default_transaction_isolation: String,
    /// Is the connection that asked encrypted?
    pub is_encrypted: bool,
    /// How many connections the server takes from everybody together.
    pub connections_max: u32,
    /// How many this store may open.
    pub store_connections_max: u32,
    /// Which statements go to the server's log: `none`, `ddl`, `mod` or `all`.
    pub log_statement: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Money is safe as long as nothing worse happens.
    Warning,
    /// What was acknowledged can be lost, and so a payout can be sent twice.
    Danger,
}

/// What one setting means, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The setting's name.
    pub setting: &'static str,
    /// What was found and what follows from it.
    pub message: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
}
