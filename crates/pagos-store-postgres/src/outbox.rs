//! The outbox: notices for the application in one numbering, and the positions of its readers.
//!
//! A notice is inserted without a number, because its transaction may commit after one that began
//! later. Readers number the notices that are visible, one reader at a time: a number, once seen,
//! is final, and whatever becomes visible afterwards comes after it. The notices of one payout are
//! in its order, because its row is locked from before they are inserted until they are committed.

use std::collections::{HashMap, HashSet};

use pagos_engine::{Notice, NoticeAbout, RunId};

use crate::{
    connection::Connection,
    failure::Failure,
    flight::{Flight, Statement, raised},
    row, schema,
    transaction::Work,
};

/// The maximum number of notices that one transaction numbers.
const PORTION: i64 = 10_000;

/// Numbers a portion of the notices without a number; the answer is whether there may be more.
pub(crate) struct Number;

impl Work for Number {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        // The lock comes first, in a statement of its own: the numbers of the last reader must be
        // visible to the statement that continues them.
        let lock = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))";
        connection.execute(lock, &[&(schema::LOCK + 1)]).await?;
        let numbered = connection.execute(NUMBER, &[&PORTION]).await?;
        Ok(row::signed(numbered) == PORTION)
    }
}

const NUMBER: &str = "WITH waiting AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM (SELECT id FROM outbox WHERE number IS NULL ORDER BY id LIMIT $1) AS portion
    )
    UPDATE outbox SET number = place + (SELECT coalesce(max(number), 0) FROM outbox)
    FROM waiting WHERE outbox.id = waiting.id AND outbox.number IS NULL";

/// Whether any notice has no number.
pub(crate) struct IsWaiting;

impl Work for IsWaiting {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        let sql = "SELECT EXISTS (SELECT FROM outbox WHERE number IS NULL)";
        Ok(connection.one(sql, &[]).await?.try_get(0)?)
    }
}

/// Reads the notices that have numbers.
pub(crate) struct ReadNumbered {
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Work for ReadNumbered {
    type Answer = Vec<(u64, Notice)>;

    async fn run(&self, connection: &Connection) -> Result<Vec<(u64, Notice)>, Failure> {
        let sql = "SELECT number, notice_json FROM outbox
                   WHERE number > $1 ORDER BY number LIMIT $2";
        let rows =
            connection.rows(sql, &[&row::signed(self.after), &row::limit(self.limit)]).await?;
        let mut notices = Vec::with_capacity(rows.len());
        for row in &rows {
            let notice: Notice = row::json(row, 1, "a notice")?;
            notices.push((row::unsigned(row.try_get(0)?)?, notice));
        }
        let runs = runs_of(connection, &notices).await?;
        for (_, notice) in &mut notices {
            let named = notice.key().and_then(|key| runs.get(key.as_str())).cloned();
            notice.set_runs(named.unwrap_or_default());
        }
        Ok(notices)
    }
}

/// The names of the runs of the payouts that notices are about, by key and sorted.
async fn runs_of(
    connection: &Connection,
    notices: &[(u64, Notice)],
) -> Result<HashMap<String, Vec<RunId>>, Failure> {
    let keys: HashSet<&str> = notices
        .iter()
        .filter_map(|(_, notice)| match &notice.about {
            NoticeAbout::Payout(news) => Some(news.key.as_str()),
            NoticeAbout::Payment(_)
            | NoticeAbout::Delivery { .. }
            | NoticeAbout::Run(_)
            | NoticeAbout::Account
            | NoticeAbout::Endpoint { .. } => None,
        })
        .collect();
    let mut runs: HashMap<String, Vec<RunId>> = HashMap::new();
    if keys.is_empty() {
        return Ok(runs);
    }
    let keys: Vec<&str> = keys.into_iter().collect();
    for row in connection.rows(RUNS, &[&keys]).await? {
        runs.entry(row.try_get(0)?).or_default().push(RunId(row.try_get(1)?));
    }
    Ok(runs)
}

const RUNS: &str = "SELECT orders.key, runs.name
    FROM orders JOIN payouts USING (id) CROSS JOIN LATERAL unnest(payouts.runs) AS member (run)
    JOIN runs ON runs.id = member.run
    WHERE orders.key = ANY ($1) ORDER BY orders.key, runs.name";

/// The highest number that was given.
pub(crate) struct ReadNewest;

impl Work for ReadNewest {
    type Answer = u64;

    async fn run(&self, connection: &Connection) -> Result<u64, Failure> {
        let sql = "SELECT coalesce(max(number), 0) FROM outbox";
        row::unsigned(connection.one(sql, &[]).await?.try_get(0)?)
    }
}

/// How far a reader has come.
pub(crate) struct ReadReader<'call> {
    pub(crate) name: &'call str,
}

impl Work for ReadReader<'_> {
    type Answer = Option<u64>;

    async fn run(&self, connection: &Connection) -> Result<Option<u64>, Failure> {
        let sql = "SELECT position FROM readers WHERE name = $1";
        let Some(row) = connection.at_most_one(sql, &[&self.name]).await? else { return Ok(None) };
        row::unsigned(row.try_get(0)?).map(Some)
    }
}

/// Moves a reader forward to a number.
pub(crate) struct Acknowledge<'call> {
    pub(crate) name: &'call str,
    pub(crate) number: u64,
}

impl Flight for Acknowledge<'_> {
    type Answer = ();

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        Ok(Statement::new(ACKNOWLEDGE).with(self.name).with(row::signed(self.number)))
    }

    fn read(&self, _: &str) -> Result<(), Failure> {
        Ok(())
    }
}

const ACKNOWLEDGE: &str = concat!(
    "WITH read AS (
        INSERT INTO readers (name, position) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE
        SET position = greatest(readers.position, excluded.position)
    ), outcome AS MATERIALIZED (
        SELECT '' AS answer
    ), ",
    raised!("$3", "$4")
);
