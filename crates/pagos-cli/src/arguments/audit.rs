//! The arguments of `audit`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use pagos_core::Day;

use crate::arguments::StoreArguments;

/// The commands about audit files.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Write the history of payouts to a file whose every byte can be checked
    ///
    /// The lines are JSON, and each names the SHA-256 of the line before. Secrets and personal
    /// data are removed, and every line names what was removed from it. The hash of the last line
    /// is printed: keep it elsewhere, because whoever can write the whole file anew can also make
    /// all hashes fit.
    Export(AuditExportArguments),
    /// Find changed, removed, added and moved lines in such a file; it needs no database
    ///
    /// Exits 0 if every byte is as it was written, and 1 with the number of each line that is not.
    Verify(AuditVerifyArguments),
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("of").required(true).args(["run", "from"]))]
pub(crate) struct AuditExportArguments {
    /// The payouts of this file: its digest, as `pagos plan --json FILE` prints it
    #[arg(long, value_name = "DIGEST")]
    pub(crate) run: Option<String>,
    /// The payouts submitted on this day or later, such as 2026-01-31; days begin in UTC
    #[arg(long, value_name = "DAY", requires = "to", conflicts_with = "run")]
    pub(crate) from: Option<Day>,
    /// The last of these days
    #[arg(long, value_name = "DAY", requires = "from")]
    pub(crate) to: Option<Day>,
    /// The file to write, which only its owner can read; an existing one is never overwritten
    /// [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArguments {
    /// The file; - is standard input
    pub(crate) file: PathBuf,
    /// The hash of the last line that was kept elsewhere; another one is a fault
    #[arg(long, value_name = "SHA256")]
    pub(crate) last_sha256: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
