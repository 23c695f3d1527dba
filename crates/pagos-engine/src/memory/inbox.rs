//! The inbox of the store in memory: deliveries in every state, each stored once.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pagos_core::{AccountName, Delivery, OrderKey, ProviderRef, Timestamp};

use super::MemoryStore;
use crate::{
    delivery::{
        Filed, Filing, InboxId, InboxItem, InboxState, InboxStore, REPETITION_SPACING, Refused,
        Trust, Verdict,
    },
    fingerprint::fingerprint,
    history::Notice,
    store::StoreError,
};

#[derive(Debug, Default, Clone)]
pub(super) struct Inbox {
    rows: Vec<Row>,
    refused: BTreeMap<(Option<AccountName>, String), Refused>,
}

#[derive(Debug, Clone)]
struct Row {
    filed: Filed,
    fingerprint: [u8; 32],
    due_at: Timestamp,
}

impl Row {
    fn open_at(&mut self, due_at: Timestamp) {
        self.filed.state = InboxState::Open;
        self.filed.item.deferrals = 0;
        self.due_at = due_at;
    }

    fn is_due(&self, trust: Trust, accounts: &[AccountName], now: Timestamp) -> bool {
        self.filed.state == InboxState::Open
            && self.due_at <= now
            && self.trust() == trust
            && accounts.contains(&self.filed.item.account)
    }

    fn trust(&self) -> Trust {
        self.filed.item.verdict.as_ref().map_or(Trust::Unverified, Verdict::trust)
    }
}

