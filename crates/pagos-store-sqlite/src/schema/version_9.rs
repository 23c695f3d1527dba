//! The entries of a history lie side by side, without an index. What is due and what is under a
//! claim is found without reading its row.
//!
//! The caller has switched foreign keys off, as for the third version.

pub(super) const VERSION_9: &str = "
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
