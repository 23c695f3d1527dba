//! What the receiver counts, since it logs nothing. Numbers only: no account, path or content.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use pagos_core::AccountName;
use pagos_core::Timestamp;
use pagos_engine::InboxId;
use pagos_engine::Refused;

/// What happened so far. The snapshot's numbers may be a request apart from each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Deliveries that arrived whole at an endpoint.
    pub received: u64,
    /// Deliveries that were durable when they were acknowledged, repeats included.
    pub stored: u64,
    /// Of those, repeats of one of the last few thousand.
    pub duplicates: u64,
    /// Of those, genuine ones that could not be read. They wait in the inbox for a person.
    pub unreadable: u64,
    /// Deliveries whose signature was missing or wrong. Nothing of them was kept.
    pub refused: u64,
    /// Deliveries about nothing of ours. Nothing of them was kept.
    pub foreign: u64,
    /// Deliveries that the store did not take, or not in time. The provider sends them again.
    pub failed: u64,
    /// Requests for a path that is no endpoint's.
    pub misdirected: u64,
    /// Requests with another method than POST.
    pub wrong_method: u64,
    /// Requests with too long a body.
    pub too_large: u64,
    /// Requests whose body did not arrive in time, or broke off.
    pub unfinished: u64,
    /// Connections that could not be accepted, or were closed at once because every connection in
    /// their peer's share was storing a delivery.
    pub unaccepted: u64,
    /// Connections that were closed to make room for a newer one.
    pub evicted: u64,
    /// Connections that were closed because no whole head arrived in time (also after the last
    /// answer, so idle connections count), because an answer was not read in time, or because they
    /// did not end after their life was over.
    pub slow: u64,
}

/// One number that grows.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    count: AtomicU64,
}

impl Counter {
    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The numbers themselves; see [`Counters`].
#[derive(Debug, Default)]
pub(crate) struct Tallied {
    pub(crate) received: Counter,
    pub(crate) stored: Counter,
    pub(crate) duplicates: Counter,
    pub(crate) unreadable: Counter,
    pub(crate) refused: Counter,
    pub(crate) foreign: Counter,
    pub(crate) failed: Counter,
    pub(crate) misdirected: Counter,
    pub(crate) wrong_method: Counter,
    pub(crate) too_large: Counter,
    pub(crate) unfinished: Counter,
    pub(crate) unaccepted: Counter,
    pub(crate) evicted: Counter,
    pub(crate) slow: Counter,
    recent: Mutex<Recent>,
    by_reason: Mutex<BTreeMap<(AccountName, &'static str), Refused>>,
}

/// A signature is missing or wrong.
pub(crate) const FORGED: &str = "signature missing or wrong";

/// It proves nothing and names no order of ours.
pub(crate) const FOREIGN: &str = "names no order of this account";

impl Tallied {
    /// Counts a delivery that is in the inbox as `id`.
    pub(crate) fn add_stored(&self, id: InboxId) {
        self.stored.add();
        if self.recent.lock().unwrap_or_else(PoisonError::into_inner).is_repeat(id) {
            self.duplicates.add();
        }
    }

    /// Counts a delivery of which nothing is kept.
    pub(crate) fn refuse(&self, account: &AccountName, reason: &'static str, at: Timestamp) {
        match reason {
            FOREIGN => self.foreign.add(),
            _ => self.refused.add(),
        }
        let mut by_reason = self.by_reason.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = by_reason.entry((account.clone(), reason)).or_insert_with(|| Refused {
            account: account.clone(),
            reason: reason.to_owned(),
            count: 0,
            last_at: at,
        });
        refused.count += 1;
        refused.last_at = at;
    }

    pub(crate) fn take_refused(&self) -> Vec<Refused> {
        let mut by_reason = self.by_reason.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *by_reason).into_values().collect()
    }

    pub(crate) fn read(&self) -> Counters {
        Counters {
            received: self.received.read(),
            stored: self.stored.read(),
            duplicates: self.duplicates.read(),
            unreadable: self.unreadable.read(),
            refused: self.refused.read(),
            foreign: self.foreign.read(),
            failed: self.failed.read(),
            misdirected: self.misdirected.read(),
            wrong_method: self.wrong_method.read(),
            too_large: self.too_large.read(),
            unfinished: self.unfinished.read(),
            unaccepted: self.unaccepted.read(),
            evicted: self.evicted.read(),
            slow: self.slow.read(),
        }
    }
}

/// The inbox tells a repeat only by giving the number that the first copy had.
#[derive(Debug, Default)]
struct Recent {
    order: VecDeque<InboxId>,
    ids: HashSet<InboxId>,
}

const RECENT_MAX: usize = 4096;

impl Recent {
    fn is_repeat(&mut self, id: InboxId) -> bool {
        if !self.ids.insert(id) {
            return true;
        }
        self.order.push_back(id);
        if self.order.len() > RECENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_are_remembered() {
        let mut recent = Recent::default();
        assert!(!recent.is_repeat(InboxId(0)));
        assert!(recent.is_repeat(InboxId(0)));
        for number in 1..=RECENT_MAX as u64 {
            assert!(!recent.is_repeat(InboxId(number)));
        }
        assert!(!recent.is_repeat(InboxId(0)), "the oldest was forgotten");
        assert_eq!((recent.order.len(), recent.ids.len()), (RECENT_MAX, RECENT_MAX));
    }
}
