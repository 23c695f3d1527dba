//! `pagos doctor`: checks configuration, database, clock and connections. It changes nothing and
//! moves no money.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use pagos_core::{
    AccountName, Environment, Error, ErrorKind, Lookup, Money, OrderKey, PaymentOrder, PaymentRef,
    Timestamp,
};
use pagos_engine::{Filter, Page, Policy, Refused, Store};
use pagos_store_postgres::{ServerSettings, Severity};
use pagos_store_sqlite::SqliteStore;
use pagos_system::System;
use serde::Serialize;

use crate::{
    accounts::{self, Account, Accounts, MissingFields},
    arguments::DoctorArguments,
    config::{AccountSettings, is_readable_by_others},
    console,
    exit::{Exit, Failure, with_causes},
    output::{List, Screen},
    run::{
        self,
        database::{self, Database},
    },
    seams,
};

/// The result of one check.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    verdict: Verdict,
    because: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    /// Worth knowing; nothing is broken.
    Note,
    Bad,
}

/// 2024-01-01: a clock that shows an earlier time was never set.
const EARLIEST_PLAUSIBLE: Timestamp = Timestamp::from_millis(1_704_067_200_000);

pub(crate) fn run(arguments: &DoctorArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(doctor(arguments, config))
}

async fn doctor(arguments: &DoctorArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = arguments.store.db.clone().unwrap_or_else(|| Database::usual(database::LIVE_FILE));
    let mut findings = vec![clock()];
    findings.extend(store(&db).await);
    findings.extend(accounts(config).await);
    print(&findings, arguments.json)?;
    let is_bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    Ok(if is_bad { Exit::Refused } else { Exit::Succeeded })
}

fn finding(what: impl Into<String>, verdict: Verdict, because: impl Into<String>) -> Finding {
    Finding { what: what.into(), verdict, because: because.into() }
}

fn clock() -> Finding {
    let now = pagos_core::Clock::now(&System);
    match now < EARLIEST_PLAUSIBLE {
        true => finding("clock", Verdict::Bad, format!("shows {now}; set it")),
        false => finding("clock", Verdict::Good, format!("shows {now}")),
    }
}

async fn store(db: &Database) -> Vec<Finding> {
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
                Ok(store) => looked_at(store.as_ref(), &what).await,
                Err(error) => vec![finding(&what, Verdict::Bad, with_causes(&error))],
            };
            findings.push(pages);
            findings.extend(open_files(path, &what));
            findings
        }
        Database::Misread(_) => match db.check() {
            Ok(()) => Vec::new(),
            Err(failure) => vec![finding(what, Verdict::Bad, failure.messages().join("; "))],
        },
        Database::Server(server) => {
            let settings = match database::settings_of_server(server).await {
                Ok(settings) => settings,
                Err(error) => return vec![finding(what, Verdict::Bad, with_causes(&error))],
            };
            let now = pagos_core::Clock::now(&System);
            let mut findings = match db.open_to_read().await {
                Ok(store) => looked_at(store.as_ref(), &what).await,
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

async fn looked_at(store: &dyn Store, what: &str) -> Vec<Finding> {
    let mut findings = vec![payouts_in(store, what.to_owned()).await];
    findings.push(match store.identity().await {
        Ok(identity) => finding(format!("{what}, identity"), Verdict::Good, identity),
        Err(error) => finding(format!("{what}, identity"), Verdict::Bad, with_causes(&error)),
    });
    findings.extend(halted_in(store, what).await);
    findings.extend(refused_in(store, what).await);
    findings
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

async fn accounts(config: Option<&Path>) -> Vec<Finding> {
    let opened = accounts::load(config).and_then(|configuration| {
        let seams = seams::online(&Policy::live())?;
        let accounts = Accounts::open(&configuration, MissingFields::Refused, &seams)?;
        Ok((configuration, accounts))
    });
    let (configuration, accounts) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            let broken = |message: &String| finding("configuration", Verdict::Bad, message);
            return failure.messages().iter().map(broken).collect();
        }
    };
    if accounts.all().is_empty() {
        let because = "no account; `pagos init` writes a pagos.toml to fill in";
        return vec![finding("configuration", Verdict::Note, because)];
    }
    let mut findings = Vec::new();
    for account in accounts.all() {
        findings.extend(address(account));
        findings.extend(proxy(account));
        findings.extend(account.caution.map(|it| finding(title(account), Verdict::Note, it)));
        findings.extend(configuration.account(&account.name).and_then(|it| key(account, it)));
        let payouts = payouts(account).await;
        let payments = payments(account).await;
        match (payouts, payments) {
            (None, None) => {
                let because = "is configured; the provider has no call to try it";
                findings.push(finding(title(account), Verdict::Note, because));
            }
            tried => findings.extend([tried.0, tried.1].into_iter().flatten()),
        }
    }
    findings
}

fn title(account: &Account) -> String {
    let environment = match account.environment {
        Environment::Sandbox => "sandbox",
        Environment::Live => "LIVE, real money",
    };
    format!("account {} ({environment})", account.name)
}

/// Whether a stranger who guesses the account's address could be heard.
fn address(account: &Account) -> Option<Finding> {
    let endpoint = account.endpoint.as_ref().filter(|endpoint| endpoint.is_open_to_strangers())?;
    let because = format!(
        "arrive at {}, and Pagos cannot verify who sent them, so anybody can cause queries: {}",
        endpoint.path_shown(),
        account.remedy_for_strangers()
    );
    Some(finding(format!("{}, webhooks", title(account)), Verdict::Note, because))
}

/// The proxy for the calls below.
fn proxy(account: &Account) -> Option<Finding> {
    let place = account.proxy.as_ref()?;
    let because = format!("calls go through {place}, which cannot read them");
    Some(finding(format!("{}, proxy", title(account)), Verdict::Good, because))
}

/// The key that no call below needs.
fn key(account: &Account, settings: &AccountSettings) -> Option<Finding> {
    let what = format!("{}, key that signs", title(account));
    Some(match accounts::try_key(settings)? {
        Ok(because) => finding(what, Verdict::Good, because),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            finding(what, Verdict::Bad, problems.join("; "))
        }
    })
}

