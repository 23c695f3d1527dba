//! `pagos payment create`: opens a session in which a payer can pay, prints its address, and with
//! `--wait` waits for the payer.
//!
//! Run again, it prints the same address: all state is in the store.

use std::{io::Write, path::Path};

use pagos_core::{AccountName, Clock, Environment, ErrorKind, PaymentOrder, Violation};
use pagos_engine::{EngineError, Opened, Payment};
use pagos_system::System;
use serde::Serialize;

use crate::{
    accounts::Accounts,
    arguments::PaymentCreateArguments,
    command::payment::{self, order},
    console,
    exit::{Exit, Failure, with_causes},
    output::{PaymentRow, payment_outcome, payment_reason, write_qr_if_shown},
    run::{
        self,
        database::{self, Database},
        instance::Instance,
        payer::{self, Waited},
        signal,
        target::Target,
    },
};

pub(super) fn run(
    arguments: &PaymentCreateArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(create(arguments, config))
}

/// The output of `--json`: once when the session is open or refused, and again when a wait ends.
#[derive(Serialize)]
struct Document<'a> {
    problems: &'a [Problem],
    payment: Option<PaymentRow<'a>>,
    /// Whether this command opened the session.
    is_new: bool,
}

/// One problem.
#[derive(Debug, Serialize)]
struct Problem {
    field: Option<&'static str>,
    because: String,
    remedy: String,
}

/// Why no session was opened.
#[derive(Debug)]
struct Refusal {
    problems: Vec<Problem>,
    exit: Exit,
}

async fn create(
    arguments: &PaymentCreateArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let db = database_of(arguments);
    db.check()?;
    let mut target =
        Target::open(payment::choice(arguments.sandbox_url.as_deref(), config)).await?;
    if let Some(about) = target.about_sandbox() {
        console::tell(&about);
    }
    // All problems that need no store are reported before one is created.
    let order = match read_order(arguments, &target.accounts) {
        Ok(order) => order,
        Err(violations) => return refuse(Refusal::of_order(violations), arguments),
    };
    tell_live(&target.accounts, &order);
    db.announce_if_new(target.is_live(), arguments.new.new_db.into()).await?;
    let instance = Instance::beside(&db, &target).await?;
    let receiving = match target.listener.take().filter(|_| arguments.wait) {
        Some(listener) => Some(instance.spawn_receiver(listener, &target)?),
        None => None,
    };
    let ended = open_and_wait(&instance, order, arguments).await;
    if let Some(receiving) = receiving {
        receiving.shut_down(tokio::time::sleep(signal::RECEIVER_MAX)).await;
    }
    ended
}

/// The same as for `serve`: simulators get a store of their own.
fn database_of(arguments: &PaymentCreateArguments) -> Database {
    let file = match (&arguments.store.db, &arguments.sandbox_url) {
        (Some(db), _) => return db.clone(),
        (None, Some(_)) => database::TWIN_FILE,
        (None, None) => database::LIVE_FILE,
    };
    Database::usual(file)
}

fn read_order(
    arguments: &PaymentCreateArguments,
    accounts: &Accounts,
) -> Result<PaymentOrder, Vec<Violation>> {
    let name = &arguments.account;
    let refused = |because: &str, remedy| {
        Err(vec![
            Violation::new("provider", format!("account {name} {because}"), remedy)
                .only_in_english(),
        ])
    };
    let account = AccountName::new(name.as_str()).ok().and_then(|name| accounts.get(&name));
    let Some(account) = account else {
        return refused("is not configured", "add it to pagos.toml");
    };
    let Some(payments) = account.provider.payments() else {
        let remedy = "see the provider's page for the fields that switch them on";
        return refused("takes no payments", remedy);
    };
    let currencies = account.provider.descriptor().currencies;
    let order = order::read(arguments, account.name.clone(), currencies)?;
    payments.check(&order).map(|()| order)
}

fn tell_live(accounts: &Accounts, order: &PaymentOrder) {
    let environment = accounts.get(&order.account).map(|account| account.environment);
    if environment == Some(Environment::Live) {
        console::tell(&format!("{} is LIVE: this is real money", order.account));
    }
}

async fn open_and_wait(
    instance: &Instance,
    order: PaymentOrder,
    arguments: &PaymentCreateArguments,
) -> Result<Exit, Failure> {
    let opened = match instance.engine.open_payment(order).await {
        Ok(opened) => opened,
        Err(error) => return refuse(Refusal::of_engine(error)?, arguments),
    };
    show(&opened, arguments)?;
    if !arguments.wait {
        return Ok(Exit::Succeeded);
    }
    let key = &opened.payment.order.key;
    let waited = payer::wait(instance, key).await?;
    let (Waited::Ended(payment) | Waited::Interrupted(payment)) = &waited;
    if arguments.json {
        print_json(payment, opened.is_new)?;
    }
    tell_outcome(&waited);
    Ok(payment::exit_of(payment))
}

