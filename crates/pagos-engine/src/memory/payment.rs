//! The payments of the store that lives in memory, with the secrets of their sessions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_core::PaymentOrder;
use pagos_core::ProviderRef;
use pagos_core::Timestamp;

use super::MemoryStore;
use crate::history::Entry;
use crate::intent::Digest;
use crate::payment::KnownSession;
use crate::payment::Payment;
use crate::payment::PaymentProgress;
use crate::payment::store::Asked;
use crate::payment::store::PaymentStep;
use crate::payment::store::PaymentStore;
use crate::store::Committed;
use crate::store::StoreError;

#[derive(Debug, Default)]
pub(super) struct Payments {
    rows: BTreeMap<OrderKey, Row>,
    sessions: BTreeMap<(AccountName, ProviderRef), KnownSession>,
}

#[derive(Debug)]
struct Row {
    payment: Payment,
    history: Vec<Entry>,
}

impl Payments {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.rows.values().filter_map(|row| row.payment.due_at).min()
    }

    fn ask_for(&mut self, order: PaymentOrder, now: Timestamp) -> Asked {
        let digest = Digest::of(&order);
        if let Some(row) = self.rows.get(&order.key) {
            return match row.payment.digest == digest {
                true => Asked::Existing(row.payment.clone()),
                false => Asked::Conflict,
            };
        }
        let progress = PaymentProgress::new(now);
        let payment = Payment { digest, progress, due_at: None, version: 1, order };
        let row = Row { payment: payment.clone(), history: Vec::new() };
        self.rows.insert(payment.order.key.clone(), row);
        Asked::New(payment)
    }

    /// Is the session that the step opens free to be opened by it?
    fn is_free(&self, account: &AccountName, step: &PaymentStep) -> bool {
        let Some(opened) = &step.opens else { return true };
        let known = self.sessions.get(&(account.clone(), opened.reference.clone()));
        known.is_none_or(|known| known.key == step.key)
    }
}

// No method waits for anything, so the lock is never held across an await.
#[async_trait]
impl PaymentStore for MemoryStore {
    async fn ask_for(&self, order: PaymentOrder, now: Timestamp) -> Result<Asked, StoreError> {
        Ok(self.tables().payments.ask_for(order, now))
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

    async fn commit_payment(&self, step: PaymentStep) -> Result<Committed, StoreError> {
        let mut tables = self.tables();
        let Some(row) = tables.payments.rows.get(&step.key) else { return Ok(Committed::Conflict) };
        let account = row.payment.order.account.clone();
        if row.payment.version != step.version || !tables.payments.is_free(&account, &step) {
            return Ok(Committed::Conflict);
        }
        if let Some(id) = step.applies {
            tables.inbox.file(id, None, "applied")?;
        }
        if let Some(opened) = step.opens {
            let known = KnownSession { key: step.key.clone(), secret: opened.secret };
            tables.payments.sessions.insert((account, opened.reference), known);
        }
        tables.outbox.extend(step.notices);
        let Some(row) = tables.payments.rows.get_mut(&step.key) else {
            return Ok(Committed::Conflict);
        };
        row.payment.progress = step.progress;
        row.payment.due_at = step.due_at;
        row.payment.version += 1;
        row.history.extend(step.entries);
        Ok(Committed::Done { version: row.payment.version })
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

    async fn due_payments(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        let tables = self.tables();
        let payments = tables.payments.rows.values().map(|row| &row.payment);
        let is_due = |payment: &&Payment| payment.due_at.is_some_and(|due_at| due_at <= now);
        let mut due: Vec<&Payment> = payments.filter(is_due).collect();
        due.sort_by_key(|payment| payment.due_at);
        Ok(due.into_iter().take(limit).cloned().collect())
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        let tables = self.tables();
        Ok(tables.payments.rows.get(key).map(|row| row.history.clone()).unwrap_or_default())
    }
}