/// Queries the balance: it needs address, credentials and signature, and moves nothing. A query
/// about a payout that nobody ordered would need an invented person, and a path that is certainly
/// not that of a new payout.
async fn payouts(account: &Account) -> Option<Finding> {
    let Some(source) = account.provider.balances() else {
        // Providers that pay out list banks.
        let because = "is configured; the provider has no call to try payouts";
        return account.provider.banks().map(|_| finding(title(account), Verdict::Note, because));
    };
    Some(match source.balances().await {
        Ok(balances) => {
            let texts = balances.iter().map(|balance| balance.available.to_string());
            let available = texts.collect::<Vec<_>>().join(", ");
            let because = format!("answers; available {available}");
            finding(title(account), Verdict::Good, because)
        }
        Err(error) => failed(title(account), &error),
    })
}

/// Queries a payment that nobody ordered. Payments can have an address and credentials of their
/// own, and opening a session would leave one behind.
async fn payments(account: &Account) -> Option<Finding> {
    let provider = account.provider.payments()?;
    let what = format!("{}, payments", title(account));
    let order = nobodys_order(account)?;
    let answer = provider.query(&PaymentRef { order: &order, reference: None }).await;
    Some(match answer {
        Ok(Lookup::Absent | Lookup::Found(_) | Lookup::Ambiguous(_)) => {
            finding(what, Verdict::Good, "answers")
        }
        Ok(Lookup::CannotTell(because)) => {
            let because = format!("are configured; whether they work is open: {because}");
            finding(what, Verdict::Note, because)
        }
        Err(error) => failed(what, &error),
    })
}

fn failed(what: String, error: &Error) -> Finding {
    let causes = with_causes(error);
    match error.kind() {
        ErrorKind::Unauthorized => finding(what, Verdict::Bad, format!("refuses us: {causes}")),
        ErrorKind::Invalid
        | ErrorKind::Undelivered
        | ErrorKind::Throttled
        | ErrorKind::Rejected
        | ErrorKind::Unknown => finding(what, Verdict::Bad, format!("no usable answer: {causes}")),
    }
}

/// `None` only if a provider has no currency.
fn nobodys_order(account: &Account) -> Option<PaymentOrder> {
    let currency = account.provider.descriptor().currencies.first()?;
    Some(PaymentOrder {
        key: OrderKey::new("pagosdoctor").ok()?,
        account: account.name.clone(),
        amount: Money::new(1, *currency),
        payer_name: None,
        document: None,
        is_document_locked: false,
        bank: None,
        email: None,
        phone: None,
        description: None,
        return_url: None,
        cancel_url: None,
        metadata: Vec::new(),
    })
}

fn print(findings: &[Finding], is_json: bool) -> Result<(), Failure> {
    if is_json {
        return Ok(console::print_json(&findings)?);
    }
    let mut out = console::stdout();
    let mut list = List::narrow();
    for finding in findings {
        let mark = match finding.verdict {
            Verdict::Good => "good",
            Verdict::Note => "note",
            Verdict::Bad => "BAD",
        };
        list.note(mark, format!("{}: {}", finding.what, finding.because));
    }
    list.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}
