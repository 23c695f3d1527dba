//! `pagos reconcile provider`: compares an account's payouts with what its provider says.

use std::{io::Write, path::Path};

use pagos_core::{Day, Window};
use pagos_engine::UtcOffset;
use pagos_reconcile::{Comparison, compare_with_provider};
use serde::Serialize;

use super::check_days;
use crate::{
    accounts,
    arguments::ProviderArguments,
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, Screen, write_sentence},
    run::{
        database::Database,
        instance::Instance,
        target::{Choice, Target},
    },
};

/// The document of the command.
#[derive(Debug, Serialize)]
struct Document<'a> {
    account: &'a str,
    from: Day,
    through: Day,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

pub(super) async fn run(
    arguments: &ProviderArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    check_days(arguments.from, arguments.through)?;
    let choice = match &arguments.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    };
    let target = Target::open(choice).await?;
    let account = &arguments.account;
    if target.accounts.get(account).is_none() {
        return Err(Failure::new(format!("account {account} is not configured")));
    }
    let db = Database::existing(arguments.store.db.as_ref());
    if db.is_new().await? {
        return Err(Failure::new(format!("{db}: there is no database")));
    }
    let offset = match (&arguments.sandbox_url, accounts::load(config)?.day_offset) {
        (None, Some(text)) => text.parse()?,
        _ => UtcOffset::UTC,
    };
    let window = Window {
        from: arguments.from.start(offset.minutes()),
        until: arguments.through.plus(1).start(offset.minutes()),
    };
    let instance = Instance::beside(&db, &target).await?;
    let (engine, store) = (&instance.engine, instance.store.as_ref());
    let comparison = compare_with_provider(engine, store, account, window).await?;
    print(arguments, &comparison)?;
    Ok(match comparison.differences.is_empty() && comparison.unanswered.is_empty() {
        _ if comparison.is_alarming() => Exit::InDoubt,
        true => Exit::Succeeded,
        false => Exit::SomeFailed,
    })
}

fn print(arguments: &ProviderArguments, comparison: &Comparison) -> Result<(), Failure> {
    let account = arguments.account.as_str();
    if arguments.json {
        let (from, through) = (arguments.from, arguments.through);
        return Ok(console::print_json(&Document { account, from, through, comparison })?);
    }
    let mut out = console::stdout();
    let screen = Screen::of_stdout();
    let mut grid = Grid::new(&[
        Column::new("OUTCOME", Kind::Whole),
        Column::new("KEY", Kind::Whole),
        Column::new("REFERENCE", Kind::Reference),
        Column::new("AMOUNT", Kind::Number),
        Column::new("HERE", Kind::Whole),
        Column::new("THERE", Kind::Whole),
        Column::new("BECAUSE", Kind::Note),
    ]);
    for it in &comparison.differences {
        let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        grid.push_plain([
            it.outcome.word().to_owned(),
            text(it.key.as_ref().map(ToString::to_string)),
            text(it.reference.as_ref().map(ToString::to_string)),
            text(it.amount.map(|amount| amount.to_string())),
            it.ours.unwrap_or("-").to_owned(),
            it.theirs.to_owned(),
            it.because.clone(),
        ]);
    }
    grid.write(&mut out, screen)?;
    for (key, because) in &comparison.unanswered {
        write_sentence(&mut out, screen, &format!("{key}: no answer: {because}"))?;
    }
    let sentence = format!(
        "{account}: {} rows listed, {} payouts asked about; {} agree, {} differ, {} without an answer",
        comparison.rows,
        comparison.queried,
        comparison.agreed,
        comparison.differences.len(),
        comparison.unanswered.len()
    );
    write_sentence(&mut out, screen, &sentence)?;
    Ok(out.flush()?)
}
