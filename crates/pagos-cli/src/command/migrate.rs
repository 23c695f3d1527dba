//! `pagos migrate`: moves a database from a file to a PostgreSQL server. It sends nothing to
//! providers.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pagos_core::Clock;
use pagos_store_postgres::PostgresTarget;
use pagos_store_sqlite::SqliteSource;
use pagos_system::System;
use serde::Serialize;

use crate::{
    arguments::MigrateArguments,
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, Screen},
    run::{
        self,
        database::{Database, with_hint},
        moving::{self, Done, Outcome, Part},
    },
};

const COLUMNS: [Column; 3] = [
    Column::new("MOVED", Kind::Whole),
    Column::new("ROWS", Kind::Number),
    Column::new("SHA-256 IN BOTH", Kind::Whole),
];

/// The document of `--json`. Its names are stable.
#[derive(Debug, Serialize)]
struct Wire {
    to: String,
    database_id: String,
    was_there: bool,
    moved: Vec<WirePart>,
}

#[derive(Debug, Serialize)]
struct WirePart {
    kind: &'static str,
    rows: u64,
    sha256: String,
}

pub(super) fn run(arguments: &MigrateArguments) -> Result<Exit, Failure> {
    run::block_on(migrate(arguments))
}

async fn migrate(arguments: &MigrateArguments) -> Result<Exit, Failure> {
    let MigrateArguments { from, to, json } = arguments;
    from.check()?;
    to.check()?;
    let (Database::File(path), Database::Server(server)) = (from, to) else {
        return Err(Failure::new(
            "a database is moved from a file to a server: --from FILE --to postgres://USER@HOST/DATABASE",
        ));
    };
    let now = System.now();
    // The file first: it says at once whether somebody else works on it.
    let source = SqliteSource::open(path, now)?;
    moving::refuse_restored(&source)?;
    let identity = source.identity().to_owned();
    let (url, options) = server.to_connect()?;
    let target = PostgresTarget::begin(url, options).await.map_err(with_hint)?;
    let bar = bar();
    let watch = &mut |done| {
        show(&bar, done);
        Ok(())
    };
    let outcome = moving::move_all(source, target, &to.to_string(), now, watch).await;
    bar.finish_and_clear();
    let outcome = outcome?;
    if *json {
        console::print_json(&wire(to, identity, outcome))?;
        return Ok(Exit::Succeeded);
    }
    match outcome {
        Outcome::Moved(parts) => write_parts(&parts)?,
        Outcome::WasThere => console::tell(&format!("{to} had taken it over already")),
    }
    console::tell(&format!("from now on use --db {to}; nothing is sent from {from} any more"));
    Ok(Exit::Succeeded)
}

/// A bar on standard error, if that is a terminal.
pub(super) fn bar() -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    match ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Each row is copied once and compared once.
fn show(bar: &ProgressBar, done: Done) {
    match done {
        Done::Counted { rows } => bar.set_length(rows.saturating_mul(2)),
        Done::Went { kind, rows } => {
            bar.set_message(kind.word());
            bar.inc(rows);
        }
        Done::Compared | Done::Marked | Done::Committed => {}
    }
}

fn write_parts(parts: &[Part]) -> Result<(), Failure> {
    let mut grid = Grid::new(&COLUMNS);
    for Part { kind, rows, digest } in parts.iter().filter(|part| part.rows > 0) {
        let beginning = digest.chars().take(16).collect();
        grid.push_plain([kind.word().to_owned(), rows.to_string(), beginning]);
    }
    let mut out = console::stdout();
    grid.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}

fn wire(to: &Database, database_id: String, outcome: Outcome) -> Wire {
    let (was_there, parts) = match outcome {
        Outcome::Moved(parts) => (false, parts),
        Outcome::WasThere => (true, Vec::new()),
    };
    let part = |Part { kind, rows, digest }| WirePart { kind: kind.word(), rows, sha256: digest };
    let moved = parts.into_iter().map(part).collect();
    Wire { to: to.to_string(), database_id, was_there, moved }
}
