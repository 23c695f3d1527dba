//! `pagos approve --resend KEY` and `pagos reject --resend KEY`: what others say to a decision to send
//! a payout once more.

use std::path::Path;

use pagos_core::OrderKey;
use pagos_engine::{Engine, Resend};

use crate::{
    accounts::MissingFields,
    arguments::{ApproveArguments, RejectArguments},
    command::{resolve, status},
    console,
    exit::{Exit, Failure},
    output::{resend_json, resend_lines},
    run::{actor::approver, database::Database, report::with_row},
    words::pay,
};

pub(super) async fn approve(
    key: &OrderKey,
    arguments: &ApproveArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let (engine, waits) = find(&db, key, config).await?;
    let by = approver(db.open().await?.as_ref()).await?;
    let attempt = match arguments.attempt {
        Some(attempt) => attempt,
        None => {
            resend_lines(&waits).iter().for_each(|line| console::tell(line));
            if !console::is_agreed(&pay::approve_this(), &pay::name_the_attempt())? {
                return Ok(Exit::Refused);
            }
            waits.attempt
        }
    };
    let Some(payout) = engine.approve_resend(key, attempt, &by, &arguments.note).await? else {
        return show(&engine.resend(key).await?.unwrap_or(waits), arguments.json);
    };
    if arguments.json {
        with_row(&payout, |row| console::print_json(row))?;
        return Ok(Exit::Succeeded);
    }
    console::tell(&format!("{key} is sent once more by the next `pagos pay` or `serve`"));
    Ok(Exit::Succeeded)
}

pub(super) async fn reject(
    key: &OrderKey,
    arguments: &RejectArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let (engine, waits) = find(&db, key, config).await?;
    let by = approver(db.open().await?.as_ref()).await?;
    engine.reject_resend_by(key, waits.attempt, &by, &arguments.note).await?;
    match arguments.json {
        true => console::print_json(&resend_json(&waits))?,
        false => console::tell(&format!("{key} is not sent again by this decision; by {by}")),
    }
    Ok(Exit::Succeeded)
}

fn show(waits: &Resend, is_json: bool) -> Result<Exit, Failure> {
    match is_json {
        true => console::print_json(&resend_json(waits))?,
        false => resend_lines(waits).iter().for_each(|line| console::tell(line)),
    }
    Ok(Exit::Succeeded)
}

/// The decision that waits, and an engine with the rules of its account.
async fn find(
    db: &Database,
    key: &OrderKey,
    config: Option<&Path>,
) -> Result<(Engine, Resend), Failure> {
    let account = status::find(db, key.as_str()).await?.order.account;
    let accounts = std::slice::from_ref(&account);
    let engine = resolve::engine(db, accounts, MissingFields::Credentials, config).await?;
    let waits = engine.resend(key).await?.ok_or_else(|| {
        Failure::new(format!(
            "{key} does not wait for approval to be sent again; `pagos runs` lists what waits"
        ))
    })?;
    Ok((engine, waits))
}
