//! `cargo xtask scale --dataset N`: what a store of N payouts costs, beside one of 10,000. What is
//! measured is an example of `pagos-tests`, since nothing here knows a store.

use std::fs;

use clap::ValueEnum;
use xtask::server::VARIABLE;

use crate::{failure::Failure, postgres::Server, process, trial, workspace::Workspace};

/// Where the payouts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

/// Loads the payouts, measures, and removes them.
pub(super) fn run(workspace: &Workspace, rows: u64, store: Store) -> Result<(), Failure> {
    let words = ["run", "--release", "--package", "pagos-tests", "--example", "dataset", "--"];
    let mut command = workspace.cargo(&words);
    match store {
        Store::Sqlite => {
            let folder = trial::claim_folder(workspace, "scale-dataset")?;
            let ended = process::run(command.args(["sqlite", &rows.to_string()]).arg(&folder));
            fs::remove_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?;
            ended
        }
        Store::Postgres => {
            let Some(server) = Server::start(workspace)? else {
                return Err(Failure::new(
                    "PostgreSQL's programs are missing: install Debian's postgresql",
                ));
            };
            command.args(["postgres", &rows.to_string()]).env(VARIABLE, server.url());
            process::run(&mut command)
        }
    }
}
