//! What `pagos doctor` says of the witness of the database.

use std::{sync::Arc, time::Instant};

use pagos_core::Environment;
use pagos_engine::{Reading, Witness};

use super::{Finding, Verdict, finding};
use crate::{
    config::{Configuration, Disk, WitnessPlace, WitnessSettings},
    run::{database::Database, instance, witness},
};

/// What can be said of the witness without writing to it.
pub(super) async fn findings(configuration: &Configuration, db: &Database) -> Vec<Finding> {
    let Some(settings) = &configuration.witness else { return none_named(configuration) };
    let what = format!("witness {}", settings.place);
    let absent = "is not there; the first `pagos pay` of a new database makes it";
    if matches!(&settings.place, WitnessPlace::File(path) if path.symlink_metadata().is_err()) {
        return vec![finding(what, Verdict::Note, absent)];
    }
    let mut findings = about_the_disk(settings, db).into_iter().collect::<Vec<_>>();
    // Without a database there is nothing that it could belong to.
    let Ok(store) = db.open_to_read().await else { return findings };
    let meant = match witness::Meant::by(settings, store.as_ref()).await {
        Ok(meant) => meant,
        Err(error) => return vec![finding(what, Verdict::Bad, error.to_string())],
    };
    if !meant.is_there().await {
        findings.push(finding(what, Verdict::Note, absent));
        return findings;
    }
    match meant.open().await {
        Ok(opened) => {
            findings.push(answers(opened.as_ref(), &settings.place, &what).await);
            let known = instance::instrumented(Arc::clone(&store)).witnessed_as().await;
            if let Ok(Some(known)) = known
                && known != opened.identity()
            {
                let because = format!(
                    "the database has the witness {known}: bring that one back, or pay with --new-witness"
                );
                findings.push(finding(what, Verdict::Bad, because));
            }
        }
        Err(error) => findings.push(finding(what, Verdict::Bad, error.to_string())),
    }
    findings
}

fn none_named(configuration: &Configuration) -> Vec<Finding> {
    let is_live = configuration.accounts.iter().any(|it| it.environment == Environment::Live);
    let because = "none is named: a database that goes back to an earlier state sends again what it forgot; \
                   docs/guide/witness.md says how to set one up";
    is_live.then(|| finding("witness", Verdict::Note, because)).into_iter().collect()
}

fn about_the_disk(settings: &WitnessSettings, db: &Database) -> Option<Finding> {
    if !witness::shares_disk(db, &settings.place) {
        return None;
    }
    let verdict = match settings.disk {
        Disk::OfItsOwn => Verdict::Bad,
        Disk::MayBeShared => Verdict::Note,
    };
    let because = "is on the file system of the database: what destroys one destroys the other";
    Some(finding(format!("witness {}, disk", settings.place), verdict, because))
}

async fn answers(witness: &dyn Witness, place: &WitnessPlace, what: &str) -> Finding {
    let began = Instant::now();
    let end = match witness.mark().await {
        Ok(end) => end,
        Err(error) => return finding(what, Verdict::Bad, error.to_string()),
    };
    let took = began.elapsed().as_millis();
    if let Err(error) = witness.read(Some(&end), 1).await.map(|reading: Reading| drop(reading)) {
        return finding(what, Verdict::Bad, error.to_string());
    }
    let size = match place {
        WitnessPlace::File(path) => std::fs::metadata(path).ok().map(|it| it.len()),
        WitnessPlace::Server(_) => None,
    };
    let size = size.map_or_else(String::new, |bytes| format!(", {} kB", bytes.div_ceil(1_000)));
    finding(what, Verdict::Good, format!("{}: answers in {took} ms{size}", witness.identity()))
}
