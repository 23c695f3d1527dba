//! What the receiver counts, since it logs nothing. Numbers only: no account, path or content.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use pagos_core::{AccountName, Timestamp};
use pagos_engine::{InboxId, Refused};

/// One list makes the numbers that are counted, and the snapshot of them.
macro_rules! counters {
    ($($(#[$says:meta])* $name:ident,)*) => {
        /// What happened so far. The snapshot's numbers may be a request apart from each other.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$says])* pub $name: u64,)*
        }

        /// The numbers themselves; see [`Counters`].
        #[derive(Debug, Default)]
        pub(crate) struct Tallied {
            $(pub(crate) $name: Counter,)*
            recent: Mutex<Recent>,
            by_reason: Mutex<BTreeMap<(Option<AccountName>, &'static str), Refused>>,
        }

        impl Tallied {
            pub(crate) fn read(&self) -> Counters {
                Counters { $($name: self.$name.read(),)* }
            }
        }
    };
}

impl Counters {
    /// What a stranger may know: what was not taken, and how much was unsigned.
    pub(crate) fn not_taken(&self) -> [(&'static str, u64); 11] {
        [
            ("unsigned", self.hints + self.foreign),
            ("refused", self.refused),
            ("over_budget", self.over_budget),
            ("failed", self.failed),
            ("misdirected", self.misdirected),
            ("wrong_method", self.wrong_method),
            ("too_large", self.too_large),
            ("unfinished", self.unfinished),
            ("unaccepted", self.unaccepted),
            ("evicted", self.evicted),
            ("slow", self.slow),
        ]
    }
}

counters! {
    /// Deliveries that arrived whole at an endpoint.
    received,
    /// Verified deliveries that were durable when they were acknowledged, repeats included.
    stored,
    /// Of those, repeats of one of the last few thousand.
    duplicates,
    /// Of those, genuine ones that could not be read. They wait in the inbox for a person.
    unreadable,
    /// Deliveries whose signature was missing or wrong. Nothing of them was kept.
    refused,
    /// Hints about an order of ours, each noted in the one small row of that order.
    hints,
    /// Hints about nothing of ours. Nothing of them was kept.
    foreign,
    /// Hints that came too fast. Nobody looked at them.
    over_budget,
    /// Deliveries that the store did not take, or not in time. The provider sends them again.
    failed,
    /// Requests for a path that is no endpoint's.
    misdirected,
    /// Requests with another method than POST.
    wrong_method,
    /// Requests with too long a body.
    too_large,
    /// Requests whose body did not arrive in time, or broke off.
    unfinished,
    /// Connections that could not be accepted, or were closed at once because every connection in
    /// their peer's share was storing a delivery.
    unaccepted,
    /// Connections that were closed to make room for a newer one.
    evicted,
    /// Connections that were closed because an answer was not read in time, because they did not end
    /// after their life was over, or because no whole head arrived in time on one that never brought a
    /// verified delivery.
    slow,
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

/// A signature is missing or wrong.
pub(crate) const FORGED: &str = "signature missing or wrong";

/// It proves nothing and names no order of ours.
pub(crate) const FOREIGN: &str = "unsigned, and names no order of this account";

/// It proves nothing, and too many of its kind came.
pub(crate) const OVER_BUDGET: &str = "unsigned, and more than the account takes a second";

/// The path is no endpoint's, perhaps for want of its segment.
pub(crate) const MISDIRECTED: &str = "a path that is no account's";

/// Not a POST.
pub(crate) const WRONG_METHOD: &str = "not a POST";

/// The body is longer than the limit.
pub(crate) const TOO_LARGE: &str = "a body longer than the limit";

/// The body did not arrive in time.
pub(crate) const UNFINISHED: &str = "a body that did not arrive whole in time";

/// The connection gave its place to a newer one.
pub(crate) const EVICTED: &str = "closed to make room for a newer one";

/// The connection idled, or its client was too slow.
pub(crate) const SLOW: &str = "idle, slow, or not reading";

/// The connection could not be accepted.
pub(crate) const UNACCEPTED: &str = "no place, or not accepted by the system";

/// The store failed, or took too long. The provider sends it again.
pub(crate) const NOT_STORED: &str = "the database did not take it in time";

impl Tallied {
    /// Counts a delivery that is in the inbox as `id`.
    pub(crate) fn add_stored(&self, id: InboxId) {
        self.stored.add();
        if self.recent.lock().unwrap_or_else(PoisonError::into_inner).is_repeat(id) {
            self.duplicates.add();
        }
    }

    /// Counts what was not taken, for people. An account, or the receiver as a whole.
    pub(crate) fn refuse(
        &self,
        account: Option<&AccountName>,
        reason: &'static str,
        at: Timestamp,
    ) {
        let mut by_reason = self.by_reason.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (account.cloned(), reason);
        let refused = by_reason.entry(name).or_insert_with(|| Refused {
            account: account.cloned(),
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
