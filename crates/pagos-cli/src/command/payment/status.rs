//! `pagos payment status KEY`: shows the state of one payment. With `--ask` it queries the provider
//! first.

use std::path::Path;

use pagos_core::OrderKey;
use pagos_engine::{Entry, Payment};

use crate::{
    arguments::PaymentAskArguments,
    command::payment,
    console,
    exit::{Exit, Failure},
    run::{
        self,
        database::{self, Database},
        instance::Instance,
        target::Target,
    },
};

pub(super) fn run(arguments: &PaymentAskArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let payment = run::block_on(look(arguments, config))?;
    payment::print(&payment, arguments.json)?;
    Ok(payment::exit_of(&payment))
}

async fn look(arguments: &PaymentAskArguments, config: Option<&Path>) -> Result<Payment, Failure> {
    let key: OrderKey = arguments.key.parse()?;
    let named = arguments.store.db.as_ref();
    let db = match &arguments.sandbox_url {
        Some(_) if named.is_none() => Database::usual(database::TWIN_FILE),
        _ => Database::existing(named),
    };
    let store = db.open_to_read().await?;
    // Fails if there is no such payment, so that an empty store is not created.
    let payment = payment::find(store.as_ref(), &db, &key).await?;
    match arguments.ask {
        true => ask(arguments, config, &db, &key).await,
        false => Ok(payment),
    }
}

async fn ask(
    arguments: &PaymentAskArguments,
    config: Option<&Path>,
    db: &Database,
    key: &OrderKey,
) -> Result<Payment, Failure> {
    let target = Target::open(payment::choice(arguments.sandbox_url.as_deref(), config)).await?;
    let instance = Instance::beside(db, &target).await?;
    let known = instance.store.payment_history(key).await?.len();
    let payment = instance.engine.ask_payment(key).await?;
    let history = instance.store.payment_history(key).await?;
    for entry in history.iter().skip(known) {
        if let Entry::Asked { answer, .. } = entry {
            console::tell(&format!("asked in vain: {answer}"));
        }
    }
    Ok(payment)
}
