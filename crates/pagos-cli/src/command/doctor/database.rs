//! What `pagos doctor` says of the database: its pages, its payouts, what was refused, and the settings
//! of a server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pagos_core::{AccountName, Timestamp};
use pagos_engine::{EngineError, Filter, InstrumentedStore, Page, Refused, Restored, Store};
use pagos_store_postgres::{ServerSettings, Severity};
use pagos_store_sqlite::SqliteStore;
use pagos_system::System;

use super::{Finding, Verdict, finding};
use crate::{
    config::is_readable_by_others,
    exit::with_causes,
    run::database::{Database, settings_of_server},
    words::Text,
};

/// What can be said of the database without changing it.
pub(super) async fn findings(db: &Database) -> Vec<Finding> {
    let what = format!("database {db}");
    match db {
        Database::File(path) => {
            match SqliteStore::is_new(path) {
                Ok(false) => {}
                Ok(true) => {
                    let is = if path.exists() { "is empty" } else { "is not there yet" };
                    let because = format!("{is}; the first `pagos pay` makes it");
                    return vec![finding(what, Verdict::Note, because)];
                }
                Err(error) => return vec![finding(what, Verdict::Bad, with_causes(&error))],
            }
            let pages = pages_of(path, &what);
            // Nothing that a damaged file says about its payouts can be relied on.
            if pages.verdict == Verdict::Bad {
                return vec![pages];
            }
            // Nor in one that replaced another database.
            if let Err(error) = SqliteStore::check(path) {
                return vec![finding(what, Verdict::Bad, with_causes(&error))];
            }
            let mut findings = match db.open_to_read().await {
                Ok(store) => looked_at(store, &what).await,
                Err(error) => vec![finding(&what, Verdict::Bad, with_causes(&error))],
            };
            findings.push(pages);
            findings.extend(open_files(path, &what));
            findings
        }
        Database::Misread(_) => match db.check() {
            Ok(()) => Vec::new(),
            Err(failure) => {
                vec![finding(what, Verdict::Bad, Text::separated(failure.messages(), "; "))]
            }
        },
        Database::Server(server) => {
            let settings = match settings_of_server(server).await {
                Ok(settings) => settings,
                Err(error) => return vec![finding(what, Verdict::Bad, with_causes(&error))],
            };
            let now = pagos_core::Clock::now(&System);
            let mut findings = match db.open_to_read().await {
                Ok(store) => looked_at(store, &what).await,
                // The server answers, so the problem is what it contains.
                Err(error) => vec![finding(what.clone(), Verdict::Note, with_causes(&error))],
            };
            findings.extend(settings_of(&settings, now, &what));
            let because =
                "are not checked here: the server keeps them (its checksums, and pg_amcheck)";
            findings.push(finding(format!("{what}, pages"), Verdict::Note, because));
            findings
        }
    }
}

/// Checks that every page of the file is whole, which counting payouts does not show.
fn pages_of(path: &Path, what: &str) -> Finding {
    let what = format!("{what}, pages");
    match SqliteStore::damage(path) {
        Ok(found) if found.is_empty() => finding(what, Verdict::Good, "are whole"),
        Ok(found) => {
            let because = format!(
                "are damaged ({}): stop every pagos that works on it, keep the file, and restore a \
                 backup as \"A damaged database\" in docs/OPERATIONS.md says; a new database would pay \
                 again what this one has paid",
                found.join("; ").replace(char::is_control, " ")
            );
            finding(what, Verdict::Bad, because)
        }
        Err(error) => finding(what, Verdict::Bad, with_causes(&error)),
    }
}

