//! How often an account may send: turns, taken before anything is claimed. No waiting and no clock.

use std::collections::BTreeMap;

use pagos_core::AccountName;
use pagos_core::Timestamp;

/// The turns of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    accounts: BTreeMap<AccountName, Turns>,
}

/// When one account may send next.
#[derive(Debug, Clone, Copy, Default)]
struct Turns {
    /// In microseconds, since a rate above a thousand a second needs them.
    next_us: i64,
}

/// Turns that were not used may be made up for this long, so that a loop that wakes late keeps the
/// rate.
const BURST_US: i64 = 100_000;

const SECOND_US: i64 = 1_000_000;

impl Rates {
    /// Takes up to `most` turns of an account that may send `rate_max` times a second.
    pub(crate) fn take(
        &mut self,
        account: &AccountName,
        rate_max: Option<u32>,
        now: Timestamp,
        most: usize,
    ) -> usize {
        let Some(rate_max) = rate_max else { return most };
        let (spacing_us, now_us) = (spacing_us(rate_max), micros(now));
        let turns = self.accounts.entry(account.clone()).or_default();
        // A clock that was set back must not silence the account until it has caught up.
        let next_us = turns.next_us.min(now_us + spacing_us).max(now_us - BURST_US);
        if next_us > now_us || most == 0 {
            turns.next_us = next_us;
            return 0;
        }
        let there = 1 + (now_us - next_us) / spacing_us;
        let taken = usize::try_from(there).unwrap_or(usize::MAX).min(most);
        turns.next_us = next_us + spacing_us * signed(taken);
        taken
    }

    /// Gives back turns that were taken and not used.
    pub(crate) fn give_back(
        &mut self,
        account: &AccountName,
        rate_max: Option<u32>,
        unused: usize,
    ) {
        if let (Some(rate_max), Some(turns)) = (rate_max, self.accounts.get_mut(account)) {
            turns.next_us -= spacing_us(rate_max) * signed(unused);
        }
    }

    /// When the account's next turn is.
    pub(crate) fn next_at(&self, account: &AccountName) -> Option<Timestamp> {
        let turns = self.accounts.get(account)?;
        Some(Timestamp::from_millis(turns.next_us.div_euclid(1_000) + 1))
    }
}

fn spacing_us(rate_max: u32) -> i64 {
    (SECOND_US / i64::from(rate_max.max(1))).max(1)
}

fn micros(moment: Timestamp) -> i64 {
    moment.as_millis().saturating_mul(1_000)
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountName {
        AccountName::new("bank").unwrap()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + ms)
    }

    #[test]
    fn truth_14_a_rate_is_kept_and_used_up_whatever_the_loop_does() {
        for (rate, beat_ms) in [(1, 7), (5, 50), (50, 5), (1_000, 50), (3, 90)] {
            let mut rates = Rates::default();
            let sent: usize = (0..60_000 / beat_ms)
                .map(|beat| rates.take(&account(), Some(rate), at(beat * beat_ms), 64))
                .sum();
            let wanted = 60 * usize::try_from(rate).unwrap();
            assert!(sent <= wanted + 1 + wanted / 600, "{sent} at rate {rate}");
            assert!(sent * 100 >= wanted * 95, "{sent} of {wanted} at rate {rate}");
        }
    }

    #[test]
    fn turns_that_were_not_used_are_given_back() {
        let mut rates = Rates::default();
        assert_eq!(rates.take(&account(), Some(1), at(0), 5), 1);
        assert_eq!(rates.take(&account(), Some(1), at(0), 5), 0);
        rates.give_back(&account(), Some(1), 1);
        assert_eq!(rates.take(&account(), Some(1), at(0), 5), 1);
        assert_eq!(rates.next_at(&account()).unwrap(), at(901));
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nobody() {
        let mut rates = Rates::default();
        assert_eq!(rates.take(&account(), Some(2), at(3_600_000), 1), 1);
        assert_eq!(rates.take(&account(), Some(2), at(0), 1), 0);
        assert_eq!(rates.take(&account(), Some(2), at(500), 1), 1);
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        assert_eq!(Rates::default().take(&account(), None, at(0), 9), 9);
    }
}
