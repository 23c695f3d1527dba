//! The receiver's counters. They contain no account, path or
//! content.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use pagos_core::{AccountName, Timestamp};
use pagos_engine::{InboxId, Refused};

/// One list defines the counters and their snapshot.
macro_rules! counters {
    ($($(#[$says:meta])* $name:ident,)*) => {
        /// What happened so far. The numbers of a snapshot may differ by a request.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$says])* pub $name: u64,)*
        }

        /// The live counters; see [`Counters`].
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
    /// The numbers that a stranger may see: what was not accepted, and how many deliveries were
    /// unsigned.
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
    /// Deliveries that arrived in full at an endpoint.
    received,
    /// Verified deliveries that were durable when they were acknowledged, including repeats.
    stored,
    /// Of those, repeats of one of the last few thousand.
    duplicates,
    /// Of those, genuine ones that could not be read. They wait in the inbox for a person.
    unreadable,
    /// Deliveries whose signature was missing or wrong. They were not stored.
    refused,
    /// Hints about one of our orders, each noted in the one small row of that order.
    hints,
    /// Hints about no order of ours. They were not stored.
    foreign,
    /// Hints above the rate. They were dropped unread.
    over_budget,
    /// Deliveries that the store did not accept, or not in time. The provider sends them again.
    failed,
    /// Requests for a path that belongs to no endpoint.
    misdirected,
    /// Requests with another method than POST.
    wrong_method,
    /// Requests with a body that is too long.
    too_large,
    /// Requests whose body did not arrive in time, or was cut off.
    unfinished,
    /// Connections that could not be accepted, or were closed at once because every connection in
    /// their peer's share was storing a delivery.
    unaccepted,
    /// Connections that were closed to make room for a newer one.
    evicted,
    /// Connections that were closed because a response was not read in time, because they did not
    /// end after their life was over, or because no complete head arrived in time on one that never
    /// brought a verified delivery.
    slow,
}

/// A counter.
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

/// It is a hint and names no order of ours.
pub(crate) const FOREIGN: &str = "unsigned, and names no order of this account";

/// It is a hint, and too many hints came.
pub(crate) const OVER_BUDGET: &str = "unsigned, and more than the account takes a second";

/// The path belongs to no endpoint; perhaps its segment is missing.
pub(crate) const MISDIRECTED: &str = "a path that is no account's";

/// Not a POST.
pub(crate) const WRONG_METHOD: &str = "not a POST";

/// The body is longer than the limit.
pub(crate) const TOO_LARGE: &str = "a body longer than the limit";

/// The body did not arrive in time.
pub(crate) const UNFINISHED: &str = "a body that did not arrive whole in time";

/// The connection gave its place to a newer one.
pub(crate) const EVICTED: &str = "closed to make room for a newer one";

/// The connection was idle, or its client was too slow.
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

    /// Counts a refusal of an account, or of the receiver as a whole, for the report to the
    /// operator.
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

/// Remembers recent numbers: the inbox shows a repeat only by returning the number of the first
/// copy.
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
