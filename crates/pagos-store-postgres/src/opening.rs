//! Writes the SQL that checks a session, sets it up, and begins its transactions.

use crate::{
    failure::STANDBY,
    target::{MARK, Mode},
};

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The beginning of every transaction, with additional settings if it has any. In a session of ours
/// it checks the mark, which is an error if it is missing; elsewhere it makes the settings. Where
/// the transaction writes, it tells the server's line of history too, by the column `lineage`.
pub(crate) fn begin(
    access: Access,
    mark: Option<&str>,
    search_path: &str,
    lineage: Option<&str>,
    further: &str,
) -> String {
    let (access, lineage) = match access {
        Access::Read => ("READ ONLY", None),
        Access::Write => ("READ WRITE", lineage),
    };
    let begin = format!("BEGIN ISOLATION LEVEL READ COMMITTED {access};");
    let lineage = lineage.map(|column| format!(", {column}")).unwrap_or_default();
    match mark {
        Some(mark) => format!("{begin} {further} {}{lineage}", look_at(mark)),
        None => format!("{begin} {}{lineage}; {further}", settings(search_path, true)),
    }
}

/// Statements that make the settings in the session with the mark `mark`, and the mark that it has
/// from then on: a session with that mark has the settings.
pub(crate) fn settle_in(mark: &str, search_path: &str) -> (String, String) {
    let settled = format!("{mark}-settled");
    let sql = format!(
        "BEGIN; {}; {}, set_config('{MARK}', '{settled}', false); COMMIT",
        look_at(mark),
        settings(search_path, false)
    );
    (sql, settled)
}

/// A query that fails in a session without the mark.
fn look_at(mark: &str) -> String {
    format!("SELECT 1 / (CASE WHEN current_setting('{MARK}', true) = '{mark}' THEN 1 ELSE 0 END)")
}

/// A query that makes the settings that all transactions need, in the session or for one
/// transaction. The server enforces the limits. Sequential scans are made expensive because
/// statistics of new tables are missing and all statements have their index.
fn settings(search_path: &str, is_local: bool) -> String {
    format!(
        "SELECT set_config('search_path', '{search_path}', {is_local}),
                set_config('statement_timeout', '60s', {is_local}),
                set_config('lock_timeout', '10s', {is_local}),
                set_config('idle_in_transaction_session_timeout', '30s', {is_local}),
                set_config('client_min_messages', 'warning', {is_local}),
                set_config('enable_seqscan', 'off', {is_local}),
                set_config('jit', 'off', {is_local}),
                set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                    WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, {is_local})"
    )
}

/// The oldest server with the SQL that we use: `MATERIALIZED` came with 12.
const VERSION_MIN: i32 = 120_000;

/// The facts that decide whether a server is good enough.
pub(crate) struct Found<'row> {
    pub(crate) version: i32,
    pub(crate) encoding: &'row str,
    pub(crate) fsync: &'row str,
    pub(crate) is_in_recovery: bool,
    /// Whether transactions only read unless they say otherwise.
    pub(crate) is_read_only: bool,
    /// Whether a statement finds the settings that its transaction began with.
    pub(crate) has_its_settings: bool,
}

impl Found<'_> {
    pub(crate) fn problem(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            _ if !self.has_its_settings => Some(
                "a pooler on the way gives every statement another session of the server, and a \
                 transaction needs one for itself; let the pooler work by transactions or \
                 sessions, or connect to the server itself",
            ),
            _ if self.version < VERSION_MIN => {
                Some("the server is older than PostgreSQL 12; upgrade it")
            }
            _ if self.encoding != "UTF8" => {
                Some("the database's encoding is not UTF8; make one with ENCODING 'UTF8'")
            }
            Mode::Write if self.fsync != "on" => Some(
                "the server runs with fsync=off: a crash would take back what was acknowledged, \
                 and payouts could be sent twice; set fsync=on",
            ),
            Mode::Write | Mode::Read => None,
        }
    }

    /// Why nothing can be written here now. It passes if a failover is under way.
    pub(crate) fn obstacle(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            Mode::Write if self.is_in_recovery => Some(STANDBY),
            Mode::Write if self.is_read_only => Some(READ_ONLY),
            Mode::Write | Mode::Read => None,
        }
    }
}

/// What counts is what a session begins with: whoever had it before, through a pooler, may have left something else.
/// Our transactions could say that they write, but whoever made this setting keeps writers away: a person who puts an old
/// primary aside, or a service whose disk is full.
const READ_ONLY: &str = "sessions there only read (default_transaction_read_only = on): somebody \
    keeps writers away from this server, or its disk is full; connect to the primary, or set it off";

pub(crate) const SERVER: &str = "SELECT current_setting('server_version_num')::int,
        current_setting('server_encoding'), current_setting('fsync'), pg_is_in_recovery(),
        current_setting('search_path') = $1, coalesce(current_setting($2, true) = $3, false),
        (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') = 'on'";
