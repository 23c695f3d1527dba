//! The fold: what all observations of one payout amount to. Holds no history and no order.

use serde::Deserialize;
use serde::Serialize;

use crate::Change;
use crate::Observation;
use crate::ProviderRef;
use crate::Source;
use crate::Status;
use crate::Timestamp;
use crate::change;

/// Where a payout stands after every observation so far. Grows only through [`Standing::apply`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    held: Observation,
    reversals: u32,
    confirm_since: Option<Timestamp>,
}

impl Standing {
    /// A payout that was just created, at `created_at`.
    pub fn new(created_at: Timestamp) -> Self {
        let held = Observation::new(Status::Created, Source::Operator, created_at);
        Self { held, reversals: 0, confirm_since: None }
    }

    /// The present status.
    pub fn status(&self) -> Status {
        self.held.status
    }

    /// The observation that the status rests on, with the newest reference and fee that are known.
    pub fn held(&self) -> &Observation {
        &self.held
    }

    /// The provider's id, once it was learned.
    pub fn reference(&self) -> Option<&ProviderRef> {
        self.held.reference.as_ref()
    }

    /// How often a final status became the other one.
    pub fn reversals(&self) -> u32 {
        self.reversals
    }

    /// Since when an observation waits to be confirmed by a question; `None` if none does.
    pub fn confirm_since(&self) -> Option<Timestamp> {
        self.confirm_since
    }

    /// Takes one observation in and says what it changed.
    pub fn apply(&mut self, seen: &Observation) -> Change {
        let change = change(&self.held, seen);
        match change {
            Change::Advanced => self.hold(seen),
            Change::Reversed { .. } => {
                self.reversals = self.reversals.saturating_add(1);
                self.hold(seen);
            }
            Change::Same => self.strengthen(seen),
            Change::Confirm => {
                self.confirm_since = self.confirm_since.max(Some(seen.seen_at));
            }
            Change::Stale => {}
        }
        self.settle_confirmation(seen);
        change
    }

    fn hold(&mut self, seen: &Observation) {
        let before = std::mem::replace(&mut self.held, seen.clone());
        self.held.reference = self.held.reference.take().or(before.reference);
        self.held.fee = self.held.fee.or(before.fee);
    }

    /// The same status again: keep the newest evidence for it, so that nothing older than that can
    /// pass for news. (Without this, FAIL at 3 o'clock, told after a FAIL of 1 o'clock, would give
    /// way to a SUCCESS of 2 o'clock.)
    fn strengthen(&mut self, seen: &Observation) {
        let is_newer_told = seen.provider_at > self.held.provider_at;
        let is_newer_asked = seen.source == Source::Query
            && seen.asked_at.is_some_and(|asked_at| asked_at > self.held.seen_at);
        if is_newer_told {
            let seen_at = self.held.seen_at.max(seen.seen_at);
            self.hold(seen);
            self.held.seen_at = seen_at;
            return;
        }
        if is_newer_asked {
            self.held.seen_at = seen.seen_at;
        }
        if self.held.reference.is_none() {
            self.held.reference.clone_from(&seen.reference);
        }
        self.held.fee = self.held.fee.or(seen.fee);
    }

    /// An answer to a question that left after the doubt arose ends the doubt.
    fn settle_confirmation(&mut self, seen: &Observation) {
        let Some(since) = self.confirm_since else { return };
        let is_answer = match seen.source {
            Source::Query => seen.asked_at.is_some_and(|asked_at| asked_at > since),
            Source::Operator => seen.seen_at > since,
            Source::Reply | Source::VerifiedEvent | Source::UnverifiedEvent | Source::Listing => {
                false
            }
        };
        if is_answer {
            self.confirm_since = None;
        }
    }
}
