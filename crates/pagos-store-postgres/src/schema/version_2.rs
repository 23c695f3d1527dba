//! The second version of the tables: payouts that are members of many runs, lanes of due work, and
//! deliveries that keep the verdict that was made when they arrived.

/// Reads the JSON of older rows with a placeholder for a NUL in a provider's words, which `jsonb`
/// refuses. The result is not stored.
///
/// A run without payouts was withdrawn, or all its payouts went to another run. It counts as one
/// that was never released: otherwise nobody could submit to it again.
pub(super) const VERSION_2: &str = r#"
-- The world is not known of an account that was halted before it was bound.
ALTER TABLE worlds RENAME TO accounts;
ALTER TABLE accounts ALTER COLUMN world DROP NOT NULL;
ALTER TABLE accounts ADD COLUMN halted boolean NOT NULL DEFAULT false;

-- A run's members are fixed once released_at is set.
ALTER TABLE runs ADD COLUMN expected bigint, ADD COLUMN released_at bigint;
UPDATE runs SET expected = whole.members, released_at = 0
FROM (SELECT run, count(*) AS members FROM payouts GROUP BY run HAVING NOT bool_or(held)) AS whole
WHERE runs.id = whole.run;

CREATE TABLE members (
    run bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, key)
);
INSERT INTO members (run, key) SELECT run, key FROM payouts ORDER BY run, key;

-- runs says the same as members, in the row itself: who waited for the row's lock sees the runs that
-- were added meanwhile, where a look into another table would still see the old ones.
-- reference is what progress_json names, so that a step knows whether it is the first to name it.
ALTER TABLE payouts
    ADD COLUMN runs bigint[],
    ADD COLUMN work text COLLATE "C",
    ADD COLUMN reference text COLLATE "C",
    ADD COLUMN digest_version integer NOT NULL DEFAULT 1,
    ADD COLUMN unreadable text;
UPDATE payouts SET
    runs = ARRAY[run],
    work = CASE WHEN status IN ('created', 'unknown')
                 AND coalesce(old.progress -> 'open', 'null') = 'null' THEN 'send' ELSE 'ask' END,
    reference = old.progress #>> '{standing,held,reference}'
FROM (SELECT id, replace(progress_json, '\u0000', '\ufffd')::jsonb AS progress FROM payouts) AS old
WHERE payouts.id = old.id;
DROP INDEX payouts_due;
DROP INDEX payouts_held;
ALTER TABLE payouts
    ALTER COLUMN runs SET NOT NULL,
    ALTER COLUMN work SET NOT NULL,
    ALTER COLUMN digest_version DROP DEFAULT,
    DROP COLUMN run;
CREATE INDEX payouts_due ON payouts (account, work, due_at, key)
    WHERE due_at IS NOT NULL AND NOT held;

-- A payout counts once in each of its runs, and once in run 0, which stands for all payouts.
INSERT INTO tallies (run, stripe, count, at_rest, attention, amount_minor, account, currency, status)
SELECT 0, 0, sum(count)::bigint, sum(at_rest)::bigint, sum(attention)::bigint, sum(amount_minor),
       account, currency, status
FROM tallies GROUP BY account, currency, status HAVING sum(count) <> 0;

-- state says what is open; due_at is the last due time of what is closed. Of older deliveries nobody
-- knows whether they were genuine, nor what they name.
ALTER TABLE inbox RENAME COLUMN outcome TO because;
ALTER TABLE inbox
    ADD COLUMN state text,
    ADD COLUMN verdict_json text,
    ADD COLUMN is_genuine boolean NOT NULL DEFAULT false,
    ADD COLUMN order_key text COLLATE "C",
    ADD COLUMN reference text COLLATE "C",
    ADD COLUMN repeats bigint NOT NULL DEFAULT 0;
UPDATE inbox SET
    state = CASE WHEN due_at IS NOT NULL THEN 'open' WHEN because = 'applied' THEN 'applied'
                 WHEN because LIKE 'orphan%' THEN 'orphan' ELSE 'unreadable' END,
    because = CASE WHEN due_at IS NULL AND because = 'applied' THEN ''
                   ELSE regexp_replace(because, '^orphan: ', '') END,
    due_at = coalesce(due_at, received_at);
DROP INDEX inbox_open;
DROP INDEX inbox_due;
ALTER TABLE inbox
    ALTER COLUMN state SET NOT NULL,
    ALTER COLUMN due_at SET NOT NULL,
    ALTER COLUMN is_genuine DROP DEFAULT,
    ALTER COLUMN repeats DROP DEFAULT;
CREATE INDEX inbox_open ON inbox (account, is_genuine, id) WHERE state = 'open';
CREATE INDEX inbox_due ON inbox (account, due_at) WHERE state = 'open';
CREATE INDEX inbox_orphans_of_key ON inbox (account, order_key) WHERE state = 'orphan';
CREATE INDEX inbox_orphans_of_reference ON inbox (account, reference) WHERE state = 'orphan';

CREATE TABLE refused (
    account text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (account, reason)
);

CREATE TABLE readers (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
);

ALTER TABLE payments
    ADD COLUMN lease_until bigint,
    ADD COLUMN digest_version integer NOT NULL DEFAULT 1,
    ADD COLUMN unreadable text;
ALTER TABLE payments ALTER COLUMN digest_version DROP DEFAULT;
DROP INDEX payments_due;
CREATE INDEX payments_due ON payments (account, due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX payments_leased ON payments (lease_until) WHERE lease_until IS NOT NULL;

-- Added to the text, which stays as it is otherwise: jsonb would change it. An account's name needs
-- no escapes.
UPDATE outbox SET notice_json =
    '{"account":"' || coalesce(payouts.account, payments.account, 'unknown') || '",'
    || CASE WHEN old.notice ? 'subject' THEN '' ELSE '"subject":"payout",' END
    || substr(outbox.notice_json, 2)
FROM (SELECT id, replace(notice_json, '\u0000', '\ufffd')::jsonb AS notice FROM outbox) AS old
LEFT JOIN payouts ON coalesce(old.notice ->> 'subject', 'payout') = 'payout'
                 AND payouts.key = old.notice ->> 'key'
LEFT JOIN payments ON old.notice ->> 'subject' = 'payment'
                  AND payments.key = old.notice ->> 'key'
WHERE outbox.id = old.id;
"#;
