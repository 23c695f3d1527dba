//! `pagos status KEY`: where one payout stands. Asks the store, not the provider.

use std::io::Write;

use pagos_core::OrderKey;
use pagos_engine::Payout;

use crate::arguments::KeyArguments;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::output::Outcome;
use crate::run;
use crate::run::database::Database;
use crate::run::report::with_row;

/// Prints the payout; the exit code says how it stands, as that of `pay` does.
pub(super) fn run(arguments: &KeyArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let payout = run::block_on(find(&db, &arguments.key))?;
    if arguments.json {
        with_row(&payout, |row| console::print_json(row))?;
    } else {
        let mut out = console::stdout();
        write_lines(&payout, &mut out)?;
        out.flush()?;
    }
    Ok(with_row(&payout, |row| exit_of(row.outcome)))
}

/// Reads one payout, or says that there is none.
pub(super) async fn find(db: &Database, key: &str) -> Result<Payout, Failure> {
    let key: OrderKey = key.parse()?;
    let store = db.open_to_read().await?;
    let found = store.payout(&key).await?;
    found.ok_or_else(|| Failure::new(format!("{}: no payout has the key {key}", db)))
}

fn write_lines(payout: &Payout, out: &mut dyn Write) -> std::io::Result<()> {
    let progress = &payout.progress;
    let held = progress.standing.held();
    writeln!(out, "key        {}", payout.order.key)?;
    writeln!(out, "provider   {}", payout.order.account)?;
    writeln!(out, "amount     {}", payout.order.amount)?;
    writeln!(out, "status     {}", progress.word())?;
    if let Some(reason) = progress.reason() {
        writeln!(out, "reason     {reason}")?;
    }
    if let Some(reference) = progress.standing.reference() {
        writeln!(out, "reference  {reference}")?;
    }
    if let Some(fee) = held.fee {
        writeln!(out, "fee        {fee}")?;
    }
    writeln!(out, "since      {}", held.seen_at)?;
    writeln!(out, "attempts   {}", progress.attempts)?;
    writeln!(out, "reversals  {}", progress.standing.reversals())?;
    match payout.due_at {
        Some(due_at) => writeln!(out, "next step  {due_at}"),
        None => writeln!(out, "next step  none, until something is learned"),
    }
}

fn exit_of(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Succeeded => Exit::Succeeded,
        Outcome::Failed => Exit::SomeFailed,
        Outcome::Created | Outcome::Unknown | Outcome::Pending | Outcome::Quarantined => {
            Exit::InDoubt
        }
    }
}
