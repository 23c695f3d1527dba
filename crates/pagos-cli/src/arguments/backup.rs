//! The arguments of `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use crate::run::database::Database;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The new file; a file that exists is not overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The database file [default: the only one of pagos.db, pagos-sandbox.db and pagos-twin.db that
    /// exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<Database>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup, which stays as it is
    #[arg(required_unless_present_any = ["accept", "doubt_unsent"])]
    pub(crate) file: Option<PathBuf>,
    /// Where the database goes, and where there must be none; with --accept and --doubt-unsent, the
    /// restored one
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) db: Database,
    /// Say that a person has compared the restored database with the provider, and let it send again
    #[arg(long, requires = "note", conflicts_with_all = ["file", "doubt_unsent"])]
    pub(crate) accept: bool,
    /// Put every payout that was not sent in doubt, so that the provider is asked about it first, and
    /// let the database send again
    #[arg(long, requires = "note", conflicts_with = "file")]
    pub(crate) doubt_unsent: bool,
    /// What was compared, and by whom; kept with the database
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    pub(crate) note: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
