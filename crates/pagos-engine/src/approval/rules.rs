//! The rules that say from which amount on a run needs approval, and by how many people. Pure: what
//! a run weighs is computed in `content.rs`.

use std::num::NonZeroU32;

use pagos_core::{Currency, Error, Money};

/// What a rule compares with its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// The largest payout of the run.
    Payout,
    /// The sum of the run.
    Run,
    /// The sum of everything that was released on that day, with the run.
    Day,
}

impl Measure {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Payout => "payout",
            Self::Run => "run",
            Self::Day => "day",
        }
    }

    /// All measures.
    pub const ALL: [Self; 3] = [Self::Payout, Self::Run, Self::Day];
}

/// One rule: more than so much needs so many approvers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What is compared.
    pub of: Measure,
    /// An amount above this one needs approval; exactly this amount does not.
    pub over: Money,
    /// How many people must approve, none of whom submitted the run.
    pub approvers: NonZeroU32,
}

impl Rule {
    /// A rule.
    ///
    /// # Errors
    /// `Invalid` if nobody is to approve, or if the amount is negative.
    pub fn new(of: Measure, over: Money, approvers: u32) -> Result<Self, Error> {
        if over.minor < 0 {
            return Err(Error::invalid("over").because(format!("{over} is less than nothing")));
        }
        let none = || Error::invalid("approvers").because("a rule needs at least one approver");
        Ok(Self { of, over, approvers: NonZeroU32::new(approvers).ok_or_else(none)? })
    }

    fn is_met_by(&self, weight: Weight) -> bool {
        weight.of(self.of) > i128::from(self.over.minor)
    }
}

/// The rules of one account. Without any, nothing needs approval.
///
/// ```
/// use pagos_core::{Currency, Money};
/// use pagos_engine::{Approvals, Measure, Rule, Weight};
///
/// let million = Money::new(1_000_000, Currency::Clp);
/// let approvals = Approvals::new(vec![Rule::new(Measure::Payout, million, 2)?]);
/// let weight = Weight { largest_minor: 1_000_001, sum_minor: 2_000_001, day_minor: 0 };
/// assert_eq!(approvals.needed(Currency::Clp, weight), 2);
/// // No rule speaks of this currency, so the strictest one decides.
/// assert_eq!(approvals.needed(Currency::Cop, Weight::default()), 2);
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals {
    rules: Vec<Rule>,
}

/// What a run weighs in one account and currency, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// Its largest payout.
    pub largest_minor: i64,
    /// The sum of its payouts.
    pub sum_minor: i128,
    /// The sum of what other runs released on that day.
    pub day_minor: i128,
}

impl Approvals {
    /// The rules of an account.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether nothing ever needs approval.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule looks at the sum of a day.
    pub fn counts_days(&self) -> bool {
        self.rules.iter().any(|rule| rule.of == Measure::Day)
    }

    /// How many people must approve payouts in `currency` of this weight; 0 for nobody.
    pub fn needed(&self, currency: Currency, weight: Weight) -> u32 {
        self.needed_by(&Measure::ALL, currency, weight)
    }

    /// The rules because of which payouts in `currency` of this weight need approval: the strictest
    /// of all, if none is about this currency.
    pub fn met(&self, currency: Currency, weight: Weight) -> Vec<Rule> {
        let needed = self.needed(currency, weight);
        let is_named = self.rules.iter().any(|rule| rule.over.currency == currency);
        let is_met = |rule: &&Rule| match is_named {
            true => rule.over.currency == currency && rule.is_met_by(weight),
            false => rule.approvers.get() == needed,
        };
        self.rules.iter().filter(is_met).copied().collect()
    }

    /// How many people must approve that one payout of `amount` is sent once more: as many as for a run
    /// of that payout alone, on a day on which nothing else was released.
    pub fn needed_for_payout(&self, amount: Money) -> u32 {
        let (largest_minor, sum_minor) = (amount.minor, i128::from(amount.minor));
        let weight = Weight { largest_minor, sum_minor, day_minor: 0 };
        self.needed_by(&[Measure::Payout, Measure::Run, Measure::Day], amount.currency, weight)
    }

