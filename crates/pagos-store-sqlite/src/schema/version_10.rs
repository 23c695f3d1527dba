//! What approval and the HTTP API need: runs that are closed before they are released, who submitted
//! to them, and small records.

/// A program of an earlier version that is still running looks at `released_at` alone, so the
/// members of a closed run could change under it. Renaming the column refuses whatever it would
/// submit, release or withdraw. A run gets its number from `run_numbers`, because SQLite gives the number of a deleted last row
/// to the next one, and the number of a closed run stands for its members.
pub(super) const VERSION_10: &str = "
ALTER TABLE runs RENAME COLUMN released_at TO made_due_at;
ALTER TABLE runs ADD COLUMN created_at INTEGER;
ALTER TABLE runs ADD COLUMN closed_at INTEGER;
UPDATE runs SET closed_at = made_due_at;

CREATE TABLE run_numbers (id INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
INSERT INTO run_numbers (id, last) SELECT 1, coalesce(max(id), 0) FROM runs;

CREATE TABLE run_actors (
    run INTEGER NOT NULL REFERENCES runs (id),
    actor TEXT NOT NULL,
    PRIMARY KEY (run, actor)
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
";
