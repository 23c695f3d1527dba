//! The tables, and the migrations from older versions of the file. They go forward only.

mod version_10;
mod version_11;
mod version_7;

use rusqlite::Connection;

use crate::{failure::Failure, tallies};

/// The application id in the file's header, which marks the database as ours. ("Pago" in ASCII.)
pub(crate) const APPLICATION_ID: i32 = 0x5061_676f;

/// The application id of a file that was made and not used yet. The first entry in its log is
/// always [`APPLICATION_ID`], so a file with this id and without a log has lost its log. ("Page" in
/// ASCII.)
pub(crate) const APPLICATION_ID_OF_A_BEGINNING: i32 = 0x5061_6765;

/// Each migration raises the schema's number by one. They are never edited, only added.
const MIGRATIONS: [Migration; 11] = [
    Migration { sql: VERSION_1, afterwards: Afterwards::Nothing },
    Migration { sql: VERSION_2, afterwards: Afterwards::Nothing },
    Migration { sql: VERSION_3, afterwards: Afterwards::FillTallyOfAll },
    Migration { sql: VERSION_4, afterwards: Afterwards::Nothing },
    Migration { sql: VERSION_5, afterwards: Afterwards::Nothing },
    Migration { sql: VERSION_6, afterwards: Afterwards::Nothing },
    Migration { sql: version_7::VERSION_7, afterwards: Afterwards::Nothing },
    Migration { sql: VERSION_8, afterwards: Afterwards::Nothing },
    Migration { sql: VERSION_9, afterwards: Afterwards::Nothing },
    Migration { sql: version_10::VERSION_10, afterwards: Afterwards::Nothing },
    Migration { sql: version_11::VERSION_11, afterwards: Afterwards::Nothing },
];

struct Migration {
    sql: &'static str,
    afterwards: Afterwards,
}

/// A step that SQL cannot do, in the same transaction.
enum Afterwards {
    Nothing,
    /// Fills the tally of all payouts, because sums can be wider than SQL's integers.
    FillTallyOfAll,
}

impl Migration {
    fn run(&self, connection: &Connection) -> Result<(), Failure> {
        connection.execute_batch(self.sql)?;
        match self.afterwards {
            Afterwards::Nothing => Ok(()),
            Afterwards::FillTallyOfAll => tallies::fill_all(connection),
        }
    }
}

/// The schema that this version reads and writes.
pub(crate) const VERSION: usize = MIGRATIONS.len();

const VERSION_1: &str = "
CREATE TABLE worlds (
    account TEXT PRIMARY KEY,
    world TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The long columns come last, so that the short ones are read without them.
CREATE TABLE payouts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (id),
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    held INTEGER NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_until INTEGER,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    order_json TEXT NOT NULL,
    progress_json TEXT NOT NULL
) STRICT;

-- By account first: a claim leaves accounts out, and must not walk over all that they have due.
CREATE INDEX payouts_due ON payouts (account, due_at, key) WHERE due_at IS NOT NULL AND held = 0;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX payouts_held ON payouts (run) WHERE held = 1;

-- Kept up to date in the transaction that changes a payout. Sums are decimal text: they can be
-- wider than an integer.
CREATE TABLE tallies (
    run INTEGER NOT NULL REFERENCES runs (id),
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    count INTEGER NOT NULL,
    amount_minor TEXT NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    PRIMARY KEY (run, account, currency, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    payout INTEGER NOT NULL REFERENCES payouts (id),
    entry_json TEXT NOT NULL
) STRICT;
CREATE INDEX entries_of ON entries (payout);

-- due_at NULL: closed, and outcome says how.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    due_at INTEGER,
    deferrals INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (account, fingerprint)
) STRICT;
CREATE INDEX inbox_open ON inbox (id) WHERE due_at IS NOT NULL;
CREATE INDEX inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;

-- Nothing is ever deleted here, so the numbers have no gaps.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    notice_json TEXT NOT NULL
) STRICT;
";

