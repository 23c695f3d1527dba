//! What goes wrong, how often, and for whom: drawn from a seed or ordered by key.
//! Not what a fault does; each twin acts it out in its own protocol.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::random::{Span, SplitMix64};

mod kind;
mod profile;

pub use kind::{Fault, Occasion};
pub use profile::{Profile, ProfileError};

/// One fault that is ordered for one key, whatever the rates say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The merchant's number of the order.
    pub key: String,
    /// What happens to it.
    pub fault: Fault,
    /// How many times; 1 if absent.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

/// Rates that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rates of occasion {occasion:?} add up to {sum} per mille; at most 1000 is possible")]
pub struct RatesError {
    /// Where they add up.
    pub occasion: Occasion,
    /// What they add up to.
    pub sum: u32,
}

/// The faults in force in one twin.
///
/// At most one fault meets one occasion. Which one depends only on the seed, the occasion, the
/// order's key and how many such occasions the key has had: neither the time nor the traffic of
/// other orders has a say.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    seed: u64,
    rates: BTreeMap<Fault, u16>,
    triggers: BTreeMap<String, Vec<Trigger>>,
    met: BTreeMap<Fault, u64>,
}

impl Faults {
    /// Faults of a profile.
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self { seed, rates: profile.rates(), ..Self::default() }
    }

    /// The seed of every draw.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Starts another sequence of draws.
    pub const fn reseed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Rates in per mille of the fault's occasion; what is absent never happens.
    #[must_use]
    pub const fn rates(&self) -> &BTreeMap<Fault, u16> {
        &self.rates
    }

    /// Replaces every rate.
    ///
    /// # Errors
    /// [`RatesError`] if the rates of one occasion exceed 1000 per mille; nothing changes then.
    pub fn replace_rates(&mut self, rates: BTreeMap<Fault, u16>) -> Result<(), RatesError> {
        for occasion in Occasion::ALL {
            let sum = rates
                .iter()
                .filter(|(fault, _)| fault.occasion() == occasion)
                .map(|(_, rate)| u32::from(*rate))
                .sum();
            if sum > 1_000 {
                return Err(RatesError { occasion, sum });
            }
        }
        self.rates = rates;
        Ok(())
    }

    /// Orders a fault for a key.
    pub fn trigger(&mut self, trigger: Trigger) {
        if trigger.times > 0 {
            self.triggers.entry(trigger.key.clone()).or_default().push(trigger);
        }
    }

    /// How often each fault has happened so far.
    #[must_use]
    pub const fn met(&self) -> &BTreeMap<Fault, u64> {
        &self.met
    }

    /// Whether anything can go wrong at all.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.rates.is_empty() && self.triggers.is_empty()
    }

    /// The fault that was ordered for this key and occasion, if any; uses it up.
    pub(crate) fn take_trigger(&mut self, occasion: Occasion, key: &str) -> Option<Fault> {
        let triggers = self.triggers.get_mut(key)?;
        let position = triggers.iter().position(|it| it.fault.occasion() == occasion)?;
        let trigger = triggers.get_mut(position)?;
        let fault = trigger.fault;
        trigger.times -= 1;
        if trigger.times == 0 {
            triggers.remove(position);
        }
        if triggers.is_empty() {
            self.triggers.remove(key);
        }
        self.note(fault);
        Some(fault)
    }

    /// The fault that chance has for this occasion, if any.
    pub(crate) fn draw(&mut self, occasion: Occasion, key: &str, nth: u32) -> Option<Fault> {
        let roll = self.chance(occasion.name(), key, nth).below(1_000);
        let mut reached = 0;
        let mut drawn = None;
        for (fault, rate) in self.rates.iter().filter(|(fault, _)| fault.occasion() == occasion) {
            reached += u64::from(*rate);
            if roll < reached {
                drawn = Some(*fault);
                break;
            }
        }
        if let Some(fault) = drawn {
            self.note(fault);
        }
        drawn
    }

    /// A trigger if there is one, otherwise what chance says.
    pub(crate) fn meet(&mut self, occasion: Occasion, key: &str, nth: u32) -> Option<Fault> {
        self.take_trigger(occasion, key).or_else(|| self.draw(occasion, key, nth))
    }

    /// A duration that depends on the seed and the arguments only.
    pub(crate) fn wait(&self, name: &str, key: &str, nth: u32, span: Span) -> std::time::Duration {
        self.chance(name, key, nth).within(span)
    }

    pub(crate) fn chance(&self, name: &str, key: &str, nth: u32) -> SplitMix64 {
        SplitMix64::for_occasion(self.seed, name, key, nth)
    }

    /// Counts a fault that was asked for in another way (a remark).
    pub(crate) fn note(&mut self, fault: Fault) {
        *self.met.entry(fault).or_insert(0) += 1;
    }

    /// No rates, no triggers, no counts; the seed stays.
    pub(crate) fn clear(&mut self) {
        *self = Self { seed: self.seed, ..Self::default() };
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hostile_rates_come_out_as_promised() {
        let mut faults = Faults::new(Profile::Hostile, 42);
        let tries = 20_000_u64;
        for (occasion, promised) in [
            (Occasion::Create, 250_u64),
            (Occasion::Query, 100),
            (Occasion::Webhook, 200),
            (Occasion::Listing, 100),
        ] {
            let met = (0..tries)
                .filter(|nth| faults.draw(occasion, &format!("key-{nth}"), 0).is_some())
                .count() as u64;
            let per_mille = met * 1_000 / tries;
            assert!(per_mille.abs_diff(promised) <= 12, "{occasion:?}: {per_mille}, seed 42");
        }
        let reversals = (0..tries)
            .filter_map(|nth| faults.draw(Occasion::Life, &format!("key-{nth}"), 0))
            .filter(|it| matches!(it, Fault::SuccessThenFail | Fault::FailThenSuccess))
            .count() as u64;
        assert!((reversals * 1_000 / tries).abs_diff(20) <= 4, "{reversals} of {tries}, seed 42");
        assert_eq!(faults.met().len(), profile::HOSTILE.len(), "every fault came up");
    }

    #[test]
    fn a_draw_depends_on_seed_key_and_count_only() {
        let mut one = Faults::new(Profile::Hostile, 7);
        let mut two = Faults::new(Profile::Hostile, 7);
        for nth in 0..500 {
            two.draw(Occasion::Query, "noise", nth);
            let key = format!("k{nth}");
            let drawn = one.draw(Occasion::Create, &key, 0);
            assert_eq!(drawn, two.draw(Occasion::Create, &key, 0));
        }
    }

    #[test]
    fn triggers_win_and_run_out() {
        let mut faults = Faults::default();
        assert!(faults.is_quiet());
        let trigger = |fault, times| Trigger { key: "k".into(), fault, times };
        faults.trigger(trigger(Fault::QueryLost, 2));
        faults.trigger(trigger(Fault::LateApply, 1));
        faults.trigger(trigger(Fault::Torn, 0));
        assert_eq!(faults.meet(Occasion::Create, "k", 0), Some(Fault::LateApply));
        assert_eq!(faults.meet(Occasion::Create, "k", 1), None);
        assert_eq!(faults.meet(Occasion::Query, "other", 0), None);
        assert_eq!(faults.meet(Occasion::Query, "k", 0), Some(Fault::QueryLost));
        assert_eq!(faults.meet(Occasion::Query, "k", 1), Some(Fault::QueryLost));
        assert_eq!(faults.meet(Occasion::Query, "k", 2), None);
        assert!(faults.is_quiet());
        assert_eq!(faults.met().get(&Fault::QueryLost), Some(&2));
    }

    #[test]
    fn rates_above_the_whole_are_refused() {
        let mut faults = Faults::default();
        let rates = BTreeMap::from([(Fault::LoseRequest, 600), (Fault::Torn, 500)]);
        let refused = faults.replace_rates(rates).unwrap_err();
        assert_eq!(refused, RatesError { occasion: Occasion::Create, sum: 1_100 });
        assert!(faults.is_quiet());
    }
}
