//! A store in memory: the meaning of the [`Store`] trait, written as plainly as possible.
//!
//! It is for tests and simulations, not for money: nothing in it is durable, and it is not fast.

mod books;
mod inbox;
mod list;
mod payment;
mod records;
mod retention;
mod runs;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, ProviderRef, Timestamp};

use self::{
    books::Books,
    inbox::Inbox,
    payment::Payments,
    retention::{Outbox, Sealed},
};
use crate::{
    actor::Actor,
    delivery::Trust,
    history::{Entry, Notice},
    intent::{Closed, Intent, Permit, Released, Run, RunId, Submitted},
    list::{Filter, Page},
    records::{Record, RecordKind},
    store::{
        Begin, Claim, ClaimRequest, Committed, Lane, Payout, Step, Store, StoreError, Turn, Work,
        stride,
    },
    tally::{Tally, TallyRow},
};

/// A [`Store`] that loses everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    /// How often it went back, for one that plays a server.
    lineage: Option<AtomicU64>,
}

/// The state of a [`MemoryStore`] at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot(Tables);

#[derive(Debug, Default, Clone)]
struct Tables {
    accounts: BTreeMap<AccountName, Account>,
    runs: BTreeMap<RunId, Members>,
    payouts: BTreeMap<OrderKey, Row>,
    /// How many payouts have come in so far.
    places: u64,
    /// How many runs there were so far.
    runs_made: u64,
    seals: BTreeMap<[u8; 16], Sealed>,
    payments: Payments,
    inbox: Inbox,
    outbox: Outbox,
    readers: BTreeMap<String, u64>,
    records: BTreeMap<(RecordKind, String), Record>,
    books: Books,
}

#[derive(Debug, Default, Clone)]
struct Account {
    world: Option<String>,
    is_halted: bool,
    swept: BTreeMap<u32, Timestamp>,
}

#[derive(Debug, Default, Clone)]
struct Members {
    keys: BTreeSet<OrderKey>,
    /// The archived ones by their marks, with what they count.
    archived: BTreeMap<[u8; 16], TallyRow>,
    id: u64,
    expected: Option<u64>,
    created_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
    submitted_by: BTreeSet<Actor>,
}

#[derive(Debug, Clone)]
struct Row {
    /// Its place in the order of coming in.
    place: u64,
    payout: Payout,
    is_held: bool,
    /// Until when it is being sent, and until when a worker is asking.
    lease_until: Option<Timestamp>,
    asked_until: Option<Timestamp>,
    history: Vec<Entry>,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_engine::{MemoryStore, Store};
    ///
    /// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    /// # drop(store);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that plays a server: it names another line of history after each
    /// [`MemoryStore::go_back`], as a promoted standby does.
    pub fn on_a_server() -> Self {
        Self { lineage: Some(AtomicU64::new(1)), ..Self::default() }
    }

