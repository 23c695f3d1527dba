//! Claims to ask stand apart from payouts, and when lists of providers were read is kept.

/// Who is being asked about, and until when nobody else asks. It spares a provider queries and guards no
/// money, so it is not kept in the server's log: a crash empties it.
pub(super) const VERSION_6: &str = r#"
CREATE UNLOGGED TABLE asking (
    payout bigint PRIMARY KEY,
    until bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE swept (
    account text COLLATE "C" NOT NULL,
    part bigint NOT NULL,
    swept_at bigint NOT NULL,
    PRIMARY KEY (account, part)
);
"#;
