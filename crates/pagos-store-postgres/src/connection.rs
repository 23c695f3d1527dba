//! One connection: opened with safe settings, its statements prepared once. It knows no table.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;
use tokio_postgres::error::DbError;
use tokio_postgres::error::Severity;
use tokio_postgres::types::ToSql;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failure::Failure;
use crate::failure::Kind;
use crate::url::Encryption;
use crate::url::Server;

/// What connections are opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Read,
}

/// Where to, with which settings.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) server: Server,
    pub(crate) tls: Option<MakeRustlsConnect>,
    pub(crate) schema: String,
    pub(crate) mode: Mode,
    pub(crate) connect_timeout: Duration,
}

/// One parameter of a statement.
pub(crate) type Parameter<'value> = &'value (dyn ToSql + Sync);

/// A connection of one transaction at a time. Dropping it closes it, and the server then takes back
/// what was not committed.
pub(crate) struct Connection {
    client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// The row that this connection's transactions are numbered in.
    pub(crate) writer: Option<i64>,
    /// Which of the stripes of a tally this connection counts in.
    pub(crate) stripe: i32,
}

/// What the server answered to a commit.
pub(crate) enum Commit {
    /// Durable.
    Done,
    /// The server refused and took everything back.
    TakenBack(Failure),
    /// No answer: it may have happened, may not, or may be about to.
    Unknown(Failure),
}

/// The oldest server whose SQL is understood: `MATERIALIZED` came with 12.
const VERSION_MIN: i32 = 120_000;

/// How long an answer may take. The server ends statements itself before that, so this is for a
/// server that stands still.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