    /// Its present state.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.tables().clone())
    }

    /// Goes back to an earlier state, as a restored backup or a lagging standby does.
    ///
    /// ```
    /// use pagos_engine::{MemoryStore, RecordKind, RecordStore, RecordWrite, StoreError};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let store = MemoryStore::new();
    /// let before = store.snapshot();
    /// let (kind, body) = (RecordKind::Sample, Some("{}".to_owned()));
    /// let write = RecordWrite { kind, name: "a".to_owned(), was: None, body, notices: Vec::new() };
    /// store.write_record(write).await?;
    /// store.go_back(&before);
    /// assert_eq!(store.record(kind, "a").await?, None);
    /// # Ok::<(), StoreError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn go_back(&self, to: &Snapshot) {
        *self.tables() = to.0.clone();
        if let Some(lineage) = &self.lineage {
            lineage.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // No method panics halfway through a change, so the value behind a poisoned lock is whole.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// No method awaits anything, so the lock is never held across an await.
#[async_trait]
impl Store for MemoryStore {
    async fn take_turn(&self) -> Result<Turn, StoreError> {
        Ok(Turn::Shared)
    }

    fn lineage(&self) -> Option<String> {
        self.lineage.as_ref().map(|lineage| lineage.load(Ordering::SeqCst).to_string())
    }

    async fn identity(&self) -> Result<String, StoreError> {
        Ok("memory".to_owned())
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        let mut tables = self.tables();
        let row = tables.accounts.entry(account.clone()).or_default();
        Ok(row.world.get_or_insert_with(|| world.to_owned()).clone())
    }

    async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        Ok(self.tables().submit(run, intents))
    }

    async fn close(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Closed, StoreError> {
        Ok(self.tables().close(run, expected, now))
    }

    async fn release(
        &self,
        run: &RunId,
        permit: Permit,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        Ok(self.tables().release(run, permit, now))
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        Ok(self.tables().withdraw(run))
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        Ok(self.tables().runs.get(run).map(Members::to_run))
    }

    async fn runs(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(RunId, Run)>, StoreError> {
        let tables = self.tables();
        let older = |run: &Members| before.is_none_or(|before| run.id < before);
        let mut runs: Vec<_> = tables.runs.iter().filter(|(_, run)| older(run)).collect();
        runs.sort_by_key(|(_, run)| std::cmp::Reverse(run.id));
        runs.truncate(limit);
        Ok(runs.into_iter().map(|(name, run)| (name.clone(), run.to_run())).collect())
    }

    async fn held(
        &self,
        run: &RunId,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        let tables = self.tables();
        let keys = tables.runs.get(run).into_iter().flat_map(|run| &run.keys);
        let rows = keys
            .filter(|key| after.is_none_or(|after| *key > after))
            .filter_map(|key| tables.payouts.get(key).filter(|row| row.is_held));
        Ok(rows.take(limit).map(|row| row.payout.clone()).collect())
    }

    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        Ok(self.tables().claim(&request, begin))
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let mut ended = 0;
        for row in tables.payouts.values_mut().filter(|row| row.lease_until.is_some()) {
            row.lease_until = None;
            row.payout.epoch += stride();
            ended += 1;
        }
        tables.payouts.values_mut().for_each(|row| row.asked_until = None);
        Ok(ended + tables.payments.end_claims())
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.tables().commit(step)
    }

    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        Ok(self.tables().payouts.get(key).map(|row| row.payout.clone()))
    }

    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        Ok(self.tables().payout_of(account, reference).cloned())
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError> {
        Ok(self.tables().list(filter, page))
    }

    async fn doubts(&self, account: &AccountName, limit: usize) -> Result<Vec<Payout>, StoreError> {
        let (account, status) = (Some(account.clone()), Some("unknown".to_owned()));
        let filter = Filter { account, status, ..Filter::default() };
        let mut found = self.tables().list(&filter, &Page::newest_first(usize::MAX));
        found.sort_by_key(Payout::cursor);
        found.truncate(limit);
        Ok(found)
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        Ok(self.tables().payouts.get(key).map(|row| row.history.clone()).unwrap_or_default())
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        Ok(self.tables().tally(run))
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        let tables = self.tables();
        let moment = |lane: &Lane| match lane.work {
            Work::Send | Work::Ask | Work::Watch => {
                let rows = tables.payouts.values().filter(|row| row.is_of(lane));
                rows.filter_map(Row::claimable_at).min()
            }
            Work::Follow => tables.payments.next_due(&lane.account),
            Work::Apply => tables.inbox.next_due(&lane.account, Trust::Verified),
            Work::Hint => tables.inbox.next_due(&lane.account, Trust::Unverified),
        };
        Ok(lanes.iter().filter_map(moment).min())
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        let tables = self.tables();
        let wanted = tables.outbox.after(after).take(limit);
        Ok(wanted.map(|(number, notice)| (number, tables.with_runs(notice.clone()))).collect())
    }

    async fn newest_notice(&self) -> Result<u64, StoreError> {
        Ok(self.tables().outbox.newest())
    }

    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.tables().readers.get(name).copied())
    }

    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let position = tables.readers.entry(name.to_owned()).or_default();
        *position = number.max(*position);
        Ok(())
    }

    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        let tables = self.tables();
        Ok(tables.accounts.get(account).map(|row| row.swept.clone()).unwrap_or_default())
    }

    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let swept = &mut tables.accounts.entry(account.clone()).or_default().swept;
        let is_as_it_was = swept.get(&part).copied() == was;
        if is_as_it_was {
            swept.insert(part, at);
        }
        Ok(is_as_it_was)
    }

    async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        Ok(self.tables().set_halted(notice, true))
    }

    async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        Ok(self.tables().set_halted(notice, false))
    }

    async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        let tables = self.tables();
        let halted = tables.accounts.iter().filter(|(_, row)| row.is_halted);
        Ok(halted.map(|(name, _)| name.clone()).collect())
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
