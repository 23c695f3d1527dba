//! One connection: its transactions, and the statements in them.
//!
//! A pooler gives each transaction whichever session of the server is free. So nothing that is
//! needed later is left in such a session: a transaction begins with all the settings that it
//! needs, and a statement outside a transaction gets one of its own in the same round trip. That
//! also overrides what another program left in the session. Settings that stay, and statements that
//! have names, save the server most of that work, but only in a session that is certainly ours:
//! `target.rs` says how that is known, and every transaction begins by checking.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{join3, join4};
use tokio_postgres::{
    Client, CopyInSink, CopyOutStream, Row, SimpleQueryMessage, Statement,
    error::{DbError, Severity},
    types::{ToSql, Type},
};

use crate::{
    failure::{Failure, Kind},
    flight,
    lineage::Line,
    opening::{self, Access, Found, SERVER},
    parameter::Parameter,
    target::{MARK, Mode, Target},
};

/// A connection with one transaction at a time. Dropping it closes it, and the server then rolls
/// back what was not committed.
pub(crate) struct Connection {
    client: Client,
    search_path: String,
    /// The mark of a session that is ours alone; `None` behind a pooler.
    mark: Option<String>,
    line: Line,
    scope: AtomicU8,
    /// The statements that have names in our session.
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// The row that numbers this connection's transactions.
    pub(crate) writer: Option<i64>,
    /// The stripe of a tally that this connection counts in.
    pub(crate) stripe: i32,
}

/// Outside a transaction.
const OUTSIDE: u8 = 0;
/// Inside a transaction, in any session.
const INSIDE: u8 = 1;
/// Inside a transaction, in the session with our mark.
const INSIDE_OURS: u8 = 2;

/// The server's answer to a commit.
pub(crate) enum Commit {
    /// Durable.
    Done,
    /// The server refused and rolled everything back.
    TakenBack(Failure),
    /// No answer came: the commit may have happened, may not, or may be about to.
    Unknown(Failure),
}

/// The server's answer to a flight.
pub(crate) enum Flown {
    /// Durable, with this answer.
    Done(String),
    /// The server refused and rolled everything back.
    TakenBack(Failure),
    /// It may have happened, may not, or may be about to.
    Unknown(Failure),
}

/// The response to one message of a flight.
enum Heard<T> {
    Said(T),
    /// The server itself refused it.
    Refused(Failure),
    /// No response, or none that can be relied on.
    Nothing(Failure),
}

/// How long a response may take. The server itself ends statements before that, so this is for a
/// server that hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

