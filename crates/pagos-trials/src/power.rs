//! `cargo xtask power`: cuts the power under `pagos`, again and again, and judges by the bank's books.
//! The database lies on a disk of our own, a file system in user space that knows what is durable: at
//! the cut the programs are killed, and what was not synced is lost, kept or torn by chance.
//!
//! What it does not show: a disk that says that it has synced and has not, and the file system of a real
//! kernel. Mounts on Linux only.

#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod life;
#[cfg(target_os = "linux")]
mod mount;
#[cfg(target_os = "linux")]
mod play;
#[cfg(target_os = "linux")]
mod webhooks;

use std::path::PathBuf;

use clap::{Args, value_parser};

use crate::{
    crash::Database, failure::Failure, tally::Tally, trial::BuildProfile, workspace::Workspace,
};

/// Cuts the power under `pagos pay` and `pagos serve`, starts them again on what a disk may hold then, and
/// judges the bank's ledger and the acknowledged webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "power is cut on Linux only"))]
pub(crate) struct Options {
    /// Where payouts are kept: a file, or a private server whose data is on the disk.
    #[arg(long = "db", value_enum, default_value = "sqlite")]
    database: Database,
    /// How often the power is cut.
    #[arg(long, default_value_t = 2_000, value_parser = value_parser!(u64).range(1..))]
    cuts: u64,
    /// How many payouts each database has; after some cuts comes a new one.
    #[arg(long, default_value_t = 24, value_parser = value_parser!(u64).range(1..=1_000))]
    rows: u64,
    /// Determines the files, the moments of the cuts and what is lost.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first database, to repeat one.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(1..))]
    first: u64,
    /// Passes over everything where no disk can be mounted, or, unless CI=true, where PostgreSQL is not
    /// installed.
    #[arg(long)]
    if_permitted: bool,
    /// A witness knows too what is sent: a file on the same disk; on another one if that lies or is a
    /// server's. Then nobody may be paid twice even if it lies.
    #[arg(long)]
    witness: bool,
    /// A disk whose syncs do nothing: tries the judge, who must find fault.
    #[arg(long, hide = true)]
    lie: bool,
    /// Which build of `pagos` is tried.
    #[arg(long, value_enum, default_value = "dev")]
    profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Does it and prints the figures. Fails on any violation.
#[cfg(target_os = "linux")]
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    play::run(workspace, options)
}

/// Says that there is nothing to mount with.
#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_: &Workspace, _: &Options) -> Result<Tally, Failure> {
    eprintln!("power: skipped: disks are mounted on Linux only");
    Ok(Tally { skipped: 1, ..Tally::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn the_bar_is_the_default() {
        let expected = Options {
            database: Database::Sqlite,
            cuts: 2_000,
            rows: 24,
            seed: 1,
            first: 1,
            if_permitted: false,
            witness: false,
            lie: false,
            profile: BuildProfile::Dev,
            program: None,
        };
        assert_eq!(parse::<Options>("").unwrap(), expected);
        let one = parse::<Options>("--db postgres --seed 7 --first 3 --cuts 9 --lie").unwrap();
        assert_eq!((one.seed, one.first, one.cuts, one.lie), (7, 3, 9, true));
        for bad in ["--db mysql", "--cuts 0", "--rows 0", "--first 0", "--profile fast"] {
            assert!(parse::<Options>(bad).is_err(), "{bad}");
        }
    }
}
