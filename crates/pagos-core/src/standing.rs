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
    doubt: Option<Doubt>,
}

/// A contradiction that waits to be confirmed by a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Doubt {
    since: Timestamp,
    provider_at: Option<Timestamp>,
}

impl Standing {
    /// A payout that was just created, at `created_at`.
    pub fn new(created_at: Timestamp) -> Self {
        let held = Observation::new(Status::Created, Source::Operator, created_at);
        Self { held, reversals: 0, doubt: None }
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
        self.doubt.map(|doubt| doubt.since)
    }

    /// STUB
    pub fn not_understood(&self) -> Option<&NotUnderstood> {
        None
    }
    /// STUB
    pub fn was_shown(&self) -> bool {
        self.held.reference.is_some()
    }
    /// Takes one observation in and says what it changed.
    ///
    /// An unverified event leaves no trace here, not even a doubt: the caller asks the provider.
    pub fn apply(&mut self, seen: &Observation) -> Change {
        let change = change(&self.held, seen);
        if seen.source == Source::UnverifiedEvent {
            return change;
        }
        match change {
            Change::Advanced => self.hold(seen),
            Change::Reversed { .. } => {
                // The news is later than anything told before, even if it bears no time itself.
                let told_at = self.held.provider_at.max(seen.provider_at);
                self.reversals = self.reversals.saturating_add(1);
                self.hold(seen);
                self.held.provider_at = told_at;
            }
            Change::Same => self.strengthen(seen),
            Change::Confirm => self.doubt(seen),
            Change::Stale => {}
        }
        self.settle_doubt(seen);
        change
    }

    fn doubt(&mut self, seen: &Observation) {
        let told_at = seen.provider_at.filter(|_| seen.source == Source::VerifiedEvent);
        let before = self.doubt.unwrap_or(Doubt { since: seen.seen_at, provider_at: None });
        self.doubt = Some(Doubt {
            since: before.since.max(seen.seen_at),
            provider_at: before.provider_at.max(told_at),
        });
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
            self.held.provider_code = seen.provider_code.clone().or(self.held.provider_code.take());
            self.held.message = seen.message.clone().or(self.held.message.take());
        }
        if self.held.reference.is_none() {
            self.held.reference.clone_from(&seen.reference);
        }
        self.held.fee = self.held.fee.or(seen.fee);
        self.held.returned = seen.returned.or(self.held.returned);
    }

    /// An answer to a question that left after the doubt arose ends the doubt. What it was about is
    /// then older than what we know, so its repetition can raise the question again, and no more.
    fn settle_doubt(&mut self, seen: &Observation) {
        let Some(doubt) = self.doubt else { return };
        let is_answer = match seen.source {
            Source::Query => seen.asked_at.is_some_and(|asked_at| asked_at > doubt.since),
            Source::Operator => seen.seen_at > doubt.since,
            Source::Reply | Source::VerifiedEvent | Source::UnverifiedEvent | Source::Listing => {
                false
            }
        };
        if is_answer {
            self.doubt = None;
            self.held.provider_at = self.held.provider_at.max(doubt.provider_at);
        }
    }
}

/// STUB
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// w
    pub word: String,
    /// s
    pub since: Timestamp,
}
