//! The eleventh version of the tables: lines of bank statements, and the payouts that they were
//! matched with.

/// A program of an earlier version that is still running neither reads nor writes these tables, and
/// nothing in them changes what it does.
///
/// Nearly all lines end as matched; the second index holds the others.
pub(super) const VERSION_11: &str = r#"
CREATE TABLE book_lines (
    version bigint NOT NULL,
    change_minor bigint NOT NULL,
    book text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    day text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    state text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (book, id)
);
CREATE INDEX book_lines_by_day ON book_lines (book, day, id);
CREATE INDEX book_lines_unmatched ON book_lines (book, state, day, id) WHERE state <> 'matched';

CREATE TABLE book_matches (
    change_minor bigint NOT NULL,
    book text COLLATE "C" NOT NULL,
    line text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (book, line, key)
);
CREATE INDEX book_matches_of ON book_matches (key);
"#;
