//! The first tables.

pub(super) const VERSION_1: &str = "
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
