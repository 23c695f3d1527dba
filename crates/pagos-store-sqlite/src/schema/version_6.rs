//! The columns that steps never change move to a table of their own, so that steps write narrow
//! rows. `reference` is what `progress_json` names, so that a step knows whether it is the first to
//! name it.
//!
//! The caller has switched foreign keys off, as for the third version.

pub(super) const VERSION_6: &str = "
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
