//! What this engine has made due by itself, by lane, so that its loop looks there without asking
//! the store.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use pagos_core::Timestamp;

use crate::store::{Lane, Payout};

/// The earliest due time written in each lane since the loop looked last.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    earliest: Mutex<BTreeMap<Lane, Timestamp>>,
}

impl Agenda {
    /// Notes when a payout that was just written is due, if it is due at all.
    pub(crate) fn note(&self, payout: &Payout) {
        let Some(due_at) = payout.due_at else { return };
        let lane = Lane { account: payout.order.account.clone(), work: payout.progress.work() };
        let mut earliest = self.earliest();
        let noted = earliest.entry(lane).or_insert(due_at);
        *noted = due_at.min(*noted);
    }

    pub(crate) fn take(&self) -> BTreeMap<Lane, Timestamp> {
        std::mem::take(&mut *self.earliest())
    }

    /// The guarded value is whole, since nothing panics while it holds the lock.
    fn earliest(&self) -> MutexGuard<'_, BTreeMap<Lane, Timestamp>> {
        self.earliest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
