//! `pagos restore`: puts a backup in place, and lets a person say that it was compared. It sends
//! nothing.

mod gap;

use std::{collections::BTreeSet, path::Path};

use pagos_api::token::Scope;
use pagos_core::{AccountName, Clock};
use pagos_engine::{Doubted, InstrumentedStore, Restored};
use pagos_store_sqlite::restore;
use pagos_system::System;
use serde::Serialize;

use super::{backup::show, migrate::bar, resolve};
use crate::{
    accounts::MissingFields,
    arguments::RestoreArguments,
    console,
    exit::{Exit, Failure},
    run::{self, actor::actor, database::Database, instance},
};

/// The document of `--accept --json` and `--doubt-unsent --json`. Its names are stable.
#[derive(Debug, Serialize)]
struct Wire<'a> {
    restored: &'a Restored,
    doubted: u64,
}

pub(super) fn run(arguments: &RestoreArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    arguments.db.check()?;
    match (&arguments.file, arguments.doubt_unsent) {
        (Some(file), _) => put_back(file, arguments),
        (None, true) => run::block_on(doubt_unsent(arguments, config)),
        (None, false) => run::block_on(accept(arguments)),
    }
}

fn put_back(file: &Path, arguments: &RestoreArguments) -> Result<Exit, Failure> {
    let Database::File(to) = &arguments.db else {
        return Err(Failure::new(format!(
            "{} is a PostgreSQL server: restore it with the server's own tools, and read \"Restore from a \
             backup\" in docs/OPERATIONS.md",
            arguments.db
        )));
    };
    let bar = bar();
    let made = restore(file, to, System.now(), &mut |step| show(&bar, step));
    bar.finish_and_clear();
    let made = made?;
    match arguments.json {
        true => gap::print(&made)?,
        false => gap::write(&made, &arguments.db)?,
    }
    Ok(Exit::Succeeded)
}

/// The mark of a database that waits to be compared.
async fn waiting(db: &Database) -> Result<Restored, Failure> {
    let store = InstrumentedStore::from(db.open_to_read().await?);
    match store.restored().await? {
        Some(restored) if restored.is_open() => Ok(restored),
        Some(Restored { accepted, .. }) => Err(Failure::new(format!(
            "{db}: was restored and is accepted already: {}",
            accepted.unwrap_or_default()
        ))),
        None => Err(Failure::new(format!("{db}: was not restored, so there is nothing to accept"))),
    }
}

async fn accept(arguments: &RestoreArguments) -> Result<Exit, Failure> {
    let (db, note) = (&arguments.db, arguments.note.as_deref().unwrap_or_default());
    waiting(db).await?;
    let by = actor(db, Scope::Resolve).await?;
    let store = instance::instrumented(db.open().await?);
    store.accept_restored(note, by.as_ref()).await?;
    tell(
        arguments,
        &store,
        0,
        "accepted; the next `pagos pay` or `pagos serve` reads the lists of the providers that \
        have one, and then sends what is due",
    )
    .await
}

async fn doubt_unsent(
    arguments: &RestoreArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let (db, note) = (&arguments.db, arguments.note.as_deref().unwrap_or_default());
    waiting(db).await?;
    let by = actor(db, Scope::Resolve).await?;
    let store = db.open().await?;
    let accounts: BTreeSet<AccountName> =
        store.tally(None).await?.rows.into_iter().map(|row| row.account).collect();
    let accounts: Vec<AccountName> = accounts.into_iter().collect();
    let engine = resolve::engine(db, &accounts, MissingFields::Credentials, config).await?;
    let Doubted { doubted, left } = engine.doubt_unsent(note, by.as_ref()).await?;
    if !left.is_empty() {
        let left: Vec<String> =
            left.iter().map(|(name, count)| format!("{count} of {name}")).collect();
        return Err(Failure::new(format!(
            "{doubted} payouts are in doubt now, and not yet: {}, whose accounts are not configured here; \
             configure them, and run the same command again: nothing is sent before that",
            left.join(", ")
        )));
    }
    let told = format!(
        "{doubted} payouts are in doubt now; the next `pagos pay` or `pagos serve` asks the providers about \
         each, and what they do not know waits for you: `pagos list --status unknown`, then `pagos resolve KEY \
         --as resend`"
    );
    tell(arguments, &instance::instrumented(store), doubted, &told).await
}

async fn tell(
    arguments: &RestoreArguments,
    store: &InstrumentedStore,
    doubted: u64,
    told: &str,
) -> Result<Exit, Failure> {
    match (arguments.json, store.restored().await?) {
        (true, Some(restored)) => console::print_json(&Wire { restored: &restored, doubted })?,
        _ => console::tell(told),
    }
    Ok(Exit::Succeeded)
}
