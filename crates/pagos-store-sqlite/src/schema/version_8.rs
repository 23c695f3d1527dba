//! What stays of archived payouts. A negative run number stands for the tallies of that run's
//! archived members.
//!
//! A program of an earlier version that is still running knows no seals and would store a sealed
//! key again. It does not state that it checked for seals, so its orders are refused.

pub(super) const VERSION_8: &str = "
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
