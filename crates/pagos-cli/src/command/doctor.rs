//! `pagos doctor`: checks configuration, database, clock and connections. It changes nothing and
//! moves no money.

mod database;
mod outward;
mod witness;

use std::{io::Write, path::Path};

use pagos_core::{
    Environment, Error, ErrorKind, Lookup, Money, OrderKey, PaymentOrder, PaymentRef, Timestamp,
};
use pagos_engine::Policy;
use pagos_system::System;
use serde::Serialize;

use crate::{
    accounts::{self, Account, Accounts, MissingFields},
    arguments::DoctorArguments,
    config::{AccountSettings, Configuration},
    console,
    exit::{Exit, Failure, with_causes},
    output::{List, Screen},
    run::{
        self,
        database::{Database, LIVE_FILE},
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
    let db = arguments.store.db.clone().unwrap_or_else(|| Database::usual(LIVE_FILE));
    let mut findings = vec![clock()];
    findings.extend(database::findings(&db).await);
    match accounts::load(config) {
        Ok(configuration) => {
            findings.extend(accounts(&configuration).await);
            findings.extend(witness::findings(&configuration, &db).await);
            findings.extend(outward::findings(&configuration, &db).await);
        }
        Err(failure) => findings.extend(broken("configuration", &failure)),
    }
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

/// What is wrong with a part of the configuration.
fn broken(what: &str, failure: &Failure) -> Vec<Finding> {
    failure.messages().iter().map(|message| finding(what, Verdict::Bad, message.clone())).collect()
}

async fn accounts(configuration: &Configuration) -> Vec<Finding> {
    let opened = seams::online(&Policy::live())
        .and_then(|seams| Ok(Accounts::open(configuration, MissingFields::Refused, &seams)?));
    let accounts = match opened {
        Ok(accounts) => accounts,
        Err(failure) => return broken("configuration", &failure),
    };
    if accounts.all().is_empty() {
        let because = "no account; `pagos init` writes a pagos.toml to fill in";
        return vec![finding("configuration", Verdict::Note, because)];
    }
    let mut findings = Vec::new();
    for account in accounts.all() {
        findings.extend(address(account));
        findings.extend(proxy(account));
        findings.extend(
            account.caution.as_ref().map(|it| finding(title(account), Verdict::Note, it.clone())),
        );
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
    let key = OrderKey::new("pagosdoctor").ok()?;
    Some(PaymentOrder::new(key, account.name.clone(), Money::new(1, *currency)))
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
