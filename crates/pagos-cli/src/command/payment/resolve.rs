//! `pagos payment resolve KEY`: notes that a person has looked. It changes no status.

use std::path::Path;

use pagos_api::token::Scope;
use pagos_core::OrderKey;
use pagos_engine::Actor;

use crate::{
    accounts::MissingFields,
    arguments::PaymentResolveArguments,
    command::{payment, resolve},
    console,
    exit::{Exit, Failure},
    run::{self, actor::actor, database::Database},
};

pub(super) fn run(
    arguments: &PaymentResolveArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(note(arguments, config))
}

async fn note(arguments: &PaymentResolveArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let key: OrderKey = arguments.key.parse()?;
    let db = Database::existing(arguments.store.db.as_ref());
    // Fails if there is no store, so that an empty one is not created.
    let found = payment::find(db.open_to_read().await?.as_ref(), &db, &key).await?;
    let account = &found.order.account;
    let by = actor(&db, Scope::Resolve).await?;
    let engine =
        resolve::engine(&db, std::slice::from_ref(account), MissingFields::Credentials, config)
            .await?;
    let payment = engine.resolve_payment(&key, &signed(&arguments.note, by.as_ref())).await?;
    if arguments.json {
        payment::print(&payment, true)?;
        return Ok(Exit::Succeeded);
    }
    console::tell(&format!("{key} is {}, and calls for nobody", payment.progress.word()));
    console::tell(
        "the provider is asked by the next `pagos serve` or `pagos payment status --ask`",
    );
    Ok(Exit::Succeeded)
}

/// The note as the history keeps it. The name alone is no note.
fn signed(note: &str, by: Option<&Actor>) -> String {
    match (note.trim(), by) {
        ("", _) | (_, None) => note.to_owned(),
        (note, Some(by)) => format!("{by}: {note}"),
    }
}
