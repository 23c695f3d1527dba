//! The store that lives in memory: what the [`Store`] trait means, written as plainly as possible.
//!
//! For tests and simulations. Not durable, not fast, and not for money.

mod inbox;
mod payment;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use async_trait::async_trait;
use pagos_core::AccountName;
use pagos_core::Currency;
use pagos_core::Delivery;
use pagos_core::OrderKey;
use pagos_core::ProviderRef;
use pagos_core::Timestamp;

use self::inbox::Inbox;
use self::payment::Payments;
use crate::history::Entry;
use crate::history::Notice;
use crate::intent::Digest;
use crate::intent::Intent;
use crate::intent::RunId;
use crate::intent::Submitted;
use crate::progress::Progress;
use crate::store::Claim;
use crate::store::ClaimRequest;
use crate::store::Committed;
use crate::store::Filter;
use crate::store::InboxId;
use crate::store::InboxItem;
use crate::store::Lease;
use crate::store::Payout;
use crate::store::Step;
use crate::store::Store;
use crate::store::StoreError;
use crate::tally::Tally;
use crate::tally::TallyRow;

/// A [`Store`] that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    worlds: BTreeMap<AccountName, String>,
    payouts: BTreeMap<OrderKey, Row>,
    payments: Payments,
    inbox: Inbox,
    outbox: Vec<Notice>,
}

#[derive(Debug)]
struct Row {
    payout: Payout,
    run: RunId,
    is_held: bool,
    lease_until: Option<Timestamp>,
    history: Vec<Entry>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // No method panics halfway through a change, so what a poisoned lock guards is whole.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// No method waits for anything, so the lock is never held across an await.
#[async_trait]
impl Store for MemoryStore {
    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        let mut tables = self.tables();
        let bound = tables.worlds.entry(account.clone()).or_insert_with(|| world.to_owned());
        Ok(bound.clone())
    }

    async fn submit(&self, intents: Vec<Intent>) -> Result<Vec<Submitted>, StoreError> {
        Ok(self.tables().submit(intents))
    }

    async fn release(&self, run: &RunId, now: Timestamp) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let mut released = 0;
        for row in tables.payouts.values_mut().filter(|row| row.is_held && row.run == *run) {
            row.is_held = false;
            row.payout.due_at = Some(now);
            row.payout.version += 1;
            released += 1;
        }
        Ok(released)
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let before = tables.payouts.len();
        tables.payouts.retain(|_, row| !(row.is_held && row.run == *run));
        Ok(u64::try_from(before - tables.payouts.len()).unwrap_or(u64::MAX))
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        Ok(self.tables().claim(&request))
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let mut ended = 0;
        for row in tables.payouts.values_mut().filter(|row| row.lease_until.is_some()) {
            row.lease_until = None;
            row.payout.epoch += 1;
            ended += 1;
        }
        Ok(ended)
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
        let tables = self.tables();
        let mut payouts = tables.payouts.values().map(|row| &row.payout);
        let found = payouts.find(|payout| {
            payout.order.account == *account
                && payout.progress.standing.reference() == Some(reference)
        });
        Ok(found.map(|payout| payout.order.key.clone()))
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payout>, StoreError> {
        let tables = self.tables();
        let wanted = tables
            .payouts
            .iter()
            .filter(|(key, _)| after.is_none_or(|after| *key > after))
            .filter(|(_, row)| row.passes(filter))
            .map(|(_, row)| row.payout.clone());
        Ok(wanted.take(limit).collect())
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        Ok(self.tables().payouts.get(key).map(|row| row.history.clone()).unwrap_or_default())
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        Ok(self.tables().tally(run))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let tables = self.tables();
        let payouts = tables.payouts.values().filter_map(Row::claimable_at).min();
        let deliveries = tables.inbox.next_due();
        Ok(payouts.into_iter().chain(deliveries).chain(tables.payments.next_due()).min())
    }

    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
    ) -> Result<InboxId, StoreError> {
        Ok(self.tables().inbox.receive(account, delivery))
    }

    async fn inbox(&self, now: Timestamp, limit: usize) -> Result<Vec<InboxItem>, StoreError> {
        Ok(self.tables().inbox.due(now, limit))
    }

    async fn file(
        &self,
        id: InboxId,
        due_at: Option<Timestamp>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        self.tables().inbox.file(id, due_at, outcome)
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        let tables = self.tables();
        let numbered = (1_u64..).zip(tables.outbox.iter().cloned());
        Ok(numbered.filter(|(number, _)| *number > after).take(limit).collect())
    }
}