impl Connection {
    /// Connects, and checks the server and the connection to it.
    pub(crate) async fn open(target: &Target) -> Result<Self, Failure> {
        let place = &target.server.place;
        let opening = async {
            let (client, mark) = target.connect().await?;
            let mut connection = Self {
                client,
                // Last, so that a table that another program left in the session hides none of
                // ours.
                search_path: format!("\"{}\", pg_temp", target.schema),
                mark,
                line: Line::new(Arc::clone(&target.lineages)),
                scope: AtomicU8::new(OUTSIDE),
                statements: Mutex::default(),
                writer: None,
                stripe: 0,
            };
            connection.check(place, target.mode).await?;
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

    /// Whether a pooler, or anything else that hides our mark, is between us and the server.
    pub(crate) fn is_pooled(&self) -> bool {
        self.mark.is_none()
    }

    async fn check(&mut self, place: &str, mode: Mode) -> Result<(), Failure> {
        let mark = self.mark.take();
        let row = self.one(SERVER, &[&self.search_path, &MARK, &mark]).await?;
        let found = Found {
            version: row.try_get(0)?,
            encoding: row.try_get(1)?,
            fsync: row.try_get(2)?,
            is_in_recovery: row.try_get(3)?,
            has_its_settings: row.try_get(4)?,
            is_read_only: row.try_get(6)?,
        };
        let is_ours: bool = row.try_get(5)?;
        if let Some(problem) = found.problem(mode) {
            return Err(Failure::new(format!("{place}: {problem}")));
        }
        if let Some(obstacle) = found.obstacle(mode) {
            return Err(Failure::lost(format!("{place}: {obstacle}")));
        }
        if let Some(mark) = mark.filter(|_| is_ours) {
            let (sql, settled) = opening::settle_in(&mark, &self.search_path);
            self.batch(&sql).await?;
            self.mark = Some(settled);
        }
        // A session of ours stays on one server; through a pooler, each transaction may be on another.
        self.line.learn(&self.client, self.mark.is_some()).await
    }

    /// Notes the server's line of history, outside a transaction.
    pub(crate) async fn look_at_lineage(&self) -> Result<(), Failure> {
        answered(self.line.look(&self.client)).await
    }

    fn opening(&self, access: Access, further: &str) -> String {
        let (mark, lineage) = (self.mark.as_deref(), self.line.column());
        opening::begin(access, mark, &self.search_path, lineage, further)
    }

    /// Sends the beginning of a transaction, which may tell the line of history.
    async fn send_opening(&self, opening: &str) -> Result<(), tokio_postgres::Error> {
        self.line.ask(&self.client, opening).await.map(drop)
    }

    /// Begins a transaction that may write, and runs statements without parameters in it; returns
    /// how many rows the last of them affected.
    pub(crate) async fn begin(&self, first: &str) -> Result<u64, Failure> {
        self.scope.store(INSIDE, Ordering::Relaxed);
        self.simple(&format!("{}; {first}", self.opening(Access::Write, ""))).await
    }

    /// Notes that the transaction has begun: if the session is ours, statements may have names in
    /// it.
    pub(crate) fn trust_session(&self) {
        let scope = if self.mark.is_some() { INSIDE_OURS } else { INSIDE };
        self.scope.store(scope, Ordering::Relaxed);
    }

    /// Runs statements without parameters, and notes the line of history if they tell it; returns
    /// how many rows the last of them affected.
    async fn simple(&self, sql: &str) -> Result<u64, Failure> {
        let messages = answered(self.line.ask(&self.client, sql)).await?;
        let mut touched = 0;
        for message in messages {
            if let SimpleQueryMessage::CommandComplete(rows) = message {
                touched = rows;
            }
        }
        Ok(touched)
    }

    /// Runs statements without parameters as they are: outside a transaction, in any session.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        answered(self.client.batch_execute(sql)).await
    }

    /// Like [`Connection::batch`], for statements that may take longer than any other.
    pub(crate) async fn batch_within(&self, sql: &str, limit: Duration) -> Result<(), Failure> {
        answered_within(self.client.batch_execute(sql), limit).await
    }

    /// Runs one statement without parameters; returns the first value of each row, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Result<Vec<String>, Failure> {
        let messages = answered(self.client.simple_query(sql)).await?;
        let text = |message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(text).collect())
    }

    /// Begins to send rows to a table, inside a transaction.
    pub(crate) async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Bytes>, Failure> {
        answered(self.client.copy_in(sql)).await
    }

    /// Begins to receive the rows of a query, inside a transaction.
    pub(crate) async fn copy_out(&self, sql: &str) -> Result<CopyOutStream, Failure> {
        answered(self.client.copy_out(sql)).await
    }

    /// Commits. Only an answer of the server counts; anything else is [`Commit::Unknown`].
    pub(crate) async fn commit(&self) -> Commit {
        self.scope.store(OUTSIDE, Ordering::Relaxed);
        let asking = self.client.batch_execute("COMMIT");
        let Ok(answer) = tokio::time::timeout(ANSWER_TIMEOUT, asking).await else {
            return Commit::Unknown(Failure::lost("the server did not answer a commit in time"));
        };
        match heard(answer) {
            Heard::Said(()) => Commit::Done,
            Heard::Refused(failure) => Commit::TakenBack(failure),
            Heard::Nothing(failure) => Commit::Unknown(failure),
        }
    }

    /// Sends a statement that guards itself (`flight.rs`) together with the beginning and the end
    /// of its transaction, all before the first answer is awaited: a request is sent when its
    /// future is first polled, and `join4` polls them in order. In a session with our mark, the
    /// statement has a name; if the mark is missing, the transaction fails before the name is
    /// looked up. After [`Flown::TakenBack`] the connection can be used again unless
    /// [`Connection::is_at_rest`] returns false.
    pub(crate) async fn fly(&self, flown: &flight::Statement<'_>, end: &[Parameter<'_>]) -> Flown {
        let mut parameters = flown.parameters();
        parameters.extend(end);
        overhear(flown.sql, &parameters);
        let before = flown.before.as_ref().map(|before| (before.sql, before.parameters()));
        if let Some((sql, parameters)) = &before {
            overhear(sql, parameters);
        }
        let named = async |sql| match &self.mark {
            None => Ok(None),
            Some(_) => self.named(sql).await.map(Some),
        };
        let first = match &before {
            None => Ok(None),
            Some((sql, _)) => named(sql).await,
        };
        let (first, second) = match (first, named(flown.sql).await) {
            (Ok(first), Ok(second)) => (first, second),
            // Nothing was sent yet.
            (Err(failure), _) | (_, Err(failure)) => return Flown::TakenBack(failure),
        };
        self.scope.store(INSIDE, Ordering::Relaxed);
        let opening = self.opening(Access::Write, flown.settings);
        let preparing = async {
            match &before {
                None => Ok(()),
                Some((sql, parameters)) => {
                    self.ask(first.as_ref(), sql, parameters).await.map(drop)
                }
            }
        };
        let asking = self.ask(second.as_ref(), flown.sql, &parameters);
        let (begun, ended) = (self.send_opening(&opening), self.client.batch_execute("COMMIT"));
        let all = join4(begun, preparing, asking, ended);
        let Ok((begun, prepared, rows, ended)) = tokio::time::timeout(ANSWER_TIMEOUT, all).await
        else {
            return Flown::Unknown(Failure::lost("the server did not answer a flight in time"));
        };
        let ended = heard(ended);
        if matches!(ended, Heard::Said(())) {
            self.scope.store(OUTSIDE, Ordering::Relaxed);
        }
        judge(both(heard(begun), heard(prepared)), heard(rows), ended)
    }

    /// Sends a statement, by its name if it has one.
    async fn ask(
        &self,
        named: Option<&Statement>,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        match named {
            Some(statement) => self.client.query(statement, &without_types(parameters)).await,
            None => self.client.query_typed(sql, &with_types(parameters)).await,
        }
    }

    /// Whether it is open and has no transaction.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.is_closed() && self.scope.load(Ordering::Relaxed) == OUTSIDE
    }

    /// The named statement, outside a transaction. If it has no name yet, it gets one in a
    /// transaction that finds our tables and is certainly in our session.
    async fn named(&self, sql: &'static str) -> Result<Statement, Failure> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let opening = self.opening(Access::Read, "");
        let (begun, preparing, ended) = (
            self.client.batch_execute(&opening),
            self.client.prepare(sql),
            self.client.batch_execute("ROLLBACK"),
        );
        let all = join3(begun, preparing, ended);
        let statement = answered(async {
            let (begun, statement, ended) = all.await;
            begun?;
            let statement = statement?;
            ended?;
            Ok(statement)
        })
        .await?;
        self.statements().insert(sql, statement.clone());
        Ok(statement)
    }

    pub(crate) async fn roll_back(&self) -> Result<(), Failure> {
        self.scope.store(OUTSIDE, Ordering::Relaxed);
        self.batch("ROLLBACK").await
    }

    pub(crate) async fn rows(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        overhear(sql, parameters);
        let typed = with_types(parameters);
        match self.scope.load(Ordering::Relaxed) {
            INSIDE_OURS => {
                let statement = self.statement(sql).await?;
                answered(self.client.query(&statement, &without_types(parameters))).await
            }
            INSIDE => answered(self.client.query_typed(sql, &typed)).await,
            _ => self.alone(Access::Read, self.client.query_typed(sql, &typed)).await,
        }
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
        overhear(sql, parameters);
        let typed = with_types(parameters);
        match self.scope.load(Ordering::Relaxed) {
            INSIDE_OURS => {
                let statement = self.statement(sql).await?;
                answered(self.client.execute(&statement, &without_types(parameters))).await
            }
            INSIDE => answered(self.client.execute_typed(sql, &typed)).await,
            _ => self.alone(Access::Read, self.client.execute_typed(sql, &typed)).await,
        }
    }

    /// The named statement in our session; it gets its name when it is first used.
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

    /// Runs one statement that writes, in a transaction of its own. The answer is durable.
    pub(crate) async fn write_alone(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows_alone(sql, parameters).await?.into_iter().next())
    }

    /// Like [`Connection::write_alone`], with all rows that the statement returns.
    pub(crate) async fn rows_alone(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        overhear(sql, parameters);
        let named = match self.mark {
            None => None,
            Some(_) => Some(self.named(sql).await?),
        };
        self.alone(Access::Write, self.ask(named.as_ref(), sql, parameters)).await
    }

    /// Sends all three messages before the first answer is awaited: a request is sent when its
    /// future is first polled, and `join3` polls them in order. If one fails, the server rolls
    /// everything back.
    async fn alone<T>(
        &self,
        access: Access,
        asking: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        let opening = self.opening(access, "");
        let (begun, answer, ended) =
            (self.send_opening(&opening), asking, self.client.batch_execute("COMMIT"));
        let all = join3(begun, answer, ended);
        answered(async {
            let (begun, answer, ended) = all.await;
            begun?;
            let answer = answer?;
            ended?;
            Ok(answer)
        })
        .await
    }
}

