//! `pagos resolve KEY`: records a person's decision about a payout. It sends nothing by itself.

use std::{path::Path, sync::Arc};

use pagos_api::token::Scope;
use pagos_core::{AccountName, OrderKey};
use pagos_engine::{Actor, Engine, EngineError, Payout, Policy, Resend, World};
use pagos_system::System;

use crate::{
    accounts::{self, Account, Accounts, MissingFields},
    arguments::{Decision, ResolveArguments},
    console,
    exit::{Exit, Failure},
    output::{resend_json, resend_lines},
    run::{self, actor::actor, database::Database, instance, report::with_row, target},
    sandbox::SPEED,
    seams,
};

/// Records the decision, with a note that says who decided on what evidence.
pub(super) fn run(arguments: &ResolveArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(resolve(arguments, config))
}

async fn resolve(arguments: &ResolveArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let key: OrderKey = arguments.key.parse()?;
    let db = Database::existing(arguments.store.db.as_ref());
    // Fails if there is no database, so that an empty one is not created.
    let payout = super::status::find(&db, &arguments.key).await?;
    let by = actor(&db, Scope::Resolve).await?;
    // A decision needs the provider's rules, but no credentials.
    let engine = engine(
        &db,
        std::slice::from_ref(&payout.order.account),
        MissingFields::Credentials,
        config,
    )
    .await?;
    let before = payout.progress.word();
    let payout = match decide(&engine, &key, arguments, by.as_ref()).await {
        Ok(payout) => payout,
        Err(EngineError::ResendWaits(resend)) => return tell_resend_waits(&resend, arguments.json),
        Err(error) => return Err(error.into()),
    };
    if arguments.json {
        with_row(&payout, |row| console::print_json(row))?;
        return Ok(Exit::Succeeded);
    }
    let word = payout.progress.word();
    console::tell(&match before == word {
        true => format!("{key} stays {word}"),
        false => format!("{key} is now {word}"),
    });
    let next = match arguments.decision {
        Decision::Ask => "the provider is asked by the next `pagos pay` or `pagos serve`",
        Decision::Resend => "the same key is sent once more by the next `pagos pay` or `serve`",
        Decision::Succeeded | Decision::Failed => "what the provider tells later still counts",
    };
    console::tell(next);
    Ok(Exit::Succeeded)
}

/// Records the decision in the name of whoever takes it.
async fn decide(
    engine: &Engine,
    key: &OrderKey,
    arguments: &ResolveArguments,
    by: Option<&Actor>,
) -> Result<Payout, EngineError> {
    let (decision, note) = (decision_of(arguments.decision), arguments.note.as_str());
    match (arguments.although.map(|present| present.word()), by) {
        (None, Some(by)) => engine.resolve_by(key, decision, note, by).await,
        (None, None) => engine.resolve(key, decision, note).await,
        (Some(present), Some(by)) => {
            engine.resolve_although_by(key, decision, note, present, by).await
        }
        (Some(present), None) => engine.resolve_although(key, decision, note, present).await,
    }
}

/// The decision is kept, and others must approve it.
fn tell_resend_waits(resend: &Resend, is_json: bool) -> Result<Exit, Failure> {
    match is_json {
        true => console::print_json(&resend_json(resend))?,
        false => resend_lines(resend).iter().for_each(|line| console::tell(line)),
    }
    Ok(Exit::Waits)
}

/// An engine that records a person's decision about accounts: it has the waiting times of the
/// accounts' world. It works beside others and sends nothing.
pub(super) async fn engine(
    db: &Database,
    names: &[AccountName],
    missing_fields: MissingFields,
    config: Option<&Path>,
) -> Result<Engine, Failure> {
    let mut accounts = named(names, missing_fields, config)?;
    let store = db.open().await?;
    let open = |world: World, policy, accounts: &[Account]| {
        let instrumented = instance::instrumented(Arc::clone(&store));
        let accounts = instance::engine_accounts(accounts, &policy);
        async move {
            Engine::open_beside(instrumented, &world, accounts, Arc::new(System), policy).await
        }
    };
    match open(World::Providers, Policy::live(), &accounts).await {
        Err(EngineError::OtherWorld { stored, .. }) => {
            let policy = match stored.as_str() {
                target::SIMULATED => Policy::twin(SPEED),
                _ => Policy::live(),
            };
            // The limits of an account are for its provider.
            accounts.iter_mut().for_each(|account| account.limits = accounts::Limits::default());
            // Nothing is sent, so the address does not matter.
            Ok(open(World::Simulated(stored), policy, &accounts).await?)
        }
        opened => Ok(opened?),
    }
}

/// The accounts that are configured, of these.
fn named(
    names: &[AccountName],
    missing_fields: MissingFields,
    config: Option<&Path>,
) -> Result<Vec<Account>, Failure> {
    let (configuration, seams) = (accounts::load(config)?, seams::offline());
    let accounts = match configuration.accounts.is_empty() {
        true => Accounts::without_configuration(&seams)?,
        false => Accounts::open(&configuration, missing_fields, &seams)?,
    };
    let named: Vec<Account> =
        accounts.all().iter().filter(|account| names.contains(&account.name)).cloned().collect();
    Ok(named)
}

fn decision_of(decision: Decision) -> pagos_engine::Decision {
    match decision {
        Decision::Succeeded => pagos_engine::Decision::Succeeded,
        Decision::Failed => pagos_engine::Decision::Failed,
        Decision::Resend => pagos_engine::Decision::SendAgain,
        Decision::Ask => pagos_engine::Decision::Ask,
    }
}
