//! The eleventh version of the tables: lines of bank statements, and the payouts that they were
//! matched with.

/// A program of an earlier version that is still running neither reads nor writes these tables, and
/// nothing in them changes what it does.
///
/// The ids of lines are digests, so the lines lie in the order in which they came, and only the index
/// is written here and there. Nearly all lines end as matched; the second index holds the others.
pub(super) const VERSION_11: &str = "
CREATE TABLE book_lines (
    number INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    id TEXT NOT NULL,
    day TEXT NOT NULL,
    change_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (book, id)
) STRICT;
CREATE INDEX book_lines_by_day ON book_lines (book, day, id);
CREATE INDEX book_lines_unmatched ON book_lines (book, state, day, id) WHERE state <> 'matched';

CREATE TABLE book_matches (
    book TEXT NOT NULL,
    line TEXT NOT NULL,
    key TEXT NOT NULL,
    change_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (book, line, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX book_matches_of ON book_matches (key);
";