/// Tests look at the plans of all statements.
#[cfg(all(test, feature = "scratch"))]
use crate::plans::overhear;

#[cfg(not(all(test, feature = "scratch")))]
fn overhear(_: &'static str, _: &[Parameter<'_>]) {}

fn with_types<'value>(parameters: &[Parameter<'value>]) -> Vec<(&'value (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|value| (value.as_sql(), value.postgres_type())).collect()
}

fn without_types<'value>(parameters: &[Parameter<'value>]) -> Vec<&'value (dyn ToSql + Sync)> {
    parameters.iter().map(|value| value.as_sql()).collect()
}

fn heard<T>(answer: Result<T, tokio_postgres::Error>) -> Heard<T> {
    let cause = match answer {
        Ok(said) => return Heard::Said(said),
        Err(cause) => cause,
    };
    let is_refused = |told: &DbError| is_refusal(told.parsed_severity(), told.code().code());
    match cause.as_db_error().is_some_and(is_refused) {
        true => Heard::Refused(cause.into()),
        false => Heard::Nothing(Failure { kind: Kind::Lost, ..cause.into() }),
    }
}

/// The combined response to the beginning of a transaction, which is two messages.
fn both(begun: Heard<()>, prepared: Heard<()>) -> Heard<()> {
    match (begun, prepared) {
        (Heard::Said(()), Heard::Said(())) => Heard::Said(()),
        (Heard::Nothing(failure), _) | (_, Heard::Nothing(failure)) => Heard::Nothing(failure),
        (Heard::Refused(failure), _) | (_, Heard::Refused(failure)) => Heard::Refused(failure),
    }
}

