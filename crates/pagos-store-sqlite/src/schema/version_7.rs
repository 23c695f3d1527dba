//! The seventh version of the tables: lists whose cost does not depend on the number of payouts.

/// `created_at` is stored wherever the indexes of lists need it; the indexes of `orders` stay as
/// they were written. No step changes it, a key or an account, so the first two indexes and that of
/// members are written once for a payout. The index by status contains only what has not succeeded,
/// which is little once a run is over.
///
/// A member names its payout by number too: the payouts of a run lie side by side, and their keys
/// do not.
///
/// The caller has switched foreign keys off, as for the third version.
pub(super) const VERSION_7: &str = "
CREATE TABLE payouts_7 (
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
    created_at INTEGER NOT NULL,
    lease_until INTEGER,
    due_at INTEGER,
    unreadable TEXT,
    reference TEXT,
    progress_json TEXT NOT NULL
) STRICT;
INSERT INTO payouts_7
SELECT payouts.id, key, account, amount_minor, currency, status, work, held, at_rest, attention,
    version, epoch, created_at, lease_until, due_at, unreadable, reference, progress_json
FROM payouts JOIN orders USING (id) ORDER BY payouts.id;
DROP TABLE payouts;
ALTER TABLE payouts_7 RENAME TO payouts;
CREATE INDEX payouts_due ON payouts (account, work, due_at, key)
    WHERE due_at IS NOT NULL AND held = 0;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX payouts_newest ON payouts (created_at, key);
CREATE INDEX payouts_of_account ON payouts (account, created_at, key);
CREATE INDEX payouts_unsettled ON payouts (status, created_at, key) WHERE status <> 'succeeded';

CREATE TABLE members_7 (
    run INTEGER NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    payout INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
INSERT INTO members_7
SELECT members.run, members.key, payouts.created_at, payouts.id
FROM members JOIN payouts ON payouts.key = members.key ORDER BY members.run, members.key;
DROP TABLE members;
ALTER TABLE members_7 RENAME TO members;
CREATE INDEX members_of ON members (key, run);
CREATE INDEX members_newest ON members (run, created_at, key, payout);

CREATE INDEX inbox_unapplied ON inbox (state, id) WHERE state <> 'applied';
";