impl Inbox {
    fn receive(
        &mut self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> InboxId {
        let fingerprint = fingerprint(delivery);
        let known = self
            .rows
            .iter_mut()
            .find(|row| row.filed.item.account == *account && row.fingerprint == fingerprint);
        if let Some(row) = known {
            row.filed.repeats += 1;
            let says_nothing_new = match row.filed.state {
                InboxState::Open => true,
                InboxState::Applied => row.trust() == Trust::Verified,
                InboxState::Orphan | InboxState::Unreadable => false,
            };
            if !says_nothing_new {
                row.filed.item.verdict = Some(verdict.clone());
                let earliest = row.due_at.plus(REPETITION_SPACING);
                row.open_at(earliest.max(delivery.received_at));
            }
            return row.filed.item.id;
        }
        // The newest row is never deleted, so its number is the highest that was given.
        let id = InboxId(self.rows.last().map_or(1, |row| row.filed.item.id.0 + 1));
        let item = InboxItem {
            id,
            account: account.clone(),
            delivery: delivery.clone(),
            verdict: Some(verdict.clone()),
            deferrals: 0,
        };
        let filed = Filed { item, state: InboxState::Open, because: String::new(), repeats: 0 };
        self.rows.push(Row { filed, fingerprint, due_at: delivery.received_at });
        id
    }

    fn due(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Vec<InboxItem> {
        let due = self.rows.iter().filter(|row| row.is_due(trust, accounts, now));
        let mut due: Vec<&Row> = due.collect();
        if trust == Trust::Unverified {
            // The sort is stable: of those that are due together, the oldest comes first.
            due.sort_by_key(|row| row.due_at);
        }
        due.into_iter().take(limit).map(|row| row.filed.item.clone()).collect()
    }

    pub(super) fn next_due(&self, account: &AccountName, trust: Trust) -> Option<Timestamp> {
        let open = self.rows.iter().filter(|row| row.filed.state == InboxState::Open);
        let of_lane = open.filter(|row| row.filed.item.account == *account && row.trust() == trust);
        of_lane.map(|row| row.due_at).min()
    }

    fn row(&mut self, id: InboxId) -> Result<&mut Row, StoreError> {
        let row = self.rows.iter_mut().find(|row| row.filed.item.id == id);
        row.ok_or_else(|| StoreError::missing_delivery(id))
    }

    /// Marks a delivery as applied by a step.
    pub(super) fn apply(&mut self, id: InboxId) -> Result<(), StoreError> {
        let row = self.row(id)?;
        row.filed.state = InboxState::Applied;
        row.filed.because.clear();
        Ok(())
    }

    /// Files an open delivery; returns the notice if this call closes it.
    fn file(&mut self, id: InboxId, filing: Filing) -> Result<Option<Notice>, StoreError> {
        let row = self.row(id)?;
        if row.filed.state != InboxState::Open {
            return Ok(None);
        }
        match filing {
            Filing::Defer { due_at, because } => {
                row.due_at = due_at;
                row.filed.item.deferrals += 1;
                row.filed.because = because;
                Ok(None)
            }
            Filing::Close { state, because, notice } => {
                row.filed.state = state;
                row.filed.because = because;
                Ok(notice.map(|notice| *notice))
            }
        }
    }

    /// Opens the orphans that name this key, whose order is known now.
    pub(super) fn match_key(&mut self, account: &AccountName, key: &OrderKey) {
        self.match_orphans(account, |verdict| verdict.hint().key.as_ref() == Some(key));
    }

    /// Opens the orphans that name this id of an order or session, which is known now.
    pub(super) fn match_reference(&mut self, account: &AccountName, reference: &ProviderRef) {
        self.match_orphans(account, |verdict| verdict.hint().reference.as_ref() == Some(reference));
    }

    /// Applied deliveries that were neither received nor due since `before`; never the newest one.
    pub(super) fn forgettable(&self, before: Timestamp) -> Vec<InboxId> {
        let but_the_newest = self.rows.len().saturating_sub(1);
        let old = self.rows.iter().take(but_the_newest).filter(|row| {
            let is_old = row.filed.item.delivery.received_at < before && row.due_at < before;
            row.filed.state == InboxState::Applied && is_old
        });
        old.map(|row| row.filed.item.id).collect()
    }

    pub(super) fn forget(&mut self, ids: &[InboxId]) {
        self.rows.retain(|row| !ids.contains(&row.filed.item.id));
    }

    fn match_orphans(&mut self, account: &AccountName, is_named: impl Fn(&Verdict) -> bool) {
        for row in &mut self.rows {
            let is_meant = row.filed.state == InboxState::Orphan
                && row.filed.item.account == *account
                && row.filed.item.verdict.as_ref().is_some_and(&is_named);
            if is_meant {
                row.open_at(row.due_at);
            }
        }
    }
}

// No method awaits anything, so the lock is never held across an await.
#[async_trait]
impl InboxStore for MemoryStore {
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        Ok(self.tables().inbox.receive(account, delivery, verdict))
    }

    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        Ok(self.tables().inbox.due(trust, accounts, now, limit))
    }

    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let notice = tables.inbox.file(id, filing)?;
        tables.outbox.extend(notice);
        Ok(())
    }

    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let Ok(row) = tables.inbox.row(id) else { return Ok(false) };
        if verdict.is_some() {
            row.filed.item.verdict = verdict;
        }
        row.open_at(now);
        Ok(true)
    }

    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        Ok(self.tables().inbox.row(id).ok().map(|row| row.filed.clone()))
    }

    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        let tables = self.tables();
        let filed = tables.inbox.rows.iter().map(|row| &row.filed);
        let wanted = filed
            .filter(|filed| filed.item.id.0 > after)
            .filter(|filed| state.is_none_or(|state| filed.state == state));
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for one in refused {
            let name = (one.account.clone(), one.reason.clone());
            let sum =
                tables.inbox.refused.entry(name).or_insert(Refused { count: 0, ..one.clone() });
            sum.count += one.count;
            sum.last_at = sum.last_at.max(one.last_at);
        }
        Ok(())
    }

    async fn refused(&self) -> Result<Vec<Refused>, StoreError> {
        Ok(self.tables().inbox.refused.values().cloned().collect())
    }
}
