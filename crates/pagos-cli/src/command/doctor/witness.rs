//! What `pagos doctor` says of the witness of the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use pagos_core::{Clock, Environment, Timestamp};
use pagos_engine::{Reading, Store, StoreError, Witness};
use pagos_system::System;

use super::{Finding, Verdict, finding};
use crate::{
    config::{Configuration, Disk, WitnessPlace, WitnessSettings},
    run::{
        database::Database,
        instance,
        witness::{self, Meant, Money},
    },
};

/// What can be said of the witness without writing to it.
pub(super) async fn findings(configuration: &Configuration, db: &Database) -> Vec<Finding> {
    let money = money_of(configuration);
    let Some(settings) = &configuration.witness else { return none_named(money) };
    let settings = witness::heeded(settings, money);
    let what = format!("witness {}", settings.place);
    let mut findings = about_the_disk(&settings, db).into_iter().collect::<Vec<_>>();
    let Ok(store) = db.open_to_read().await else {
        // Without a database there is nothing that it could belong to.
        let is_absent =
            matches!(&settings.place, WitnessPlace::File(path) if path.symlink_metadata().is_err());
        findings.extend(is_absent.then(|| finding(what, Verdict::Note, ABSENT)));
        return findings;
    };
    match about(&settings, &store, &what).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(finding(what, Verdict::Bad, error)),
    }
    findings
}

/// # Errors
/// What cannot be read.
async fn about(
    settings: &WitnessSettings,
    store: &Arc<dyn Store>,
    what: &str,
) -> Result<Vec<Finding>, String> {
    let told = |error: StoreError| error.to_string();
    let meant = Meant::by(settings, store.as_ref()).await.map_err(|error| error.to_string())?;
    let reader = instance::instrumented(Arc::clone(store));
    let known = reader.witnessed_as().await.map_err(told)?;
    if !meant.is_there().await {
        let has_sent = witness::has_sent(store.as_ref()).await.map_err(told)?;
        return Ok(vec![absent(known.as_deref(), has_sent, what)]);
    }
    let opened = match meant.open().await {
        Ok(opened) => opened,
        Err(error) if meant.is_on_server_of_database().await => {
            return Err(format!("{error}, or write same_disk = true in [witness]"));
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut findings = vec![answers(opened.as_ref(), &settings.place, what).await];
    let last = match known {
        Some(known) if known != opened.identity() => {
            let because = format!(
                "the database has the witness {known}: bring that one back, or pay with --new-witness"
            );
            findings.push(finding(what, Verdict::Bad, because));
            None
        }
        Some(_) => reader.compared_at().await.map_err(told)?,
        None => None,
    };
    findings.extend(last.map(|at| agreement(at, System.now(), what)));
    Ok(findings)
}

const ABSENT: &str = "is not there; the first `pagos pay` of a new database makes it";

fn absent(known: Option<&str>, has_sent: bool, what: &str) -> Finding {
    match known {
        Some(known) => {
            let because = format!(
                "the witness {known} of the database is not there: mount its disk or bring it back; if it is \
                 lost, pay with --new-witness, which begins another one"
            );
            finding(what, Verdict::Bad, because)
        }
        None if has_sent => {
            let because = "is not there, and the database has sent payouts without one: pay once with \
                           --new-witness, which begins it";
            finding(what, Verdict::Note, because)
        }
        None => finding(what, Verdict::Note, ABSENT),
    }
}

fn money_of(configuration: &Configuration) -> Money {
    let is_live = configuration.accounts.iter().any(|it| it.environment == Environment::Live);
    if is_live { Money::Real } else { Money::Invented }
}

fn none_named(money: Money) -> Vec<Finding> {
    let because = "none is named: a database that goes back to an earlier state sends again what it forgot; \
                   docs/guide/witness.md says how to set one up";
    match money {
        Money::Real => vec![finding("witness", Verdict::Note, because)],
        Money::Invented => Vec::new(),
    }
}

fn about_the_disk(settings: &WitnessSettings, db: &Database) -> Option<Finding> {
    if !witness::shares_disk(db, &settings.place) {
        return None;
    }
    let what = format!("witness {}, disk", settings.place);
    let because = "is on the file system of the database: what destroys one destroys the other";
    Some(match settings.disk {
        Disk::OfItsOwn => {
            let todo = "name a place on another disk, or write same_disk = true in [witness]";
            finding(what, Verdict::Bad, format!("{because}; {todo}"))
        }
        Disk::MayBeShared => finding(what, Verdict::Note, because),
    })
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

/// How far both agree. That this is long ago means only that nothing was sent since, or that nobody
/// runs.
fn agreement(at: Timestamp, now: Timestamp, what: &str) -> Finding {
    let because = format!(
        "both agreed at {at}, {} ago; what was sent since is compared before anything is sent",
        length(now.since(at))
    );
    finding(format!("{what}, agreement"), Verdict::Good, because)
}

/// A length of time in its largest unit.
fn length(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] =
        [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let seconds = time.as_secs();
    let unit = UNITS.iter().find(|(size, _)| seconds >= *size);
    let (size, name) = unit.copied().unwrap_or((1, "second"));
    let count = seconds / size;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_its_largest_unit() {
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7_199, "1 hour"),
            (172_800, "2 days"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(length(Duration::from_secs(seconds)), expected);
        }
    }
}
