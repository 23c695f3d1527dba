//! The arguments about the witness of a database.

use clap::Args;

use crate::{arguments::StoreArguments, config::WitnessPlace};

/// The witness, for commands that send.
#[derive(Debug, Args)]
pub(crate) struct WitnessArguments {
    /// The witness: a file on another disk, which remembers what was sent [default: that of
    /// pagos.toml, if it names one]
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) witness: Option<WitnessPlace>,
    /// Begin another witness if that of the database is lost; it knows only what is sent from now on
    #[arg(long)]
    pub(crate) new_witness: bool,
}

/// Arguments of `witness`.
#[derive(Debug, Args)]
pub(crate) struct WitnessShowArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// The witness [default: that of pagos.toml, if it names one]
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) witness: Option<WitnessPlace>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
