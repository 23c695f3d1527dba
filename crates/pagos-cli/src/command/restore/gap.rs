//! What is told after a backup was restored: since when nothing is known, what may have gone on, and
//! what to do next.

use std::io::Write;

use pagos_core::Timestamp;
use pagos_store_sqlite::{Gap, PutBack};
use serde::Serialize;

use crate::{
    console,
    exit::Failure,
    input::path_text,
    output::{List, Screen},
    run::database::Database,
};

/// The document of `--json`. Its names are stable.
#[derive(Debug, Serialize)]
struct Wire<'a> {
    path: String,
    database_id: &'a str,
    backup_at: Timestamp,
    restored_at: Timestamp,
    witness: Option<&'a str>,
    compared_at: Option<Timestamp>,
    known: Known,
    runs: Vec<&'a str>,
}

/// What the database knows and what may have gone on since.
#[derive(Debug, Serialize)]
struct Known {
    runs_unreleased: u64,
    runs_unfinished: u64,
    payouts_due: u64,
    payouts_held: u64,
    payouts_in_doubt: u64,
    payouts_waiting: u64,
    payouts_failed: u64,
    sent_since_compared: u64,
    approvals: u64,
    tokens: u64,
    webhooks: u64,
}

pub(super) fn print(made: &PutBack) -> Result<(), Failure> {
    let PutBack { identity, restored, gap, .. } = made;
    Ok(console::print_json(&Wire {
        path: path_text(&made.path),
        database_id: identity,
        backup_at: restored.backup_at,
        restored_at: restored.restored_at,
        witness: gap.witness.as_deref(),
        compared_at: gap.compared_at,
        known: Known {
            runs_unreleased: gap.runs_unreleased,
            runs_unfinished: gap.runs_unfinished,
            payouts_due: gap.due,
            payouts_held: gap.held,
            payouts_in_doubt: gap.in_doubt,
            payouts_waiting: gap.waiting,
            payouts_failed: gap.failed,
            sent_since_compared: gap.sent_since,
            approvals: gap.approvals,
            tokens: gap.tokens,
            webhooks: gap.webhooks,
        },
        runs: gap.runs.iter().map(|run| run.0.as_str()).collect(),
    })?)
}

pub(super) fn write(made: &PutBack, db: &Database) -> Result<(), Failure> {
    let PutBack { identity, restored, gap, .. } = made;
    let mut list = List::new();
    list.whole("restored", path_text(&made.path));
    list.whole("database", identity);
    list.whole("knows nothing since", restored.backup_at);
    for (name, count, because) in counts(gap) {
        list.note(name, format!("{count}; {because}"));
    }
    if !gap.runs.is_empty() {
        let names: Vec<&str> = gap.runs.iter().map(|run| run.0.as_str()).collect();
        list.note("these runs", names.join(", "));
    }
    if let (Some(witness), Some(at)) = (&gap.witness, gap.compared_at) {
        list.note(
            "witness",
            format!("{witness}, seen to agree at {at}; {} attempts since", gap.sent_since),
        );
    }
    let mut out = console::stdout();
    list.write(&mut out, Screen::of_stdout())?;
    out.flush()?;
    tell(made, db);
    Ok(())
}

/// What it knows, and what may have become of it. Nothing is said of what there is none of.
fn counts(gap: &Gap) -> impl Iterator<Item = (&'static str, u64, &'static str)> {
    let counts = [
        ("runs not released", gap.runs_unreleased, "they may have been released and sent since"),
        ("runs not finished", gap.runs_unfinished, "they may have ended since"),
        ("payouts due", gap.due, "they may have been sent since"),
        ("payouts held", gap.held, "they may have been released and sent since"),
        ("payouts in doubt", gap.in_doubt, "they may be settled"),
        ("wait for a person", gap.waiting, "somebody may have decided since"),
        ("payouts failed", gap.failed, "you were told, and somebody may have paid them otherwise"),
        ("approvals", gap.approvals, "some may have been given or refused since"),
        ("tokens", gap.tokens, "one that was revoked since is valid again: `pagos token list`"),
        ("webhooks", gap.webhooks, "not applied; they are now"),
    ];
    counts.into_iter().filter(|(_, count, _)| *count > 0)
}

fn tell(made: &PutBack, db: &Database) {
    let since = made.restored.backup_at;
    console::tell(&format!(
        "what happened after {since} is lost: orders, attempts, decisions of people, approvals, tokens that were \
         made or revoked, and webhooks, which providers do not send again; queries settle what those told. A \
         failure may have been told to you since, and paid otherwise"
    ));
    match &made.gap.witness {
        Some(witness) => console::tell(&format!(
            "next: run `pagos pay` or `pagos serve` with the witness {witness} configured; it is compared \
             before anything is sent. Without it nothing is sent"
        )),
        None => console::tell(&format!(
            "next: it has no witness, and nothing is sent from it. Compare it with the provider's panel or list \
             since {since}, correct what differs (`pagos resolve`), and then say so: `pagos restore --accept --db \
             {db} --note \"what you compared\"`. Or let the providers be asked first: `pagos restore \
             --doubt-unsent --db {db} --note \"why\"`"
        )),
    }
}
