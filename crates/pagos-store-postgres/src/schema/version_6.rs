//! Claims to ask are stored separately from payouts, and the times when lists of providers were
//! read are stored.

/// The payouts that are being asked about, and until when nobody else asks. The table only saves
/// queries and protects no money, so it is not in the server's log: a crash empties it.
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
