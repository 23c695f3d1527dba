//! `pagos payment`: payments from payers. One file per command; shared code is here.

mod create;
mod history;
mod list;
mod order;
mod resolve;
mod status;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use pagos_core::{Clock, OrderKey};
use pagos_engine::{Payment, Store};
use pagos_system::System;

use crate::{
    arguments::PaymentCommand,
    console,
    exit::{Exit, Failure},
    output::{Outcome, PaymentRow, Screen, payment_list, payment_outcome},
    run::{database::Database, target::Choice},
};

pub(super) fn run(command: &PaymentCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    match command {
        PaymentCommand::Create(create) => create::run(create, config),
        PaymentCommand::Status(status) => status::run(status, config),
        PaymentCommand::List(list) => list::run(list),
        PaymentCommand::History(key) => history::run(key),
        PaymentCommand::Resolve(resolve) => resolve::run(resolve, config),
    }
}

/// Reads one payment, or reports that there is none.
async fn find(store: &dyn Store, db: &Database, key: &OrderKey) -> Result<Payment, Failure> {
    let found = store.payment(key).await?;
    found.ok_or_else(|| Failure::new(format!("{}: no payment has the key {key}", db)))
}

/// The accounts that a command works with.
fn choice(sandbox_url: Option<&str>, config: Option<&Path>) -> Choice {
    match sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.to_owned() },
        None => Choice::Configured { config: config.map(PathBuf::from) },
    }
}

/// Prints the state of a payment.
fn print(payment: &Payment, is_json: bool) -> Result<(), Failure> {
    let now = System.now();
    if is_json {
        return Ok(console::print_json(&PaymentRow::new(payment, now))?);
    }
    let mut out = console::stdout();
    payment_list(payment, now).write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}

/// The exit code for its state, as `pagos status` has it for payouts.
fn exit_of(payment: &Payment) -> Exit {
    match payment_outcome(payment) {
        Outcome::Succeeded => Exit::Succeeded,
        Outcome::Failed => Exit::SomeFailed,
        Outcome::Created | Outcome::Unknown | Outcome::Pending | Outcome::Quarantined => {
            Exit::InDoubt
        }
    }
}
