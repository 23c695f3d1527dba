//! What the receiver tells whoever subscribes to `tracing`: one event for each delivery that arrived
//! in full at an endpoint.
//!
//! `docs/TELEMETRY.md` is the contract. It says nothing of path, headers or body. Without a
//! subscriber no clock is read.

use pagos_core::{AccountName, Clock, Timestamp};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The connection was closed, or the delivery given up, before it was judged.
    Dropped,
    /// The endpoint has no decoder yet.
    NotReady,
    /// Genuine and stored.
    Genuine,
    /// Genuine and stored, but this version cannot read it.
    Unreadable,
    /// The signature is missing or wrong.
    Forged,
    /// Unsigned, about an order of ours.
    Hint,
    /// Unsigned, about no order of ours.
    Foreign,
    /// Unsigned, above the rate.
    OverBudget,
    /// The store failed or took too long.
    NotStored,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::NotReady => "not_ready",
            Self::Genuine => "genuine",
            Self::Unreadable => "unreadable",
            Self::Forged => "forged",
            Self::Hint => "hint",
            Self::Foreign => "foreign",
            Self::OverBudget => "over_budget",
            Self::NotStored => "not_stored",
        }
    }
}

/// A delivery being taken. When it is dropped, that is over.
pub(crate) struct Taking<'a> {
    account: &'a AccountName,
    heard: Option<(&'a dyn Clock, Timestamp)>,
    fate: Fate,
}

impl<'a> Taking<'a> {
    pub(crate) fn begin(account: &'a AccountName, clock: &'a dyn Clock) -> Self {
        let heard =
            tracing::enabled!(target: TARGET, tracing::Level::INFO).then(|| (clock, clock.now()));
        Self { account, heard, fate: Fate::Dropped }
    }

    pub(crate) fn ends_as(&mut self, fate: Fate) {
        self.fate = fate;
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let Some((clock, began_at)) = self.heard else { return };
        let taken = clock.now().since(began_at);
        tracing::info!(
            target: TARGET,
            account = self.account.as_str(),
            verdict = self.fate.word(),
            ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX),
            "delivery"
        );
    }
}

/// The target of everything here.
const TARGET: &str = "pagos_webhook";
