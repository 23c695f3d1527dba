//! The inbox of the store that lives in memory: deliveries, each once, until they are closed.
//!
//! Verifies nothing and reads no body.

use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::Timestamp;

use crate::fingerprint::fingerprint;
use crate::store::InboxId;
use crate::store::InboxItem;
use crate::store::StoreError;

#[derive(Debug, Default)]
pub(super) struct Inbox {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    item: InboxItem,
    fingerprint: [u8; 32],
    due_at: Option<Timestamp>,
    outcome: String,
}

impl Inbox {
    pub(super) fn receive(&mut self, account: &AccountName, delivery: &Delivery) -> InboxId {
        let fingerprint = fingerprint(delivery);
        let known = self
            .rows
            .iter()
            .find(|row| row.item.account == *account && row.fingerprint == fingerprint);
        if let Some(row) = known {
            return row.item.id;
        }
        let id = InboxId(self.rows.len() as u64 + 1);
        let item =
            InboxItem { id, account: account.clone(), delivery: delivery.clone(), deferrals: 0 };
        let due_at = Some(delivery.received_at);
        self.rows.push(Row { item, fingerprint, due_at, outcome: String::new() });
        id
    }

    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<InboxItem> {
        let due = self.rows.iter().filter(|row| row.due_at.is_some_and(|due_at| due_at <= now));
        due.take(limit).map(|row| row.item.clone()).collect()
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.rows.iter().filter_map(|row| row.due_at).min()
    }

    /// Puts off or closes. What is closed stays closed.
    pub(super) fn file(
        &mut self,
        id: InboxId,
        due_at: Option<Timestamp>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        let Some(row) = self.rows.iter_mut().find(|row| row.item.id == id) else {
            return Err(StoreError::new(format!("the inbox has no delivery {}", id.0)));
        };
        if row.due_at.is_none() {
            return Ok(());
        }
        row.due_at = due_at;
        if due_at.is_some() {
            row.item.deferrals += 1;
        }
        outcome.clone_into(&mut row.outcome);
        Ok(())
    }
}
