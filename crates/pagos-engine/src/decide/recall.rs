//! What is done about a payout of which the store has forgotten that it was sent.

use std::time::Duration;

use pagos_core::{Observation, Source, Status, Timestamp};

use super::{Outcome, Rules};
use crate::{
    history::{Entry, Proof},
    progress::{Asking, Attempt, Progress},
    store::Work,
    witness::SentAttempt,
};

impl Rules<'_> {
    /// Records an attempt that the witness has and the store has not: the payout is in doubt, and
    /// what became of it is asked. It is never sent again by itself. Whatever was told about it
    /// meanwhile is forgotten too, and somebody may have paid the debt otherwise after a failure.
    ///
    /// `None` if the store knows the attempt. It does not if its own attempt of that number is another
    /// one, which was begun in an earlier state and never noted.
    pub(crate) fn recalled(&self, progress: &Progress, sent: &SentAttempt) -> Option<Outcome> {
        if progress.attempts < sent.number {
            return Some(self.recall(progress, sent));
        }
        // What denials closed and what was recalled is open again with other moments.
        let is_as_begun = !progress.is_recalled && progress.lost == 0;
        let is_other = |open: Attempt| {
            open.number == sent.number && (open.begun_at, open.epoch) != (sent.at, sent.epoch)
        };
        let is_other = is_as_begun && progress.open.is_some_and(is_other);
        is_other.then(|| self.recalled_instead(progress, sent))
    }

    /// The same of a payout whose attempt the store has begun anew, and which was not sent. What was
    /// prepared for it says nothing about what was sent.
    pub(crate) fn recalled_instead(&self, progress: &Progress, sent: &SentAttempt) -> Outcome {
        let mut progress = progress.clone();
        if progress.attempts <= 1 {
            progress.handle = None;
        }
        self.recall(&progress, sent)
    }

    fn recall(&self, progress: &Progress, sent: &SentAttempt) -> Outcome {
        self.recall_because(progress, sent, FORGOTTEN)
    }

    /// The same of a payout that was perhaps sent after a backup was made, from which the store was
    /// restored at `at`. `None` if the store would not send it.
    pub(crate) fn doubted(&self, progress: &Progress, at: Timestamp) -> Option<Outcome> {
        if progress.work() != Work::Send {
            return None;
        }
        let (account, key) = (self.order.account.clone(), self.order.key.clone());
        let number = progress.attempts.saturating_add(1);
        let sent = SentAttempt { account, key, number, digest: None, first_at: at, at, epoch: 0 };
        Some(self.recall_because(progress, &sent, PERHAPS))
    }

    fn recall_because(&self, progress: &Progress, sent: &SentAttempt, because: &str) -> Outcome {
        let mut recalled = progress.clone();
        let number = progress.attempts.max(sent.number);
        let first_at = progress.first_begun_at.unwrap_or(sent.first_at).min(sent.first_at);
        recalled.attempts = number;
        recalled.first_begun_at = Some(first_at);
        recalled.open =
            Some(Attempt { number, begun_at: sent.at.min(self.now), epoch: sent.epoch });
        if progress.first_begun_at != Some(sent.first_at) {
            // It was prepared for an attempt of another state.
            recalled.handle = None;
        }
        recalled.asking = Asking::default();
        recalled.ahead_of = None;
        recalled.is_recalled = true;
        let begun = Entry::AttemptBegun { number: sent.number, at: sent.at, epoch: sent.epoch };
        let is_other = sent.digest.is_some_and(|digest| digest != crate::Digest::of(self.order));
        let mut outcome = match progress.status() {
            _ if is_other => self.ambiguous(&recalled, OTHER_ORDER.to_owned()),
            // The failure may be that of an earlier attempt.
            Status::Failed(_) => self.ambiguous(&recalled, FAILED.to_owned()),
            // A webhook was faster than the comparison.
            Status::Pending | Status::Succeeded => {
                let due_at = self.next_due(&recalled);
                Outcome { progress: recalled, due_at, entries: Vec::new(), notices: Vec::new() }
            }
            Status::Created | Status::Unknown => {
                let seen = Observation {
                    message: Some(because.to_owned()),
                    ..Observation::new(Status::Unknown, Source::Reply, self.now)
                };
                self.learn(&recalled, &seen)
            }
        };
        outcome.entries.insert(0, begun);
        outcome
    }

    /// Closes an attempt that the witness did not let pass: it cannot be used, or the store must be
    /// compared first. That is no refusal of this payout, and a person is called once for all of them.
    /// The attempt was not noted, so the next one has its number: otherwise that one would be new to
    /// a witness which has this number from a state that the store has forgotten.
    pub(crate) fn held_back(
        &self,
        progress: &Progress,
        attempt: Attempt,
        because: String,
        wait: Duration,
    ) -> Option<Outcome> {
        progress.open.filter(|open| *open == attempt)?;
        let mut closed = self.closed(progress, Proof::NeverReached, because, Some(wait))?;
        closed.progress.refusals = progress.refusals;
        closed.progress.attempts = progress.attempts.saturating_sub(1);
        Some(self.attend(closed))
    }
}

/// Why it is in doubt.
const FORGOTTEN: &str = "it was sent, says the witness, and this database has forgotten that: it went back to an \
                         earlier state";

const PERHAPS: &str = "this database was restored from a backup, and it may have been sent since: the provider is \
                       asked";

const FAILED: &str = "it was sent once more, says the witness, and this database has forgotten that: it went \
                        back to an earlier state; look at the provider's panel, then decide with `pagos resolve`";

const OTHER_ORDER: &str = "another order was sent under this key, says the witness, and this database has \
                           forgotten it; look at the provider's panel, then decide with `pagos resolve`";
