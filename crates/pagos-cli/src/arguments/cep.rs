//! The arguments of `cep`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use pagos_core::Day;

use crate::arguments::StoreArguments;

/// The commands about Mexico's electronic proofs of payment.
#[derive(Debug, Subcommand)]
pub(crate) enum CepCommand {
    /// Write what Banco de México's page asks for, one line for each payout that succeeded
    ///
    /// Only payouts in MXN to a CLABE. What is not known is an empty cell; the page needs the
    /// tracking key or the reference, and all the rest.
    Request(CepRequestArguments),
    /// Compare CEPs (XML) with the payouts that they prove
    ///
    /// Amount, account, day and tracking key are compared, each by itself. The seal is not
    /// verified. Exits 0 if every file agrees with one payout, and 3 if one does not.
    Check(CepCheckArguments),
}

/// Which payouts a command about CEPs is about.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("of").required(true).args(["run", "from"]))]
pub(crate) struct CepPayouts {
    /// The payouts of this file: its digest, as `pagos plan --json FILE` prints it
    #[arg(long, value_name = "DIGEST")]
    pub(crate) run: Option<String>,
    /// The payouts submitted on this day or later, such as 2026-01-31; days begin in UTC
    #[arg(long, value_name = "DAY", requires = "to", conflicts_with = "run")]
    pub(crate) from: Option<Day>,
    /// The last of these days
    #[arg(long, value_name = "DAY", requires = "from")]
    pub(crate) to: Option<Day>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

/// Arguments of `cep request`.
#[derive(Debug, Args)]
pub(crate) struct CepRequestArguments {
    #[command(flatten)]
    pub(crate) payouts: CepPayouts,
    /// The file to write, which only its owner can read; an existing one is never overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) to_file: PathBuf,
    /// The code of the bank that sends your provider's transfers, if you know it
    #[arg(long, value_name = "CODE")]
    pub(crate) sender: Option<String>,
}

/// Arguments of `cep check`.
#[derive(Debug, Args)]
pub(crate) struct CepCheckArguments {
    /// The XML files
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) payouts: CepPayouts,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
