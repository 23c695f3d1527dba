//! `pagos backup`: copies a database file while others work on it. It sends nothing.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use pagos_core::{Clock, Timestamp};
use pagos_engine::StoreError;
use pagos_store_sqlite::{BackedUp, CopiedPart, CopyStep, back_up};
use pagos_system::System;
use serde::Serialize;

use super::migrate::bar;
use crate::{
    arguments::BackupArguments,
    console,
    exit::{Exit, Failure},
    input::path_text,
    output::{Column, Grid, Kind, List, Screen},
    run::database::Database,
};

const COLUMNS: [Column; 3] = [
    Column::new("COPIED", Kind::Whole),
    Column::new("ROWS", Kind::Number),
    Column::new("SHA-256", Kind::Whole),
];

/// The document of `--json`. Its names are stable.
#[derive(Debug, Serialize)]
struct Wire<'a> {
    path: String,
    database_id: &'a str,
    made_at: Timestamp,
    size_bytes: u64,
    took_ms: u64,
    copied: Vec<WirePart<'a>>,
}

#[derive(Debug, Serialize)]
struct WirePart<'a> {
    kind: &'static str,
    rows: u64,
    sha256: &'a str,
}

impl<'a> WirePart<'a> {
    fn of(CopiedPart { kind, rows, digest }: &'a CopiedPart) -> Self {
        Self { kind: kind.word(), rows: *rows, sha256: digest }
    }
}

pub(super) fn run(arguments: &BackupArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.db.as_ref());
    db.check()?;
    let path = match &db {
        Database::File(path) => path,
        Database::Server(_) | Database::Misread(_) => {
            return Err(Failure::new(format!(
                "{db} is a PostgreSQL server, and `pagos backup` copies files: use the server's own tools, \
                 such as pg_basebackup with an archive of its log, and read \"Restore from a backup\" in \
                 docs/OPERATIONS.md"
            )));
        }
    };
    let (began, bar) = (Instant::now(), bar());
    let made = back_up(path, &arguments.to, System.now(), &mut |step| show(&bar, step));
    bar.finish_and_clear();
    let (made, took) = (made?, began.elapsed());
    match arguments.json {
        true => console::print_json(&wire(&made, took))?,
        false => write(&made, took)?,
    }
    Ok(Exit::Succeeded)
}

/// A bar over the bytes; then the kind that is compared.
pub(super) fn show(bar: &ProgressBar, step: CopyStep) -> Result<(), StoreError> {
    match step {
        CopyStep::Copied { bytes, of } => {
            bar.set_message("copied");
            bar.set_length(of);
            bar.set_position(bytes);
        }
        CopyStep::Compared { kind, .. } => bar.set_message(format!("compared {kind}")),
        CopyStep::Begun
        | CopyStep::Verified
        | CopyStep::Marked
        | CopyStep::Flushed
        | CopyStep::Named => {}
    }
    Ok(())
}

fn write(made: &BackedUp, took: Duration) -> Result<(), Failure> {
    let (mut out, screen) = (console::stdout(), Screen::of_stdout());
    let mut list = List::new();
    list.whole("backup", path_text(&made.path));
    list.whole("database", &made.identity);
    list.whole("made at", made.made_at);
    list.whole("size", format!("{} bytes", made.size_bytes));
    list.whole("took", format!("{}.{:03} s", took.as_secs(), took.subsec_millis()));
    list.write(&mut out, screen)?;
    writeln!(out)?;
    let mut grid = Grid::new(&COLUMNS);
    for CopiedPart { kind, rows, digest } in made.parts.iter().filter(|part| part.rows > 0) {
        let beginning = digest.chars().take(16).collect();
        grid.push_plain([kind.word().to_owned(), rows.to_string(), beginning]);
    }
    grid.write(&mut out, screen)?;
    Ok(out.flush()?)
}

fn wire(made: &BackedUp, took: Duration) -> Wire<'_> {
    Wire {
        path: path_text(&made.path),
        database_id: &made.identity,
        made_at: made.made_at,
        size_bytes: made.size_bytes,
        took_ms: took.as_millis().try_into().unwrap_or(u64::MAX),
        copied: made.parts.iter().map(WirePart::of).collect(),
    }
}