/// The result of a flight.
///
/// An error of the statement itself rolls it back, inside a transaction or not. If the transaction
/// did not begin and the statement was still answered, it happened on its own, together with its
/// number: the row decides. The same holds if only the answer to the commit is missing. The answer
/// to the commit of a failed transaction is no error, so it is checked last.
fn judge(begun: Heard<()>, rows: Heard<Vec<Row>>, ended: Heard<()>) -> Flown {
    match (begun, rows, ended) {
        (Heard::Said(()), Heard::Said(rows), Heard::Said(())) => read_flown(&rows),
        (Heard::Said(()), Heard::Refused(failure), _)
        | (Heard::Refused(failure), Heard::Refused(_), _)
        | (Heard::Said(()), Heard::Said(_), Heard::Refused(failure)) => Flown::TakenBack(failure),
        (Heard::Nothing(failure) | Heard::Refused(failure), ..)
        | (_, Heard::Nothing(failure), _)
        | (_, _, Heard::Nothing(failure)) => Flown::Unknown(failure),
    }
}

/// The flight is durable. If the answer cannot be read here, it is read from the writer's row.
fn read_flown(rows: &[Row]) -> Flown {
    let answer = rows.first().map(|row| row.try_get(0));
    match answer {
        Some(Ok(answer)) => Flown::Done(answer),
        Some(Err(cause)) => Flown::Unknown(cause.into()),
        None => Flown::Unknown(Failure::new("the database answered nothing")),
    }
}

