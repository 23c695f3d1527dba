//! The arguments of `migrate`, `completions` and `man`.

use std::path::PathBuf;

use clap::Args;

use crate::run::database::Database;

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// The database file to move
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Database,
    /// The empty database that takes it, as postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL")]
    pub(crate) to: Database,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The folder for the pages; it is created if needed
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}
