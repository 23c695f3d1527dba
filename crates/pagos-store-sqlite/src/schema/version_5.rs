//! An identity that distinguishes databases, whatever their names. A copy has the same identity.

pub(super) const VERSION_5: &str = "
CREATE TABLE identity (id TEXT NOT NULL) STRICT;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
";
