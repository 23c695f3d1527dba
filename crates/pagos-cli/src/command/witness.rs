//! `pagos witness`: shows the witness of a database, how far both agree, and the payouts that were
//! sent and whose orders the database has forgotten. It changes nothing.

use std::{io::Write, path::Path, sync::Arc};

use pagos_engine::SentAttempt;
use serde::Serialize;

use crate::{
    accounts,
    arguments::WitnessShowArguments,
    config::{WitnessPlace, WitnessSettings},
    console,
    exit::{Exit, Failure},
    output::{List, Screen},
    run::{
        self,
        database::Database,
        gaps, instance,
        witness::{self, Money},
    },
};

pub(super) fn run(
    arguments: &WitnessShowArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(show(arguments, config))
}

/// What is shown.
#[derive(Debug, Serialize)]
struct Shown {
    /// Where the witness is, if it is named.
    place: Option<String>,
    /// Its identity, if it answers.
    identity: Option<String>,
    /// Why it cannot be used.
    trouble: Option<String>,
    size_bytes: Option<u64>,
    /// The witness that the database was last compared with.
    compared_with: Option<String>,
    /// What was sent and whose orders the database has forgotten.
    forgotten: Vec<SentAttempt>,
}

async fn show(arguments: &WitnessShowArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let settings = match &arguments.witness {
        Some(place) => Some(WitnessSettings::at(place.clone())),
        None => accounts::load(config)?.witness,
    };
    let opened = match &settings {
        Some(settings) => {
            // Wherever it is, it is shown.
            let settings = witness::heeded(settings, Money::Invented);
            Some(witness::Meant::by(&settings, store.as_ref()).await?.open().await)
        }
        None => None,
    };
    let place = settings.map(|WitnessSettings { place, .. }| place);
    let (identity, trouble) = match opened {
        Some(Ok(witness)) => (Some(witness.identity().to_owned()), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, None),
    };
    let reader = instance::instrumented(Arc::clone(&store));
    let shown = Shown {
        size_bytes: place.as_ref().and_then(size_bytes),
        place: place.map(|place| place.to_string()),
        identity,
        trouble,
        compared_with: reader.witnessed_as().await?,
        forgotten: gaps::all_forgotten(&reader).await?,
    };
    match arguments.json {
        true => console::print_json(&shown)?,
        false => write(&shown)?,
    }
    Ok(if shown.trouble.is_some() { Exit::Refused } else { Exit::Succeeded })
}

fn size_bytes(place: &WitnessPlace) -> Option<u64> {
    match place {
        WitnessPlace::File(path) => std::fs::metadata(path).ok().map(|metadata| metadata.len()),
        WitnessPlace::Server(_) => None,
    }
}

fn write(shown: &Shown) -> Result<(), Failure> {
    let mut list = List::new();
    match &shown.place {
        Some(place) => list.whole("witness", place),
        None => list.note("witness", "none is named: write one into pagos.toml, or say --witness"),
    }
    if let Some(identity) = &shown.identity {
        list.whole("identity", identity);
    }
    if let Some(trouble) = &shown.trouble {
        list.note("trouble", trouble);
    }
    if let Some(size) = shown.size_bytes {
        list.whole("bytes", size);
    }
    match &shown.compared_with {
        Some(known) => list.whole("compared with", known),
        None => list.note("compared with", "the database was never compared with a witness"),
    }
    for sent in &shown.forgotten {
        list.note("forgotten", witness::forgotten_line(sent));
    }
    if !shown.forgotten.is_empty() {
        let step = "look the forgotten payouts up at the provider's panel: they were sent, and their orders are \
                    not in the database; if such an order is submitted again, it is in doubt and not sent";
        list.note("next step", step);
    }
    let mut out = console::stdout();
    list.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}
