//! `pagos conekta catch-up`: makes a query due about every payout in Conekta's recent events.
//! Whoever works on the store sends the queries.

use std::{io::Write, path::Path};

use pagos_core::AccountName;

use crate::{
    arguments::conekta::CatchUpArguments,
    command::conekta::check_provider,
    console,
    exit::{Exit, Failure},
    run::{
        catch_up,
        database::{self, Database},
        instance::Instance,
        target::{self, Choice, Target},
    },
};

pub(super) async fn run(
    arguments: &CatchUpArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let at = &arguments.at;
    // Reports problems of this account before those of others.
    let found = target::settings_of(&at.account, at.sandbox_url.as_deref(), config).await?;
    check_provider(&found.settings)?;
    let db = database_of(arguments);
    // Fails if there is no store: then there is nothing to query.
    drop(db.open_to_read().await?);
    let choice = match &at.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    };
    let target = Target::open(choice).await?;
    let name: AccountName = at.account.parse()?;
    let account = target.accounts.get(&name);
    let Some((account, missed)) = account.and_then(|it| Some((it, it.missed.as_ref()?))) else {
        return Err(Failure::new(format!("account {name} is not configured")));
    };
    let instance = Instance::beside(&db, &target).await?;
    let caught =
        catch_up::catch_up(&instance, &account.name, missed.as_ref(), arguments.since).await?;
    if at.json {
        console::print_json(&caught)?;
        return Ok(Exit::Succeeded);
    }
    let mut out = console::stdout();
    writeln!(out, "{caught}")?;
    out.flush()?;
    if caught.asked > 0 {
        console::tell("a running `pagos serve` or `pagos pay` asks, else the next one");
    }
    Ok(Exit::Succeeded)
}

/// The same as for `serve`.
fn database_of(arguments: &CatchUpArguments) -> Database {
    match (&arguments.store.db, &arguments.at.sandbox_url) {
        (Some(db), _) => db.clone(),
        (None, Some(_)) => Database::usual(database::TWIN_FILE),
        (None, None) => Database::existing(None),
    }
}
