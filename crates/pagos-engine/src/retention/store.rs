//! What retention needs from a store: candidates, the one transaction that removes a payout and
//! seals its key, and the forgetting of what all readers have acknowledged. `retention.rs` decides
//! what may leave.

use std::fmt::Debug;

use async_trait::async_trait;
use pagos_core::{OrderKey, Timestamp};

use crate::{
    intent::{Digest, RunId},
    retention::seal::{Seal, SealedAs},
    store::{Payout, StoreError},
    tally::Tally,
};

/// Removes settled payouts and remembers their keys for ever. Part of [`crate::Store`].
///
/// No call and no worker ever inserts a sealed key again. What is kept of it is a [`crate::Mark`],
/// how the payout ended, the day, and the runs.
#[async_trait]
pub trait RetentionStore: Debug + Send + Sync {
    /// Payouts in the order in which they came in (those of one batch in any order), after the
    /// place `after` (0 for all), at most `limit`. Rows that cannot be read are left out; a result
    /// shorter than `limit` is the last.
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError>;

    /// Removes payouts and seals their keys, in one transaction: each with its history, its
    /// memberships and its reference. A payout is removed only if its version is unchanged, it is
    /// not held, it has nothing due, it is under no live claim at `now`, and every run that it is a
    /// member of is released. The answers are in the order of `leaving`.
    ///
    /// The tallies of its runs go on counting it; that of the whole store does not.
    async fn seal(&self, leaving: Vec<Leaving>, now: Timestamp)
    -> Result<Vec<Sealing>, StoreError>;

    /// What is known of a sealed key; `None` for any other key.
    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError>;

    /// Counts and sums of the archived members of a run. [`crate::Store::tally`] of the run counts
    /// them too.
    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError>;

    /// How many deliveries [`RetentionStore::forget_deliveries`] would forget.
    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Forgets deliveries that were applied and were neither received nor due since `before`; at
    /// most `limit`, the oldest first. The newest delivery stays, so that no number is given twice.
    /// Returns how many are forgotten.
    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError>;

    /// Forgets notices up to number `up_to`, but none that a known reader has not acknowledged,
    /// none if there is no reader, and never the newest one, so that no number is given twice.
    /// Returns how many are forgotten.
    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError>;

    /// Forgets a reader of the outbox, so that it holds no notice any more. Returns whether there was
    /// one. A name that acknowledges again is a new reader.
    async fn forget_reader(&self, name: &str) -> Result<bool, StoreError>;

    /// The readers of the outbox and the last notice that each acknowledged, sorted by name.
    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError>;
}

/// Which payouts are considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those that seem ready to leave: final, not held, with nothing due and nothing for a person.
    /// A store may decide that by its columns; a payout that it leaves out by mistake stays.
    Settled,
}

/// A payout that may or may not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the order of coming in.
    pub place: u64,
    /// The payout.
    pub payout: Payout,
    /// Whether it waits for the release of a run.
    pub is_held: bool,
    /// The end of a worker's claim on it, if the store knows of one.
    pub lease_until: Option<Timestamp>,
    /// The runs that it is a member of, sorted by name.
    pub runs: Vec<RunId>,
    /// Whether one of them was not released.
    pub has_open_run: bool,
}

/// A payout that is in the archive and is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Its key.
    pub key: OrderKey,
    /// The digest of its order, under the current version.
    pub digest: Digest,
    /// The version that was archived.
    pub version: u64,
    /// How it ended.
    pub ended: SealedAs,
}

/// The result of sealing one payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// It was removed, and its key is sealed.
    Done,
    /// It has changed since it was archived, or is missing: nothing was changed.
    Changed,
}
