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

mod audit;
mod bench;
pub mod binary;
pub mod dependencies;
pub mod failure;
mod features;
pub mod flags;
mod fuzz;
mod lint;
mod model;
mod mutants;

pub mod process;
mod release;
pub mod server;
mod simulate;
pub mod tally;
mod test;
mod tidy;
mod trials;
pub mod workspace;

use std::{env, process::ExitCode};

use crate::{failure::Failure, flags::Flags, workspace::Workspace};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test                       all tests, doctests, conformance, compat, a small crash run, a short
                             siege, surroundings, tidy; with counts
  lint                       rustfmt, clippy, rustdoc, deps, tidy
  tidy                       crate arrows, rooms, file heads, internal versions, fixtures
  conformance                replays every fixture; a table provider by operation
  compat [NAME...]           programs of others against our twins and tokens: crates/pagos-trials/compat
  deps                       what one provider without an HTTP client pulls in
  features                   checks every crate with each feature alone, none and all
  bench [--package NAME]     the benches of every crate that has some, and a table of their budgets
  audit                      advisories, licences and sources of dependencies (cargo-deny)
  binary [--target TRIPLE]   the pagos program as an archive with its checksum, in target/dist
  release [--dry-run]        checks metadata; then builds each crate from its archive (--dry-run),
                             or publishes what the registry does not have, in the workflow only
  crash [--kills 50] [--rows 5000] [--seed 1] [--faults hostile] [--profile release]
        [--providers cashypro,conekta,etpay,virtualpos] [--program PATH]
                             kills `pagos pay` at random moments, judges the bank's ledger, and lets
                             an operator decide what is left in doubt
        [--db postgres] [--workers 4] [--kill-every-ms 1000] [--server-restarts 3]
                             the same with several processes on one database: half of them are
                             killed every second until every row has ended, and the server, too
  sweep [--providers etpay,...] [--points bind,...] [--faults none,...] [--quick] [--seed 1]
        [--profile dev] [--side-by-side 4] [--db sqlite|postgres|all]
                             ends `pagos` at every named point of the engine, with every fault, and
                             judges the bank's ledger; the table of points is printed
  siege [--seconds 20] [--attacks idle,slow,...] [--quick] [--profile release] [--program PATH]
                             strangers attack a running `pagos serve` while genuine webhooks come
                             in; judges those, and what the strangers cost
  surroundings [--only NAME] [--profile dev] [--program PATH]
                             other names of one database, databases that are gone, mounts, poolers,
                             pipes, terminals and umasks: what of them is paid, once or twice
  postgres COMMAND...        runs a command with a private server: `postgres cargo test -p pagos-cli`
  fuzz [--target NAME] [--seconds 10 | --executions N] [--seed 1] [--replay FILE]
       [--coverage [--minimise]]
                             foreign bytes against every reader; what breaks a rule is kept
  model [--bounds small]     explores the model of the engine completely; `large` takes minutes
  simulate [--schedules 10000] [--seed 1] [--jobs N] [--providers NAME,...] [--trace]
                             plays seeded schedules of everything that can go wrong
  mutants [--only NAME] [--after NAME] [--list] [--jobs 1]
                             plants safety bugs in a copy; the tests must catch every one
  scale [--rows 1000000] [--pay] [--program PATH]
                             speed and memory of `pagos plan` and `pagos pay` on a large file
        [--dataset 10000000] [--store sqlite|postgres]
                             what lists, claims, tallies and writes cost in a store of so many payouts,
                             beside one of 10,000
  compare [--rows 50000] [--rounds 3] [--program PATH]
                             crates, processor time of a build and size of Pagos beside payrail and
                             a loop of reqwest by hand, and its rate beside that of the loop

CI=true in the environment turns what would be skipped into a failure.";

/// What `pagos-trials` does.
const TRIALS: [&str; 9] = [
    "compare",
    "compat",
    "conformance",
    "crash",
    "postgres",
    "scale",
    "siege",
    "surroundings",
    "sweep",
];

/// Does what the command line says.
pub fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some((command, rest)) = words.split_first() else {
        println!("{USAGE}");
        return ExitCode::from(1);
    };
    match obey(command, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_told() => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("xtask {command}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: &str, rest: &[String]) -> Result<(), Failure> {
    if command == "help" || command == "--help" || command == "-h" {
        println!("{USAGE}");
        return Ok(());
    }
    if TRIALS.contains(&command) {
        return trials::pass_on(command, rest);
    }
    let mut flags = Flags::parse(rest)?;
    let workspace = Workspace::read()?;
    match command {
        "test" => test::run(&workspace, flags),
        "lint" => lint::run(&workspace, flags),
        "model" => model::run(&workspace, flags),
        "tidy" => tidy::run(&workspace, flags),
        "deps" => dependencies::run(&workspace, flags),
        "fuzz" => fuzz::run(&workspace, flags),
        "features" => features::run(&workspace, flags),
        "bench" => bench::run(&workspace, flags),
        "audit" => audit::run(&workspace, flags),
        "binary" => binary::run(&workspace, flags),
        "release" => release::run(&workspace, flags),
        "simulate" => {
            let orders = simulate::Orders::take(&mut flags)?;
            flags.end()?;
            simulate::run(&workspace, &orders)
        }
        "mutants" => {
            let orders = mutants::Orders::take(&mut flags)?;
            flags.end()?;
            mutants::run(&workspace, &orders)
        }
        _ => Err(Failure::new(format!("no command {command:?}; `cargo xtask help` lists them"))),
    }
}
