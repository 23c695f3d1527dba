//! `pagos serve`: webhook receiver, dispatcher and poller as one long-running process.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use pagos_store_sqlite::SqliteStore;
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
use crate::run::notices;
use crate::run::office;
use crate::run::office::Office;
use crate::run::signal;

pub(crate) fn run(arguments: &ServeArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(serve(arguments, config))
}

/// As with `pay`: payouts of real money are never handed to simulators by default.
fn database_of(arguments: &ServeArguments) -> PathBuf {
    let file = match (&arguments.store.db, &arguments.sandbox_url) {
        (Some(db), _) => return db.clone(),
        (None, Some(_)) => database::TWIN_FILE,
        (None, None) => database::LIVE_FILE,
    };
    PathBuf::from(file)
}

async fn serve(arguments: &ServeArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = database_of(arguments);
    office::check_folder(&db)?;
    let choice = match &arguments.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    };
    let mut bank = Bank::open(choice).await?;
    bank.limit_rate(arguments.rate);
    let Some(_lock) = SqliteStore::lock(&db)? else {
        return Err(Failure::new(format!(
            "{}: another pagos process works on this database; stop it first",
            db.display()
        )));
    };
    let office = Office::new(database::open(&db)?, &bank.accounts, bank.policy.clone())?;
    bank.bind(&office.store_door(), &db).await?;
    office.engine.end_claims().await?;
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
        "db": db.display().to_string(),
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
