//! Lists whose cost does not depend on the number of payouts.

/// A step changes indexed columns of `payouts`, so it writes every index of that table anew. What
/// no step changes is therefore listed by a table of its own, `arrivals`, and by `members`, each
/// written once for a payout. What has not succeeded has an index by status in `payouts`, which is
/// small once a run is over. The lock comes first: otherwise the rows that an older program stores
/// meanwhile would be missing here.
pub(super) const VERSION_7: &str = r#"
LOCK TABLE payouts, members IN ACCESS EXCLUSIVE MODE;

CREATE TABLE arrivals (
    created_at bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL
);
INSERT INTO arrivals (created_at, key, account)
SELECT created_at, key, account FROM payouts ORDER BY created_at, key;
ALTER TABLE arrivals ADD PRIMARY KEY (created_at, key);
CREATE INDEX arrivals_of_account ON arrivals (account, created_at, key);

ALTER TABLE members ADD COLUMN created_at bigint;
UPDATE members SET created_at = payouts.created_at FROM payouts WHERE payouts.key = members.key;
ALTER TABLE members ALTER COLUMN created_at SET NOT NULL;
CREATE INDEX members_newest ON members (run, created_at, key);

CREATE INDEX payouts_unsettled ON payouts (status, created_at, key) WHERE status <> 'succeeded';

-- By number where several are due at one moment, as they are asked for.
DROP INDEX inbox_due;
CREATE INDEX inbox_due ON inbox (account, is_genuine, due_at, id) WHERE state = 'open';

CREATE INDEX inbox_unapplied ON inbox (state, id) WHERE state <> 'applied';
"#;
