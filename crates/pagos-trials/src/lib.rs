//! Trials of `pagos` as a process, on this machine: it is killed, attacked, and put among odd
//! surroundings, and a twin's ledger judges. `cargo xtask` starts them.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its user; no library of the workspace does"
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod clients;
mod compare;
mod compat;
mod conformance;
mod crash;
#[cfg(target_os = "linux")]
mod failover;
mod meter;
mod outside;
#[cfg(test)]
mod pages;
mod postgres;
mod power;
mod scale;
mod siege;
mod surroundings;
mod sweep;
mod trial;

use std::process::ExitCode;

use clap::Parser;
use xtask::{
    failure::{self, Failure},
    process,
    tally::{self, Tally},
    workspace::{self, Workspace},
};

/// Tries `pagos` as a process.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Trial {
    Clients(clients::Options),
    Compare(compare::Options),
    Compat(compat::Options),
    /// Replays every fixture through the public API of its provider; a table provider by operation.
    Conformance,
    Crash(crash::Options),
    #[cfg(target_os = "linux")]
    Failover(failover::Options),
    Outside(outside::Options),
    Postgres(postgres::Options),
    Power(power::Options),
    Scale(scale::Options),
    Siege(siege::Options),
    Surroundings(surroundings::Options),
    Sweep(sweep::Options),
}

/// Does what the command line says. Where something is judged, the last line holds the counts.
pub fn main() -> ExitCode {
    let trial = Trial::parse();
    match Workspace::read().and_then(|workspace| play(&workspace, &trial)) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(tally)) => {
            println!("{tally}");
            if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The counts, where something is judged.
fn play(workspace: &Workspace, trial: &Trial) -> Result<Option<Tally>, Failure> {
    match trial {
        Trial::Clients(options) => clients::run(workspace, options).map(Some),
        Trial::Compare(options) => compare::run(workspace, options).map(|()| None),
        Trial::Compat(options) => compat::run(workspace, options).map(Some),
        Trial::Conformance => conformance::run(workspace).map(Some),
        Trial::Crash(options) => crash::run(workspace, options).map(Some),
        #[cfg(target_os = "linux")]
        Trial::Failover(options) => failover::run(workspace, options).map(Some),
        Trial::Outside(options) => outside::run(workspace, options).map(Some),
        Trial::Postgres(options) => postgres::run(workspace, options).map(|()| None),
        Trial::Power(options) => power::run(workspace, options).map(Some),
        Trial::Scale(options) => scale::run(workspace, options).map(|()| None),
        Trial::Siege(options) => siege::run(workspace, options).map(Some),
        Trial::Surroundings(options) => surroundings::run(workspace, options).map(Some),
        Trial::Sweep(options) => sweep::run(workspace, options).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, CommandFactory};

    use super::*;

    /// What a trial makes of its flags.
    pub(crate) fn parse<T: Args>(line: &str) -> Result<T, clap::Error> {
        let command = T::augment_args(Command::new("trial").no_binary_name(true));
        T::from_arg_matches(&command.try_get_matches_from(line.split_whitespace())?)
    }

    #[test]
    fn the_flags_fit_together() {
        Trial::command().debug_assert();
    }
}
