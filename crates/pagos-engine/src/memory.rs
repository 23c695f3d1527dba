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

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map},
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
    intent::{Closed, Digest, Intent, Permit, Released, Run, RunId, Submitted},
    list::{Filter, Page},
    progress::Progress,
    records::{Record, RecordKind},
    retention::Mark,
    store::{
        Begin, Claim, ClaimRequest, Committed, Lane, Lease, Payout, Share, Step, Store, StoreError,
        Turn, Work, stride,
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

impl Tables {
    fn submit(&mut self, run: &RunId, intents: Vec<Intent>) -> Vec<Submitted> {
        let mut batch: HashMap<OrderKey, Digest> = HashMap::new();
        let mut outcomes = Vec::with_capacity(intents.len());
        for intent in &intents {
            let digest = Digest::of(&intent.order);
            outcomes.push(self.outcome(run, intent, digest, &mut batch));
        }
        if !self.runs.contains_key(run) {
            self.runs_made += 1;
            let created_at = intents.iter().map(|intent| intent.created_at).min();
            let members = Members { id: self.runs_made, created_at, ..Members::default() };
            self.runs.insert(run.clone(), members);
        }
        if outcomes.iter().any(|outcome| outcome.is_refusal()) {
            return outcomes;
        }
        for intent in intents {
            self.join(run, &intent);
            self.store(intent);
        }
        outcomes
    }

    fn outcome(
        &self,
        run: &RunId,
        intent: &Intent,
        digest: Digest,
        batch: &mut HashMap<OrderKey, Digest>,
    ) -> Submitted {
        let key = &intent.order.key;
        let known = self.payouts.get(key);
        if known.is_some_and(|row| row.payout.digest != digest) {
            return Submitted::Conflict;
        }
        let mark = Mark::of(key, digest);
        let sealed = self.seals.get(&mark.key);
        if sealed.is_some_and(|sealed| sealed.digest != mark.digest) {
            return Submitted::Conflict;
        }
        let is_closed = self.runs.get(run).is_some_and(|run| {
            let is_member = run.keys.contains(key) || run.archived.contains_key(&mark.key);
            run.closed_at.is_some() && !is_member
        });
        if is_closed {
            return Submitted::Closed;
        }
        if let Some(sealed) = sealed {
            return Submitted::Archived(sealed.seal);
        }
        if let Some(row) = known {
            return Submitted::Existing { status: row.payout.progress.status() };
        }
        match batch.entry(key.clone()) {
            hash_map::Entry::Vacant(entry) => {
                entry.insert(digest);
                Submitted::New
            }
            hash_map::Entry::Occupied(entry) if *entry.get() == digest => {
                Submitted::Existing { status: Progress::new(intent.created_at).status() }
            }
            hash_map::Entry::Occupied(_) => Submitted::Conflict,
        }
    }

    fn store(&mut self, intent: Intent) {
        let key = &intent.order.key;
        if self.payouts.contains_key(key) || self.seals.contains_key(&Mark::of_key(key)) {
            return;
        }
        let payout = Payout {
            digest: Digest::of(&intent.order),
            created_at: intent.created_at,
            progress: Progress::new(intent.created_at),
            due_at: None,
            version: 1,
            epoch: 0,
            order: intent.order,
        };
        let key = payout.order.key.clone();
        self.inbox.match_key(&payout.order.account, &key);
        self.places += 1;
        let row = Row {
            place: self.places,
            payout,
            is_held: true,
            lease_until: None,
            asked_until: None,
            history: Vec::new(),
        };
        self.payouts.insert(key, row);
    }

    fn claim(&mut self, request: &ClaimRequest, begin: &dyn Begin) -> Vec<Claim> {
        let mut claims = Vec::new();
        for share in &request.shares {
            claims.extend(self.claim_share(share, request.now, begin));
        }
        claims
    }

    fn claim_share(&mut self, share: &Share, now: Timestamp, begin: &dyn Begin) -> Vec<Claim> {
        let mut due: Vec<&mut Row> = self
            .payouts
            .values_mut()
            .filter(|row| row.is_of(&share.lane))
            .filter(|row| row.claimable_at().is_some_and(|at| at <= now))
            .collect();
        // The sort is stable: payouts that are due in the same millisecond stay sorted by key.
        due.sort_by_key(|row| row.payout.due_at);
        let (work, lease_until) = (share.lane.work, now.plus(share.lease));
        let claimed = due.into_iter().take(share.limit).map(|row| {
            if work == Work::Send {
                row.lease_until = Some(lease_until);
                row.asked_until = None;
                row.payout.epoch += stride();
                row.begin(begin);
            } else {
                row.asked_until = Some(lease_until);
            }
            Claim { payout: row.payout.clone(), work, lease_until }
        });
        claimed.collect()
    }

    fn with_runs(&self, mut notice: Notice) -> Notice {
        if let Some(key) = notice.key().cloned() {
            let runs = self.runs.iter().filter(|(_, run)| run.keys.contains(&key));
            notice.set_runs(runs.map(|(name, _)| name.clone()).collect());
        }
        notice
    }

    fn set_halted(&mut self, notice: Notice, is_halted: bool) -> bool {
        let row = self.accounts.entry(notice.account.clone()).or_default();
        if row.is_halted == is_halted {
            return false;
        }
        row.is_halted = is_halted;
        self.outbox.extend([notice]);
        true
    }

    fn commit(&mut self, step: Step) -> Result<Committed, StoreError> {
        let Some(row) = self.payouts.get_mut(&step.key) else { return Ok(Committed::Conflict) };
        let is_fenced_off = step.fence.is_some_and(|epoch| epoch != row.payout.epoch);
        if row.payout.version != step.version || is_fenced_off {
            return Ok(Committed::Conflict);
        }
        if let Some(id) = step.applies {
            self.inbox.apply(id)?;
        }
        if let Some(reference) = step.progress.standing.reference()
            && row.payout.progress.standing.reference().is_none()
        {
            self.inbox.match_reference(&row.payout.order.account, reference);
        }
        row.payout.progress = step.progress;
        row.payout.due_at = step.due_at;
        row.payout.version += stride();
        match step.lease {
            Lease::Keep => {}
            Lease::End => (row.lease_until, row.asked_until) = (None, None),
        }
        row.history.extend(step.entries);
        self.outbox.extend(step.notices);
        Ok(Committed::Done { version: row.payout.version })
    }
}

impl Row {
    fn begin(&mut self, begin: &dyn Begin) {
        let Some(begun) = begin.begin(&self.payout) else { return };
        self.payout.progress = begun.progress;
        self.payout.due_at = begun.due_at;
        self.payout.version += stride();
        self.history.extend(begun.entries);
    }

    /// The moment from which it can be claimed, if nothing changes before.
    fn claimable_at(&self) -> Option<Timestamp> {
        let due_at = self.payout.due_at.filter(|_| !self.is_held)?;
        self.lease_until.into_iter().chain(self.asked_until).chain([due_at]).max()
    }

    /// What this payout adds to a tally.
    fn counted(&self) -> TallyRow {
        let Payout { order, progress, .. } = &self.payout;
        TallyRow {
            account: order.account.clone(),
            currency: order.amount.currency,
            status: progress.word().to_owned(),
            count: 1,
            amount_minor: i128::from(order.amount.minor),
            at_rest: u64::from(self.is_at_rest()),
            attention: u64::from(progress.attention.is_some()),
        }
    }

    fn is_at_rest(&self) -> bool {
        let is_done = !self.is_held && self.payout.due_at.is_none();
        is_done || self.payout.progress.attention.is_some()
    }

    fn is_of(&self, lane: &Lane) -> bool {
        self.payout.order.account == lane.account && self.payout.progress.work() == lane.work
    }
}
