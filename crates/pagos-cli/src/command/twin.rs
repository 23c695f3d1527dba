//! `pagos twin`: serves the twins of all providers until it is stopped.

use std::{collections::BTreeMap, io::Write};

use pagos_engine::Sending;
use pagos_twin::{ServeOptions, World, serve};
use tokio::net::TcpListener;

use crate::{
    arguments::TwinArguments,
    console,
    exit::{Exit, Failure},
    run::{self, signal::Stop},
    sandbox,
};

/// Serves until SIGINT or SIGTERM. Prints one JSON line with the addresses when it is ready.
pub(super) fn run(arguments: &TwinArguments) -> Result<Exit, Failure> {
    run::block_on(twin(arguments))
}

async fn twin(arguments: &TwinArguments) -> Result<Exit, Failure> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "{} is not a loopback address; the twins have no real secrets and no TLS",
            arguments.listen
        )));
    }
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| Failure::new(format!("cannot listen on {}: {error}", arguments.listen)))?;
    let world = World::standard().with_profile(arguments.faults.into(), arguments.seed);
    let options = ServeOptions {
        journal: arguments.journal.clone(),
        speed: arguments.speed,
        ..ServeOptions::default()
    };
    let server =
        serve(listener, world, options).await.map_err(|error| Failure::new(error.to_string()))?;
    let origin = server.origin();
    sandbox::register(&origin, &sandbox::merchant_in_no_hurry(arguments.speed)).await?;
    let addresses = server.inspect(|world| addresses(&world.credentials(&origin)));
    let base_url =
        |(name, urls): (_, &BTreeMap<_, String>)| Some((name, urls.get("base_url")?.clone()));
    let base_urls: BTreeMap<&str, String> =
        addresses.iter().map(|(name, urls)| (*name, urls)).filter_map(base_url).collect();
    let ready = serde_json::json!({
        "listening": origin,
        "control": format!("{origin}/_twin"),
        "base_urls": base_urls,
        "addresses": addresses,
    });
    // Whoever reads that it is ready may stop it at once.
    let stop = Stop::listen(Sending::default());
    stop.ends_as(Exit::Succeeded);
    let mut out = console::stdout();
    writeln!(out, "{ready}")?;
    out.flush()?;
    // Standard output stays locked while it is held, so a server must release it.
    drop(out);
    stop.requested().await;
    server.shut_down().await;
    Ok(Exit::Succeeded)
}

/// The addresses among a provider's invented credentials.
fn addresses<'a>(
    credentials: &BTreeMap<&'a str, BTreeMap<&'a str, String>>,
) -> BTreeMap<&'a str, BTreeMap<&'a str, String>> {
    let urls = |fields: &BTreeMap<&'a str, String>| {
        let fields = fields.iter().filter(|(name, _)| name.ends_with("_url"));
        fields.map(|(name, url)| (*name, url.clone())).collect()
    };
    credentials.iter().map(|(provider, fields)| (*provider, urls(fields))).collect()
}
