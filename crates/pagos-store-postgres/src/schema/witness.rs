//! The tables of witnesses: what was sent from which store, in the order of commits.

/// Attempts are only inserted, each with the next place of its witness; whoever appends holds the
/// row of the witness until the commit. `chain` is a checksum of everything that the witness has up
/// to the end of the append that the row belongs to.
///
/// `writers` has the columns of a store's table: it says which appends happened.
pub(super) const VERSION_1: &str = r#"
CREATE TABLE witnesses (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store text COLLATE "C" NOT NULL UNIQUE,
    id text COLLATE "C" NOT NULL
);

CREATE TABLE attempts (
    witness bigint NOT NULL,
    place bigint NOT NULL,
    number bigint NOT NULL,
    first_at bigint NOT NULL,
    at bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    chain text COLLATE "C" NOT NULL,
    digest bytea,
    PRIMARY KEY (witness, place),
    UNIQUE (witness, key, number)
);

CREATE TABLE writers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial bigint NOT NULL,
    used_at timestamptz NOT NULL,
    closed boolean NOT NULL DEFAULT false,
    answer text
) WITH (fillfactor = 20);
"#;

/// The epoch of the claim under which an attempt began; 0 for those that were appended without one.
pub(super) const VERSION_2: &str =
    "ALTER TABLE attempts ADD COLUMN epoch bigint NOT NULL DEFAULT 0";
