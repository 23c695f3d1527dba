//! `pagos serve`: webhook receiver, dispatcher and poller as one long-running process.

mod sandbox;

use std::{future::Future, net::SocketAddr, path::Path, pin::pin, sync::Arc};

use futures_util::future::{Either, select};
use pagos_engine::EngineError;
use pagos_system::System;
use pagos_webhook::Endpoint;

use crate::{
    accounts::Account,
    arguments::{LogFormat, ServeArguments},
    command::serve::sandbox::Session,
    console,
    exit::{Exit, Failure},
    run::{
        self, api, catch_up,
        database::{self, Database},
        events,
        instance::Instance,
        listen,
        notices::Reader,
        retention,
        signal::{self, Stop},
        target::{Choice, Target},
        witness,
    },
    telemetry::{self, Counting, Gauges, Scraping},
};

pub(crate) fn run(
    arguments: &ServeArguments,
    config: Option<&Path>,
    log: Option<LogFormat>,
) -> Result<Exit, Failure> {
    run::block_on(serve(arguments, config, log))
}

/// The same as for `pay`: payouts of real money never go to simulators by default.
fn database_of(arguments: &ServeArguments) -> Result<Database, Failure> {
    Ok(match (&arguments.store.db, &arguments.sandbox_url) {
        (Some(db), _) => db.clone(),
        (None, Some(_)) => Database::usual(database::TWIN_FILE),
        (None, None) if arguments.sandbox.sandbox => sandbox::temporary_database()?,
        (None, None) => Database::usual(database::LIVE_FILE),
    })
}

async fn target_of(
    arguments: &ServeArguments,
    config: Option<&Path>,
    db: &Database,
) -> Result<(Target, Option<Session>), Failure> {
    if arguments.sandbox.sandbox {
        let (target, session) = sandbox::open(&arguments.sandbox, config, db).await?;
        return Ok((target, Some(session)));
    }
    let choice = match &arguments.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    };
    Ok((Target::open(choice).await?, None))
}

async fn serve(
    arguments: &ServeArguments,
    config: Option<&Path>,
    log: Option<LogFormat>,
) -> Result<Exit, Failure> {
    let db = database_of(arguments)?;
    db.check()?;
    let (mut target, session) = target_of(arguments, config, &db).await?;
    target.limit_rates(&arguments.rates);
    target.witness_at(&arguments.witness);
    check_address(arguments.listen, &target)?;
    if let Some(about) = target.about_sandbox() {
        console::tell(&about);
    }
    db.announce_if_new(target.is_live(), arguments.new.new_db.into()).await?;
    let if_lost = arguments.witness.new_witness.into();
    let instance = Instance::to_send(&db, &target, if_lost).await?;
    instance.engine.take_turn().await.map_err(|error| match error {
        EngineError::Taken => Failure::new(format!(
            "{db}: another pagos process works on this database; stop it first, or use a \
             PostgreSQL server, on which several may work"
        )),
        other => other.into(),
    })?;
    witness::tell_comparison(&instance.engine);
    let scraping = scrape(arguments.metrics.or(target.metrics), log, &instance, &target)?;
    let mut reader = {
        let (name, after) = (&arguments.reader, arguments.notices_after);
        Reader::open(&instance, console::output(), name, after).await?
    };
    // A sandbox already has its socket, because the twins get its address with every order.
    let listener = match target.listener.take() {
        Some(listener) => listener,
        None => listen::open(arguments.listen)?,
    };
    let listening = listener.local_addr()?;
    target.announce(listening).await?;
    let greeting = match session {
        Some(session) => Some(session.issue_tokens(&instance).await?),
        None => None,
    };
    let deliverers = events::deliverers(&instance, &db, &target.events)?;
    let api = match arguments.api.or(target.api.listen) {
        Some(address) => Some(api::open(address, instance.store.as_ref()).await?),
        None => None,
    };
    let receiving = instance.spawn_receiver(listener, &target)?;
    let api = api.map(|listener| api::spawn(listener, &instance, &target)).transpose()?;
    let at = Addresses {
        listening,
        api: api.as_ref().map(|api| api.address),
        metrics: scraping.as_ref().map(|scraping| scraping.address),
    };
    let ready = match greeting {
        Some(greeting) => greeting.text(at, &db),
        None => ready(&target, at, &db, &instance.store.identity().await?),
    };
    let signalled = Stop::listen(instance.engine.sending());
    // A terminal was closed, or somebody expects it to reload its configuration.
    signal::on_hangup(|| {
        console::tell("SIGHUP is ignored: settings are read at the start; restart to change them");
    });
    // Only a signal ends the service, whatever happens to the notices.
    let stop = async {
        tokio::select! {
            () = signalled.requested() => {}
            never = reader.tell(ready) => match never {},
            never = catch_up::at_start(&instance, &target.accounts) => match never {},
            never = witness::tell_outages(|| instance.engine.without_witness(), instance.without_witness, console::tell) => match never {},
            never = retention::in_background(&instance, target.retention.as_ref()) => match never {},
        }
    };
    let hurry = signalled.asked_for(signal::WORK_MAX);
    let work = instance.work(usize::from(arguments.concurrency), stop, hurry);
    let worked = beside(work, events::deliver(&deliverers, &signalled), &signalled).await;
    let exit = match worked {
        Ok(0) => Exit::Succeeded,
        Ok(_) | Err(_) => Exit::InDoubt,
    };
    signalled.ends_as(exit);
    if let Some(api) = api {
        api.shut_down(signalled.asked_for(signal::RECEIVER_MAX)).await;
    }
    receiving.shut_down(signalled.asked_for(signal::RECEIVER_MAX)).await;
    if let Some(sandbox) = target.sandbox.take() {
        sandbox.shut_down().await;
    }
    if let Err(error) = worked {
        return Ok(tell_broken(error.into()));
    }
    reader.tell_last().await;
    Ok(exit)
}

