//! The arguments of `inbox`.

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::StoreArguments;

/// The commands about received webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// List webhooks, or the sums of refused ones
    List(InboxListArguments),
    /// Show one webhook: its content, what it names, what became of it
    Show(InboxShowArguments),
    /// Apply one webhook once more, as if it had just arrived
    ///
    /// A running `pagos serve` or `pagos pay` applies it, or else the next one. A webhook that
    /// could not be read is judged again first, which can help after an update.
    Replay(InboxReplayArguments),
}

/// Arguments of `inbox list`.
#[derive(Debug, Args)]
pub(crate) struct InboxListArguments {
    /// Only webhooks in this state
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) state: Option<InboxStateFilter>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The state of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InboxStateFilter {
    /// It waits to be applied
    Open,
    /// It was applied
    Applied,
    /// It names no order in this database
    Orphan,
    /// It was acknowledged, but cannot be read
    Unreadable,
    /// It was not stored, only counted by account and reason
    Refused,
}

/// Arguments of `inbox show`.
#[derive(Debug, Args)]
pub(crate) struct InboxShowArguments {
    /// The number of the webhook
    #[arg(value_name = "N")]
    pub(crate) number: u64,
    /// Show its body too, which can contain names and account numbers
    #[arg(long)]
    pub(crate) body: bool,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `inbox replay`.
#[derive(Debug, Args)]
pub(crate) struct InboxReplayArguments {
    /// The number of the webhook
    #[arg(value_name = "N")]
    pub(crate) number: u64,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}
