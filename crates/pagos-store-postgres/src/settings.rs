//! The settings of a server, as it reports them. `findings.rs` interprets them.

use pagos_core::Timestamp;

use crate::{connection::Connection, failure::Failure, transaction::Work};

/// The settings of a server, as its `SHOW` commands spell them; read by
/// [`crate::PostgresStore::settings`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// As in `SHOW server_version`.
    pub server_version: String,
    /// As a number: 150004 is 15.4.
    pub server_version_number: u32,
    /// The value for new sessions. The store's own transactions raise it to `on` if it is weaker.
    pub synchronous_commit: String,
    /// `on` or `off`.
    pub fsync: String,
    /// `on` or `off`.
    pub full_page_writes: String,
    /// The standbys that a commit waits for; empty for none.
    pub synchronous_standby_names: String,
    /// Whether it is a standby, which cannot be written.
    pub is_in_recovery: bool,
    /// Whether its sessions only read unless they say otherwise: somebody keeps writers away.
    pub is_read_only: bool,
    /// How many standbys currently follow the server.
    pub standbys: u32,
    /// How many of them a commit waits for, alone or in a quorum; `None` if this user may not see it.
    pub standbys_synchronous: Option<u32>,
    /// As in `read committed`.
    pub default_transaction_isolation: String,
    /// Whether the connection that asked is encrypted.
    pub is_encrypted: bool,
    /// Whether that connection stays on the server's machine.
    pub is_local: bool,
    /// Whether a pooler is in front of the server. Then the two above are about the pooler's
    /// connection.
    pub is_pooled: bool,
    /// Whether the connection from this machine, to the pooler or to the server, is encrypted or
    /// does not leave this machine.
    pub is_private: bool,
    /// The server's limit of connections for all its users together.
    pub connections_max: u32,
    /// How many this store may open.
    pub store_connections_max: u32,
    /// Which statements go to the server's log: `none`, `ddl`, `mod` or `all`.
    pub log_statement: String,
    /// The time of its clock when it was asked.
    pub clock: Timestamp,
}

/// Reads the settings from the server.
pub(crate) struct ReadSettings {
    pub(crate) store_connections_max: u32,
    pub(crate) is_private: bool,
}

impl Work for ReadSettings {
    type Answer = ServerSettings;

    async fn run(&self, connection: &Connection) -> Result<ServerSettings, Failure> {
        let row = connection.one(SETTINGS, &[]).await?;
        let count = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
        Ok(ServerSettings {
            server_version: row.try_get(0)?,
            server_version_number: count(row.try_get(1)?),
            synchronous_commit: row.try_get(2)?,
            fsync: row.try_get(3)?,
            full_page_writes: row.try_get(4)?,
            synchronous_standby_names: row.try_get(5)?,
            is_in_recovery: row.try_get(6)?,
            standbys: count(row.try_get(7)?),
            default_transaction_isolation: row.try_get(8)?,
            is_encrypted: row.try_get(9)?,
            is_local: row.try_get(10)?,
            is_pooled: connection.is_pooled(),
            is_private: self.is_private,
            connections_max: count(row.try_get(11)?),
            store_connections_max: self.store_connections_max,
            log_statement: row.try_get(12)?,
            clock: Timestamp::from_millis(row.try_get(13)?),
            is_read_only: row.try_get(14)?,
            standbys_synchronous: row.try_get::<_, Option<i64>>(15)?.map(count),
        })
    }
}

/// `reset_val` is the value with which the session began, before the store raised it. Who has not the
/// role pg_monitor sees that there are standbys, and nothing of their state.
const SETTINGS: &str = "SELECT current_setting('server_version'),
        current_setting('server_version_num')::bigint,
        (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'),
        current_setting('fsync'), current_setting('full_page_writes'),
        current_setting('synchronous_standby_names'), pg_is_in_recovery(),
        (SELECT count(*) FROM pg_stat_replication),
        (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_isolation'),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
        coalesce(inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1', true),
        current_setting('max_connections')::bigint, current_setting('log_statement'),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
        (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') = 'on',
        (SELECT CASE WHEN count(*) = count(sync_state)
                THEN count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) END
         FROM pg_stat_replication)";
