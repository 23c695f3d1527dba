//! `pagos history KEY`: prints everything that was done and learned about one payout, oldest first.

use std::{fmt::Display, io::Write};

use pagos_core::{Change, Observation, Source, Status, Timestamp};
use pagos_engine::{Entry, Proof};

use crate::{
    arguments::KeyArguments,
    console,
    exit::{Exit, Failure},
    output::{List, Outcome, Screen},
    run::{self, database::Database},
    words::{Text, payout as words},
};

/// Prints the history.
pub(super) fn run(arguments: &KeyArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let entries = run::block_on(entries(&db, &arguments.key))?;
    if arguments.json {
        console::print_json(&entries)?;
        return Ok(Exit::Succeeded);
    }
    print(&entries, line, words::nothing_sent())?;
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
    line: impl Fn(&Entry) -> (Timestamp, Text),
    none: impl Display,
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
pub(super) fn line(entry: &Entry) -> (Timestamp, Text) {
    match entry {
        Entry::AttemptBegun { number, at, .. } => (*at, words::attempt_begun(*number)),
        Entry::AttemptClosed { number, proof, at, because } => {
            (*at, words::attempt_closed(*number, proven(*proof), Text::heard(because)))
        }
        Entry::Observed { observation, change } => {
            let text = words::with_effect(told(observation), effect(*change));
            (observation.seen_at, text)
        }
        Entry::Contradicted { observation, because } => (
            observation.seen_at,
            words::quarantined_because(told(observation), Text::heard(because)),
        ),
        Entry::Asked { at, answer } => (*at, words::asked(Text::heard(answer))),
        Entry::Attention { at, because } => (*at, words::for_a_person(Text::heard(because))),
        Entry::Disclosed { at, by } => (*at, words::looked_at_account(by.as_str())),
        Entry::Decided { at, by, decision, note, approved_by } => {
            let approved: Vec<&str> = approved_by.iter().map(|actor| actor.as_str()).collect();
            let (by, decision) = (by.to_string(), decision.to_string());
            let text = match approved.is_empty() {
                true => words::decided(by, decision, note),
                false => words::decided_with(by, decision, approved.join(", "), note),
            };
            (*at, text)
        }
    }
}

pub(super) fn told(observation: &Observation) -> Text {
    let mut text = words::learned(source(observation.source), status(observation.status));
    for word in [&observation.provider_code, &observation.message].into_iter().flatten() {
        text = Text::list(&[text, word.clone().into()]);
    }
    match observation.provider_at {
        Some(provider_at) => words::provider_time(text, provider_at.to_string()),
        None => text,
    }
}

fn source(source: Source) -> Text {
    match source {
        Source::Reply => words::source_reply(),
        Source::Query => words::source_query(),
        Source::VerifiedEvent => words::source_verified(),
        Source::UnverifiedEvent => words::source_unverified(),
        Source::Listing => words::source_listing(),
        Source::Operator => words::source_operator(),
    }
}

/// The status, and the engine's word for why it failed.
fn status(status: Status) -> Text {
    let text = Outcome::from(status).text();
    match status {
        Status::Failed(reason) => words::failed_because(text, reason.word()),
        Status::Created | Status::Unknown | Status::Pending | Status::Succeeded => text,
    }
}

pub(super) fn effect(change: Change) -> Text {
    match change {
        Change::Same => words::effect_same(),
        Change::Advanced => words::effect_advanced(),
        Change::Reversed { from, to } => words::effect_reversed(status(from), status(to)),
        Change::Stale => words::effect_stale(),
        Change::Confirm => words::effect_confirm(),
    }
}

pub(super) fn proven(proof: Proof) -> Text {
    match proof {
        Proof::NeverReached => words::proof_never_reached(),
        Proof::RefusedUnread => words::proof_refused_unread(),
        Proof::Rejected => words::proof_rejected(),
        Proof::Absent => words::proof_absent(),
        Proof::Operator => words::proof_operator(),
    }
}
