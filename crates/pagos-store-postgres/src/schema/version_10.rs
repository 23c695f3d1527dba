//! What approval and the HTTP API need: runs that are closed before they are released, who submitted
//! to them, and small records.

/// A program of an earlier version that is still running looks at `released_at` alone, so the
/// members of a closed run could change under it. Renaming the column refuses whatever it would
/// submit, release or withdraw.
pub(super) const VERSION_10: &str = r#"
ALTER TABLE runs RENAME COLUMN released_at TO made_due_at;
ALTER TABLE runs ADD COLUMN created_at bigint, ADD COLUMN closed_at bigint;
UPDATE runs SET closed_at = made_due_at WHERE made_due_at IS NOT NULL;

CREATE TABLE run_actors (
    run bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, actor)
);

CREATE TABLE records (
    version bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (kind, name)
);
"#;
