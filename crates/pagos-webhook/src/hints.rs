//! Limits how many hints are looked up in the store: a rate per second for each account, and a
//! burst.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use pagos_core::{AccountName, Timestamp};

/// Token buckets, one for each account, that start full.
#[derive(Debug)]
pub(crate) struct HintBudget {
    /// Thousandths of a hint that are added per millisecond.
    per_ms: u64,
    most: u64,
    buckets: Mutex<BTreeMap<AccountName, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// In thousandths of a hint.
    filled: u64,
    at: Timestamp,
}

/// One hint, in thousandths.
const ONE: u64 = 1_000;

impl HintBudget {
    pub(crate) fn new(per_second_max: u32, burst_max: u32) -> Self {
        let burst_max = burst_max.max(u32::from(per_second_max > 0));
        let burst_max = if per_second_max == 0 { 0 } else { burst_max };
        Self {
            per_ms: u64::from(per_second_max),
            most: u64::from(burst_max) * ONE,
            buckets: Mutex::default(),
        }
    }

    /// Whether one more hint of this account may be looked up.
    pub(crate) fn take(&self, account: &AccountName, now: Timestamp) -> bool {
        // The guarded value is whole, since nothing panics while it holds the lock.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { filled: self.most, at: now };
        let bucket = match buckets.get_mut(account) {
            Some(bucket) => bucket,
            None => buckets.entry(account.clone()).or_insert(full),
        };
        // A clock that was set back adds nothing now, and blocks no later hints.
        let passed_ms = u64::try_from(now.since(bucket.at).as_millis()).unwrap_or(u64::MAX);
        let brought = passed_ms.saturating_mul(self.per_ms);
        bucket.filled = bucket.filled.saturating_add(brought).min(self.most);
        bucket.at = now;
        let is_there = bucket.filled >= ONE;
        if is_there {
            bucket.filled -= ONE;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> AccountName {
        AccountName::new(name).unwrap()
    }

    fn taken(budget: &HintBudget, name: &str, ms: i64, count: usize) -> usize {
        let now = Timestamp::from_millis(1_000_000 + ms);
        (0..count).filter(|_| budget.take(&account(name), now)).count()
    }

    #[test]
    fn a_burst_is_taken_and_then_the_rate_of_each_account() {
        let budget = HintBudget::new(50, 500);
        assert_eq!(taken(&budget, "a", 0, 1_000), 500);
        assert_eq!(taken(&budget, "b", 0, 1_000), 500, "another account has its own");
        assert_eq!(taken(&budget, "a", 19, 10), 0);
        assert_eq!(taken(&budget, "a", 20, 10), 1);
        let a_minute: usize = (0..6_000).map(|beat| taken(&budget, "a", 20 + beat * 10, 70)).sum();
        assert!((2_990..=3_001).contains(&a_minute), "{a_minute}");
        assert_eq!(taken(&budget, "a", 3_600_000, 1_000), 500, "and no more after a quiet hour");
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nobody() {
        let budget = HintBudget::new(10, 1);
        assert_eq!(taken(&budget, "a", 3_600_000, 2), 1);
        assert_eq!(taken(&budget, "a", 0, 2), 0);
        assert_eq!(taken(&budget, "a", 100, 2), 1);
    }

    #[test]
    fn without_a_rate_no_hint_is_taken() {
        assert_eq!(taken(&HintBudget::new(0, 500), "a", 0, 5), 0);
        assert_eq!(taken(&HintBudget::new(1, 0), "a", 0, 5), 1, "a rate wants room for one");
    }
}
