//! The fold: the result of all observations of one payout.

use serde::{Deserialize, Serialize};

use crate::{Change, Observation, ProviderRef, Source, Status, Timestamp, change};

/// Where a payout stands after all observations so far. It changes only through
/// [`Standing::apply`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    held: Observation,
    #[serde(default, skip_serializing_if = "is_zero")]
    reversals: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubt: Option<Doubt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_understood: Option<NotUnderstood>,
    /// The latest provider time of an observation that was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    understood_at: Option<Timestamp>,
}

/// Takes a reference because `skip_serializing_if` passes one.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// An undocumented status word, reported later than the status that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotUnderstood {
    /// The newest such word.
    pub word: String,
    /// When the first one was seen since the provider was last understood, by our clock.
    pub since: Timestamp,
    /// When the newest one was seen.
    seen_at: Timestamp,
    /// The latest time of such a word by the provider's clock, if an event carried one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_at: Option<Timestamp>,
    /// Whether one of them carried no such time.
    is_untimed: bool,
}

/// A contradiction that a query must confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Doubt {
    since: Timestamp,
    provider_at: Option<Timestamp>,
}

impl Standing {
    /// A payout that was just created, at `created_at`.
    pub fn new(created_at: Timestamp) -> Self {
        let held = Observation::new(Status::Created, Source::Operator, created_at);
        Self { held, reversals: 0, doubt: None, not_understood: None, understood_at: None }
    }

    /// The current status.
    pub fn status(&self) -> Status {
        self.held.status
    }

    /// The observation that determines the status, with the newest known reference and fee.
    pub fn held(&self) -> &Observation {
        &self.held
    }

    /// The provider's id, once it is known.
    pub fn reference(&self) -> Option<&ProviderRef> {
        self.held.reference.as_ref()
    }

    /// How often one final status replaced the other.
    pub fn reversals(&self) -> u32 {
        self.reversals
    }

    /// Since when an observation needs to be confirmed by a query; `None` if none does.
    pub fn confirm_since(&self) -> Option<Timestamp> {
        self.doubt.map(|doubt| doubt.since)
    }

    /// The provider's last word, if it is undocumented. The status is the one that was held before,
    /// and may no longer be true.
    ///
    /// The word is dropped when the provider is understood again: by the answer to a query that was
    /// sent after the newest such word was seen, or by a person. If an event carried the word
    /// together with the provider's time, only an event of a later time drops it as well; otherwise
    /// the result would depend on the order in which events are folded, or on folding one twice. A
    /// word from any other source is also dropped by whatever moves the status. An event that does
    /// not move the status may be older than the word, whatever its time, since our clock and the
    /// provider's cannot be compared.
    pub fn not_understood(&self) -> Option<&NotUnderstood> {
        self.not_understood.as_ref()
    }

    /// Whether the provider has shown this payout to us, by a reference or by a word that was not
    /// understood. If so, it exists there, and an answer that it does not is no proof.
    pub fn was_shown(&self) -> bool {
        self.held.reference.is_some() || self.not_understood.is_some()
    }

