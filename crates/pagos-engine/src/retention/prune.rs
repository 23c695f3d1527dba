//! Moves payouts out of the store: they become durable in the archive, then their rows are deleted
//! and their keys sealed in one transaction. It works in portions, so that memory is bounded and
//! other workers never wait for long.

use std::error::Error;

use pagos_core::Timestamp;

use crate::{
    history::Entry,
    instrumented::InstrumentedStore,
    point::Point,
    retention::{
        Archive, ArchivedPayout, Candidate, Horizon, Leaving, Scope, SealedAs, Sealing, stay,
        survey::Survey,
    },
    store::StoreError,
};

/// The result of one portion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Portion {
    /// How many payouts left the store.
    pub archived: u64,
    /// How many are in the archive and in the store, because they changed in between. The next copy
    /// of each replaces this one.
    pub changed: u64,
    /// Where the next portion begins; `None` after the last.
    pub next: Option<u64>,
}

/// Why pruning stopped. Whatever was not sealed is in the store as before.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// The archive cannot be written; nothing of this portion left the store.
    #[error("the archive cannot be written, and nothing left the database: {0}")]
    Archive(Box<dyn Error + Send + Sync>),
}

/// How many notices are read at once.
const NOTICES: usize = 1_000;

/// A payout that came in this long after the horizon is followed only by later ones, because the
/// clocks of workers differ by less.
const CLOCKS_DIFFER_MS: i64 = 86_400_000;

impl InstrumentedStore {
    /// Moves payouts into the archive: of the next `limit` settled payouts after the place `after`,
    /// those that may leave (see [`crate::stay`]). Begin with 0.
    ///
    /// It ends early at payouts that all came in after the horizon. After an interruption at any
    /// moment, a payout is in the store, or in the archive, or in both. The last portion forgets who
    /// approved what: the approvals of runs whose payouts are all archived.
    ///
    /// ```
    /// use pagos_engine::{Archive, Horizon, PruneError, InstrumentedStore};
    ///
    /// async fn prune_all(
    ///     store: &InstrumentedStore,
    ///     archive: &mut dyn Archive,
    ///     horizon: Horizon,
    /// ) -> Result<u64, PruneError> {
    ///     let (mut archived, mut next) = (0, Some(0));
    ///     while let Some(place) = next {
    ///         let portion = store.prune(archive, horizon, place, 500).await?;
    ///         archived += portion.archived;
    ///         next = portion.next;
    ///     }
    ///     Ok(archived)
    /// }
    /// ```
    ///
    /// # Errors
    /// If the archive or the store fails. Payouts that left before stay archived.
    pub async fn prune(
        &self,
        archive: &mut dyn Archive,
        horizon: Horizon,
        after: u64,
        limit: usize,
    ) -> Result<Portion, PruneError> {
        let portion = self.move_out(archive, horizon, after, limit).await?;
        if portion.next.is_none() {
            self.forget_approvals(horizon).await?;
        }
        Ok(portion)
    }

    async fn move_out(
        &self,
        archive: &mut dyn Archive,
        horizon: Horizon,
        after: u64,
        limit: usize,
    ) -> Result<Portion, PruneError> {
        let candidates = self.store().candidates(Scope::Settled, after, limit).await?;
        let next = next_place(&candidates, horizon, limit);
        let mut kept = Vec::new();
        let mut leaving = Vec::new();
        for candidate in candidates {
            let history = self.history_of_what_may_leave(&candidate, horizon).await?;
            let ended = SealedAs::of(candidate.payout.progress.status());
            let (Some(history), Some(ended)) = (history, ended) else { continue };
            leaving.push(Leaving {
                key: candidate.payout.order.key.clone(),
                digest: candidate.payout.digest,
                version: candidate.payout.version,
                ended,
            });
            kept.push(ArchivedPayout::of(candidate, history, horizon.now()));
        }
        if leaving.is_empty() {
            return Ok(Portion { next, ..Portion::default() });
        }
        archive.keep(&kept).await.map_err(PruneError::Archive)?;
        let sealing = self.store().seal(leaving, horizon.now());
        let outcomes = self.write(Point::Seal, None, sealing).await?;
        let is_done = |outcome: &&Sealing| **outcome == Sealing::Done;
        let archived = outcomes.iter().filter(is_done).count();
        let changed = outcomes.len() - archived;
        Ok(Portion { archived: count(archived), changed: count(changed), next })
    }

    /// The history of a payout that may leave; `None` if it stays. Few histories are read, since
    /// most payouts that stay are recognised without.
    async fn history_of_what_may_leave(
        &self,
        candidate: &Candidate,
        horizon: Horizon,
    ) -> Result<Option<Vec<Entry>>, StoreError> {
        if stay(candidate, &[], horizon).is_some() {
            return Ok(None);
        }
        let history = self.store().history(&candidate.payout.order.key).await?;
        Ok(stay(candidate, &history, horizon).is_none().then_some(history))
    }