/// Payouts by the provider's id; and payments. Payments and payouts have separate keys, so they
/// have separate tables; only the inbox and the outbox are shared.
const VERSION_2: &str = "
-- Apart from the payouts, so that their writes touch no further index. It names keys: what is
-- withdrawn was never sent, so nothing here is about it, and nothing has to be looked for.
CREATE TABLE payout_references (
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO payout_references (account, reference, key)
SELECT account, json_extract(progress_json, '$.standing.held.reference'), key FROM payouts
WHERE json_extract(progress_json, '$.standing.held.reference') IS NOT NULL;

CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    order_json TEXT NOT NULL,
    progress_json TEXT NOT NULL
) STRICT;
CREATE INDEX payments_due ON payments (due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX payments_status ON payments (status, key);

-- A session's id is unique at its provider, so once per account. The secret is as it was issued.
CREATE TABLE payment_sessions (
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    payment INTEGER NOT NULL REFERENCES payments (id),
    secret TEXT,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_entries (
    id INTEGER PRIMARY KEY,
    payment INTEGER NOT NULL REFERENCES payments (id),
    entry_json TEXT NOT NULL
) STRICT;
CREATE INDEX payment_entries_of ON payment_entries (payment);
";

/// Runs have members, and a payout may be in several. Payouts are found by the work that is due; an
/// unreadable row is set aside. The inbox keeps the verdict that was made when a delivery arrived.
///
/// The caller has switched foreign keys off, since this rebuilds tables that others refer to.
const VERSION_3: &str = "
ALTER TABLE runs ADD COLUMN expected INTEGER;
ALTER TABLE runs ADD COLUMN released_at INTEGER;

-- Fixed once the run is released.
CREATE TABLE members (
    run INTEGER NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
INSERT INTO members (run, key) SELECT run, key FROM payouts ORDER BY run, key;
CREATE INDEX members_of ON members (key, run);

-- A run that was withdrawn, or whose payouts another run took over, is as one never submitted.
DELETE FROM runs WHERE NOT EXISTS (SELECT 1 FROM members WHERE members.run = runs.id);
UPDATE runs
SET expected = (SELECT count(*) FROM members WHERE members.run = runs.id), released_at = 0
WHERE NOT EXISTS (SELECT 1 FROM payouts WHERE payouts.run = runs.id AND held = 1);

-- Notices of that time name no account, and the oldest do not say that they are about a payout.
UPDATE outbox SET notice_json = json_set(
    notice_json,
    '$.subject', coalesce(json_extract(notice_json, '$.subject'), 'payout'),
    '$.account', coalesce(
        CASE json_extract(notice_json, '$.subject') WHEN 'payment'
        THEN (SELECT account FROM payments WHERE key = json_extract(notice_json, '$.key'))
        ELSE (SELECT account FROM payouts WHERE key = json_extract(notice_json, '$.key')) END,
        'unknown'
    )
)
WHERE json_extract(notice_json, '$.account') IS NULL;

-- The world is NULL for an account that was never bound.
CREATE TABLE accounts (
    account TEXT PRIMARY KEY,
    world TEXT,
    halted INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO accounts (account, world) SELECT account, world FROM worlds;
DROP TABLE worlds;

-- The long columns come last, so that the short ones are read without them.
CREATE TABLE payouts_3 (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    work TEXT NOT NULL,
    held INTEGER NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_until INTEGER,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    digest_version INTEGER NOT NULL,
    unreadable TEXT,
    order_json TEXT NOT NULL,
    progress_json TEXT NOT NULL
) STRICT;
INSERT INTO payouts_3
SELECT id, key, account, amount_minor, currency, status,
    CASE
        WHEN NOT json_valid(progress_json) THEN 'ask'
        WHEN status IN ('created', 'unknown') AND json_extract(progress_json, '$.open') IS NULL
        THEN 'send'
        ELSE 'ask'
    END,
    held, at_rest, attention, version, epoch, lease_until, due_at, created_at, digest, 1, NULL,
    order_json, progress_json
FROM payouts;
DROP TABLE payouts;
ALTER TABLE payouts_3 RENAME TO payouts;
-- By account and work first: a claim is for some of them, and must not walk over the others.
CREATE INDEX payouts_due ON payouts (account, work, due_at, key)
    WHERE due_at IS NOT NULL AND held = 0;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;

-- Run 0 stands for all payouts.
CREATE TABLE tallies_3 (
    run INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    count INTEGER NOT NULL,
    amount_minor TEXT NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    PRIMARY KEY (run, account, currency, status)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies_3
SELECT run, account, currency, status, count, amount_minor, at_rest, attention FROM tallies;
DROP TABLE tallies;
ALTER TABLE tallies_3 RENAME TO tallies;

-- due_at: of one that is not open, when it was due for the last time. order_key and reference: what
-- it names. verdict_json NULL: received by an older version.
CREATE TABLE inbox_3 (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    state TEXT NOT NULL,
    is_genuine INTEGER NOT NULL,
    order_key TEXT,
    reference TEXT,
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    deferrals INTEGER NOT NULL,
    repeats INTEGER NOT NULL,
    because TEXT NOT NULL,
    verdict_json TEXT,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (account, fingerprint)
) STRICT;
INSERT INTO inbox_3
SELECT id, account, fingerprint,
    CASE
        WHEN due_at IS NOT NULL THEN 'open'
        WHEN outcome = 'applied' THEN 'applied'
        WHEN outcome LIKE 'orphan%' THEN 'orphan'
        ELSE 'unreadable'
    END,
    0, NULL, NULL, received_at, coalesce(due_at, received_at), deferrals, 0,
    CASE outcome WHEN 'applied' THEN '' ELSE outcome END, NULL, headers, body
FROM inbox;
DROP TABLE inbox;
ALTER TABLE inbox_3 RENAME TO inbox;
-- In the order of reading; due_at, so that what was put off is passed over without its row.
CREATE INDEX inbox_open ON inbox (account, is_genuine DESC, id, due_at) WHERE state = 'open';
CREATE INDEX inbox_due ON inbox (account, due_at) WHERE state = 'open';
CREATE INDEX inbox_orphans_of_keys ON inbox (account, order_key) WHERE state = 'orphan';
CREATE INDEX inbox_orphans_of_references ON inbox (account, reference) WHERE state = 'orphan';

-- Deliveries of which nothing but their number was kept.
CREATE TABLE refused (
    account TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (account, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE readers (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE payments_3 (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease_until INTEGER,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    digest_version INTEGER NOT NULL,
    unreadable TEXT,
    order_json TEXT NOT NULL,
    progress_json TEXT NOT NULL
) STRICT;
INSERT INTO payments_3
SELECT id, key, account, amount_minor, currency, status, attention, version, NULL, due_at,
    created_at, digest, 1, NULL, order_json, progress_json
FROM payments;
DROP TABLE payments;
ALTER TABLE payments_3 RENAME TO payments;
CREATE INDEX payments_due ON payments (account, due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX payments_leased ON payments (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX payments_status ON payments (status, key);
";

/// Settled payouts are asked about separately from the others, and hints are taken separately from
/// verified deliveries. The next step of a payout writes its work anew, so a word that is missed
/// here waits in the other lane only once.
const VERSION_4: &str = "
UPDATE payouts SET work = 'watch'
WHERE work = 'ask' AND status IN ('succeeded', 'failed')
    AND progress_json NOT LIKE '%\"doubt\":{%' AND progress_json NOT LIKE '%\"not_understood\":{%';
DROP INDEX inbox_due;
CREATE INDEX inbox_due ON inbox (account, is_genuine, due_at) WHERE state = 'open';
";

/// An identity that distinguishes databases, whatever their names. A copy has the same identity.
const VERSION_5: &str = "
CREATE TABLE identity (id TEXT NOT NULL) STRICT;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
";

/// The columns that steps never change move to a table of their own, so that steps write narrow
/// rows. `reference` is what `progress_json` names, so that a step knows whether it is the first to
/// name it.
///
/// The caller has switched foreign keys off, as for the third version.
const VERSION_6: &str = "
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    digest_version INTEGER NOT NULL,
    order_json TEXT NOT NULL
) STRICT;
INSERT INTO orders (id, created_at, digest, digest_version, order_json)
SELECT id, created_at, digest, digest_version, order_json FROM payouts ORDER BY id;

CREATE TABLE swept (
    account TEXT NOT NULL,
    part INTEGER NOT NULL,
    swept_at INTEGER NOT NULL,
    PRIMARY KEY (account, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE payouts_6 (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    work TEXT NOT NULL,
    held INTEGER NOT NULL,
    at_rest INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_until INTEGER,
    due_at INTEGER,
    unreadable TEXT,
    reference TEXT,
    progress_json TEXT NOT NULL
) STRICT;
INSERT INTO payouts_6
SELECT id, key, account, amount_minor, currency, status, work, held, at_rest, attention, version,
    epoch, lease_until, due_at, unreadable,
    CASE WHEN json_valid(progress_json)
    THEN json_extract(progress_json, '$.standing.held.reference') END,
    progress_json
FROM payouts ORDER BY id;
DROP TABLE payouts;
ALTER TABLE payouts_6 RENAME TO payouts;
CREATE INDEX payouts_due ON payouts (account, work, due_at, key)
    WHERE due_at IS NOT NULL AND held = 0;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;
";

/// What stays of archived payouts. A negative run number stands for the tallies of that run's
/// archived members.
///
/// A program of an earlier version that is still running knows no seals and would store a sealed
/// key again. It does not state that it checked for seals, so its orders are refused.
const VERSION_8: &str = "
-- One row for each payout there ever was, so it is short: the beginnings of two hashes, the first run
-- (0 for none), and the number of the day.
CREATE TABLE sealed (
    key BLOB PRIMARY KEY,
    digest BLOB NOT NULL,
    run INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Further runs of archived payouts, with what is counted there.
CREATE TABLE sealed_members (
    run INTEGER NOT NULL REFERENCES runs (id),
    key BLOB NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

ALTER TABLE payouts ADD COLUMN seal_checked INTEGER;
CREATE TRIGGER payouts_seal_checked BEFORE INSERT ON payouts WHEN NEW.seal_checked IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'a program of an earlier version wants to store payouts, and knows nothing of those that were archived; restart it in the present version');
END;
";

/// The entries of a history lie side by side, without an index. What is due and what is under a
/// claim is found without reading its row.
///
/// The caller has switched foreign keys off, as for the third version.
const VERSION_9: &str = "
CREATE TABLE entries_9 (
    payout INTEGER NOT NULL REFERENCES payouts (id),
    number INTEGER NOT NULL,
    entry_json TEXT NOT NULL,
    PRIMARY KEY (payout, number)
) STRICT, WITHOUT ROWID;
INSERT INTO entries_9 (payout, number, entry_json)
SELECT payout, row_number() OVER (PARTITION BY payout ORDER BY id), entry_json FROM entries
ORDER BY payout, id;
DROP TABLE entries;
ALTER TABLE entries_9 RENAME TO entries;

DROP INDEX payouts_due;
CREATE INDEX payouts_due ON payouts (account, work, due_at, key, lease_until, held)
    WHERE due_at IS NOT NULL AND held = 0;
DROP INDEX payouts_leased;
CREATE INDEX payouts_leased ON payouts (account, work, held, due_at, lease_until, key)
    WHERE lease_until IS NOT NULL;
";

/// How many migrations the file has had.
pub(crate) fn version(connection: &Connection) -> Result<usize, Failure> {
    let version: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    usize::try_from(version).map_err(|_| Failure::new("the file's schema number is negative"))
}

/// Brings the file to [`VERSION`], in one transaction. The caller has checked that it is ours; a
/// reader checks the version again. Foreign keys are checked at the end, since SQLite would take a
/// table that is rebuilt for one whose rows are deleted.
pub(crate) fn migrate(connection: &Connection) -> Result<(), Failure> {
    if version(connection)? >= VERSION {
        return Ok(());
    }
    // The pragma has no effect inside a transaction. After a failure foreign keys stay off, and the
    // connection is not used before it is set up again.
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    advance(connection)?;
    connection.execute_batch("COMMIT; PRAGMA foreign_keys = ON")?;
    Ok(())
}

/// Fills a blank file with the tables, and marks it as not used yet.
pub(crate) fn make(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    advance(connection)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID_OF_A_BEGINNING)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Reads the version again: another process may have migrated while we waited for the lock. A newer
/// program may even have gone further than we would; its number must stay.
fn advance(connection: &Connection) -> Result<(), Failure> {
    let found = version(connection)?;
    if found >= VERSION {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(found) {
        migration.run(connection)?;
    }
    if connection.prepare("PRAGMA foreign_key_check")?.exists(())? {
        return Err(Failure::new("its tables refer to rows that are not there; restore a backup"));
    }
    connection.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_version(connection: &Connection, version: usize) {
        let version = i64::try_from(version).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    }

    #[test]
    fn every_version_comes_to_the_present_one() {
        for from in 0..=VERSION {
            let connection = Connection::open_in_memory().unwrap();
            for migration in MIGRATIONS.iter().take(from) {
                migration.run(&connection).unwrap();
            }
            set_version(&connection, from);
            migrate(&connection).unwrap();
            assert_eq!(version(&connection).unwrap(), VERSION, "from {from}");
            let sql =
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('payment_sessions', 'members')";
            let found: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
            assert_eq!(found, 2, "from {from}");
        }
    }

    #[test]
    fn what_is_settled_is_asked_about_apart_from_the_rest() {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().take(3).for_each(|migration| migration.run(&connection).unwrap());
        set_version(&connection, 3);
        let quiet = r#"{"standing":{"held":{},"doubt":null}}"#;
        let doubted = r#"{"standing":{"held":{},"doubt":{"since":1}}}"#;
        let odd = r#"{"standing":{"held":{},"doubt":null,"not_understood":{"word":"x"}}}"#;
        let rows = [
            ("ask", "succeeded", quiet, "watch"),
            ("ask", "failed", quiet, "watch"),
            ("ask", "pending", quiet, "ask"),
            ("send", "created", quiet, "send"),
            ("ask", "succeeded", doubted, "ask"),
            ("ask", "failed", odd, "ask"),
        ];
        for (number, (work, status, progress, _)) in rows.iter().enumerate() {
            connection
                .execute(
                    "INSERT INTO payouts
                     (key, account, amount_minor, currency, status, work, held, at_rest, attention,
                      version, epoch, created_at, digest, digest_version, order_json, progress_json)
                     VALUES (?1, 'a', 1, 'COP', ?2, ?3, 0, 0, 0, 1, 0, 0, x'00', 1, '', ?4)",
                    rusqlite::params![number.to_string(), status, work, progress],
                )
                .unwrap();
        }
        migrate(&connection).unwrap();
        let mut found = connection.prepare("SELECT work FROM payouts ORDER BY id").unwrap();
        let found = found.query_map((), |row| row.get(0)).unwrap();
        let found: Vec<String> = found.map(Result::unwrap).collect();
        assert_eq!(found, rows.map(|(_, _, _, wanted)| wanted));
    }

    #[test]
    fn a_newer_program_that_was_faster_is_not_undone() {
        let connection = Connection::open_in_memory().unwrap();
        set_version(&connection, VERSION + 1);
        advance(&connection).unwrap();
        migrate(&connection).unwrap();
        assert_eq!(version(&connection).unwrap(), VERSION + 1);
    }
}
