//! How often an account may send, query and act on hints. Turns are taken before anything is
//! claimed.

use std::{collections::BTreeMap, time::Duration};

use pagos_core::{AccountName, Timestamp};

/// What a rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limited {
    /// New payouts.
    Sends,
    /// Queries about payouts and payments.
    Queries,
    /// Hints that become queries.
    Hints,
}

/// The turns of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    accounts: BTreeMap<AccountName, BTreeMap<Limited, Turns>>,
}

/// When an account may do one thing next.
#[derive(Debug, Clone, Copy, Default)]
struct Turns {
    /// In microseconds, which rates above a thousand a second need.
    next_us: i64,
    pause: Option<Pause>,
}

/// The provider asked for a pause.
#[derive(Debug, Clone, Copy)]
struct Pause {
    from: Timestamp,
    until: Timestamp,
}

impl Pause {
    /// Whether it lasts. A clock that was set back must not lengthen it.
    fn is_on(self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// Unused turns may be made up for this long, so that a loop that wakes late keeps the rate.
const BURST_US: i64 = 100_000;

const SECOND_US: i64 = 1_000_000;

impl Rates {
    /// Takes up to `most` turns of an account whose rate for `what` is given per second.
    pub(crate) fn take(
        &mut self,
        account: &AccountName,
        what: Limited,
        rate_max: Option<u32>,
        now: Timestamp,
        most: usize,
    ) -> usize {
        let turns = self.turns(account, what);
        if turns.pause.is_some_and(|pause| pause.is_on(now)) {
            return 0;
        }
        let Some(rate_max) = rate_max else { return most };
        let (spacing_us, now_us) = (spacing_us(rate_max), micros(now));
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
        what: Limited,
        rate_max: Option<u32>,
        unused: usize,
    ) {
        if let Some(rate_max) = rate_max {
            self.turns(account, what).next_us -= spacing_us(rate_max) * signed(unused);
        }
    }

    /// Gives the account no turn for `wait`, since the provider asked for a pause.
    pub(crate) fn pause(
        &mut self,
        account: &AccountName,
        what: Limited,
        now: Timestamp,
        wait: Duration,
    ) {
        let turns = self.turns(account, what);
        let before = turns.pause.filter(|pause| pause.is_on(now)).map(|pause| pause.until);
        // Several queries may be answered at once: the longest wait holds.
        let until = before.into_iter().fold(now.plus(wait), Timestamp::max);
        turns.pause = Some(Pause { from: now, until });
    }

    /// Whether a pause that the provider asked for still lasts.
    pub(crate) fn is_quiet(
        &mut self,
        account: &AccountName,
        what: Limited,
        now: Timestamp,
    ) -> bool {
        self.turns(account, what).pause.is_some_and(|pause| pause.is_on(now))
    }

    /// When the account's next turn is.
    pub(crate) fn next_at(
        &self,
        account: &AccountName,
        what: Limited,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let turns = self.accounts.get(account)?.get(&what)?;
        let next_at = Timestamp::from_millis(turns.next_us.div_euclid(1_000) + 1);
        let pause = turns.pause.filter(|pause| pause.is_on(now));
        Some(pause.map_or(next_at, |pause| next_at.max(pause.until)))
    }

    fn turns(&mut self, account: &AccountName, what: Limited) -> &mut Turns {
        self.accounts.entry(account.clone()).or_default().entry(what).or_default()
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
                .map(|beat| {
                    rates.take(&account(), Limited::Sends, Some(rate), at(beat * beat_ms), 64)
                })
                .sum();
            let wanted = 60 * usize::try_from(rate).unwrap();
            assert!(sent <= wanted + 1 + wanted / 600, "{sent} at rate {rate}");
            assert!(sent * 100 >= wanted * 95, "{sent} of {wanted} at rate {rate}");
        }
    }

    #[test]
    fn turns_that_were_not_used_are_given_back() {
        let mut rates = Rates::default();
        assert_eq!(rates.take(&account(), Limited::Sends, Some(1), at(0), 5), 1);
        assert_eq!(rates.take(&account(), Limited::Sends, Some(1), at(0), 5), 0);
        rates.give_back(&account(), Limited::Sends, Some(1), 1);
        assert_eq!(rates.take(&account(), Limited::Sends, Some(1), at(0), 5), 1);
        assert_eq!(rates.next_at(&account(), Limited::Sends, at(0)).unwrap(), at(901));
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nobody() {
        let mut rates = Rates::default();
        assert_eq!(rates.take(&account(), Limited::Sends, Some(2), at(3_600_000), 1), 1);
        assert_eq!(rates.take(&account(), Limited::Sends, Some(2), at(0), 1), 0);
        assert_eq!(rates.take(&account(), Limited::Sends, Some(2), at(500), 1), 1);
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        assert_eq!(Rates::default().take(&account(), Limited::Sends, None, at(0), 9), 9);
    }

    #[test]
    fn what_one_thing_takes_the_other_keeps() {
        let mut rates = Rates::default();
        for what in [Limited::Sends, Limited::Queries, Limited::Hints] {
            assert_eq!(rates.take(&account(), what, Some(1), at(0), 5), 1, "{what:?}");
            assert_eq!(rates.take(&account(), what, Some(1), at(0), 5), 0, "{what:?}");
        }
    }

    #[test]
    fn a_provider_that_asks_for_quiet_gets_it_and_no_longer() {
        let mut rates = Rates::default();
        let take = |rates: &mut Rates, rate_max, ms| {
            rates.take(&account(), Limited::Queries, rate_max, at(ms), 3)
        };
        rates.pause(&account(), Limited::Queries, at(0), Duration::from_secs(9));
        rates.pause(&account(), Limited::Queries, at(0), Duration::from_secs(1));
        for rate_max in [None, Some(5)] {
            assert_eq!(take(&mut rates, rate_max, 0), 0);
            assert_eq!(take(&mut rates, rate_max, 8_999), 0);
        }
        assert_eq!(rates.next_at(&account(), Limited::Queries, at(0)), Some(at(9_000)));
        let quiet =
            [0, 8_999, 9_000].map(|ms| rates.is_quiet(&account(), Limited::Queries, at(ms)));
        assert_eq!(quiet, [true, true, false]);
        assert_eq!(rates.take(&account(), Limited::Sends, None, at(0), 3), 3, "sends go on");
        assert_eq!(take(&mut rates, None, -1), 3, "the clock was set back");
        assert_eq!(take(&mut rates, None, 9_000), 3);
        assert!(take(&mut rates, Some(5), 9_000) > 0);
    }
}
