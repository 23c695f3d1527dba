//! `pagos reconcile statement`: imports files into a book and matches their lines. A file is read
//! twice: first all of it is checked, then its lines are stored.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    sync::Arc,
};

use pagos_core::Clock;
use pagos_engine::Actor;
use pagos_reconcile::{Alarm, Begun, Import, Reconciler, StatementFile, StatementRecord, Summary};
use pagos_statement::{Counts, Head, Part};
use pagos_system::System;
use serde::Serialize;
use tokio::sync::mpsc;

use super::Opened;
use crate::{
    accounts::MissingFields,
    arguments::StatementArguments,
    command::resolve,
    console,
    exit::{Exit, Failure, with_causes},
    input::StatementSource,
    output::{Screen, write_sentence},
};

/// How many parts of a statement wait to be stored.
const PARTS_WAITING_MAX: usize = 1_000;

/// What was done with one file. The names in JSON are stable.
#[derive(Debug, Serialize)]
struct FileRow {
    file: String,
    sha256: String,
    format: String,
    lines: u64,
    /// Lines that no other file had brought.
    new: u64,
    /// Whether the same file was imported before.
    is_known: bool,
    /// Entries that the bank has not booked yet, which count for nothing.
    left_out: u64,
    /// Lines that were taken for ones of an earlier file although nothing proves it.
    unsure: u64,
}

/// The document of the command.
#[derive(Debug, Serialize)]
struct Document<'a> {
    book: &'a str,
    files: &'a [FileRow],
    summary: Option<&'a Summary>,
}

pub(super) async fn run(
    arguments: &StatementArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let opened = Opened::open(&arguments.book, config).await?;
    let mapping = opened.mapping()?;
    // All files are checked before a line of any is stored.
    let mut sources = Vec::new();
    for path in &arguments.files {
        let source = StatementSource::open(path, mapping.as_ref())?;
        let counts = check(&source, &opened.reconciler).await?;
        sources.push((Arc::new(source), counts));
    }
    if arguments.dry_run {
        let rows: Vec<FileRow> = sources.iter().map(|(source, it)| unstored(source, it)).collect();
        return tell(&opened, &rows, None, arguments.json);
    }
    let by = opened.importer().await?;
    let mut rows = Vec::new();
    for (source, counts) in &sources {
        rows.push(import(&opened.reconciler, source, counts, &by).await?);
    }
    let summary = opened.reconciler.reconcile(Clock::now(&System)).await?;
    call_for(&opened, &summary.alarms, config).await?;
    tell(&opened, &rows, Some(&summary), arguments.json)
}

/// Reads a file without storing anything.
async fn check(source: &StatementSource, reconciler: &Reconciler) -> Result<Counts, Failure> {
    let latest = reconciler.latest_day(Clock::now(&System));
    let (mut heads, mut ahead) = (BTreeMap::new(), None);
    let counts = source.read(&mut |part| match part {
        Part::Begin(head) => {
            let account = head.account.as_ref().map(|account| account.as_str().to_owned());
            heads.insert((account, head.currency.to_string()), head);
        }
        Part::Line(line) if line.day > latest => {
            ahead.get_or_insert((line.place, line.day));
        }
        Part::Line(_) | Part::End(_) => {}
    })?;
    let name = source.name();
    if let Some((place, day)) = ahead {
        return Err(Failure::new(format!(
            "{name}: line {place}: is of {day}, which has not come; correct the day, or the format of \
             days in the mapping"
        )));
    }
    let accounts: BTreeSet<_> = heads.keys().filter_map(|(account, _)| account.as_ref()).collect();
    if accounts.len() > 1 {
        return Err(Failure::new(format!(
            "{name}: has statements of {} accounts, and a book is one account: ask the bank for a \
             file of each, or split it",
            accounts.len()
        )));
    }
    for head in heads.values() {
        let checked = reconciler.check(head).await;
        checked.map_err(|error| Failure::new(format!("{name}: {}", with_causes(&error))))?;
    }
    Ok(counts)
}

fn unstored(source: &StatementSource, counts: &Counts) -> FileRow {
    FileRow {
        file: source.name(),
        sha256: source.sha256(),
        format: source.format_word().to_owned(),
        lines: counts.lines,
        new: 0,
        is_known: false,
        left_out: counts.pending + counts.informational,
        unsure: 0,
    }
}

/// Stores the lines of a file that was checked.
async fn import(
    reconciler: &Reconciler,
    source: &Arc<StatementSource>,
    counts: &Counts,
    by: &Actor,
) -> Result<FileRow, Failure> {
    let file = StatementFile {
        name: source.name(),
        sha256: source.sha256(),
        format: source.format_word().to_owned(),
        at: Clock::now(&System),
        by: by.clone(),
    };
    let (record, is_known) = match reconciler.import(file).await? {
        Begun::Known(record) => (*record, true),
        Begun::New(import) => (store(*import, source).await?, false),
    };
    let StatementRecord { file, sha256, format, lines, new, unsure, .. } = record;
    let left_out = counts.pending + counts.informational;
    let new = if is_known { 0 } else { new };
    Ok(FileRow { file, sha256, format, lines, new, is_known, left_out, unsure })
}

