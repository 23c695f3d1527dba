//! Everything that the workspace does to itself: tests, lints, tidiness, releases, crash runs.
//!
//! Not part of what users install. What a workflow does is a command here, so that it runs locally.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its user; no library of the workspace does"
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod api;
mod audit;
mod bench;
pub mod binary;
pub mod dependencies;
mod docs;
pub mod failure;
mod features;
mod files;
mod fuzz;
mod lint;
mod model;
mod mutants;
mod new_provider;
mod package;
pub mod pages;
pub mod process;
mod release;
pub mod server;
mod simulate;
pub mod tally;
mod test;
mod tidy;
mod trials;
pub mod workspace;

use std::{ffi::OsString, process::ExitCode};

use clap::{Args, CommandFactory, Parser};

use crate::{failure::Failure, workspace::Workspace};

/// Everything that the workspace does to itself. CI=true in the environment turns what would be skipped
/// into a failure.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    Test(test::Options),
    /// Judges format, clippy, rustdoc, deps and tidy.
    Lint,
    /// Judges crate arrows, rooms, file heads, internal versions, fixtures, and whether planted bugs fit.
    Tidy,
    /// Judges links, code blocks and facts of all pages, and runs every page that can be run.
    Docs,
    /// Counts what one provider without an HTTP client pulls in, and what xtask itself does.
    Deps,
    /// Checks every crate with each feature alone, none and all.
    Features,
    NewProvider(new_provider::Options),
    Bench(bench::Options),
    Api(api::Options),
    /// Judges advisories, licences and sources of dependencies, by cargo-deny.
    Audit,
    Binary(binary::Options),
    Package(package::Options),
    Release(release::Options),
    Mutants(mutants::Options),
    Model(model::Options),
    Simulate(simulate::Options),
    Fuzz(fuzz::Options),
    /// Replays every fixture; a table provider by operation.
    Conformance(Trial),
    /// Runs programs of others against our twins and tokens.
    Compat(Trial),
    /// Kills `pagos pay` at random moments and judges the bank's ledger.
    Crash(Trial),
    /// Pays on PostgreSQL under Patroni, whose primary is killed, stopped, cut off and demoted (on Linux).
    Failover(Trial),
    /// Kills `pagos serve` while many clients submit payouts by its HTTP API.
    Clients(Trial),
    /// Ends `pagos` at every named point of the engine, with every fault.
    Sweep(Trial),
    /// Attacks a running `pagos serve`, beside genuine webhooks.
    Siege(Trial),
    /// Cuts the power under `pagos`, again and again, and judges the bank's ledger.
    Power(Trial),
    /// Pays among other names of a database, lost databases, mounts, poolers, pipes and terminals.
    Surroundings(Trial),
    /// Builds and runs crates outside of the workspace that are made of pages of the guide.
    Outside(Trial),
    /// Runs a command with a private PostgreSQL server.
    Postgres(Trial),
    /// Measures `pagos plan` and `pagos pay` on a large file, or a large store.
    Scale(Trial),
    /// Compares crates, build, size and rate of Pagos with others.
    Compare(Trial),
}

/// The words of a command of `pagos-trials`, which knows its flags.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
struct Trial {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<OsString>,
}

/// Every command with its flags, but for those of `pagos-trials`.
pub fn definition() -> clap::Command {
    Command::command()
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    match obey(&Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_told() {
                eprintln!("error: {failure}");
            }
            ExitCode::FAILURE
        }
    }
}

fn obey(command: &Command) -> Result<(), Failure> {
    let workspace = Workspace::read;
    match command {
        Command::Test(options) => test::run(&workspace()?, options),
        Command::Lint => lint::run(&workspace()?),
        Command::Tidy => tidy::run(&workspace()?),
        Command::Docs => docs::run(&workspace()?),
        Command::Deps => dependencies::run(&workspace()?),
        Command::Features => features::run(&workspace()?),
        Command::NewProvider(options) => new_provider::run(&workspace()?, options),
        Command::Bench(options) => bench::run(&workspace()?, options),
        Command::Api(options) => api::run(&workspace()?, options),
        Command::Audit => audit::run(&workspace()?),
        Command::Binary(options) => binary::run(&workspace()?, options),
        Command::Package(options) => package::run(&workspace()?, options),
        Command::Release(options) => release::run(&workspace()?, options),
        Command::Mutants(options) => mutants::run(&workspace()?, options),
        Command::Model(options) => model::run(&workspace()?, options),
        Command::Simulate(options) => simulate::run(&workspace()?, options),
        Command::Fuzz(options) => fuzz::run(&workspace()?, options),
        Command::Conformance(trial) => trials::pass_on("conformance", &trial.words),
        Command::Compat(trial) => trials::pass_on("compat", &trial.words),
        Command::Crash(trial) => trials::pass_on("crash", &trial.words),
        Command::Failover(trial) => trials::pass_on("failover", &trial.words),
        Command::Clients(trial) => trials::pass_on("clients", &trial.words),
        Command::Sweep(trial) => trials::pass_on("sweep", &trial.words),
        Command::Siege(trial) => trials::pass_on("siege", &trial.words),
        Command::Power(trial) => trials::pass_on("power", &trial.words),
        Command::Surroundings(trial) => trials::pass_on("surroundings", &trial.words),
        Command::Outside(trial) => trials::pass_on("outside", &trial.words),
        Command::Postgres(trial) => trials::pass_on("postgres", &trial.words),
        Command::Scale(trial) => trials::pass_on("scale", &trial.words),
        Command::Compare(trial) => trials::pass_on("compare", &trial.words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Command::command().debug_assert();
    }

    #[test]
    fn the_words_of_a_trial_are_passed_on_as_they_are() {
        let words = |line: &str| match Command::try_parse_from(
            format!("xtask {line}").split_whitespace(),
        ) {
            Ok(Command::Crash(trial) | Command::Postgres(trial)) => trial.words,
            other => panic!("{line}: {other:?}"),
        };
        for line in [
            "",
            "--help",
            "--kills 2 --rows=200 --seed 1 --seed 2",
            "cargo test -p a -- --nocapture",
            "sh --hold -h",
        ] {
            let expected: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words(&format!("crash {line}")), expected, "{line}");
            assert_eq!(words(&format!("postgres {line}")), expected, "{line}");
        }
    }

    #[test]
    fn what_nobody_understands_is_refused() {
        for bad in [
            "",
            "crsh --kills 2",
            "tidy now",
            "tidy --quick",
            "new-provider",
            "new-provider one two",
            "test --quick yes",
            "test --quick --quick",
            "mutants --jobs 0",
            "mutants --jobs 65",
            "mutants --jobs many",
            "mutants --only",
            "fuzz --minimise",
            "fuzz --coverage --replay a",
            "fuzz --coverage --executions 1",
            "simulate --jobs 0",
        ] {
            let words = format!("xtask {bad}");
            assert!(Command::try_parse_from(words.split_whitespace()).is_err(), "{bad}");
        }
    }
}