    /// Folds in one observation and returns what it changed.
    ///
    /// An unverified event leaves no trace here, not even a doubt: the caller queries the provider.
    /// A word that was not understood changes the status only if the payout has none yet: see
    /// [`Standing::not_understood`].
    pub fn apply(&mut self, seen: &Observation) -> Change {
        let change = change(&self.held, seen);
        if seen.source == Source::UnverifiedEvent {
            return change;
        }
        let is_last_word = seen.not_understood && self.is_last_word(seen);
        match change {
            Change::Advanced => self.hold(seen),
            Change::Reversed { .. } => {
                // The news is later than everything before it, even if it carries no time itself.
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
        if is_last_word {
            self.take_word(seen);
        } else if !seen.not_understood {
            self.end_word(seen, change);
        }
        change
    }

    /// Whether `seen`, which was not understood, is newer than everything that was. Verified events
    /// are compared by the provider's time if they carry one, since deliveries arrive in any order.
    fn is_last_word(&self, seen: &Observation) -> bool {
        // Nothing has been understood so far.
        if matches!(self.held.status, Status::Created | Status::Unknown) {
            return true;
        }
        match (told_at(seen), self.understood_at.max(self.held.provider_at)) {
            (Some(told_at), Some(understood_at)) => told_at > understood_at,
            (Some(_), None) => seen.seen_at >= self.held.seen_at,
            (None, _) => seen.asked_at.unwrap_or(seen.seen_at) > self.held.seen_at,
        }
    }

    /// Keeps the word, and any values beside it that are still missing.
    fn take_word(&mut self, seen: &Observation) {
        if self.held.reference.is_none() {
            self.held.reference.clone_from(&seen.reference);
        }
        self.held.fee = self.held.fee.or(seen.fee);
        let word = seen.provider_code.clone().unwrap_or_default();
        let told_at = told_at(seen);
        let (since, seen_at) = (seen.seen_at, seen.seen_at);
        let now = NotUnderstood { word, since, seen_at, told_at, is_untimed: told_at.is_none() };
        self.not_understood = Some(match self.not_understood.take() {
            Some(known) if told_at.is_some() && told_at < known.told_at => known,
            Some(known) => NotUnderstood {
                since: known.since,
                seen_at: known.seen_at.max(now.seen_at),
                told_at: known.told_at.max(told_at),
                is_untimed: known.is_untimed || now.is_untimed,
                ..now
            },
            None => now,
        });
    }

    /// Drops the word that was not understood if `seen`, which was folded as `change`, is newer.
    /// What the word was about is then older than what we know.
    fn end_word(&mut self, seen: &Observation, change: Change) {
        if matches!(seen.status, Status::Created | Status::Unknown) {
            return;
        }
        self.understood_at = self.understood_at.max(seen.provider_at);
        let Some(word) = &self.not_understood else { return };
        let is_news = matches!(change, Change::Advanced | Change::Reversed { .. });
        let is_later = match (told_at(seen), word.told_at) {
            (Some(told_at), Some(word_at)) => told_at > word_at && (is_news || !word.is_untimed),
            (_, None) if is_news => true,
            (_, _) => match seen.source {
                Source::Query => seen.asked_at.is_some_and(|asked_at| asked_at > word.seen_at),
                Source::Operator => seen.seen_at > word.seen_at,
                Source::Reply
                | Source::VerifiedEvent
                | Source::UnverifiedEvent
                | Source::Listing => false,
            },
        };
        if is_later {
            self.understood_at = self.understood_at.max(word.told_at);
            self.not_understood = None;
        }
    }

    fn doubt(&mut self, seen: &Observation) {
        let told_at = told_at(seen);
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

    /// The same status again: keeps the newest evidence for it, so that nothing older can pass for
    /// news. (Otherwise a FAIL of 3 o'clock that arrives after a FAIL of 1 o'clock would give way
    /// to a SUCCESS of 2 o'clock.)
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
            self.held.not_understood = seen.not_understood;
            self.held.provider_code = seen.provider_code.clone().or(self.held.provider_code.take());
            self.held.message = seen.message.clone().or(self.held.message.take());
        }
        if self.held.reference.is_none() {
            self.held.reference.clone_from(&seen.reference);
        }
        self.held.fee = self.held.fee.or(seen.fee);
        self.held.returned = seen.returned.or(self.held.returned);
    }

    /// Ends the doubt if `seen` answers a query that was sent after the doubt arose. What it was
    /// about is then older than what we know, so its repetition can raise the doubt again, and no
    /// more.
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

/// The provider's time of a verified event, which orders such events.
fn told_at(seen: &Observation) -> Option<Timestamp> {
    seen.provider_at.filter(|_| seen.source == Source::VerifiedEvent)
}