impl Connection {
    /// Connects, checks the server, and makes the session safe.
    pub(crate) async fn open(target: &Target) -> Result<Self, Failure> {
        let place = &target.server.place;
        let opening = async {
            let client = connect(target).await?;
            let connection = Self { client, statements: Mutex::default(), writer: None, stripe: 0 };
            connection.check(place, target.mode).await?;
            connection.prepare_session(target).await?;
            Ok(connection)
        };
        tokio::time::timeout(target.connect_timeout, opening).await.unwrap_or_else(|_| {
            Err(Failure::lost(format!(
                "{place}: no PostgreSQL server answers within {:?}; is it running, and are host \
                 and port right?",
                target.connect_timeout
            )))
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn check(&self, place: &str, mode: Mode) -> Result<(), Failure> {
        let row = self.one(SERVER, &[]).await?;
        let found = Found {
            version: row.try_get(0)?,
            encoding: row.try_get(1)?,
            fsync: row.try_get(2)?,
            is_in_recovery: row.try_get(3)?,
        };
        match found.problem(mode) {
            None => Ok(()),
            Some(problem) => Err(Failure::new(format!("{place}: {problem}"))),
        }
    }

    /// The limits are the server's to keep. Sequential scans are made dear because statistics of
    /// young tables are missing and all statements have their index.
    async fn prepare_session(&self, target: &Target) -> Result<(), Failure> {
        let read_only = match target.mode {
            Mode::Write => "off",
            Mode::Read => "on",
        };
        self.batch(&format!(
            "SET search_path TO \"{}\";
             SET default_transaction_isolation TO 'read committed';
             SET default_transaction_read_only TO {read_only};
             SET statement_timeout TO '60s';
             SET lock_timeout TO '10s';
             SET idle_in_transaction_session_timeout TO '30s';
             SET client_min_messages TO warning;
             SET enable_seqscan TO off;
             SET jit TO off;
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');",
            target.schema
        ))
        .await
    }

    /// Runs statements without parameters; returns how many rows the last of them touched.
    pub(crate) async fn simple(&self, sql: &str) -> Result<u64, Failure> {
        let messages = answered(self.client.simple_query(sql)).await?;
        let mut touched = 0;
        for message in messages {
            if let SimpleQueryMessage::CommandComplete(rows) = message {
                touched = rows;
            }
        }
        Ok(touched)
    }

    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        answered(self.client.batch_execute(sql)).await
    }

    /// As [`Connection::batch`], for statements that may take longer than any other.
    pub(crate) async fn batch_within(&self, sql: &str, limit: Duration) -> Result<(), Failure> {
        answered_within(self.client.batch_execute(sql), limit).await
    }

    /// Commits. Only an answer of the server is believed; all else is [`Commit::Unknown`].
    pub(crate) async fn commit(&self) -> Commit {
        let asking = self.client.batch_execute("COMMIT");
        let Ok(answer) = tokio::time::timeout(ANSWER_TIMEOUT, asking).await else {
            return Commit::Unknown(Failure::lost("the server did not answer a commit in time"));
        };
        let Err(cause) = answer else { return Commit::Done };
        let is_error = |told: &DbError| told.parsed_severity() == Some(Severity::Error);
        match cause.as_db_error().is_some_and(is_error) {
            true => Commit::TakenBack(cause.into()),
            false => Commit::Unknown(Failure { kind: Kind::Lost, ..cause.into() }),
        }
    }

    pub(crate) async fn rows(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let statement = self.statement(sql).await?;
        answered(self.client.query(&statement, parameters)).await
    }

    pub(crate) async fn at_most_one(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }

    pub(crate) async fn one(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Row, Failure> {
        let row = self.at_most_one(sql, parameters).await?;
        row.ok_or_else(|| Failure::new("the database gave no row where there is always one"))
    }

    pub(crate) async fn execute(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Failure> {
        let statement = self.statement(sql).await?;
        answered(self.client.execute(&statement, parameters)).await
    }

    async fn statement(&self, sql: &'static str) -> Result<Statement, Failure> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = answered(self.client.prepare(sql)).await?;
        self.statements().insert(sql, statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What decides whether a server is good enough.
struct Found<'row> {
    version: i32,
    encoding: &'row str,
    fsync: &'row str,
    is_in_recovery: bool,
}

impl Found<'_> {
    fn problem(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            _ if self.version < VERSION_MIN => {
                Some("the server is older than PostgreSQL 12; upgrade it")
            }
            _ if self.encoding != "UTF8" => {
                Some("the database's encoding is not UTF8; make one with ENCODING 'UTF8'")
            }
            Mode::Write if self.is_in_recovery => {
                Some("the server is a standby, which cannot be written; connect to the primary")
            }
            Mode::Write if self.fsync != "on" => Some(
                "the server runs with fsync=off: a crash would take back what was acknowledged, \
                 and payouts could be sent twice; set fsync=on",
            ),
            Mode::Write | Mode::Read => None,
        }
    }
}

const SERVER: &str = "SELECT current_setting('server_version_num')::int,
        current_setting('server_encoding'), current_setting('fsync'), pg_is_in_recovery()";

async fn connect(target: &Target) -> Result<Client, Failure> {
    let Server { config, encryption, place, .. } = &target.server;
    let blame = |cause| Failure::of_connecting(cause, place);
    // The task ends when the client is dropped or the connection is lost.
    match (encryption, &target.tls) {
        (Encryption::Verified, Some(tls)) => {
            let (client, connection) = config.connect(tls.clone()).await.map_err(blame)?;
            tokio::spawn(connection);
            Ok(client)
        }
        (Encryption::Verified, None) => Err(Failure::new("TLS was not set up")),
        (Encryption::None, _) => {
            let (client, connection) =
                config.connect(tokio_postgres::NoTls).await.map_err(blame)?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

async fn answered<T>(
    asking: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    answered_within(asking, ANSWER_TIMEOUT).await
}

async fn answered_within<T>(
    asking: impl Future<Output = Result<T, tokio_postgres::Error>>,
    limit: Duration,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, asking).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure {
            kind: Kind::Lost,
            ..Failure::new("the server did not answer a statement in time")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_would_lose_a_commit_is_not_written() {
        let good =
            || Found { version: 150_018, encoding: "UTF8", fsync: "on", is_in_recovery: false };
        let cases = [
            (good(), None, None),
            (Found { fsync: "off", ..good() }, Some("fsync"), None),
            (Found { is_in_recovery: true, ..good() }, Some("standby"), None),
            (Found { version: 110_020, ..good() }, Some("older"), Some("older")),
            (Found { encoding: "SQL_ASCII", ..good() }, Some("UTF8"), Some("UTF8")),
        ];
        for (found, writing, reading) in cases {
            for (mode, expected) in [(Mode::Write, writing), (Mode::Read, reading)] {
                let problem = found.problem(mode);
                assert_eq!(problem.is_some(), expected.is_some(), "{problem:?}");
                assert!(problem.unwrap_or_default().contains(expected.unwrap_or_default()));
            }
        }
    }
}
