//! Which line of history the server is on: its system identifier and its timeline. A standby that is
//! promoted, and a recovery to an earlier moment, begin another timeline; a database that is loaded
//! into another cluster has another system identifier.
//!
//! Every transaction that writes reads it where it begins, since a connection through a pooler can
//! reach another server with each of them. The name of a WAL file begins with the timeline, and is
//! right as soon as a promoted server can be written; `pg_control_checkpoint()` tells the new
//! timeline only after the next checkpoint. All of these functions are open to every user unless
//! somebody has revoked that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::failure::{Failure, Kind};

/// How the server of one connection tells its line of history, and where that is noted.
pub(crate) struct Line {
    /// `None` if the server does not tell it.
    column: Option<String>,
    lineages: Arc<Lineages>,
}

impl Line {
    pub(crate) fn new(lineages: Arc<Lineages>) -> Self {
        Self { column: None, lineages }
    }

    /// Finds out whether the server tells it, and notes it. Where the user may not know the system,
    /// the timeline alone is told; a server that does not have these functions tells nothing.
    /// `is_ours` says that the session stays on one server.
    pub(crate) async fn learn(&mut self, client: &Client, is_ours: bool) -> Result<(), Failure> {
        let system = match refused_is_none(client.simple_query(SYSTEM).await)? {
            Some(answers) if is_ours => format!("'{}'", value(&answers, "system").unwrap_or("-")),
            Some(_) => format!("({SYSTEM})"),
            None => "'-'".to_owned(),
        };
        self.column = Some(column(&system));
        if refused_is_none(self.look(client).await)?.is_none() {
            self.column = None;
        }
        Ok(())
    }

    /// The column that tells it, for the beginning of a transaction.
    pub(crate) fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// Notes it, outside a transaction.
    pub(crate) async fn look(&self, client: &Client) -> Result<(), Error> {
        match &self.column {
            Some(column) => self.ask(client, &format!("SELECT {column}")).await.map(drop),
            None => Ok(()),
        }
    }

    /// Runs statements without parameters, and notes it if they tell it.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        sql: &str,
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        let sent = self.lineages.sending();
        let answers = client.simple_query(sql).await?;
        if let Some(lineage) = value(&answers, COLUMN) {
            self.lineages.observe(sent, lineage);
        }
        Ok(answers)
    }
}

/// The value of a column in the first row that has it.
fn value<'answers>(answers: &'answers [SimpleQueryMessage], name: &str) -> Option<&'answers str> {
    answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.try_get(name).ok().flatten(),
        _ => None,
    })
}

const COLUMN: &str = "lineage";

/// It is read from a file of the server, so in each transaction only where it can change.
const SYSTEM: &str = "SELECT system_identifier::text AS system FROM pg_control_system()";

/// `None` if the server refuses the statement.
fn refused_is_none<T>(answer: Result<T, Error>) -> Result<Option<T>, Failure> {
    match answer.map_err(Failure::from) {
        Err(failure) if failure.kind == Kind::Refused => Ok(None),
        answer => answer.map(Some),
    }
}

/// The column is null on a standby, which follows another server's history.
fn column(system: &str) -> String {
    format!(
        "CASE WHEN pg_is_in_recovery() THEN NULL ELSE
             {system} || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS {COLUMN}"
    )
}

/// A moment in the order of observations: when a statement was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sent(u64);

/// The lineage that the servers of one store were last seen on.
#[derive(Debug, Default)]
pub(crate) struct Lineages(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// How often one was observed.
    observed: u64,
    last: Option<String>,
}

impl Lineages {
    pub(crate) fn last(&self) -> Option<String> {
        self.seen().last.clone()
    }

    /// To be called before a statement is sent.
    pub(crate) fn sending(&self) -> Sent {
        Sent(self.seen().observed)
    }

    /// Notes what a statement saw that was sent at `sent`. The newer observation wins: the later
    /// one, and of two at the same time the one of the higher timeline, since a server that was
    /// replaced may answer after its successor.
    pub(crate) fn observe(&self, sent: Sent, lineage: &str) {
        let mut seen = self.seen();
        let is_at_the_same_time = sent.0 < seen.observed;
        let is_outdated = seen.last.as_deref().is_some_and(|last| is_before(lineage, last));
        seen.observed += 1;
        if seen.last.as_deref() != Some(lineage) && !(is_at_the_same_time && is_outdated) {
            seen.last = Some(lineage.to_owned());
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether both are timelines of one system and the first is the lower one. They are hexadecimal
/// numbers of eight digits.
fn is_before(lineage: &str, last: &str) -> bool {
    match (lineage.split_once('/'), last.split_once('/')) {
        (Some((system, timeline)), Some((known, newest))) => system == known && timeline < newest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_observation_wins() {
        let lineages = Lineages::default();
        assert_eq!(lineages.last(), None);
        let (early, late) = (lineages.sending(), lineages.sending());
        lineages.observe(late, "7/00000002");
        // The replaced server answers after its successor.
        lineages.observe(early, "7/00000001");
        assert_eq!(lineages.last().as_deref(), Some("7/00000002"));
        // The successor answers after the replaced server.
        let (early, late) = (lineages.sending(), lineages.sending());
        lineages.observe(late, "7/00000002");
        lineages.observe(early, "7/0000000A");
        assert_eq!(lineages.last().as_deref(), Some("7/0000000A"));
        // A recovery that did not find the later timelines in its archive.
        lineages.observe(lineages.sending(), "7/00000003");
        assert_eq!(lineages.last().as_deref(), Some("7/00000003"));
        // Another cluster.
        let sent = lineages.sending();
        lineages.observe(sent, "8/00000001");
        assert_eq!(lineages.last().as_deref(), Some("8/00000001"));
    }
}