/// Whether the server itself rolled the transaction back. An error about a connection can come from
/// a pooler, and then the result of the commit is unknown.
fn is_refusal(severity: Option<Severity>, code: &str) -> bool {
    severity == Some(Severity::Error) && !code.starts_with("08")
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

    #[cfg(feature = "scratch")]
    #[tokio::test]
    async fn world_6_a_session_that_lost_its_settings_is_not_used() {
        let Some(scratch) = crate::Scratch::from_env() else { return };
        let database = scratch.database().await;
        let server = crate::url::parse(&database.url).unwrap();
        let target = Target::new(server, "pagos".to_owned(), Mode::Write, Duration::from_secs(60));
        let connection = async || {
            let connection = Connection::open(&target).await.unwrap();
            let row = connection.one("SELECT current_setting('lock_timeout')", &[]).await.unwrap();
            assert_eq!(row.get::<_, &str>(0), "10s");
            connection.batch("RESET ALL").await.unwrap();
            connection
        };
        let sql = "SELECT 'done', 1";
        let is_lost = |kind: Kind| assert!(matches!(kind, Kind::Lost), "{kind:?}");
        is_lost(connection().await.rows(sql, &[]).await.unwrap_err().kind);
        is_lost(connection().await.write_alone(sql, &[]).await.unwrap_err().kind);
        is_lost(connection().await.begin("SELECT 1").await.unwrap_err().kind);
        match connection().await.fly(&flight::Statement::new(sql), &[]).await {
            Flown::TakenBack(failure) => is_lost(failure.kind),
            Flown::Done(_) | Flown::Unknown(_) => panic!("it flew"),
        }
    }

    #[test]
    fn world_6_a_poolers_error_does_not_say_that_a_commit_failed() {
        let cases = [
            (Some(Severity::Error), "40001", true),
            (Some(Severity::Error), "23505", true),
            (Some(Severity::Error), "08P01", false),
            (Some(Severity::Error), "08006", false),
            (Some(Severity::Fatal), "57P01", false),
            (None, "40001", false),
        ];
        for (severity, code, expected) in cases {
            assert_eq!(is_refusal(severity, code), expected, "{severity:?} {code}");
        }
    }

    #[test]
    fn what_became_of_a_flight_is_not_guessed() {
        use Told::{No, Nothing, Yes};
        #[derive(Clone, Copy)]
        enum Told {
            Yes,
            No,
            Nothing,
        }
        fn heard<T>(told: Told, said: T) -> Heard<T> {
            match told {
                Yes => Heard::Said(said),
                No => Heard::Refused(Failure::new("no")),
                Nothing => Heard::Nothing(Failure::lost("nothing")),
            }
        }
        let cases = [
            // The statement was refused: with or without a transaction, it is rolled back.
            (Yes, No, Yes, true),
            (Yes, No, Nothing, true),
            (No, No, Yes, true),
            // The commit was refused.
            (Yes, Yes, No, true),
            // There was no transaction, and the statement happened on its own.
            (No, Yes, Yes, false),
            (No, Nothing, Nothing, false),
            (Yes, Yes, Nothing, false),
            (Yes, Nothing, Nothing, false),
            (Yes, Nothing, Yes, false),
            (Nothing, Nothing, Nothing, false),
            (Nothing, No, Yes, false),
            // An answer without a row: the writer's row has it.
            (Yes, Yes, Yes, false),
        ];
        for (place, (begun, rows, ended, is_taken_back)) in cases.into_iter().enumerate() {
            let flown = judge(heard(begun, ()), heard(rows, Vec::new()), heard(ended, ()));
            assert!(!matches!(flown, Flown::Done(_)), "{place}");
            assert_eq!(matches!(flown, Flown::TakenBack(_)), is_taken_back, "{place}");
        }
    }

    #[test]
    fn a_server_that_would_lose_a_commit_is_not_written() {
        let good = || Found {
            version: 150_018,
            encoding: "UTF8",
            fsync: "on",
            is_in_recovery: false,
            is_read_only: false,
            has_its_settings: true,
        };
        let cases = [
            (good(), None, None),
            (Found { fsync: "off", ..good() }, Some("fsync"), None),
            (Found { version: 110_020, ..good() }, Some("older"), Some("older")),
            (Found { has_its_settings: false, ..good() }, Some("pooler"), Some("pooler")),
            (Found { encoding: "SQL_ASCII", ..good() }, Some("UTF8"), Some("UTF8")),
        ];
        for (found, writing, reading) in cases {
            for (mode, expected) in [(Mode::Write, writing), (Mode::Read, reading)] {
                let problem = found.problem(mode);
                assert_eq!(problem.is_some(), expected.is_some(), "{problem:?}");
                assert!(problem.unwrap_or_default().contains(expected.unwrap_or_default()));
                assert_eq!(found.obstacle(mode), None);
            }
        }
    }

    #[test]
    fn a_server_that_takes_no_writes_now_is_only_read() {
        let good = Found {
            version: 150_018,
            encoding: "UTF8",
            fsync: "on",
            is_in_recovery: false,
            is_read_only: false,
            has_its_settings: true,
        };
        let standby = Found { is_in_recovery: true, ..good };
        let fenced = Found { is_read_only: true, ..standby };
        let fenced = Found { is_in_recovery: false, ..fenced };
        for (found, expected) in [(standby, "standby"), (fenced, "only read")] {
            assert!(found.obstacle(Mode::Write).unwrap().contains(expected));
            assert_eq!(found.obstacle(Mode::Read), None);
            assert_eq!(found.problem(Mode::Write), None, "it may pass");
        }
    }
}
