//! Claims to ask stand apart from payouts.

/// Who is being asked about, and until when nobody else asks. It spares a provider questions and guards no
/// money, so it is not kept in the server's log: a crash empties it.
pub(super) const VERSION_6: &str = r#"
CREATE UNLOGGED TABLE asking (
    payout bigint PRIMARY KEY,
    until bigint NOT NULL
) WITH (fillfactor = 50);
"#;
