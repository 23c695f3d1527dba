//! What the store in memory archives and forgets, and what it keeps: seals, sums, and an outbox
//! whose first notices are gone.

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;
use pagos_core::{AccountName, Currency, OrderKey, Timestamp};

use super::{MemoryStore, Row, Tables, count};
use crate::{
    history::Notice,
    intent::{Intent, RunId},
    retention::{Candidate, Leaving, Mark, RetentionStore, Scope, Seal, Sealing},
    store::StoreError,
    tally::{Tally, TallyRow},
};

/// What is kept of an archived payout.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) digest: [u8; 8],
    pub(super) seal: Seal,
}

/// Notices in order; the first ones may be gone.
#[derive(Debug, Default, Clone)]
pub(super) struct Outbox {
    forgotten: u64,
    notices: VecDeque<Notice>,
}

impl Outbox {
    pub(super) fn extend(&mut self, notices: impl IntoIterator<Item = Notice>) {
        self.notices.extend(notices);
    }

    pub(super) fn after(&self, after: u64) -> impl Iterator<Item = (u64, &Notice)> {
        let passed = usize::try_from(after.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        (self.forgotten + 1..).zip(&self.notices).skip(passed)
    }

    pub(super) fn newest(&self) -> u64 {
        self.forgotten + count(self.notices.len())
    }

    /// Forgets notices up to `up_to`, but never the newest.
    fn forget(&mut self, up_to: u64) -> u64 {
        let before = self.forgotten;
        while self.forgotten < up_to && self.notices.len() > 1 {
            self.notices.pop_front();
            self.forgotten += 1;
        }
        self.forgotten - before
    }
}

/// A tally that is being computed.
#[derive(Debug, Default, Clone)]
pub(super) struct Sums {
    rows: BTreeMap<(AccountName, Currency, String), TallyRow>,
}

impl Sums {
    pub(super) fn add(&mut self, one: &TallyRow) {
        let name = (one.account.clone(), one.currency, one.status.clone());
        let zero = TallyRow { count: 0, amount_minor: 0, at_rest: 0, attention: 0, ..one.clone() };
        let sum = self.rows.entry(name).or_insert(zero);
        sum.count += one.count;
        sum.amount_minor += one.amount_minor;
        sum.at_rest += one.at_rest;
        sum.attention += one.attention;
    }

    pub(super) fn into_tally(self) -> Tally {
        Tally { rows: self.rows.into_values().collect() }
    }
}

impl Tables {
    /// Makes an order a member of a run, whether its payout is stored or archived.
    pub(super) fn join(&mut self, run: &RunId, intent: &Intent) {
        let order = &intent.order;
        let mark = Mark::of_key(&order.key);
        let members = self.runs.entry(run.clone()).or_default();
        let sealed = self.seals.get(&mark);
        let is_new = match sealed {
            None => members.keys.insert(order.key.clone()),
            Some(_) => !members.archived.contains_key(&mark),
        };
        members.submitted_by.extend(intent.by.clone().filter(|_| is_new));
        let Some(sealed) = sealed else { return };
        members.archived.entry(mark).or_insert_with(|| TallyRow {
            account: order.account.clone(),
            currency: order.amount.currency,
            status: sealed.seal.ended.word().to_owned(),
            count: 1,
            amount_minor: i128::from(order.amount.minor),
            at_rest: 1,
            attention: 0,
        });
    }

    fn candidate(&self, row: &Row) -> Candidate {
        let key = &row.payout.order.key;
        let of_it = || self.runs.iter().filter(|(_, run)| run.keys.contains(key));
        Candidate {
            place: row.place,
            payout: row.payout.clone(),
            is_held: row.is_held,
            lease_until: row.lease_until.into_iter().chain(row.asked_until).max(),
            runs: of_it().map(|(name, _)| name.clone()).collect(),
            has_open_run: of_it().any(|(_, run)| run.released_at.is_none()),
        }
    }

    fn seal(&mut self, leaving: &Leaving, now: Timestamp) -> Sealing {
        let Some(row) = self.payouts.get(&leaving.key) else { return Sealing::Changed };
        let Candidate { payout, is_held, lease_until, has_open_run, .. } = self.candidate(row);
        let is_claimed = lease_until.is_some_and(|until| until > now);
        let is_as_it_was = payout.version == leaving.version && payout.due_at.is_none();
        if !is_as_it_was || is_held || has_open_run || is_claimed {
            return Sealing::Changed;
        }
        let mark = Mark::of(&leaving.key, leaving.digest);
        let counted = row.counted();
        for run in self.runs.values_mut() {
            if run.keys.remove(&leaving.key) {
                run.archived.insert(mark.key, counted.clone());
            }
        }
        let seal = Seal::on_day(leaving.ended, Seal::day_of(now));
        self.seals.insert(mark.key, Sealed { digest: mark.digest, seal });
        self.payouts.remove(&leaving.key);
        Sealing::Done
    }
}

// No method awaits anything, so the lock is never held across an await.
#[async_trait]
impl RetentionStore for MemoryStore {
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        let tables = self.tables();
        let is_settled = |row: &&Row| {
            let progress = &row.payout.progress;
            let is_quiet = !row.is_held && row.payout.due_at.is_none();
            is_quiet && progress.attention.is_none() && progress.status().is_final()
        };
        let rows = tables.payouts.values().filter(|row| row.place > after);
        let mut rows: Vec<&Row> = match scope {
            Scope::All => rows.collect(),
            Scope::Settled => rows.filter(is_settled).collect(),
        };
        rows.sort_by_key(|row| row.place);
        Ok(rows.into_iter().take(limit).map(|row| tables.candidate(row)).collect())
    }

    async fn seal(
        &self,
        leaving: Vec<Leaving>,
        now: Timestamp,
    ) -> Result<Vec<Sealing>, StoreError> {
        let mut tables = self.tables();
        Ok(leaving.iter().map(|one| tables.seal(one, now)).collect())
    }

    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        Ok(self.tables().seals.get(&Mark::of_key(key)).map(|sealed| sealed.seal))
    }

    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError> {
        let tables = self.tables();
        let mut sums = Sums::default();
        let members = tables.runs.get(run).into_iter();
        members.flat_map(|run| run.archived.values()).for_each(|one| sums.add(one));
        Ok(sums.into_tally())
    }

    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(count(self.tables().inbox.forgettable(before).len()))
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let mut ids = tables.inbox.forgettable(before);
        ids.truncate(limit);
        tables.inbox.forget(&ids);
        Ok(count(ids.len()))
    }

    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let Some(slowest) = tables.readers.values().copied().min() else { return Ok(0) };
        Ok(tables.outbox.forget(up_to.min(slowest)))
    }

    async fn forget_reader(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.tables().readers.remove(name).is_some())
    }

    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let tables = self.tables();
        Ok(tables.readers.iter().map(|(name, position)| (name.clone(), *position)).collect())
    }
}
