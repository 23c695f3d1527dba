//! Runs have members, and a payout may be in several. Payouts are found by the work that is due; an
//! unreadable row is set aside. The inbox keeps the verdict that was made when a delivery arrived.
//!
//! The caller has switched foreign keys off, since this rebuilds tables that others refer to.

pub(super) const VERSION_3: &str = "
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
