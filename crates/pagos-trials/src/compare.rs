//! `cargo xtask compare`: what Pagos costs beside others. A small program of each is built from nothing
//! outside of the workspace, and its crates, the processor time of its build and its size are printed;
//! then the rate of `pagos pay` beside that of a loop written by hand, against the same bank. Linux
//! only, and no part of the tests: figures move with the machine. A build needs the registry.

mod build;
mod rate;

use std::{
    fs,
    path::{PathBuf, absolute},
};

use clap::{Args, value_parser};

use crate::{failure::Failure, trial, workspace::Workspace};

use self::build::{Built, Consumer};

/// Prints what Pagos costs beside payrail and a loop of reqwest by hand: crates, processor time of a
/// build and size; and its rate beside that of the loop.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// How many payouts are paid by each.
    #[arg(long, default_value_t = 50_000, value_parser = value_parser!(u64).range(1..))]
    rows: u64,
    /// How often; the best round of each counts.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u64).range(1..))]
    rounds: u64,
    /// A `pagos` that is there already: it pays, and building one, which takes longest, is left out.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Builds all, prints what they cost, and measures the rates. Fails only if a command does.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let folder = trial::claim_folder(workspace, "compare")?;
    println!("| program | crates | processor time of a clean release build | stripped program |");
    println!("|---|---|---|---|");
    // Each row at once: a build takes minutes.
    let told = |built: Built| {
        println!("{}", describe(&built));
        built
    };
    for consumer in [Consumer::PAGOS, Consumer::PAYRAIL] {
        build::build(workspace, &folder, &consumer).map(told)?;
    }
    let by_hand = build::build(workspace, &folder, &Consumer::REQWEST).map(told)?;
    let pagos = match &options.program {
        Some(program) => absolute(program).map_err(Failure::while_doing("--program"))?,
        None => build::build_command(workspace, &folder).map(told)?.program,
    };
    let rates = rate::measure(&folder, &pagos, &by_hand.program, options)?;
    println!("\n{}", rates.describe());
    fs::remove_dir_all(&folder).map_err(Failure::while_doing(folder.display()))
}

fn describe(built: &Built) -> String {
    let Built { what, crates, processor, size_bytes, .. } = built;
    let tenths = size_bytes * 10 / (1 << 20);
    let (seconds, mib) = (processor.as_secs(), format!("{}.{}", tenths / 10, tenths % 10));
    format!("| {what} | {crates} | {seconds} s | {mib} MiB |")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tests::parse;

    #[test]
    fn rows_and_rounds_are_some() {
        let usual = Options { rows: 50_000, rounds: 3, program: None };
        assert_eq!(parse::<Options>("").unwrap(), usual);
        let program = Some(PathBuf::from("/bin/pagos"));
        let expected = Options { rows: 10, rounds: 1, program };
        let line = "--rows 10 --rounds 1 --program /bin/pagos";
        assert_eq!(parse::<Options>(line).unwrap(), expected);
        for bad in ["--rows 0", "--rounds 0", "--rows many"] {
            assert!(parse::<Options>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_program_is_a_row_of_a_table() {
        let built = Built {
            what: "a loop".to_owned(),
            crates: 77,
            processor: Duration::from_millis(41_999),
            size_bytes: 3 * (1 << 20) + (1 << 19),
            program: PathBuf::new(),
        };
        assert_eq!(describe(&built), "| a loop | 77 | 41 s | 3.5 MiB |");
    }
}
