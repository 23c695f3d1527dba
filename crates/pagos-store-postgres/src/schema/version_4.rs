//! An identity that distinguishes databases, whatever their names.

/// A copy has the same identity. It is no secret.
pub(super) const VERSION_4: &str = r#"
CREATE TABLE identity (id text NOT NULL);
INSERT INTO identity (id)
VALUES (md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text));
"#;
