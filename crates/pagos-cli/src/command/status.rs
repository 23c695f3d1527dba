//! `pagos status KEY`: shows the state of one payout. It reads the store and sends no queries.

use std::{io::Write, sync::Arc};

use pagos_core::OrderKey;
use pagos_engine::{Payout, Seal, SealedAs};
use pagos_reconcile::{Reconciled, reconciled};
use serde::Serialize;

use crate::{
    arguments::KeyArguments,
    console,
    exit::{Exit, Failure},
    output::{List, Outcome, Row, Screen, next_step},
    run::{
        self,
        database::Database,
        gaps::{self, Gaps},
        instance,
        report::with_row,
        witness,
    },
    words::{Text, payout as words},
};

/// Prints the payout; the exit code tells its state, like that of `pay`.
pub(super) fn run(arguments: &KeyArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let (known, gaps) = run::block_on(look_up(&db, &arguments.key))?;
    let (payout, reconciled) = match known {
        Known::Stored(payout, reconciled) => (payout, reconciled),
        Known::Archived(key, seal) => return archived(&key, seal, &gaps, arguments.json),
    };
    if arguments.json {
        let (reconciled, gaps) = (&reconciled, &gaps);
        with_row(&payout, |row| console::print_json(&Document { row, reconciled, gaps }))?;
    } else {
        let mut list = listed(&payout, &reconciled);
        gaps.tell(&mut list);
        print(&list)?;
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
    /// What the database as a whole does not know.
    #[serde(flatten)]
    gaps: &'a Gaps,
}

/// An archived payout in JSON.
#[derive(Debug, Serialize)]
struct ArchivedDocument<'a> {
    key: &'a OrderKey,
    status: &'static str,
    archived_on: String,
    #[serde(flatten)]
    gaps: &'a Gaps,
}

/// What a database knows about a key.
#[allow(clippy::large_enum_variant, reason = "it lives as long as one answer")]
enum Known {
    Stored(Payout, Vec<Reconciled>),
    Archived(OrderKey, Seal),
}

async fn look_up(db: &Database, key: &str) -> Result<(Known, Gaps), Failure> {
    let key: OrderKey = key.parse().map_err(|_| Failure::new(words::is_no_key(key)))?;
    let store = db.open_to_read().await?;
    let reader = instance::instrumented(Arc::clone(&store));
    let forgotten = gaps::all_forgotten(&reader).await?;
    let gaps = Gaps::of(&reader, &forgotten).await?;
    if let Some(payout) = store.payout(&key).await? {
        let reconciled = reconciled(store.as_ref(), &key).await?;
        return Ok((Known::Stored(payout, reconciled), gaps));
    }
    if let Some(seal) = store.sealed(&key).await? {
        return Ok((Known::Archived(key, seal), gaps));
    }
    Err(Failure::new(match forgotten.iter().find(|sent| sent.key == key) {
        Some(sent) => {
            words::is_forgotten(db.to_string(), key.as_str(), witness::forgotten_line(sent))
        }
        None => words::is_not_known(db.to_string(), key.as_str()),
    }))
}

/// Reads one payout, or reports that there is none, or that it is archived.
pub(super) async fn find(db: &Database, key: &str) -> Result<Payout, Failure> {
    match look_up(db, key).await?.0 {
        Known::Stored(payout, _) => Ok(payout),
        Known::Archived(key, seal) => {
            let (db, ended) = (db.to_string(), ended_as(seal.ended).text());
            Err(Failure::new(words::is_archived(db, key.as_str(), ended, seal.day_text())))
        }
    }
}

/// What the database still knows; the rest is in the archive.
fn archived(key: &OrderKey, seal: Seal, gaps: &Gaps, is_json: bool) -> Result<Exit, Failure> {
    if is_json {
        let (status, archived_on) = (seal.ended.word(), seal.day_text());
        console::print_json(&ArchivedDocument { key, status, archived_on, gaps })?;
    } else {
        let mut list = List::new();
        list.whole(words::key(), key);
        list.whole(words::status(), ended_as(seal.ended).text());
        list.whole(words::archived(), seal.day_text());
        list.note(words::next_step(), words::next_is_archive(key.as_str()));
        gaps.tell(&mut list);
        print(&list)?;
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
    list.whole(words::key(), &payout.order.key);
    list.whole(words::provider(), &payout.order.account);
    list.whole(words::amount(), payout.order.amount);
    list.whole(words::status(), with_row(payout, |row| row.outcome.text()));
    if let Some(reason) = progress.reason() {
        list.note(words::reason(), Text::heard_alone(reason));
    }
    if let Some(reference) = progress.standing.reference() {
        list.whole(words::reference(), reference);
    }
    if let Some(fee) = held.fee {
        list.whole(words::fee(), fee);
    }
    list.whole(words::since(), held.seen_at);
    list.whole(words::attempts(), progress.attempts);
    list.whole(words::reversals(), progress.standing.reversals());
    for it in reconciled {
        let state = match it.state {
            "matched" => words::matched(),
            "proposed" => words::proposed(),
            other => other.into(),
        };
        let (day, change) = (it.day.to_string(), it.change.to_string());
        list.note(
            words::statement(),
            words::statement_line(state, it.book.to_string(), day, change),
        );
    }
    list.note(words::next_step(), next_step(payout.due_at));
    list
}

fn print(list: &List) -> Result<(), Failure> {
    let mut out = console::stdout();
    list.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
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

/// Nothing else is ever archived.
fn ended_as(ended: SealedAs) -> Outcome {
    match ended {
        SealedAs::Succeeded => Outcome::Succeeded,
        SealedAs::Failed => Outcome::Failed,
    }
}