/// Prints only the address on standard output, and remarks on standard error.
fn show(opened: &Opened, arguments: &PaymentCreateArguments) -> Result<(), Failure> {
    let payment = &opened.payment;
    let session = payment.progress.open_session(System.now());
    let page = session.and_then(|session| session.url.as_deref().or(session.code.as_deref()));
    let key = &payment.order.key;
    let until = session.and_then(|session| session.closes_at);
    let until = until.map_or_else(String::new, |until| format!(" until {until}"));
    console::tell(&match (session, page) {
        (None, _) => format!("payment {key} is {}", payment_outcome(payment).word()),
        (Some(_), None) => format!(
            "payment {key} is open{until}, and its address was lost with the answer that named it; \
             ask for it under another key, or again when it has ended"
        ),
        (Some(_), Some(_)) if opened.is_new => {
            format!(
                "payment {key} of {} is open{until}; the payer pays here:",
                payment.order.amount
            )
        }
        (Some(_), Some(_)) => {
            format!("payment {key} of {} is already open{until}, here:", payment.order.amount)
        }
    });
    if arguments.json {
        return print_json(payment, opened.is_new);
    }
    let mut out = console::stdout();
    if let Some(page) = page {
        writeln!(out, "{page}")?;
        if !arguments.no_qr {
            write_qr_if_shown(page, &mut out)?;
        }
    }
    Ok(out.flush()?)
}

fn print_json(payment: &Payment, is_new: bool) -> Result<(), Failure> {
    let payment = Some(PaymentRow::new(payment, System.now()));
    Ok(console::print_json(&Document { problems: &[], payment, is_new })?)
}

fn tell_outcome(waited: &Waited) {
    let (Waited::Ended(payment) | Waited::Interrupted(payment)) = waited;
    let (key, word) = (&payment.order.key, payment_outcome(payment).word());
    console::tell(&match payment_reason(&payment.progress) {
        Some(reason) => format!("payment {key} is {word}: {reason}"),
        None => format!("payment {key} is {word}"),
    });
    let is_open = payment.progress.open_session(System.now()).is_some();
    let next = match waited {
        Waited::Interrupted(_) => {
            "nothing is lost: `pagos serve` follows it, `pagos payment status` tells, and the same \
             command again goes on waiting"
        }
        Waited::Ended(payment) if payment.progress.attention.is_some() => {
            "a person must look: see `pagos payment history` and `pagos payment resolve`"
        }
        Waited::Ended(_) if is_open => "the payer can try again at the same address",
        Waited::Ended(_) => return,
    };
    console::tell(next);
}

/// Reports all problems, and prints a document for scripts.
fn refuse(refusal: Refusal, arguments: &PaymentCreateArguments) -> Result<Exit, Failure> {
    let key = &arguments.key;
    for Problem { field, because, remedy } in &refusal.problems {
        let field = field.map_or_else(String::new, |field| format!("{field}: "));
        console::tell(&format!("payment {key:?}: {field}{because}; {remedy}"));
    }
    if arguments.json {
        let problems = &refusal.problems;
        console::print_json(&Document { problems, payment: None, is_new: false })?;
    }
    Ok(refusal.exit)
}

impl Refusal {
    fn of_order(violations: Vec<Violation>) -> Self {
        let problem = |violation: Violation| Problem {
            field: Some(violation.field),
            because: violation.because,
            remedy: violation.remedy,
        };
        Self { problems: violations.into_iter().map(problem).collect(), exit: Exit::Refused }
    }

    /// # Errors
    /// If neither the order nor the provider is the cause.
    fn of_engine(error: EngineError) -> Result<Self, Failure> {
        match error {
            EngineError::Invalid(violations) => Ok(Self::of_order(violations)),
            EngineError::Refused(because) => Ok(Self::of_one(None, because, NO_SESSION)),
            EngineError::Provider(error) => {
                let refusal =
                    Self::of_one(error.field(), with_causes(&error).into(), next(error.kind()));
                let is_unknown = error.kind() == ErrorKind::Unknown;
                let exit = if is_unknown { Exit::InDoubt } else { Exit::Refused };
                Ok(Self { exit, ..refusal })
            }
            other => Err(other.into()),
        }
    }

    fn of_one(field: Option<&'static str>, because: String, remedy: &str) -> Self {
        let problem = Problem { field, because, remedy: remedy.to_owned() };
        Self { problems: vec![problem], exit: Exit::Refused }
    }
}

const NO_SESSION: &str = "no session was opened";

/// What to do after a provider's refusal.
fn next(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid | ErrorKind::Rejected => "correct it; no session was opened",
        ErrorKind::Undelivered | ErrorKind::Throttled => {
            "no session was opened; run the same command again in a moment"
        }
        ErrorKind::Unauthorized => "correct the account (`pagos doctor` helps)",
        ErrorKind::Unknown => {
            "nobody has the address of a session, so nobody can pay yet; run the same command again"
        }
    }
}
