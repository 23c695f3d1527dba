//! `pagos history KEY`: prints everything that was done and learned about one payout, oldest first.

use std::io::Write;

use pagos_core::{Change, Observation, Timestamp};
use pagos_engine::{Entry, Proof};

use crate::{
    arguments::KeyArguments,
    console,
    exit::{Exit, Failure},
    output::{List, Screen},
    run::{self, database::Database},
};

/// Prints the history.
pub(super) fn run(arguments: &KeyArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let entries = run::block_on(entries(&db, &arguments.key))?;
    if arguments.json {
        console::print_json(&entries)?;
        return Ok(Exit::Succeeded);
    }
    print(&entries, line, "nothing was sent yet")?;
    Ok(Exit::Succeeded)
}

async fn entries(db: &Database, key: &str) -> Result<Vec<Entry>, Failure> {
    let payout = super::status::find(db, key).await?;
    let store = db.open_to_read().await?;
    Ok(store.history(&payout.order.key).await?)
}

/// Prints a history for people: times and events.
pub(super) fn print(
    entries: &[Entry],
    line: impl Fn(&Entry) -> (Timestamp, String),
    none: &str,
) -> Result<(), Failure> {
    let mut list = List::narrow();
    for (at, text) in entries.iter().map(line) {
        list.note(at.to_string(), text);
    }
    let mut out = console::stdout();
    list.write(&mut out, Screen::of_stdout())?;
    if entries.is_empty() {
        writeln!(out, "{none}")?;
    }
    Ok(out.flush()?)
}

/// The time and text of an entry.
pub(super) fn line(entry: &Entry) -> (Timestamp, String) {
    match entry {
        Entry::AttemptBegun { number, at, .. } => {
            (*at, format!("attempt {number} begun: it may be sent from here on"))
        }
        Entry::AttemptClosed { number, proof, at, because } => {
            (*at, format!("attempt {number} is not alive ({}): {because}", proven(*proof)))
        }
        Entry::Observed { observation, change } => {
            (observation.seen_at, format!("{} [{}]", told(observation), effect(*change)))
        }
        Entry::Contradicted { observation, because } => {
            (observation.seen_at, format!("{} [quarantined: {because}]", told(observation)))
        }
        Entry::Asked { at, answer } => (*at, format!("asked: {answer}")),
        Entry::Attention { at, because } => (*at, format!("for a person: {because}")),
        Entry::Disclosed { at, by } => (*at, format!("{by} looked at the account number")),
        Entry::Decided { at, by, decision, note, approved_by } => {
            let approved: Vec<&str> = approved_by.iter().map(|actor| actor.as_str()).collect();
            let approved = match approved.is_empty() {
                true => String::new(),
                false => format!(", approved by {}", approved.join(", ")),
            };
            (*at, format!("{by} decided {decision}{approved}: {note}"))
        }
    }
}

pub(super) fn told(observation: &Observation) -> String {
    let mut text = format!("{}: {}", observation.source.word(), observation.status);
    for word in [&observation.provider_code, &observation.message].into_iter().flatten() {
        text.push_str(&format!(", {word}"));
    }
    if let Some(provider_at) = observation.provider_at {
        text.push_str(&format!(", provider time {provider_at}"));
    }
    text
}

pub(super) fn effect(change: Change) -> String {
    match change {
        Change::Same => "same".to_owned(),
        Change::Advanced => "advanced".to_owned(),
        Change::Reversed { from, to } => format!("REVERSED from {from} to {to}"),
        Change::Stale => "stale, changes nothing".to_owned(),
        Change::Confirm => "to be confirmed by a query".to_owned(),
    }
}

pub(super) fn proven(proof: Proof) -> &'static str {
    match proof {
        Proof::NeverReached => "never reached the provider",
        Proof::RefusedUnread => "refused unread",
        Proof::Rejected => "rejected",
        Proof::Absent => "absent at the provider",
        Proof::Operator => "a person decided",
    }
}
