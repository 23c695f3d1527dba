//! The arguments of `list`.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use pagos_core::{AccountName, ProviderRef, Timestamp};
use pagos_engine::Cursor;

use crate::arguments::{StoreArguments, moment::parse_moment};

/// The payouts to list, and their maximum number.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only payouts with this status
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Option<StatusFilter>,
    /// Only payouts of this account
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) account: Option<AccountName>,
    /// Only payouts of this file: its digest, as `pagos plan --json FILE` prints it
    #[arg(long, value_name = "DIGEST")]
    pub(crate) run: Option<String>,
    /// Only the payout with this id of the provider's; one for each account
    #[arg(long, value_name = "ID")]
    pub(crate) reference: Option<ProviderRef>,
    /// Only payouts submitted then or later: a day, as 2026-01-31, or a moment, as
    /// 2026-01-31T09:30:00Z; times are UTC unless they name an offset, as in 2026-01-31T09:30:00-05:00
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) since: Option<Timestamp>,
    /// Only payouts submitted before: a day means its beginning
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) until: Option<Timestamp>,
    /// The maximum number of payouts [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroUsize>,
    /// Continue after an earlier list with the same filters: the `next` that it printed
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<Cursor>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The status of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFilter {
    Created,
    Unknown,
    Pending,
    Succeeded,
    Failed,
    Quarantined,
}

impl StatusFilter {
    /// The word of the store.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
        }
    }
}
