//! What retention needs of a store: candidates, the one transaction in which a payout goes and its key
//! is sealed, and what goes behind the readers. Which payout may go is not decided here.

use std::fmt::Debug;

use async_trait::async_trait;
use pagos_core::{OrderKey, Timestamp};

use crate::{
    intent::{Digest, RunId},
    retention::SealedAs,
    store::{Payout, StoreError},
    tally::Tally,
};

/// Lets settled payouts go and knows their keys for ever. Part of [`crate::Store`].
///
/// A sealed key is never inserted anew, by no call and no worker. What is kept of it is a
/// [`crate::Mark`], how the payout ended, the day, and the runs.
#[async_trait]
pub trait RetentionStore: Debug + Send + Sync {
    /// Payouts in the order in which they came in (those of one batch in any order), behind the place
    /// `after` (0 for all), at most `limit`. Rows that cannot be read are left out; fewer than `limit` are
    /// the last ones.
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError>;

    /// Takes payouts out and seals their keys, in one transaction: each with its history, its
    /// memberships and the reference it bears, and only if its version is unchanged, it is not held, has
    /// nothing due, is under no live claim at `now`, and every run that it is a member of is released. An
    /// answer for each, in their order.
    ///
    /// The tallies of its runs go on counting it; that of the whole store does not.
    async fn seal(&self, leaving: Vec<Leaving>, now: Timestamp)
    -> Result<Vec<Sealing>, StoreError>;

    /// What is known of a sealed key; `None` for every other one.
    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError>;

    /// Counts and sums of those members of a run that are archived. [`crate::Store::tally`] of the run
    /// counts them too.
    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError>;

    /// How many deliveries [`RetentionStore::forget_deliveries`] would forget.
    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Forgets deliveries that were applied, and neither received nor due since `before`; at most
    /// `limit`, the oldest first. The newest delivery stays, so that no number is given twice. Returns
    /// how many are forgotten.
    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError>;

    /// Forgets notices up to the one numbered `up_to`, but none that a known reader did not
    /// acknowledge, none if there is no reader, and never the newest one, so that no number is given
    /// twice. Returns how many are forgotten.
    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError>;

    /// The readers of the outbox and the last notice that each acknowledged, in the order of their
    /// names.
    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError>;
}

/// Which payouts are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those that look as if they might leave: final, not held, with nothing due and nobody to look. A
    /// store may look at its columns for that; what it leaves out by mistake stays.
    Settled,
}

/// A payout that may leave or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the order of coming in.
    pub place: u64,
    /// The payout.
    pub payout: Payout,
    /// Does it wait for the release of a run?
    pub is_held: bool,
    /// Until when a worker has a claim on it that the store knows of.
    pub lease_until: Option<Timestamp>,
    /// The runs that it is a member of, in the order of their names.
    pub runs: Vec<RunId>,
    /// Was one of them not released?
    pub has_open_run: bool,
}

/// A payout that is kept elsewhere and shall go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Its key.
    pub key: OrderKey,
    /// The digest of its order, under the present version.
    pub digest: Digest,
    /// The version that it was kept with.
    pub version: u64,
    /// How it ended.
    pub ended: SealedAs,
}

/// What became of a payout that should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// It is gone, and its key is sealed.
    Done,
    /// It is not as it was when it was kept, or not there: nothing was changed.
    Changed,
}

/// What is known of an archived payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// How it ended.
    pub ended: SealedAs,
    /// The day on which it was archived, at its beginning in UTC.
    pub archived_on: Timestamp,
}

impl Seal {
    const DAY_MS: i64 = 86_400_000;

    /// The number of the day of a moment, as a store keeps it.
    pub fn day_of(moment: Timestamp) -> i64 {
        moment.as_millis().div_euclid(Self::DAY_MS)
    }

    /// What a store kept, with the number of the day.
    pub fn on_day(ended: SealedAs, day: i64) -> Self {
        let archived_on = Timestamp::from_millis(day.saturating_mul(Self::DAY_MS));
        Self { ended, archived_on }
    }

    /// The day, as `2026-03-01`.
    pub fn day_text(self) -> String {
        let text = self.archived_on.to_string();
        text.split('T').next().unwrap_or_default().to_owned()
    }
}
