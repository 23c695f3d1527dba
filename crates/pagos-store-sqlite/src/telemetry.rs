//! What the store tells whoever subscribes to `tracing`: one event for each group of calls that is
//! written in one transaction.
//!
//! `docs/TELEMETRY.md` is the contract. Without a subscriber nothing is measured.

use std::time::Instant;

/// A transaction under way.
pub(crate) struct Group {
    began_at: Option<Instant>,
}

impl Group {
    pub(crate) fn begin() -> Self {
        Self {
            began_at: tracing::enabled!(target: TARGET, tracing::Level::DEBUG).then(Instant::now),
        }
    }

    /// `calls` are those that share the transaction.
    pub(crate) fn ended<T, E>(self, calls: usize, outcome: &Result<T, E>) {
        let Some(began_at) = self.began_at else { return };
        tracing::debug!(
            target: TARGET,
            calls,
            outcome = if outcome.is_ok() { "done" } else { "failed" },
            ms = u64::try_from(began_at.elapsed().as_millis()).unwrap_or(u64::MAX),
            "group"
        );
    }
}

/// The target of everything here.
const TARGET: &str = "pagos_store_sqlite";
