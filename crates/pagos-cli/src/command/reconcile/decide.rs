//! What a person says about a line of a book, and that a period is closed.

use std::path::Path;

use pagos_core::{Clock, Currency, Money, OrderKey};
use pagos_reconcile::{Closing, LineDecision, Said};
use pagos_system::System;

use super::{Opened, statement};
use crate::{
    arguments::{CloseArguments, DecideArguments, MatchArguments},
    console,
    exit::{Exit, Failure},
};

pub(super) async fn matched(
    arguments: &MatchArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let opened = Opened::open(&arguments.decide.book, config).await?;
    let currency = opened.settings.currency;
    let shares = arguments.keys.iter().map(|text| share(text, currency));
    let said = Said::Match(shares.collect::<Result<_, _>>()?);
    decide(&opened, &arguments.decide, said, "is matched", config).await
}

pub(super) async fn explain(
    arguments: &DecideArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let opened = Opened::open(&arguments.book, config).await?;
    decide(&opened, arguments, Said::NotOurs, "is no payout of these accounts", config).await
}

pub(super) async fn undo(
    arguments: &DecideArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let opened = Opened::open(&arguments.book, config).await?;
    let said = "is open again; from now on only a person matches it";
    decide(&opened, arguments, Said::TakeBack, said, config).await
}

async fn decide(
    opened: &Opened,
    arguments: &DecideArguments,
    said: Said,
    done: &str,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let by = opened.who().await?;
    let note = arguments.note.clone();
    let keys: Vec<OrderKey> = match &said {
        Said::Match(shares) => shares.iter().map(|(key, _)| key.clone()).collect(),
        Said::NotOurs | Said::TakeBack => Vec::new(),
    };
    let decision = LineDecision { said, note, by, at: Clock::now(&System) };
    opened.reconciler.decide(&arguments.line, decision).await?;
    console::tell(&format!("line {} {done}", arguments.line));
    // What a person said can show that the bank paid what must not be paid.
    let alarms = opened.reconciler.reconcile(Clock::now(&System)).await?.alarms;
    statement::call_for(opened, &alarms, config).await?;
    let of_these: Vec<_> = alarms.iter().filter(|alarm| keys.contains(&alarm.key)).collect();
    for alarm in &of_these {
        console::tell(&format!("LOOK AT {}: {}", alarm.key, alarm.because));
    }
    Ok(if of_these.is_empty() { Exit::Succeeded } else { Exit::InDoubt })
}

/// Reads `KEY` or `KEY=AMOUNT`.
fn share(text: &str, currency: Currency) -> Result<(OrderKey, Option<Money>), Failure> {
    match text.split_once('=') {
        None => Ok((text.parse()?, None)),
        Some((key, amount)) => Ok((key.parse()?, Some(Money::parse(amount, currency)?))),
    }
}

pub(super) async fn close(
    arguments: &CloseArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let opened = Opened::open(&arguments.book, config).await?;
    let (by, at) = (opened.who().await?, Clock::now(&System));
    let (through, although) = (arguments.through, arguments.although.clone());
    let period = opened.reconciler.close(Closing { through, although, by, at }).await?;
    match arguments.json {
        true => console::print_json(&period)?,
        false => {
            let name = &opened.settings.name;
            console::tell(&format!("book {name} is closed from {} through {through}", period.from));
        }
    }
    Ok(Exit::Succeeded)
}
