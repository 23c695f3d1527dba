//! What the store tells whoever subscribes to `tracing`: one event for each group of steps that is
//! sent in one statement.
//!
//! `docs/TELEMETRY.md` is the contract. Without a subscriber nothing is measured.

use std::time::Instant;

/// A group under way.
pub(crate) struct Sent {
    began_at: Option<Instant>,
}

impl Sent {
    pub(crate) fn begin() -> Self {
        Self {
            began_at: tracing::enabled!(target: TARGET, tracing::Level::DEBUG).then(Instant::now),
        }
    }

    /// `steps` are those that share the statement.
    pub(crate) fn ended<T, E>(self, steps: usize, outcome: &Result<T, E>) {
        let Some(began_at) = self.began_at else { return };
        tracing::debug!(
            target: TARGET,
            steps,
            outcome = if outcome.is_ok() { "done" } else { "failed" },
            ms = u64::try_from(began_at.elapsed().as_millis()).unwrap_or(u64::MAX),
            "steps"
        );
    }
}

/// The target of everything here.
const TARGET: &str = "pagos_store_postgres";
