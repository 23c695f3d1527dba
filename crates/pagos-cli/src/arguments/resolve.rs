//! The arguments of `resolve`.

use clap::{Args, ValueEnum};

use super::{StatusFilter, StoreArguments};

/// Arguments of `resolve`.
#[derive(Debug, Args)]
pub(crate) struct ResolveArguments {
    /// The key of the payout
    pub(crate) key: String,
    /// What happened, as the provider's statement shows
    #[arg(long = "as", value_enum, value_name = "DECISION")]
    pub(crate) decision: Decision,
    /// How you know it; kept in the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    /// The current status of the payout, to decide about one that is not in doubt
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) although: Option<StatusFilter>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// An operator's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Decision {
    /// The money arrived
    Succeeded,
    /// No money moved, or it came back
    Failed,
    /// The provider never had it and cannot receive it any more: send the same key again
    Resend,
    /// Nothing is wrong: lift the quarantine, and query the provider again
    Ask,
}
