//! `cargo xtask surroundings`: what lies around `pagos` on real machines, and could make it pay twice:
//! other names of one database, databases and logs that are emptied, damaged or gone, mounts, poolers, pipes, terminals
//! and permissive umasks. A twin's ledger judges.
//!
//! Starts programs and judges what they leave; what they say is looked at only where words are
//! promised.

mod aliases;
mod files;
mod logs;
mod mounts;
mod pipes;
mod poolers;
mod site;
mod table;
mod terminals;
mod truncations;

use std::{path::PathBuf, thread, time::Instant};

use clap::Args;

use crate::{
    failure::Failure,
    process,
    surroundings::{
        site::Harness,
        table::{CheckResult, Told},
    },
    tally::Tally,
    trial::{self, BuildProfile},
    workspace::Workspace,
};

/// Plays `pagos` among other names of its database, lost databases, mounts, poolers, pipes, terminals
/// and umasks: what of them is paid, once or twice.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// Only the scenarios whose name holds this text.
    #[arg(long, default_value = "")]
    only: String,
    /// Which build of `pagos` is tried.
    #[arg(long, value_enum, default_value = "dev")]
    profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// One kind of surroundings.
struct Scenario {
    name: &'static str,
    play: fn(&Harness) -> Result<Vec<Told>, Failure>,
}

const SCENARIOS: [Scenario; 8] = [
    Scenario { name: "aliases", play: aliases::play },
    Scenario { name: "truncations", play: truncations::play },
    Scenario { name: "logs", play: logs::play },
    Scenario { name: "mounts", play: mounts::play },
    Scenario { name: "poolers", play: poolers::play },
    Scenario { name: "pipes", play: pipes::play },
    Scenario { name: "terminals", play: terminals::play },
    Scenario { name: "files", play: files::play },
];

/// Plays them and prints the table; how many of its lines hold, do harm and were passed over.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    let program = trial::find_program(workspace, options.program.as_deref(), options.profile)?;
    let wanted = || SCENARIOS.iter().filter(|it| it.name.contains(&options.only));
    if wanted().next().is_none() {
        return Err(Failure::new(format!("no scenario is called {:?}", options.only)));
    }
    let begun = Instant::now();
    let harness = Harness::set_up(workspace, program)?;
    let lines = side_by_side(wanted(), |scenario| {
        let begun = Instant::now();
        let told = (scenario.play)(&harness).unwrap_or_else(|failure| {
            vec![Told::broken(scenario.name, "could not be played", failure.to_string())]
        });
        eprintln!("surroundings: {} took {:.1?}", scenario.name, begun.elapsed());
        Ok(told)
    })?;
    table::lines(&lines).iter().for_each(|line| println!("surroundings: {line}"));
    let count = |result: CheckResult| lines.iter().filter(|it| it.result == result).count();
    let twice: usize = lines.iter().map(|it| it.twice).sum();
    println!("surroundings: {twice} paid twice, {:.1?}", begun.elapsed());
    Ok(Tally {
        passed: count(CheckResult::Holds),
        failed: count(CheckResult::Broken),
        skipped: count(CheckResult::Skipped),
    })
}

/// Does the same for each, all at once, since most of it is waiting. The lines keep the order.
fn side_by_side<T: Send>(
    each: impl IntoIterator<Item = T>,
    act: impl Fn(T) -> Result<Vec<Told>, Failure> + Sync,
) -> Result<Vec<Told>, Failure> {
    thread::scope(|scope| {
        let act = &act;
        let started: Vec<_> = each.into_iter().map(|one| scope.spawn(move || act(one))).collect();
        let mut lines = Vec::new();
        for one in started {
            let told = one.join().map_err(|_| Failure::new("a scenario panicked"))?;
            lines.extend(told?);
        }
        Ok(lines)
    })
}

/// Something that the machine lacks: a line of the table, or a failure where `CI=true`.
fn without(scenario: &'static str, what: &str, missing: &str) -> Told {
    match process::is_ci() {
        true => Told::broken(scenario, what, missing.to_owned()),
        false => Told::skipped(scenario, what, missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn everything_is_played_unless_told_otherwise() {
        let all = Options { only: String::new(), profile: BuildProfile::Dev, program: None };
        assert_eq!(parse::<Options>("").unwrap(), all);
        assert_eq!(parse::<Options>("--only pipes").unwrap().only, "pipes");
        assert!(parse::<Options>("--profile fast").is_err());
    }
}
