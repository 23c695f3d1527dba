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

mod compare;
mod compat;
mod conformance;
mod crash;
mod meter;
mod postgres;
mod random;
mod scale;
mod siege;
mod surroundings;
mod sweep;
mod trial;

use std::{env, process::ExitCode};

use xtask::{
    failure::{self, Failure},
    flags::{self, Flags},
    process,
    tally::{self, Tally},
    workspace::{self, Workspace},
};

/// Does what the command line says. A trial ends with a line of counts.
pub fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some((command, rest)) = words.split_first() else {
        eprintln!("pagos-trials: name the trial; `cargo xtask help` lists them");
        return ExitCode::FAILURE;
    };
    match obey(command, rest) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(tally)) => {
            println!("{tally}");
            if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failure) => {
            eprintln!("{command}: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Does it; the counts, where something was judged.
fn obey(command: &str, rest: &[String]) -> Result<Option<Tally>, Failure> {
    let workspace = Workspace::read()?;
    if command == "postgres" {
        return postgres::run(&workspace, rest).map(|()| None);
    }
    let mut flags = Flags::parse(rest)?;
    match command {
        "compare" => {
            let orders = compare::Orders::take(&mut flags)?;
            flags.end()?;
            compare::run(&workspace, &orders).map(|()| None)
        }
        "compat" => compat::run(&workspace, flags).map(Some),
        "conformance" => conformance::run(&workspace, flags).map(Some),
        "crash" => {
            let orders = crash::Orders::take(&mut flags)?;
            flags.end()?;
            crash::run(&workspace, &orders).map(Some)
        }
        "scale" => {
            let orders = scale::Orders::take(&mut flags)?;
            flags.end()?;
            scale::run(&workspace, &orders).map(|()| None)
        }
        "siege" => {
            let orders = siege::Orders::take(&mut flags)?;
            flags.end()?;
            siege::run(&workspace, &orders).map(|passed| Some(Tally { passed, ..Tally::default() }))
        }
        "surroundings" => {
            let orders = surroundings::Orders::take(&mut flags)?;
            flags.end()?;
            surroundings::run(&workspace, &orders).map(Some)
        }
        "sweep" => {
            let orders = sweep::Orders::take(&mut flags)?;
            flags.end()?;
            sweep::run(&workspace, &orders).map(|passed| Some(Tally { passed, ..Tally::default() }))
        }
        _ => Err(Failure::new("there is no such trial; `cargo xtask help` lists them")),
    }
}
