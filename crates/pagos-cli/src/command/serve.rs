//! `pagos serve`: webhook receiver, dispatcher and poller as one long-running process.

use std::io::Write;
use std::path::Path;

use pagos_webhook::Endpoint;

use crate::arguments::ServeArguments;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::run;
use crate::run::bank::Bank;
use crate::run::bank::Choice;
use crate::run::catch_up;
use crate::run::database;
use crate::run::database::Database;
use crate::run::database::Turn;
use crate::run::notices;
use crate::run::office;
use crate::run::office::Office;
use crate::run::signal;

pub(crate) fn run(arguments: &ServeArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(serve(arguments, config))
}

/// As with `pay`: payouts of real money are never handed to simulators by default.
fn database_of(arguments: &ServeArguments) -> Database {
    match (&arguments.store.db, &arguments.sandbox_url) {
        (Some(db), _) => db.clone(),
        (None, Some(_)) => Database::usual(database::TWIN_FILE),
        (None, None) => Database::usual(database::LIVE_FILE),
    }
}

async fn serve(arguments: &ServeArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = database_of(arguments);
    db.check()?;
    let choice = match &arguments.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    };
    let mut bank = Bank::open(choice).await?;
    bank.limit_rate(arguments.rate);
    let turn = db.take_turn()?;
    if matches!(turn, Turn::Taken) {
        return Err(Failure::new(format!(
            "{db}: another pagos process works on this database; stop it first, or use a \
             PostgreSQL server, on which several may work"
        )));
    }
    let office = Office::new(db.open().await?, &bank.accounts, bank.policy.clone())?;
    bank.bind(&office.store_door(), &db).await?;
    if matches!(turn, Turn::Alone { .. }) {
        office.engine.end_claims().await?;
    }
    // A sandbox has its socket already, since the twins are told of it with every order.
    let listener = match bank.listener.take() {
        Some(listener) => listener,
        None => office::listen(arguments.listen)?,
    };
    let listening = listener.local_addr()?;
    bank.announce(listening).await?;
    let receiving = office.spawn_receiver(listener, bank.accounts.all())?;
    let endpoints = bank.accounts.all().iter().filter_map(|account| account.endpoint.as_ref());
    // What nobody shall guess stands in the configuration and nowhere else.
    let paths = endpoints.map(Endpoint::path_shown);
    let ready = serde_json::json!({
        "listening": format!("http://{listening}"),
        "webhooks": paths.collect::<Vec<_>>(),
        "db": db.to_string(),
    });
    let mut out = console::stdout();
    writeln!(out, "{ready}")?;
    out.flush()?;
    drop(out);
    let after = match arguments.notices_after {
        Some(after) => after,
        None => notices::newest(&office.store).await?,
    };
    // A reader that went away, or a store that cannot be read, ends the service like a signal.
    let mut told = None;
    let stop = async {
        tokio::select! {
            () = signal::stop_requested() => {}
            failed = notices::tell(&office, after) => told = failed.err(),
            never = catch_up::at_start(&office, &bank.accounts) => match never {},
        }
    };
    let worked = office.work(usize::from(arguments.concurrency), stop).await;
    receiving.shut_down().await;
    worked?;
    told.map_or(Ok(Exit::Succeeded), Err)
}
