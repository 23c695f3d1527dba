//! Payouts by the provider's id; and payments. Payments and payouts have separate keys, so they
//! have separate tables; only the inbox and the outbox are shared.

pub(super) const VERSION_2: &str = "
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
