//! `pagos status KEY`: where one payout stands. Asks the store, not the provider.

use std::io::Write;

use pagos_core::OrderKey;
use pagos_engine::Payout;

use crate::arguments::KeyArguments;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::output::List;
use crate::output::Outcome;
use crate::output::Screen;
use crate::output::next_step;
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
        listed(&payout).write(&mut out, Screen::of_stdout())?;
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

fn listed(payout: &Payout) -> List {
    let progress = &payout.progress;
    let held = progress.standing.held();
    let mut list = List::new();
    list.whole("key", &payout.order.key);
    list.whole("provider", &payout.order.account);
    list.whole("amount", payout.order.amount);
    list.whole("status", progress.word());
    if let Some(reason) = progress.reason() {
        list.note("reason", reason);
    }
    if let Some(reference) = progress.standing.reference() {
        list.whole("reference", reference);
    }
    if let Some(fee) = held.fee {
        list.whole("fee", fee);
    }
    list.whole("since", held.seen_at);
    list.whole("attempts", progress.attempts);
    list.whole("reversals", progress.standing.reversals());
    list.note("next step", next_step(payout.due_at));
    list
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
