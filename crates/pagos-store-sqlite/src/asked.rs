//! Claims to ask. They are kept in memory, because they only save queries and protect no money.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Claim, Payout, Share};

/// The payouts that are being asked about, each with the moment until which nobody else asks.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    until: Mutex<HashMap<OrderKey, Timestamp>>,
}

impl Asked {
    /// The keys of the payouts that are being asked about.
    pub(crate) fn claimed(&self, now: Timestamp) -> HashSet<String> {
        let all = self.all();
        let live = all.iter().filter(|(_, until)| **until > now);
        live.map(|(key, _)| key.to_string()).collect()
    }

    /// Claims a payout, unless another call was faster.
    pub(crate) fn claim(&self, payout: Payout, share: &Share, now: Timestamp) -> Option<Claim> {
        let key = &payout.order.key;
        let mut all = self.all();
        if all.get(key).is_some_and(|until| *until > now) {
            return None;
        }
        let lease_until = now.plus(share.lease);
        all.insert(key.clone(), lease_until);
        Some(Claim { payout, work: share.lane.work, lease_until })
    }

    pub(crate) fn is_claimed(&self, key: &OrderKey, now: Timestamp) -> bool {
        self.all().get(key).is_some_and(|until| *until > now)
    }

    /// The end of its last claim, if that is not over.
    pub(crate) fn until(&self, key: &OrderKey) -> Option<Timestamp> {
        self.all().get(key).copied()
    }

    pub(crate) fn end(&self, key: &OrderKey) {
        self.all().remove(key);
    }

    pub(crate) fn end_all(&self) {
        self.all().clear();
    }

    /// A copy of the present state.
    pub(crate) fn copy(&self) -> HashMap<String, Timestamp> {
        self.all().iter().map(|(key, until)| (key.to_string(), *until)).collect()
    }

    /// The guarded value is whole, since nothing panics while it holds the lock.
    fn all(&self) -> MutexGuard<'_, HashMap<OrderKey, Timestamp>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
