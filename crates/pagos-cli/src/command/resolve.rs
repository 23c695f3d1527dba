//! `pagos resolve KEY`: a person's decision about a payout. Sends nothing by itself.

use std::path::Path;
use std::sync::Arc;

use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_engine::Engine;
use pagos_engine::Policy;

use crate::accounts::Accounts;
use crate::accounts::Gaps;
use crate::arguments::Decision;
use crate::arguments::ResolveArguments;
use crate::clock::SystemClock;
use crate::command;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::offline;
use crate::run;
use crate::run::bank;
use crate::run::database::Database;
use crate::run::office;
use crate::run::report::with_row;
use crate::sandbox::SPEED;

/// Records the decision, with the note of who decided on what evidence.
pub(super) fn run(arguments: &ResolveArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(resolve(arguments, config))
}

async fn resolve(arguments: &ResolveArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let key: OrderKey = arguments.key.parse()?;
    let db = Database::existing(arguments.store.db.as_ref());
    // Fails where there is no database: a decision must not make an empty one.
    let payout = super::status::find(&db, &arguments.key).await?;
    let engine = engine(&db, &payout.order.account, config).await?;
    let decision = decision_of(arguments.decision);
    let payout = engine.resolve(&key, decision, &arguments.note).await?;
    if arguments.json {
        with_row(&payout, |row| console::print_json(row))?;
        return Ok(Exit::Succeeded);
    }
    console::tell(&format!("{key} is now {}", payout.progress.word()));
    let next = match arguments.decision {
        Decision::Ask => "the provider is asked by the next `pagos pay` or `pagos serve`",
        Decision::Resend => "the same key is sent once more by the next `pagos pay` or `serve`",
        Decision::Succeeded | Decision::Failed => "what the provider tells later still counts",
    };
    console::tell(next);
    Ok(Exit::Succeeded)
}

/// An engine that takes a person's decision: it has the waiting times of the account's world.
pub(super) async fn engine(
    db: &Database,
    account: &AccountName,
    config: Option<&Path>,
) -> Result<Engine, Failure> {
    let accounts = office::engine_accounts(&accounts(config)?);
    let door = office::door(db.open().await?);
    let policy = match door.bind(account, "live").await?.as_str() {
        bank::SIMULATED => Policy::sandbox(SPEED),
        _ => Policy::live(),
    };
    Ok(Engine::new(door, accounts, Arc::new(SystemClock), policy)?)
}

/// A decision needs the provider's rules, and no credentials.
fn accounts(config: Option<&Path>) -> Result<Accounts, Failure> {
    let (configuration, seams) = (command::load(config)?, offline::seams());
    if configuration.accounts.is_empty() {
        return Ok(Accounts::without_configuration(&seams)?);
    }
    Ok(Accounts::open(&configuration, Gaps::Credentials, &seams)?)
}

fn decision_of(decision: Decision) -> pagos_engine::Decision {
    match decision {
        Decision::Succeeded => pagos_engine::Decision::Succeeded,
        Decision::Failed => pagos_engine::Decision::Failed,
        Decision::Resend => pagos_engine::Decision::SendAgain,
        Decision::Ask => pagos_engine::Decision::Ask,
    }
}