    fn needed_by(&self, measures: &[Measure], currency: Currency, weight: Weight) -> u32 {
        let most = |rules: &mut dyn Iterator<Item = &Rule>| -> u32 {
            rules.map(|rule| rule.approvers.get()).max().unwrap_or(0)
        };
        // Whoever wrote the rules did not think of this currency.
        if !self.rules.iter().any(|rule| rule.over.currency == currency) {
            return most(&mut self.rules.iter());
        }
        let of_currency = self.rules.iter().filter(|rule| rule.over.currency == currency);
        let measured = of_currency.filter(|rule| measures.contains(&rule.of));
        most(&mut measured.filter(|rule| rule.is_met_by(weight)))
    }
}

impl Weight {
    fn of(self, measure: Measure) -> i128 {
        match measure {
            Measure::Payout => i128::from(self.largest_minor),
            Measure::Run => self.sum_minor,
            Measure::Day => self.day_minor.saturating_add(self.sum_minor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(of: Measure, over: i64, approvers: u32) -> Rule {
        Rule::new(of, Money::new(over, Currency::Clp), approvers).unwrap()
    }

    fn weight(largest: i64, sum: i128, day: i128) -> Weight {
        Weight { largest_minor: largest, sum_minor: sum, day_minor: day }
    }

    #[test]
    fn a_rule_is_met_by_more_than_its_amount() {
        let approvals = Approvals::new(vec![
            rule(Measure::Payout, 100, 1),
            rule(Measure::Run, 1_000, 2),
            rule(Measure::Day, 5_000, 3),
        ]);
        for (weight, needed) in [
            (weight(100, 1_000, 4_000), 0),
            (weight(101, 1_000, 4_000), 1),
            (weight(100, 1_001, 0), 2),
            (weight(101, 1_001, 0), 2),
            (weight(1, 1, 5_000), 3),
            (weight(i64::MAX, i128::MAX, i128::MAX), 3),
        ] {
            assert_eq!(approvals.needed(Currency::Clp, weight), needed, "{weight:?}");
            for currency in [Currency::Clp, Currency::Cop] {
                let met = approvals.met(currency, weight);
                let most = met.iter().map(|rule| rule.approvers.get()).max().unwrap_or(0);
                assert_eq!(most, approvals.needed(currency, weight), "{weight:?}");
            }
        }
    }

    #[test]
    fn a_currency_that_no_rule_names_needs_the_strictest() {
        let approvals =
            Approvals::new(vec![rule(Measure::Payout, 100, 1), rule(Measure::Day, 100, 3)]);
        assert_eq!(approvals.needed(Currency::Cop, weight(1, 1, 0)), 3);
        assert_eq!(approvals.needed_for_payout(Money::new(1, Currency::Cop)), 3);
        assert_eq!(Approvals::default().needed(Currency::Cop, weight(1, 1, 0)), 0);
    }

    #[test]
    fn a_payout_that_is_sent_again_is_measured_as_a_run_of_its_own() {
        let approvals =
            Approvals::new(vec![rule(Measure::Payout, 100, 1), rule(Measure::Run, 10, 3)]);
        for (amount, needed) in [(101, 3), (11, 3), (10, 0)] {
            assert_eq!(approvals.needed_for_payout(Money::new(amount, Currency::Clp)), needed);
        }
        let approvals = Approvals::new(vec![rule(Measure::Day, 100, 2)]);
        assert_eq!(approvals.needed_for_payout(Money::new(101, Currency::Clp)), 2);
    }

    #[test]
    fn a_rule_needs_somebody_and_an_amount() {
        assert!(Rule::new(Measure::Run, Money::new(0, Currency::Clp), 0).is_err());
        assert!(Rule::new(Measure::Run, Money::new(-1, Currency::Clp), 1).is_err());
    }
}
