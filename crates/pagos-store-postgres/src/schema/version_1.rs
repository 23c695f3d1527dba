//! The first tables.
//!
//! Words and keys compare by their bytes, whatever the database's language. There are no foreign
//! keys to `runs`, because each would lock its row for everybody.

pub(super) const VERSION_1: &str = r#"
CREATE TABLE worlds (
    account text COLLATE "C" PRIMARY KEY,
    world text NOT NULL
);

CREATE TABLE runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE payouts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL,
    amount_minor bigint NOT NULL,
    version bigint NOT NULL,
    epoch bigint NOT NULL,
    lease_until bigint,
    due_at bigint,
    created_at bigint NOT NULL,
    held boolean NOT NULL,
    at_rest boolean NOT NULL,
    attention boolean NOT NULL,
    key text COLLATE "C" NOT NULL UNIQUE,
    account text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    digest bytea NOT NULL,
    order_json text NOT NULL,
    progress_json text NOT NULL
) WITH (fillfactor = 70);

-- By account first: a claim leaves accounts out, and must not walk over all that they have due.
CREATE INDEX payouts_due ON payouts (account, due_at, key) WHERE due_at IS NOT NULL AND NOT held;
CREATE INDEX payouts_leased ON payouts (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX payouts_held ON payouts (run, id) WHERE held;

-- Apart from the payouts, so that their writes touch no further index. It names keys: what is
-- withdrawn was never sent, so nothing here is about it, and nothing has to be looked for.
CREATE TABLE payout_references (
    account text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, reference)
);

-- Kept up to date in the transaction that changes a payout, by every connection in a stripe of its
-- own; a stripe alone can be negative. Sums can be wider than an integer.
CREATE TABLE tallies (
    run bigint NOT NULL,
    stripe integer NOT NULL,
    count bigint NOT NULL,
    at_rest bigint NOT NULL,
    attention bigint NOT NULL,
    amount_minor numeric NOT NULL,
    account text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    PRIMARY KEY (run, account, currency, status, stripe)
) WITH (fillfactor = 50);

CREATE TABLE entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout bigint NOT NULL REFERENCES payouts (id),
    entry_json text NOT NULL
);
CREATE INDEX entries_of ON entries (payout, id);

-- due_at NULL: closed, and outcome says how.
CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at bigint NOT NULL,
    due_at bigint,
    deferrals bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    outcome text NOT NULL,
    headers bytea NOT NULL,
    body bytea NOT NULL,
    UNIQUE (account, fingerprint)
);
CREATE INDEX inbox_open ON inbox (id) WHERE due_at IS NOT NULL;
CREATE INDEX inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;

-- A notice gets its number when it is first read, so that the numbers of what can be seen have no
-- gaps, and nothing appears below a number that was read. Nothing is ever deleted here.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint UNIQUE,
    notice_json text NOT NULL
);
CREATE INDEX outbox_unnumbered ON outbox (id) WHERE number IS NULL;

CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    amount_minor bigint NOT NULL,
    version bigint NOT NULL,
    due_at bigint,
    created_at bigint NOT NULL,
    attention boolean NOT NULL,
    key text COLLATE "C" NOT NULL UNIQUE,
    account text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    status text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    order_json text NOT NULL,
    progress_json text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX payments_due ON payments (due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX payments_status ON payments (status, key);

-- A session's id is unique at its provider, so once per account. The secret is as it was issued, in
-- bytes because text cannot hold all that a secret may.
CREATE TABLE payment_sessions (
    account text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    payment bigint NOT NULL REFERENCES payments (id),
    secret bytea,
    PRIMARY KEY (account, reference)
);

CREATE TABLE payment_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment bigint NOT NULL REFERENCES payments (id),
    entry_json text NOT NULL
);
CREATE INDEX payment_entries_of ON payment_entries (payment, id);

-- One row per connection; every transaction raises its number. It says which commits happened.
CREATE TABLE writers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial bigint NOT NULL,
    used_at timestamptz NOT NULL
) WITH (fillfactor = 20);
"#;