/// Works and delivers events side by side. Work that ends without a stop has failed, and ends the
/// deliveries with it.
async fn beside<T>(
    work: impl Future<Output = T>,
    deliver: impl Future<Output = ()>,
    stop: &Stop,
) -> T {
    match select(pin!(work), pin!(deliver)).await {
        Either::Left((worked, delivering)) => {
            if stop.is_requested() {
                delivering.await;
            }
            worked
        }
        Either::Right(((), working)) => working.await,
    }
}

/// Subscribes to what the libraries tell, and serves the metrics if they are wanted.
fn scrape(
    address: Option<SocketAddr>,
    log: Option<LogFormat>,
    instance: &Instance,
    target: &Target,
) -> Result<Option<Scraping>, Failure> {
    let counting = if address.is_some() { Counting::On } else { Counting::Off };
    let counters = telemetry::start(log, counting)?;
    let (Some(address), Some(counters)) = (address, counters) else { return Ok(None) };
    let accounts = target.accounts.all().iter().map(|account| account.name.clone()).collect();
    let gauges = Gauges::new(Arc::clone(&instance.store), accounts, Arc::new(System));
    Scraping::spawn(address, counters, gauges).map(Some)
}

/// Reports an address that other machines can reach, and refuses it if a stranger could be heard by
/// guessing a path.
fn check_address(listen: SocketAddr, target: &Target) -> Result<(), Failure> {
    // Simulators have a socket of their own, on loopback.
    if listen.ip().is_loopback() || target.listener.is_some() {
        return Ok(());
    }
    let accounts = target.accounts.all().iter();
    let is_open =
        |account: &&Account| account.endpoint.as_ref().is_some_and(Endpoint::is_open_to_strangers);
    let open: Vec<String> = accounts
        .filter(is_open)
        .map(|account| {
            format!(
                "account {name} takes webhooks whose sender Pagos cannot verify, and other machines can \
                 reach {listen}: in [accounts.{name}] {remedy}; or listen on 127.0.0.1 behind a proxy",
                name = account.name,
                remedy = account.remedy_for_strangers()
            )
        })
        .collect();
    if !open.is_empty() {
        return Err(Failure::many(open));
    }
    console::tell(&format!(
        "other machines can reach {listen}, over plain HTTP: put a proxy with TLS in front of it \
         (docs/OPERATIONS.md)"
    ));
    Ok(())
}

/// Where the service listens.
#[derive(Debug, Clone, Copy)]
struct Addresses {
    listening: SocketAddr,
    api: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
}

/// The line with the addresses that it listens on.
fn ready(target: &Target, at: Addresses, db: &Database, identity: &str) -> String {
    let endpoints = target.accounts.all().iter().filter_map(|account| account.endpoint.as_ref());
    // Only the configuration contains the secret segment.
    let paths = endpoints.map(Endpoint::path_shown);
    let ready = serde_json::json!({
        "listening": format!("http://{}", at.listening),
        "api": at.api.map(|api| format!("http://{api}")),
        "metrics": at.metrics.map(|metrics| format!("http://{metrics}/metrics")),
        "webhooks": paths.collect::<Vec<_>>(),
        "db": db.to_string(),
        "database_id": identity,
    });
    format!("{ready}\n")
}

/// Reports that the store failed while payouts may have been under way, so "nothing was sent" would
/// be wrong.
fn tell_broken(failure: Failure) -> Exit {
    failure.messages().iter().for_each(|message| console::tell(&format!("error: {message}")));
    console::tell(
        "the service ended, and what was under way is in doubt; nothing is lost: start it again when \
         the database is back, which sends nothing twice",
    );
    Exit::InDoubt
}
