//! `pagos reconcile report`: what a book and Pagos say about each other, as tables, CSV, JSON or a page.

use std::{io::Write, path::Path};

use pagos_core::Money;
use pagos_reconcile::{LINES_HEADER, Language, PAYOUTS_HEADER, PayoutRow, Report, Sides};
use serde::Serialize;

use super::{Opened, check_days, lines};
use crate::{
    arguments::{ReportArguments, ReportFormat},
    console,
    exit::{Exit, Failure},
    input::path_text,
    language,
    output::{Column, Grid, Kind, PrivateFile, Screen, write_sentence},
};

/// The document in JSON.
#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// With `--all`, every payout.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<&'a [PayoutRow]>,
}

pub(super) async fn run(
    arguments: &ReportArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    check_days(arguments.from, arguments.through)?;
    let opened = Opened::open(&arguments.book, config).await?;
    let mut all = arguments.all.then(Vec::new);
    let mut each = |row: &PayoutRow| {
        if let Some(all) = &mut all {
            all.push(row.clone());
        }
    };
    let report = opened.reconciler.report(arguments.from, arguments.through, &mut each).await?;
    match &arguments.out {
        Some(path) => {
            let mut out = PrivateFile::create(path)?;
            // A file is as wide as its lines.
            let screen = Screen { columns: None, ..Screen::of_stdout() };
            write(&mut out, screen, arguments, &report, all.as_deref())?;
            out.keep()?;
            console::tell(&format!("{}: written", path_text(path)));
        }
        None => {
            let mut out = console::stdout();
            write(&mut out, Screen::of_stdout(), arguments, &report, all.as_deref())?;
            out.flush()?;
        }
    }
    Ok(exit(&report))
}

fn exit(report: &Report) -> Exit {
    let differs = report.payouts.iter().any(|row| row.outcome.is_difference());
    let is_settled = !differs && report.lines.is_empty() && report.late.is_empty();
    match (report.alarms.is_empty(), is_settled) {
        (false, _) => Exit::InDoubt,
        (true, true) => Exit::Succeeded,
        (true, false) => Exit::SomeFailed,
    }
}

fn write(
    out: &mut dyn Write,
    screen: Screen,
    arguments: &ReportArguments,
    report: &Report,
    all: Option<&[PayoutRow]>,
) -> Result<(), Failure> {
    match arguments.format {
        ReportFormat::Table => tables(out, screen, report, all)?,
        ReportFormat::Json => {
            serde_json::to_writer(&mut *out, &Document { report, all })
                .map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        ReportFormat::Csv => {
            out.write_all(PAYOUTS_HEADER.as_bytes())?;
            for row in all.unwrap_or(&report.payouts) {
                out.write_all(row.csv().as_bytes())?;
            }
            out.write_all(b"\r\n")?;
            out.write_all(LINES_HEADER.as_bytes())?;
            for line in &report.lines {
                out.write_all(line.csv().as_bytes())?;
            }
            out.write_all(report.remarks_csv().as_bytes())?;
        }
        ReportFormat::Html => {
            let language = match language::spoken() {
                language::Language::Es => Language::Spanish,
                language::Language::En => Language::English,
            };
            out.write_all(report.html(language)?.as_bytes())?;
        }
    }
    Ok(())
}

fn tables(
    out: &mut dyn Write,
    screen: Screen,
    report: &Report,
    all: Option<&[PayoutRow]>,
) -> std::io::Result<()> {
    let Report { book, from, through, figures, .. } = report;
    write_sentence(out, screen, &format!("book {book}, from {from} through {through}"))?;
    let text = |amount: Option<Money>| {
        amount.map_or_else(|| "not known".to_owned(), |amount| amount.to_string())
    };
    let mut sums = Grid::new(&[Column::new("FIGURE", Kind::Whole), AMOUNT]);
    for (name, amount) in [
        ("opening balance", figures.opening),
        ("money that left", Some(figures.debits)),
        ("money that came", Some(figures.credits)),
        ("of it: matched", sum(&report.totals.matched)),
        ("of it: fees and what a person said", sum(&report.totals.explained)),
        ("of it: open", sum(&report.totals.open)),
        ("makes", figures.computed),
        ("closing balance", figures.closing),
        ("difference", figures.difference),
    ] {
        sums.push_plain([name.to_owned(), text(amount)]);
    }
    sums.write(out, screen)?;
    writeln!(out)?;
    let mut outcomes = Grid::new(&[
        Column::new("OUTCOME", Kind::Whole),
        Column::new("COUNT", Kind::Number),
        AMOUNT,
    ]);
    for (outcome, sum) in &report.outcomes {
        outcomes.push_plain([
            outcome.word().to_owned(),
            sum.count.to_string(),
            sum.amount.to_string(),
        ]);
    }
    outcomes.write(out, screen)?;
    writeln!(out)?;
    payouts(all.unwrap_or(&report.payouts)).write(out, screen)?;
    if !report.lines.is_empty() {
        writeln!(out)?;
        lines::grid(&report.lines).write(out, screen)?;
    }
    for late in &report.late {
        write_sentence(
            out,
            screen,
            &format!(
                "the days from {} through {} are closed, and something in them changed since: {} \
                 lines then, {} now",
                late.from,
                late.through,
                late.then.all.debits.count + late.then.all.credits.count,
                late.now.all.debits.count + late.now.all.credits.count
            ),
        )?;
    }
    for alarm in &report.alarms {
        write_sentence(out, screen, &format!("LOOK AT {}: {}", alarm.key, alarm.because))?;
    }
    Ok(())
}

/// What both sides change the balance by.
fn sum(sides: &Sides) -> Option<Money> {
    sides.debits.amount.checked_add(sides.credits.amount)
}

fn payouts(rows: &[PayoutRow]) -> Grid {
    let mut grid = Grid::new(&[
        Column::new("OUTCOME", Kind::Whole),
        Column::new("KEY", Kind::Whole),
        Column::new("PROVIDER", Kind::Whole),
        AMOUNT,
        Column::new("BOOKED", Kind::Number),
        Column::new("STATUS", Kind::Whole),
        Column::new("DUE", Kind::Spare),
    ]);
    for row in rows {
        grid.push_plain([
            row.outcome.word().to_owned(),
            row.key.to_string(),
            row.account.to_string(),
            row.amount.to_string(),
            row.booked.to_string(),
            row.status.to_owned(),
            row.due.to_string(),
        ]);
    }
    grid
}

const AMOUNT: Column = Column::new("AMOUNT", Kind::Number);
