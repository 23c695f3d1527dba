//! What a restored database knows of that may have gone on without it.

use pagos_core::Timestamp;
use pagos_engine::RunId;
use rusqlite::{Connection, OptionalExtension};

use crate::failure::Failure;

/// What is in a restored database that may have gone on since its backup. What began since is not
/// in it at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gap {
    /// Runs that were not released. They may have been since.
    pub runs_unreleased: u64,
    /// Runs that were released and had not ended.
    pub runs_unfinished: u64,
    /// The newest ten of both.
    pub runs: Vec<RunId>,
    /// Payouts that would be sent now, and may have been sent since.
    pub due: u64,
    /// Payouts of runs that were not released.
    pub held: u64,
    /// Payouts in doubt.
    pub in_doubt: u64,
    /// Payouts that waited for a person, who may have decided since.
    pub waiting: u64,
    /// Payouts that were told to have failed, and that somebody may have paid otherwise.
    pub failed: u64,
    /// Decisions that waited for approval, or were approved.
    pub approvals: u64,
    /// Tokens. One that was revoked since is valid again.
    pub tokens: u64,
    /// Webhooks that were received and not applied.
    pub webhooks: u64,
    /// The witness that the database was last compared with, if it had one.
    pub witness: Option<String>,
    /// When that was.
    pub compared_at: Option<Timestamp>,
    /// How many attempts the database knows from after that.
    pub sent_since: u64,
}

/// Looks at a copy.
pub(super) fn look(copied: &Connection) -> Result<Gap, Failure> {
    let count = |sql: &str| -> Result<u64, Failure> {
        let count: i64 = copied.query_row(sql, (), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    let (witness, compared_at) = common_point(copied)?;
    let sent_since = match compared_at {
        None => 0,
        Some(at) => count(&format!(
            "SELECT count(*) FROM entries WHERE {BEGUN} AND json_extract(entry_json, '$.at') > {}",
            at.as_millis()
        ))?,
    };
    Ok(Gap {
        runs_unreleased: count(&format!("SELECT count(*) FROM runs WHERE {UNRELEASED}"))?,
        runs_unfinished: count(&format!("SELECT count(*) FROM runs WHERE {UNFINISHED}"))?,
        runs: open_runs(copied)?,
        due: count(
            "SELECT count(*) FROM payouts WHERE due_at IS NOT NULL AND held = 0 AND work = 'send'",
        )?,
        held: count("SELECT count(*) FROM payouts WHERE held = 1")?,
        in_doubt: count("SELECT count(*) FROM payouts WHERE status = 'unknown'")?,
        waiting: count("SELECT count(*) FROM payouts WHERE attention = 1")?,
        failed: count("SELECT count(*) FROM payouts WHERE status = 'failed'")?,
        approvals: count("SELECT count(*) FROM records WHERE kind = 'approval'")?,
        tokens: count("SELECT count(*) FROM records WHERE kind = 'token'")?,
        webhooks: count("SELECT count(*) FROM inbox WHERE state = 'open'")?,
        witness,
        compared_at,
        sent_since,
    })
}

const UNRELEASED: &str = "made_due_at IS NULL";

const UNFINISHED: &str = "made_due_at IS NOT NULL AND EXISTS
     (SELECT 1 FROM members JOIN payouts USING (key) WHERE run = runs.id AND at_rest = 0)";

fn open_runs(copied: &Connection) -> Result<Vec<RunId>, Failure> {
    let sql = format!(
        "SELECT name FROM runs WHERE {UNRELEASED} OR ({UNFINISHED}) ORDER BY id DESC LIMIT 10"
    );
    let mut statement = copied.prepare(&sql)?;
    let names = statement.query_map((), |row| row.get(0).map(RunId))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Entries about attempts. The texts of others are not parsed.
const BEGUN: &str = "entry_json LIKE '{\"entry\":\"attempt_begun\"%'";

/// When the database and its witness were last seen to agree.
fn common_point(copied: &Connection) -> Result<(Option<String>, Option<Timestamp>), Failure> {
    let sql = "SELECT json_extract(body, '$.witness'), json_extract(body, '$.at') FROM records
               WHERE kind = 'witness' AND name = 'position'";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?));
    let found: Option<(Option<String>, Option<i64>)> =
        copied.query_row(sql, (), read).optional()?;
    let (witness, at) = found.unwrap_or_default();
    Ok((witness, at.map(Timestamp::from_millis)))
}

/// The newest moment at which something was written, as far as the rows tell it; the beginning of
/// time for a database in which nothing happened. The database has everything from before.
pub(super) fn newest_moment(copied: &Connection) -> Result<Timestamp, Failure> {
    let newest: Option<i64> = copied.query_row(
        "SELECT max(at) FROM (
             SELECT max(created_at) AS at FROM payouts
             UNION ALL SELECT max(created_at) FROM runs
             UNION ALL SELECT max(closed_at) FROM runs
             UNION ALL SELECT max(made_due_at) FROM runs
             UNION ALL SELECT max(created_at) FROM payments
             UNION ALL SELECT max(received_at) FROM inbox
             UNION ALL SELECT max(last_at) FROM refused
             UNION ALL SELECT max(swept_at) FROM swept
             UNION ALL SELECT max(json_extract(notice_json, '$.at')) FROM outbox
                 WHERE json_valid(notice_json)
             UNION ALL SELECT max(coalesce(json_extract(entry_json, '$.at'),
                 json_extract(entry_json, '$.observation.seen_at'))) FROM entries
                 WHERE json_valid(entry_json)
             UNION ALL SELECT max(coalesce(json_extract(entry_json, '$.at'),
                 json_extract(entry_json, '$.observation.seen_at'))) FROM payment_entries
                 WHERE json_valid(entry_json))",
        (),
        |row| row.get(0),
    )?;
    Ok(Timestamp::from_millis(newest.unwrap_or(0)))
}