impl Tables {
    fn submit(&mut self, intents: Vec<Intent>) -> Vec<Submitted> {
        let mut batch: HashMap<OrderKey, Digest> = HashMap::new();
        let mut outcomes = Vec::with_capacity(intents.len());
        for intent in &intents {
            let digest = Digest::of(&intent.order);
            outcomes.push(self.outcome(intent, digest, &mut batch));
        }
        if outcomes.contains(&Submitted::Conflict) {
            return outcomes;
        }
        for intent in intents {
            self.store(intent);
        }
        outcomes
    }

    fn outcome(
        &self,
        intent: &Intent,
        digest: Digest,
        batch: &mut HashMap<OrderKey, Digest>,
    ) -> Submitted {
        let key = &intent.order.key;
        if let Some(row) = self.payouts.get(key) {
            if row.payout.digest != digest {
                return Submitted::Conflict;
            }
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
        if let Some(row) = self.payouts.get_mut(&intent.order.key) {
            row.run = intent.run;
            return;
        }
        let payout = Payout {
            digest: Digest::of(&intent.order),
            progress: Progress::new(intent.created_at),
            due_at: None,
            version: 1,
            epoch: 0,
            order: intent.order,
        };
        let key = payout.order.key.clone();
        let row =
            Row { payout, run: intent.run, is_held: true, lease_until: None, history: Vec::new() };
        self.payouts.insert(key, row);
    }

    fn claim(&mut self, request: &ClaimRequest) -> Vec<Claim> {
        let mut due: Vec<&mut Row> = self
            .payouts
            .values_mut()
            .filter(|row| row.claimable_at().is_some_and(|at| at <= request.now))
            .filter(|row| !request.except.contains(&row.payout.order.account))
            .collect();
        // Stable: payouts that are due in the same millisecond stay in the order of their keys.
        due.sort_by_key(|row| row.payout.due_at);
        let lease_until = request.now.plus(request.lease);
        let claimed = due.into_iter().take(request.limit).map(|row| {
            row.lease_until = Some(lease_until);
            row.payout.epoch += 1;
            Claim { payout: row.payout.clone(), lease_until }
        });
        claimed.collect()
    }

    fn commit(&mut self, step: Step) -> Result<Committed, StoreError> {
        let Some(row) = self.payouts.get_mut(&step.key) else { return Ok(Committed::Conflict) };
        let is_fenced_off = step.fence.is_some_and(|epoch| epoch != row.payout.epoch);
        if row.payout.version != step.version || is_fenced_off {
            return Ok(Committed::Conflict);
        }
        if let Some(id) = step.applies {
            self.inbox.file(id, None, "applied")?;
        }
        row.payout.progress = step.progress;
        row.payout.due_at = step.due_at;
        row.payout.version += 1;
        match step.lease {
            Lease::Keep => {}
            Lease::End => row.lease_until = None,
        }
        row.history.extend(step.entries);
        self.outbox.extend(step.notices);
        Ok(Committed::Done { version: row.payout.version })
    }

    fn tally(&self, run: Option<&RunId>) -> Tally {
        let mut rows: BTreeMap<(AccountName, Currency, &'static str), TallyRow> = BTreeMap::new();
        for row in self.payouts.values().filter(|row| run.is_none_or(|run| row.run == *run)) {
            let Payout { order, progress, .. } = &row.payout;
            let word = progress.word();
            let name = (order.account.clone(), order.amount.currency, word);
            let sum = rows.entry(name).or_insert_with(|| TallyRow {
                account: order.account.clone(),
                currency: order.amount.currency,
                status: word.to_owned(),
                count: 0,
                amount_minor: 0,
                at_rest: 0,
                attention: 0,
            });
            sum.count += 1;
            sum.amount_minor += i128::from(order.amount.minor);
            sum.at_rest += u64::from(row.is_at_rest());
            sum.attention += u64::from(progress.attention.is_some());
        }
        Tally { rows: rows.into_values().collect() }
    }
}

impl Row {
    /// From when on it can be claimed, if nothing changes before.
    fn claimable_at(&self) -> Option<Timestamp> {
        let due_at = self.payout.due_at.filter(|_| !self.is_held)?;
        Some(self.lease_until.map_or(due_at, |lease_until| lease_until.max(due_at)))
    }

    fn is_at_rest(&self) -> bool {
        let is_done = !self.is_held && self.payout.due_at.is_none();
        is_done || self.payout.progress.attention.is_some()
    }

    fn passes(&self, filter: &Filter) -> bool {
        let is_of_run = filter.run.as_ref().is_none_or(|run| self.run == *run);
        let word = self.payout.progress.word();
        is_of_run && filter.status.as_deref().is_none_or(|wanted| wanted == word)
    }
}
