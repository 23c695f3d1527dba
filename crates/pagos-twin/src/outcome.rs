//! How a new order will go: drawn once, from triggers, what the caller asked for, the beneficiary and
//! chance. Not when it gets there, and not what the provider calls it.

use std::time::Duration;

use crate::{
    call::ODD_ANSWERS,
    fault::{Fault, Faults, Occasion, Trigger},
    random::Span,
    scenario::{Ending, Notified, Scenario},
};

/// Everything about an order's future that is not a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) reason: Reason,
    pub(crate) notified: Notified,
    pub(crate) is_stuck: bool,
    pub(crate) echoes_other_amount: bool,
}

/// Why an order fails, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// In these words.
    Given(String),
    /// One of the provider's usual ones, by this number.
    Drawn(u64),
    /// The provider's most usual one.
    Usual,
}

impl Outcome {
    /// A trigger wins, then another ending than success that the caller asked for, then the beneficiary
    /// (`forced`), then chance. `nth` counts the orders of a key before this one.
    pub(crate) fn draw(
        faults: &mut Faults,
        key: &str,
        nth: u32,
        scenario: Option<&Scenario>,
        forced: Option<(Ending, &str)>,
    ) -> Self {
        let triggered = faults.take_trigger(Occasion::Life, key);
        let (ending, reason) = match (triggered, scenario, forced) {
            (Some(fault), _, _) => ending_by(faults, Some(fault), key, nth),
            (None, Some(asked), _) if asked.ending != Ending::Success => {
                (asked.ending, asked.reason.clone().map_or(Reason::Usual, Reason::Given))
            }
            (None, _, Some((ending, reason))) => (ending, Reason::Given(reason.to_owned())),
            (None, Some(asked), None) => (asked.ending, Reason::Usual),
            (None, None, None) => {
                let drawn = faults.draw(Occasion::Life, key, nth);
                ending_by(faults, drawn, key, nth)
            }
        };
        if scenario.is_some_and(|it| it.is_told_oddly) {
            let (fault, times) = (Fault::OddWord, ODD_ANSWERS);
            faults.trigger(Trigger { key: key.to_owned(), fault, times });
        }
        Self {
            ending,
            reason,
            notified: scenario.map_or(Notified::ByChance, |it| it.notified),
            is_stuck: scenario.is_some_and(|it| it.is_stuck),
            echoes_other_amount: scenario.is_some_and(|it| it.echoes_other_amount),
        }
    }

    /// The code of a failure, in a provider's own codes.
    pub(crate) fn code(&self, decline: fn(u64) -> &'static str, cancelled: &'static str) -> &str {
        match &self.reason {
            Reason::Given(code) => code,
            Reason::Drawn(drawn) => decline(*drawn),
            Reason::Usual if self.ending == Ending::Cancel => cancelled,
            Reason::Usual => decline(0),
        }
    }
}

/// How long the `nth` order of a key is left out where many are looked through.
pub(crate) fn listing_lag(faults: &mut Faults, key: &str, nth: u32, lag: Span) -> Duration {
    match faults.meet(Occasion::Listing, key, nth) {
        Some(Fault::ListingLags) => faults.wait("listing_lag", key, nth, lag),
        // The rest strikes on other occasions, and `Faults` hands out what fits this one.
        Some(_) | None => Duration::ZERO,
    }
}

fn ending_by(faults: &Faults, fault: Option<Fault>, key: &str, nth: u32) -> (Ending, Reason) {
    match fault {
        Some(Fault::Decline) => {
            (Ending::Fail, Reason::Drawn(faults.chance("reason", key, nth).next_u64()))
        }
        Some(Fault::Cancel) => (Ending::Cancel, Reason::Usual),
        Some(Fault::SuccessThenFail) => (Ending::SuccessThenFail, Reason::Usual),
        Some(Fault::FailThenSuccess) => (Ending::FailThenSuccess, Reason::Usual),
        Some(_) | None => (Ending::Success, Reason::Usual),
    }
}
