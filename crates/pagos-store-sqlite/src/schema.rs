//! The tables, and how an older file becomes a present one. Forward only.

use rusqlite::Connection;

use crate::failure::Failure;

/// In the file's header: the database is ours. ("Pago" in ASCII.)
pub(crate) const APPLICATION_ID: i32 = 0x5061_676f;

/// Each takes the schema from the number of those before it to the next. Never edited, only added.
const MIGRATIONS: [&str; 2] = [VERSION_1, VERSION_2];

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

/// Payouts by the provider's id; and payments. Their keys and those of payouts do not meet, and so
/// their tables do not either; only the inbox and the outbox are common.
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

/// The number of migrations that the file has had.
pub(crate) fn version(connection: &Connection) -> Result<usize, Failure> {
    let version: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    usize::try_from(version).map_err(|_| Failure::new("the file's schema number is negative"))
}

/// Brings the file to [`VERSION`], in one transaction. The caller has checked that it is ours; who
/// opens a file to read it checks the version again.
pub(crate) fn migrate(connection: &Connection) -> Result<(), Failure> {
    if version(connection)? >= VERSION {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    advance(connection)?;
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
        connection.execute_batch(migration)?;
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
                connection.execute_batch(migration).unwrap();
            }
            set_version(&connection, from);
            migrate(&connection).unwrap();
            assert_eq!(version(&connection).unwrap(), VERSION, "from {from}");
            let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'payment_sessions'";
            let found: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
            assert_eq!(found, 1, "from {from}");
        }
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
