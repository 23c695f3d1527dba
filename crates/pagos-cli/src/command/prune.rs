//! `pagos prune`: shows what would leave the database and, with `--yes`, moves it into an archive.
//! It sends nothing to providers.

use std::io::Write;

use pagos_core::Clock;
use pagos_engine::{Horizon, InstrumentedStore, Survey};
use pagos_system::System;
use serde::Serialize;

use crate::{
    archive::ArchiveFolder,
    arguments::PruneArguments,
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, List, Screen, major_text},
    run::{
        self,
        database::Database,
        instance,
        retention::{self, Pruned},
    },
};

const COLUMNS: [Column; 7] = [
    Column::new("PROVIDER", Kind::Whole),
    Column::new("STATUS", Kind::Whole),
    Column::new("COUNT", Kind::Number),
    Column::new("TOTAL", Kind::Number),
    Column::new("CURRENCY", Kind::Whole),
    Column::new("LAST CHANGED FROM", Kind::Whole),
    Column::new("TO", Kind::Whole),
];

/// The maximum number of payouts that are examined, and may leave, in one transaction.
const PORTION: usize = 1_000;

/// The document of `--json`. Its names are stable.
#[derive(Debug, Serialize)]
struct Wire<'a> {
    before: String,
    leaving: Vec<&'a pagos_engine::SurveyRow>,
    staying: serde_json::Map<String, serde_json::Value>,
    deliveries: u64,
    notices: u64,
    /// What was done; missing if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<Pruned>,
}

pub(super) fn run(arguments: &PruneArguments) -> Result<Exit, Failure> {
    run::block_on(prune(arguments))
}

async fn prune(arguments: &PruneArguments) -> Result<Exit, Failure> {
    let horizon = Horizon::new(arguments.before, System.now());
    let horizon = horizon.map_err(|because| Failure::new(format!("--before: {because}")))?;
    let db = Database::existing(arguments.store.db.as_ref());
    db.check()?;
    // Opening for writing would create a missing store; reading reports an error instead.
    let looking = instance::instrumented(db.open_to_read().await?);
    let survey = looking.survey(horizon).await?;
    if !arguments.json {
        show(&survey, horizon)?;
    }
    let done = match arguments.yes {
        true => Some(move_out(arguments, &db, horizon).await?),
        false => None,
    };
    if arguments.json {
        console::print_json(&wire(&survey, horizon, done))?;
        return Ok(Exit::Succeeded);
    }
    match done {
        Some(done) => console::tell(&format!("{done} ({})", arguments.archive.display())),
        None => console::tell(
            "nothing was changed: say --yes to move this into the archive and take it out of the \
             database",
        ),
    }
    Ok(Exit::Succeeded)
}

async fn move_out(
    arguments: &PruneArguments,
    db: &Database,
    horizon: Horizon,
) -> Result<Pruned, Failure> {
    let store = db.open().await?;
    let mut archive = ArchiveFolder::open(&arguments.archive, &store.identity().await?)
        .map_err(|fault| Failure::new(fault.to_string()))?;
    let instrumented: InstrumentedStore = instance::instrumented(store);
    let done = retention::prune(&instrumented, &mut archive, horizon, PORTION, || async {}).await;
    done.map_err(|error| {
        Failure::new(format!(
            "{error}; what was moved before stays in the archive, and the same command goes on"
        ))
    })
}

fn show(survey: &Survey, horizon: Horizon) -> Result<(), Failure> {
    let mut out = console::stdout();
    let screen = Screen::of_stdout();
    let mut grid = Grid::new(&COLUMNS);
    for row in survey.rows() {
        grid.push_plain([
            row.account.to_string(),
            row.status.clone(),
            row.count.to_string(),
            major_text(row.amount_minor, row.currency),
            row.currency.to_string(),
            row.first.to_string(),
            row.last.to_string(),
        ]);
    }
    grid.write(&mut out, screen)?;
    if survey.leaving() > 0 {
        writeln!(out)?;
    }
    let mut list = List::new();
    list.note("last changed before", horizon.before().to_string());
    list.note("payouts that leave", survey.leaving().to_string());
    for (reason, count) in &survey.stays {
        list.note("payouts that stay", format!("{count} {}", reason.because()));
    }
    if survey.unreadable > 0 {
        let because = "cannot be read by this version of pagos";
        list.note("payouts that stay", format!("{} {because}", survey.unreadable));
    }
    list.note("webhooks that are forgotten", survey.deliveries.to_string());
    list.note("notices that are forgotten", survey.notices.to_string());
    match survey.readers.iter().min_by_key(|(_, position)| *position) {
        Some((name, position)) => {
            list.note("slowest reader", format!("{name}, at notice {position}"));
        }
        None => list.note("slowest reader", "none has read a notice, so all of them stay"),
    }
    list.write(&mut out, screen)?;
    Ok(out.flush()?)
}

fn wire(survey: &Survey, horizon: Horizon, done: Option<Pruned>) -> Wire<'_> {
    let mut staying = serde_json::Map::new();
    for (reason, count) in &survey.stays {
        if let Ok(serde_json::Value::String(name)) = serde_json::to_value(reason) {
            staying.insert(name, (*count).into());
        }
    }
    staying.insert("unreadable".to_owned(), survey.unreadable.into());
    Wire {
        before: horizon.before().to_string(),
        leaving: survey.rows().collect(),
        staying,
        deliveries: survey.deliveries,
        notices: survey.notices,
        done,
    }
}