    /// Counts what would leave and what stays, and why. Changes nothing.
    ///
    /// ```
    /// use pagos_engine::{Horizon, InstrumentedStore, StoreError};
    ///
    /// async fn say_what_would_leave(store: &InstrumentedStore, horizon: Horizon) -> Result<(), StoreError> {
    ///     let survey = store.survey(horizon).await?;
    ///     println!("{} would leave, {} would stay", survey.leaving(), survey.staying());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn survey(&self, horizon: Horizon) -> Result<Survey, StoreError> {
        const PAGE: usize = 500;
        let mut survey = Survey::default();
        let mut after = 0;
        loop {
            let page = self.store().candidates(Scope::All, after, PAGE).await?;
            for candidate in &page {
                let mut history = Vec::new();
                let mut reason = stay(candidate, &history, horizon);
                if reason.is_none() {
                    history = self.store().history(&candidate.payout.order.key).await?;
                    reason = stay(candidate, &history, horizon);
                }
                survey.add(candidate, &history, reason);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = last.place,
                _ => break,
            }
        }
        let there = self.store().tally(None).await?.total();
        survey.unreadable = there.saturating_sub(survey.leaving() + survey.staying());
        survey.deliveries = self.store().forgettable_deliveries(horizon.before()).await?;
        survey.readers = self.store().readers().await?;
        let mut first = None;
        while let Some((from, up_to)) = self.forgettable_notices(horizon, first).await? {
            survey.notices += up_to - from + 1;
            first = Some(up_to);
        }
        Ok(survey)
    }

    /// Forgets up to `limit` deliveries that were applied long ago. Returns how many; fewer than
    /// `limit` are the last ones.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn forget_deliveries(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let forgetting = self.store().forget_deliveries(before, limit);
        self.write(Point::ForgetDeliveries, None, forgetting).await
    }

    /// Forgets a portion of the notices that every reader has acknowledged and that are older than
    /// the horizon. Returns how many; 0 if none are left.
    ///
    /// ```
    /// use pagos_engine::{Horizon, InstrumentedStore, StoreError};
    ///
    /// async fn forget(store: &InstrumentedStore, horizon: Horizon) -> Result<(), StoreError> {
    ///     while store.forget_notices(horizon).await? > 0 {}
    ///     while store.forget_deliveries(horizon.before(), 1_000).await? > 0 {}
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn forget_notices(&self, horizon: Horizon) -> Result<u64, StoreError> {
        let Some((_, up_to)) = self.forgettable_notices(horizon, None).await? else {
            return Ok(0);
        };
        self.write(Point::ForgetNotices, None, self.store().forget_notices(up_to)).await
    }

    /// Forgets a reader of the outbox that nobody uses any more. Returns whether there was one.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_engine::{InstrumentedStore, MemoryStore};
    ///
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// let store = InstrumentedStore::from(Arc::new(MemoryStore::new()));
    /// store.acknowledge("billing", 0).await.unwrap();
    /// assert!(store.forget_reader("billing").await.unwrap());
    /// assert!(!store.forget_reader("billing").await.unwrap());
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn forget_reader(&self, name: &str) -> Result<bool, StoreError> {
        self.write(Point::ForgetReader, None, self.store().forget_reader(name)).await
    }

    /// The first and the last number of the oldest notices after `after` that may be forgotten:
    /// acknowledged by the slowest reader, older than the horizon, and not the newest.
    async fn forgettable_notices(
        &self,
        horizon: Horizon,
        after: Option<u64>,
    ) -> Result<Option<(u64, u64)>, StoreError> {
        let readers = self.store().readers().await?;
        let Some(slowest) = readers.iter().map(|(_, position)| *position).min() else {
            return Ok(None);
        };
        let newest = self.store().newest_notice().await?;
        let page = self.store().outbox(after.unwrap_or(0), NOTICES).await?;
        let gone = page.iter().take_while(|(number, notice)| {
            *number <= slowest && *number < newest && notice.at < horizon.before()
        });
        let numbers: Vec<u64> = gone.map(|(number, _)| *number).collect();
        Ok(numbers.first().copied().zip(numbers.last().copied()))
    }
}

/// Payouts come in in the order of time except for the difference of clocks, so after a page that
/// is younger than the horizon nothing is older.
fn next_place(candidates: &[Candidate], horizon: Horizon, limit: usize) -> Option<u64> {
    let last = candidates.last().filter(|_| candidates.len() == limit)?;
    let latest_ms = horizon.before().as_millis().saturating_add(CLOCKS_DIFFER_MS);
    let is_young = |candidate: &Candidate| candidate.payout.created_at.as_millis() > latest_ms;
    (!candidates.iter().all(is_young)).then_some(last.place)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
