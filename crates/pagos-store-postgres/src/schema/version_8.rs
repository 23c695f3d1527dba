//! What stays of payouts that were archived.

/// A negative run number stands for the tallies of that run's archived members.
///
/// A program of an earlier version that is still running knows no seals and would store a sealed
/// key again. It does not state that it checked for seals, so its orders are refused.
pub(super) const VERSION_8: &str = r#"
-- One row for each payout there ever was, so it is short: the beginnings of two hashes, the first run
-- (0 for none), and the number of the day.
CREATE TABLE sealed (
    key uuid PRIMARY KEY,
    digest bigint NOT NULL,
    run bigint NOT NULL,
    day integer NOT NULL,
    succeeded boolean NOT NULL
);

-- Further runs of archived payouts, with what is counted there.
CREATE TABLE sealed_members (
    run bigint NOT NULL,
    key uuid NOT NULL,
    amount_minor bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    PRIMARY KEY (run, key)
);

ALTER TABLE payouts ADD COLUMN seal_checked boolean NOT NULL DEFAULT true;
ALTER TABLE payouts ALTER COLUMN seal_checked DROP DEFAULT;
"#;
