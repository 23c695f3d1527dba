//! `pagos serve --sandbox`: the twins, a database, two tokens and an endpoint of events for a first
//! try, and what is printed about them. Nothing of it is for real money.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use pagos_api::token::{self, NewToken, Scope};
use pagos_core::{AccountName, Clock, Environment, NonceSource};
use pagos_engine::Actor;
use pagos_system::System;
use pagos_twin::Profile;

use crate::{
    accounts,
    arguments::SandboxArguments,
    command::serve::Addresses,
    config::{AccountSettings, Configuration, Destination, Origin},
    exit::Failure,
    run::{
        database::{Database, SANDBOX_FILE},
        instance::Instance,
        target::Target,
    },
    sandbox::Sandbox,
};

/// What a sandbox has beyond its target.
#[derive(Debug)]
pub(super) struct Session {
    /// The signing secret, if events are posted. It signs nothing outside of this sandbox.
    signing_secret: Option<String>,
}

/// What is printed when a sandbox is ready. It has secrets, which are good for this sandbox only.
pub(super) struct Greeting {
    session: Session,
    submitter: String,
    approver: String,
}

/// A new folder that only this user can open. It stays, so that its payouts can be looked at later.
pub(super) fn temporary_database() -> Result<Database, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("pagos-sandbox-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let folder = builder.tempdir().map_err(|error| {
        Failure::new(format!("no temporary folder can be made: {error}; name a file with --db"))
    })?;
    Ok(Database::File(folder.keep().join(SANDBOX_FILE)))
}

/// Starts the twins. One account has a rule of approval.
///
/// # Errors
/// If an account is configured as live, if the database is not that of a sandbox, or if the events
/// would leave this machine.
pub(super) async fn open(
    arguments: &SandboxArguments,
    config: Option<&Path>,
    db: &Database,
) -> Result<(Target, Session), Failure> {
    refuse_live(&accounts::load(config)?)?;
    refuse_other_database(db).await?;
    let (events, signing_secret) = match &arguments.events {
        Some(url) => {
            let (table, secret) = table_of(url)?;
            (Destination::read_all(&[table])?, Some(secret))
        }
        None => (Vec::new(), None),
    };
    let sandbox = Sandbox::start(db.bank(), Profile::None, 1).await?;
    let sandbox = sandbox.with_settings(ACCOUNT, &RULE);
    let mut target = Target::of_sandbox(sandbox).await?;
    target.events = events;
    (target.api.listen, target.metrics) = (Some(FREE_PORT), Some(FREE_PORT));
    Ok((target, Session { signing_secret }))
}

/// A sandbox beside live accounts is a slip: the next command in this place would pay.
fn refuse_live(configuration: &Configuration) -> Result<(), Failure> {
    let is_live = |account: &&AccountSettings| account.environment == Environment::Live;
    match configuration.accounts.iter().find(is_live) {
        Some(account) => Err(Failure::new(format!(
            "account {} is LIVE ({}), and a sandbox is not started beside live accounts: go to a \
             folder without a pagos.toml, and unset its PAGOS_ variables",
            account.name,
            account.origin_of("environment")
        ))),
        None => Ok(()),
    }
}

/// A sandbox makes its bank before its database, so a database without a bank is not its own.
async fn refuse_other_database(db: &Database) -> Result<(), Failure> {
    if !matches!(db, Database::File(_)) {
        return Err(Failure::new("a sandbox keeps its payouts in a file: name one with --db"));
    }
    if !db.is_new().await? && !db.bank().exists() {
        return Err(Failure::new(format!(
            "{db}: is not the database of a sandbox; name another file with --db, or none"
        )));
    }
    Ok(())
}

/// The endpoint of events and its secret. Only this machine is reached.
fn table_of(url: &str) -> Result<(AccountSettings, String), Failure> {
    let is_here = |host: &str| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    };
    let parsed = url.parse::<http::Uri>().ok();
    if !parsed.as_ref().and_then(http::Uri::host).is_some_and(is_here) {
        return Err(Failure::new(
            "--events: a sandbox posts events to this machine only: write http://127.0.0.1:PORT/PATH",
        ));
    }
    // Hexadecimal digits are base64 digits, too: 64 of them are a key of 48 bytes, with 256 random
    // bits.
    let random = [System.draw(), System.draw()].concat();
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let secret = format!("whsec_{digits}");
    let mut table = AccountSettings::new(AccountName::new("sandbox")?, Origin::Default);
    for (name, text) in [("url", url), ("secret", &secret), ("private_addresses", "true")] {
        table.set(name, text.to_owned(), Origin::Default);
    }
    Ok((table, secret))
}

impl Session {
    /// Makes the two tokens. Whoever submits cannot approve, so there are two.
    pub(super) async fn issue_tokens(self, instance: &Instance) -> Result<Greeting, Failure> {
        let (writer, now) = (instance.instrumented_store(), System.now());
        let expires_at = Some(now.plus(TOKENS_LAST));
        let issue = async |name: &str, scope: Scope| {
            let (name, scopes) = (Actor::new(name)?, [Scope::Read, scope].into());
            let new = NewToken { name, scopes, expires_at };
            Ok::<_, Failure>(token::create(&writer, &System, now, new).await?.into_text())
        };
        let submitter = issue("submitter", Scope::Submit).await?;
        let approver = issue("approver", Scope::Approve).await?;
        Ok(Greeting { session: self, submitter, approver })
    }
}

impl Greeting {
    /// The lines for people; those in the middle are for a shell.
    pub(super) fn text(&self, at: Addresses, db: &Database) -> String {
        let url = |address: Option<SocketAddr>| {
            address.map_or_else(String::new, |address| format!("http://{address}"))
        };
        let (api, metrics) = (url(at.api), url(at.metrics));
        let secret = match &self.session.signing_secret {
            Some(secret) => format!("SECRET={secret}\n"),
            None => String::new(),
        };
        let Self { submitter, approver, .. } = self;
        let [_, (_, over), _] = RULE;
        format!(
            "A sandbox: simulated providers, invented accounts, no money. Ctrl-C ends it.\n\
             Webhooks arrive at http://{webhooks}. Payouts are kept in {db}.\n\
             Payouts of account {ACCOUNT} over {over} wait for approval.\n\
             Paste these lines into another terminal; the tokens are good for 7 days:\n\
             \n\
             API={api}\n\
             METRICS={metrics}/metrics\n\
             SUBMIT={submitter}\n\
             APPROVE={approver}\n\
             {secret}\
             curl -sS \"$API/v1/payouts\" -H \"Authorization: Bearer $SUBMIT\" \
             -H 'Content-Type: application/json' -d '{FIRST}'\n\
             \n",
            webhooks = at.listening,
        )
    }
}

/// The account with a rule of approval.
const ACCOUNT: &str = "cashypro";

const RULE: [(&str, &str); 3] = [
    ("approval.0.of", "payout"),
    ("approval.0.over", "1000000 COP"),
    ("approval.0.approvers", "1"),
];

/// A payout of the account that the twin takes.
const FIRST: &str = r#"{"key":"first","account":"cashypro","amount":"150000","currency":"COP","beneficiary":{"name":"Ana Castillo","account_type":"savings","account_number":"0012345678","bank":"20","document":{"type":"cc","number":"1032456789"},"phone":"3001234567","email":"ana@example.com"}}"#;

const TOKENS_LAST: Duration = Duration::from_secs(7 * 24 * 3_600);

const FREE_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