/// Pagos creates its files for their owner only; a copy or a restored backup can have another mode.
fn open_files(path: &Path, what: &str) -> Option<Finding> {
    let files = ["", "-wal", "-shm", ".lock", ".bank"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    let open = files.iter().filter(|file| is_readable_by_others(file));
    let names: Vec<String> = open.map(|file| file.display().to_string()).collect();
    if names.is_empty() {
        return None;
    }
    let names = names.join(" ");
    let because = format!(
        "other users of this machine can read names and account numbers in it: run `chmod 600 {names}`"
    );
    Some(finding(format!("{what}, permissions"), Verdict::Note, because))
}

/// The server's settings, and what they mean for money.
fn settings_of(settings: &ServerSettings, now: Timestamp, what: &str) -> Vec<Finding> {
    let findings = settings.findings(now).into_iter().map(|found| {
        let verdict = match found.severity {
            Severity::Fine => Verdict::Good,
            Severity::Warning => Verdict::Note,
            Severity::Danger => Verdict::Bad,
        };
        let because = match found.remedy.as_str() {
            "" => found.message,
            remedy => format!("{}; {remedy}", found.message),
        };
        finding(format!("{what}, {}", found.setting), verdict, because)
    });
    findings.collect()
}

async fn looked_at(store: Arc<dyn Store>, what: &str) -> Vec<Finding> {
    let mut findings = vec![payouts_in(store.as_ref(), what.to_owned()).await];
    findings.push(match store.identity().await {
        Ok(identity) => finding(format!("{what}, identity"), Verdict::Good, identity),
        Err(error) => finding(format!("{what}, identity"), Verdict::Bad, with_causes(&error)),
    });
    findings.extend(restored_in(&store, what).await);
    findings.extend(halted_in(store.as_ref(), what).await);
    findings.extend(refused_in(store.as_ref(), what).await);
    findings
}

/// A database that was restored, and from which nothing is sent yet.
async fn restored_in(store: &Arc<dyn Store>, what: &str) -> Option<Finding> {
    let what = format!("{what}, backup");
    match InstrumentedStore::from(Arc::clone(store)).restored().await {
        Ok(restored) => {
            let restored = restored.filter(Restored::is_open)?;
            Some(finding(what, Verdict::Bad, EngineError::Restored(restored).to_string()))
        }
        Err(error) => Some(finding(what, Verdict::Bad, with_causes(&error))),
    }
}

/// Accounts that a running process found out of service.
async fn halted_in(store: &dyn Store, what: &str) -> Option<Finding> {
    let what = format!("{what}, accounts");
    match store.halted().await {
        Ok(halted) if halted.is_empty() => None,
        Ok(halted) => {
            let names: Vec<&str> = halted.iter().map(AccountName::as_str).collect();
            let because = format!(
                "out of service, because their providers refuse their credentials: {}",
                names.join(", ")
            );
            Some(finding(what, Verdict::Note, because))
        }
        Err(error) => Some(finding(what, Verdict::Bad, with_causes(&error))),
    }
}

/// What the receivers refused, as `pagos serve` counted it in the database.
async fn refused_in(store: &dyn Store, what: &str) -> Vec<Finding> {
    let refused = match store.refused().await {
        Ok(refused) => refused,
        Err(error) => {
            return vec![finding(format!("{what}, webhooks"), Verdict::Bad, with_causes(&error))];
        }
    };
    let note = |one: &Refused| {
        let about = match &one.account {
            Some(account) => format!("{what}, webhooks of {account}"),
            None => format!("{what}, the receiver"),
        };
        let because =
            format!("refused {} times, the last time {}: {}", one.count, one.last_at, one.reason);
        finding(about, Verdict::Note, because)
    };
    refused.iter().map(note).collect()
}

async fn payouts_in(store: &dyn Store, what: String) -> Finding {
    let counted = match store.tally(None).await {
        Ok(tally) => tally,
        Err(error) => return finding(what, Verdict::Bad, with_causes(&error)),
    };
    let quarantined = Filter { status: Some("quarantined".to_owned()), ..Filter::default() };
    let waiting: u64 = counted.rows.iter().map(|row| row.attention).sum();
    if waiting > 0 {
        let word = if store
            .list(&quarantined, &Page::newest_first(1))
            .await
            .is_ok_and(|list| !list.is_empty())
        {
            "some in quarantine"
        } else {
            "in doubt"
        };
        let because = format!("{} payouts; {waiting} wait for a person ({word})", counted.total());
        return finding(what, Verdict::Note, because);
    }
    finding(what, Verdict::Good, format!("{} payouts, none waits for a person", counted.total()))
}
