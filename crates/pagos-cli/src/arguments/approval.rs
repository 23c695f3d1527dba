//! Arguments of `runs`, `approve`, `reject` and `withdraw`.

use clap::Args;
use pagos_core::OrderKey;

use super::StoreArguments;

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub(crate) struct RunsArguments {
    /// Only runs that wait for approval or were rejected
    #[arg(long)]
    pub(crate) waiting: bool,
    /// The maximum number of runs, newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArguments {
    /// The run, or the beginning of its name
    #[arg(required_unless_present = "resend")]
    pub(crate) run: Option<String>,
    /// Instead of a run, the payout that somebody decided to send again
    #[arg(long, value_name = "KEY", conflicts_with_all = ["run", "digest"])]
    pub(crate) resend: Option<OrderKey>,
    /// The attempt after which it is sent again, as `pagos runs` shows it; without it you are asked
    #[arg(long, value_name = "N", requires = "resend")]
    pub(crate) attempt: Option<u32>,
    /// The digest of what you looked at, as `pagos runs` shows it; without it you are asked
    #[arg(long, value_name = "DIGEST")]
    pub(crate) digest: Option<String>,
    /// Kept with your approval
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `reject`.
#[derive(Debug, Args)]
pub(crate) struct RejectArguments {
    /// The run, or the beginning of its name
    #[arg(required_unless_present = "resend")]
    pub(crate) run: Option<String>,
    /// Instead of a run, the payout that somebody decided to send again; it can be decided anew
    #[arg(long, value_name = "KEY", conflicts_with = "run")]
    pub(crate) resend: Option<OrderKey>,
    /// Why; kept with the run, or in the history of the payout
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArguments {
    /// The run, or the beginning of its name
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}
