//! `pagos reconcile lines`: the lines of a book, with what explains them or may explain them.

use std::{io::Write, path::Path};

use pagos_engine::LineState;
use pagos_reconcile::LineRow;
use serde::Serialize;

use super::Opened;
use crate::{
    arguments::{LineStateFilter, LinesArguments},
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, Screen},
};

/// The most lines that are listed at once: they are laid out together.
const LINES_MAX: usize = 100_000;

/// The document of the command.
#[derive(Debug, Serialize)]
struct Document<'a> {
    book: &'a str,
    lines: &'a [LineRow],
    /// Whether there are more than are listed.
    is_cut: bool,
}

pub(super) async fn run(
    arguments: &LinesArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let opened = Opened::open(&arguments.book, config).await?;
    let state = arguments.state.map(state_of);
    let days = (arguments.from, arguments.through);
    let mut rows = opened.reconciler.line_rows(state, days, LINES_MAX + 1).await?;
    let is_cut = rows.len() > LINES_MAX;
    rows.truncate(LINES_MAX);
    let book = opened.settings.name.as_str();
    if arguments.json {
        console::print_json(&Document { book, lines: &rows, is_cut })?;
        return Ok(Exit::Succeeded);
    }
    let mut out = console::stdout();
    grid(&rows).write(&mut out, Screen::of_stdout())?;
    out.flush()?;
    if is_cut {
        console::tell(&format!("these are the first {LINES_MAX}; name days with --from"));
    }
    Ok(Exit::Succeeded)
}

/// Lines as a table.
pub(super) fn grid(rows: &[LineRow]) -> Grid {
    let mut grid = Grid::new(&[
        Column::new("LINE", Kind::Whole),
        Column::new("DAY", Kind::Whole),
        Column::new("CHANGE", Kind::Number),
        Column::new("STATE", Kind::Whole),
        Column::new("REFERENCE", Kind::Reference),
        Column::new("PAYOUTS", Kind::Note),
        Column::new("TEXT", Kind::Note),
        Column::new("SAID", Kind::Note),
    ]);
    for row in rows {
        let keys: Vec<&str> =
            row.payouts.iter().chain(&row.candidates).map(|key| key.as_str()).collect();
        let said = row.decided.last().map(|it| format!("{} {}: {}", it.by, it.said, it.note));
        grid.push_plain([
            row.id.clone(),
            row.day.to_string(),
            row.change.to_string(),
            row.state.to_owned(),
            row.bank_reference.clone().unwrap_or_else(|| "-".to_owned()),
            keys.join(", "),
            row.text.clone(),
            said.unwrap_or_default(),
        ]);
    }
    grid
}

fn state_of(filter: LineStateFilter) -> LineState {
    match filter {
        LineStateFilter::Open => LineState::Open,
        LineStateFilter::Proposed => LineState::Proposed,
        LineStateFilter::Matched => LineState::Matched,
        LineStateFilter::Explained => LineState::Explained,
    }
}
