//! The arguments of `plan` and `pay`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{NewDatabaseArguments, RateArguments, StoreArguments, WitnessArguments};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// The payroll: CSV or .xlsx; - is standard input
    pub(crate) file: PathBuf,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `pay`.
#[derive(Debug, Args)]
pub(crate) struct PayArguments {
    /// The payroll: CSV or .xlsx; - is standard input
    pub(crate) file: PathBuf,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    #[command(flatten)]
    pub(crate) new: NewDatabaseArguments,
    #[command(flatten)]
    pub(crate) witness: WitnessArguments,
    /// Do not ask for confirmation before the first payout
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Pay the good rows even if others are bad; the bad ones are listed
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// The number of payouts under way at a time
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    #[command(flatten)]
    pub(crate) rates: RateArguments,
    /// Pay simulators inside this process: no credentials, no money
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// The seed of the simulators' faults
    #[arg(long, value_name = "N", requires = "sandbox", conflicts_with = "sandbox_url")]
    pub(crate) seed: Option<u64>,
    /// The fault profile of the simulators
    #[arg(long, value_enum, requires = "sandbox", conflicts_with = "sandbox_url")]
    pub(crate) faults: Option<FaultProfile>,
    /// Pay the simulators of a running `pagos twin`
    ///
    /// The accounts are the simulators', and `pagos.toml` is not read: neither [approval] nor
    /// [witness]. `--witness` still counts.
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
}

/// The fault profile of simulators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FaultProfile {
    /// As documented, except for what a row's description asks for
    None,
    /// Some lost replies, late and repeated webhooks
    Mild,
    /// Everything that can go wrong, often
    Hostile,
}

impl From<FaultProfile> for pagos_twin::Profile {
    fn from(profile: FaultProfile) -> Self {
        match profile {
            FaultProfile::None => Self::None,
            FaultProfile::Mild => Self::Mild,
            FaultProfile::Hostile => Self::Hostile,
        }
    }
}
