//! The payments of the store in memory, with the secrets of their sessions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, PaymentOrder, ProviderRef, Timestamp};

use super::MemoryStore;
use crate::{
    history::Entry,
    intent::Digest,
    payment::{
        KnownSession, Payment, PaymentProgress,
        store::{PaymentCommitted, PaymentStep, PaymentStore, SubmittedPayment},
    },
    store::{ClaimRequest, Lease, StoreError, Work},
};

#[derive(Debug, Default, Clone)]
pub(super) struct Payments {
    rows: BTreeMap<OrderKey, Row>,
    sessions: BTreeMap<(AccountName, ProviderRef), KnownSession>,
}

#[derive(Debug, Clone)]
struct Row {
    payment: Payment,
    lease_until: Option<Timestamp>,
    history: Vec<Entry>,
}

impl Row {
    fn claimable_at(&self) -> Option<Timestamp> {
        let due_at = self.payment.due_at?;
        Some(self.lease_until.map_or(due_at, |lease_until| lease_until.max(due_at)))
    }
}

impl Payments {
    pub(super) fn next_due(&self, account: &AccountName) -> Option<Timestamp> {
        let rows = self.rows.values().filter(|row| row.payment.order.account == *account);
        rows.filter_map(Row::claimable_at).min()
    }

    pub(super) fn end_claims(&mut self) -> u64 {
        let leases = self.rows.values_mut().filter_map(|row| row.lease_until.take());
        leases.count() as u64
    }

    fn submit_payment(&mut self, order: PaymentOrder, now: Timestamp) -> SubmittedPayment {
        let digest = Digest::of(&order);
        if let Some(row) = self.rows.get(&order.key) {
            return match row.payment.digest == digest {
                true => SubmittedPayment::Existing(row.payment.clone()),
                false => SubmittedPayment::Conflict,
            };
        }
        let progress = PaymentProgress::new(now);
        let payment = Payment { digest, progress, due_at: None, version: 1, order };
        let row = Row { payment: payment.clone(), lease_until: None, history: Vec::new() };
        self.rows.insert(payment.order.key.clone(), row);
        SubmittedPayment::New(payment)
    }

    /// Whether the step may open its session: no other payment of the account has it.
    fn is_free(&self, account: &AccountName, step: &PaymentStep) -> bool {
        let Some(opened) = &step.opens else { return true };
        let known = self.sessions.get(&(account.clone(), opened.reference.clone()));
        known.is_none_or(|known| known.key == step.key)
    }
}

// No method awaits anything, so the lock is never held across an await.
#[async_trait]
impl PaymentStore for MemoryStore {
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        let mut tables = self.tables();
        let (account, key) = (order.account.clone(), order.key.clone());
        let asked = tables.payments.submit_payment(order, now);
        if matches!(asked, SubmittedPayment::New(_)) {
            tables.inbox.match_key(&account, &key);
        }
        Ok(asked)
    }

    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        Ok(self.tables().payments.rows.get(key).map(|row| row.payment.clone()))
    }

    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        let name = (account.clone(), reference.clone());
        Ok(self.tables().payments.sessions.get(&name).cloned())
    }

    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError> {
        let mut tables = self.tables();
        let Some(row) = tables.payments.rows.get(&step.key) else {
            return Ok(PaymentCommitted::Conflict);
        };
        let account = row.payment.order.account.clone();
        if row.payment.version != step.version {
            return Ok(PaymentCommitted::Conflict);
        }
        if !tables.payments.is_free(&account, &step) {
            return Ok(PaymentCommitted::SessionTaken);
        }
        if let Some(id) = step.applies {
            tables.inbox.apply(id)?;
        }
        if let Some(opened) = step.opens {
            tables.inbox.match_reference(&account, &opened.reference);
            let known = KnownSession { key: step.key.clone(), secret: opened.secret };
            tables.payments.sessions.insert((account, opened.reference), known);
        }
        tables.outbox.extend(step.notices);
        let Some(row) = tables.payments.rows.get_mut(&step.key) else {
            return Ok(PaymentCommitted::Conflict);
        };
        row.payment.progress = step.progress;
        row.payment.due_at = step.due_at;
        row.payment.version += 1;
        match step.lease {
            Lease::Keep => {}
            Lease::End => row.lease_until = None,
        }
        row.history.extend(step.entries);
        Ok(PaymentCommitted::Done { version: row.payment.version })
    }

    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        let tables = self.tables();
        let rows = tables.payments.rows.iter();
        let wanted = rows
            .filter(|(key, _)| after.is_none_or(|after| *key > after))
            .map(|(_, row)| &row.payment)
            .filter(|payment| status.is_none_or(|status| payment.progress.word() == status));
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError> {
        let mut tables = self.tables();
        let mut claimed = Vec::new();
        for share in request.shares.iter().filter(|share| share.lane.work == Work::Follow) {
            let rows = tables.payments.rows.values_mut();
            let mut due: Vec<&mut Row> = rows
                .filter(|row| row.payment.order.account == share.lane.account)
                .filter(|row| row.claimable_at().is_some_and(|at| at <= request.now))
                .collect();
            due.sort_by_key(|row| row.payment.due_at);
            for row in due.into_iter().take(share.limit) {
                row.lease_until = Some(request.now.plus(share.lease));
                claimed.push(row.payment.clone());
            }
        }
        Ok(claimed)
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        let tables = self.tables();
        Ok(tables.payments.rows.get(key).map(|row| row.history.clone()).unwrap_or_default())
    }
}