/// A thread reads the file, and this task stores what it reads.
async fn store(
    mut import: Import,
    source: &Arc<StatementSource>,
) -> Result<StatementRecord, Failure> {
    let (parts, mut read) = mpsc::channel(PARTS_WAITING_MAX);
    let source = Arc::clone(source);
    let reading = tokio::task::spawn_blocking(move || {
        // Whoever stores them may have failed, and says so.
        source.read(&mut |part| drop(parts.blocking_send(part)))
    });
    let mut head: Option<Head> = None;
    while let Some(part) = read.recv().await {
        match part {
            Part::Begin(begins) => head = Some(begins),
            Part::Line(line) => import.add(line).await?,
            Part::End(tail) => {
                if let Some(head) = &head {
                    import.end_statement(head, &tail)?;
                }
            }
        }
    }
    reading.await.map_err(|error| Failure::new(format!("reading the file failed: {error}")))??;
    Ok(import.finish().await?)
}

/// Holds back what the statement contradicts, and tells it once.
pub(super) async fn call_for(
    opened: &Opened,
    alarms: &[Alarm],
    config: Option<&Path>,
) -> Result<(), Failure> {
    if alarms.is_empty() {
        return Ok(());
    }
    let accounts = &opened.settings.accounts;
    let engine = resolve::engine(&opened.db, accounts, MissingFields::Credentials, config).await?;
    for alarm in alarms {
        engine.report_difference(&alarm.key, &alarm.because).await?;
    }
    Ok(())
}

fn tell(
    opened: &Opened,
    files: &[FileRow],
    summary: Option<&Summary>,
    is_json: bool,
) -> Result<Exit, Failure> {
    let is_unsure = files.iter().any(|file| file.unsure > 0);
    let exit = match summary {
        Some(summary) if !summary.alarms.is_empty() => Exit::InDoubt,
        Some(summary) if is_unsure || is_open(summary) => Exit::SomeFailed,
        Some(_) | None => Exit::Succeeded,
    };
    let book = opened.settings.name.as_str();
    if is_json {
        console::print_json(&Document { book, files, summary })?;
        return Ok(exit);
    }
    let mut out = console::stdout();
    let mut sentence = |text: &str| write_sentence(&mut out, Screen::of_stdout(), text);
    for file in files {
        sentence(&of_file(file, summary.is_some()))?;
    }
    if let Some(summary) = summary {
        sentence(&format!(
            "book {book}: of {} unsettled lines {} are matched, {} are fees and the like, {} wait for \
             a person, {} are open; {} payouts looked at",
            summary.lines,
            summary.matched,
            summary.explained,
            summary.proposed,
            summary.open,
            summary.payouts
        ))?;
        for alarm in &summary.alarms {
            sentence(&format!("LOOK AT {}: {}", alarm.key, alarm.because))?;
        }
        for (outcome, count) in &summary.differences {
            sentence(&format!(
                "{count} payouts: {}; `pagos reconcile report` shows them",
                outcome.word()
            ))?;
        }
        if summary.open + summary.proposed > 0 {
            sentence(&format!("`pagos reconcile lines --book {book}` shows them"))?;
        }
        if summary.conflicts > 0 {
            sentence(&format!(
                "{} lines were changed by somebody else meanwhile; run the command again",
                summary.conflicts
            ))?;
        }
    }
    out.flush()?;
    Ok(exit)
}

/// Whether somebody has something to finish.
fn is_open(summary: &Summary) -> bool {
    summary.open + summary.proposed > 0 || !summary.differences.is_empty()
}

fn of_file(file: &FileRow, is_stored: bool) -> String {
    let FileRow { file: name, format, lines, new, .. } = file;
    let mut text = match (file.is_known, is_stored) {
        (true, _) => format!("{name}: was imported before; nothing is changed"),
        (false, true) => format!("{name} ({format}): {lines} lines, {new} of them new"),
        (false, false) => format!("{name} ({format}): {lines} lines; nothing is stored"),
    };
    if file.left_out > 0 {
        text.push_str(&format!(", {} entries that are not booked left out", file.left_out));
    }
    if file.unsure > 0 {
        text.push_str(&format!(
            "; {} of the known lines are only taken for lines of an earlier file, because the bank gives \
             neither references nor balances: if the two files do not overlap, money is missing here, \
             and the bank's file of the whole day shows it",
            file.unsure
        ));
    }
    text
}
