//! `pagos status KEY`: shows the state of one payout. It reads the store and sends no queries.

use std::io::Write;

use pagos_core::OrderKey;
use pagos_engine::{Payout, Seal, SealedAs};
use pagos_reconcile::{Reconciled, reconciled};
use serde::Serialize;

use crate::{
    arguments::KeyArguments,
    console,
    exit::{Exit, Failure},
    output::{List, Outcome, Row, Screen, next_step},
    run::{self, database::Database, report::with_row},
};

/// Prints the payout; the exit code tells its state, like that of `pay`.
pub(super) fn run(arguments: &KeyArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let known = match run::block_on(look_up(&db, &arguments.key))? {
        Known::Stored(payout, reconciled) => (payout, reconciled),
        Known::Archived(key, seal) => return archived(&key, seal, arguments.json),
    };
    let (payout, reconciled) = known;
    if arguments.json {
        with_row(&payout, |row| console::print_json(&Document { row, reconciled: &reconciled }))?;
    } else {
        let mut out = console::stdout();
        listed(&payout, &reconciled).write(&mut out, Screen::of_stdout())?;
        out.flush()?;
    }
    Ok(with_row(&payout, |row| exit_of(row.outcome)))
}

/// The payout in JSON.
#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    row: &'a Row<'a>,
    /// The lines of statements that show it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reconciled: &'a [Reconciled],
}

/// What a database knows about a key.
#[allow(clippy::large_enum_variant, reason = "it lives as long as one answer")]
enum Known {
    Stored(Payout, Vec<Reconciled>),
    Archived(OrderKey, Seal),
}

async fn look_up(db: &Database, key: &str) -> Result<Known, Failure> {
    let key: OrderKey = key.parse()?;
    let store = db.open_to_read().await?;
    if let Some(payout) = store.payout(&key).await? {
        let reconciled = reconciled(store.as_ref(), &key).await?;
        return Ok(Known::Stored(payout, reconciled));
    }
    match store.sealed(&key).await? {
        Some(seal) => Ok(Known::Archived(key, seal)),
        None => Err(Failure::new(format!("{db}: no payout has the key {key}"))),
    }
}

/// Reads one payout, or reports that there is none, or that it is archived.
pub(super) async fn find(db: &Database, key: &str) -> Result<Payout, Failure> {
    match look_up(db, key).await? {
        Known::Stored(payout, _) => Ok(payout),
        Known::Archived(key, seal) => Err(Failure::new(format!(
            "{db}: payout {key} {} and is in the archive since {}; `pagos archive find {key} DIR` shows \
             it with its history",
            seal.ended.word(),
            seal.day_text()
        ))),
    }
}

/// What the database still knows; the rest is in the archive.
fn archived(key: &OrderKey, seal: Seal, is_json: bool) -> Result<Exit, Failure> {
    if is_json {
        console::print_json(&serde_json::json!({
            "key": key,
            "status": seal.ended.word(),
            "archived_on": seal.day_text(),
        }))?;
    } else {
        let mut list = List::new();
        list.whole("key", key);
        list.whole("status", seal.ended.word());
        list.whole("archived", seal.day_text());
        list.note("next step", format!("none; `pagos archive find {key} DIR` shows its history"));
        let mut out = console::stdout();
        list.write(&mut out, Screen::of_stdout())?;
        out.flush()?;
    }
    Ok(match seal.ended {
        SealedAs::Succeeded => Exit::Succeeded,
        SealedAs::Failed => Exit::SomeFailed,
    })
}

fn listed(payout: &Payout, reconciled: &[Reconciled]) -> List {
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
    for it in reconciled {
        let text = format!("{} by book {}, {}: {}", it.state, it.book, it.day, it.change);
        list.note("statement", text);
    }
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
