//! What a query that brings no observation means, and when "no such payout" proves that an attempt did
//! not arrive.

use pagos_core::{Deduplication, Status, Timestamp};

use super::{FORGOTTEN, Outcome, Rules};
use crate::{
    history::{Entry, Proof},
    progress::Progress,
};

impl Rules<'_> {
    /// Applies the answer "no such payout" to a query that was sent at `asked_at`. The grace counts
    /// up to the query, so a worker that holds the answer back does not strengthen the proof. The
    /// rule is [`pagos_core::manual::unknown`].
    pub(crate) fn absent(&self, progress: &Progress, asked_at: Timestamp) -> Outcome {
        // Whoever can cause queries must not be able to hurry the proof on.
        if let Some(outcome) = self.asked_ahead(progress) {
            return outcome;
        }
        let mut asked = self.asked(progress, "no such payout".to_owned());
        asked.progress.asking.absences = progress.asking.absences.saturating_add(1);
        let absence = self.policy.absence_of(self.descriptor);
        let Some(attempt) = progress.open.filter(|_| progress.status() == Status::Unknown) else {
            if asked.progress.asking.absences >= absence.answers_min
                && self.is_window_closed(&asked.progress, asked_at)
                && asked.progress.standing.not_understood().is_none()
            {
                // A person settled what the provider does not know, so nothing can be reversed.
                asked.due_at = None;
            }
            // It may count as denied by now.
            return self.attend(asked);
        };
        let is_proven = asked.progress.asking.absences >= absence.answers_min
            && asked_at.min(self.now).since(attempt.begun_at) >= absence.grace;
        if !is_proven {
            return asked;
        }
        if progress.standing.was_shown() {
            let because = "the provider has shown this payout before, and now says that it has no \
                           such payout; look at the bank, then decide with `pagos resolve`";
            return self.call_person(asked, because);
        }
        if progress.is_recalled {
            return self.call_person(asked, RECALLED);
        }
        let may_send_again = match self.descriptor.deduplication {
            Deduplication::ByKey => true,
            Deduplication::ByKeyFor(_) => !self.may_be_forgotten(progress),
            Deduplication::ByHandle => progress.handle.is_some(),
            Deduplication::None => false,
        };
        if !may_send_again {
            let because = match self.descriptor.deduplication {
                Deduplication::ByKeyFor(_) => FORGOTTEN,
                Deduplication::ByKey | Deduplication::ByHandle | Deduplication::None => {
                    "the provider says that it has no such payout, and it would pay a repeated one \
                     twice; look at the bank, then decide with `pagos resolve`"
                }
            };
            return self.call_person(asked, because);
        }
        if progress.lost + 1 >= self.policy.lost_max {
            return self.call_person(asked, NO_TRACE);
        }
        let because = format!("{} answers of absence", asked.progress.asking.absences);
        let Some(closed) = self.close(&asked.progress, Proof::Absent, because, None) else {
            return asked;
        };
        // It may have been the last query before a person is called; a proof makes that needless.
        let is_call = |entry: &Entry| matches!(entry, Entry::Attention { .. });
        let entries = asked.entries.into_iter().filter(|entry| !is_call(entry));
        Outcome { entries: entries.chain(closed.entries).collect(), ..closed }
    }

    /// Records a query that brought no observation.
    pub(crate) fn asked(&self, progress: &Progress, answer: String) -> Outcome {
        if let Some(outcome) = self.asked_ahead(progress) {
            return outcome;
        }
        let mut progress = progress.clone();
        progress.asking.queries = progress.asking.queries.saturating_add(1);
        progress.asking.absences = 0;
        let is_in_doubt = progress.status() == Status::Unknown;
        let entries =
            if is_in_doubt { vec![Entry::Asked { at: self.now, answer }] } else { Vec::new() };
        // A query without an answer closes no window: only an answer ends a watch.
        let due_at = self.next_due(&progress).or_else(|| self.next_try(&progress));
        let outcome = self.attend(Outcome { progress, due_at, entries, notices: Vec::new() });
        if is_in_doubt && outcome.progress.asking.queries >= self.policy.queries_max {
            return self.call_person(outcome, "the provider does not say what became of it");
        }
        outcome
    }
}

/// Why a person is called if the store had forgotten the attempt.
const RECALLED: &str = "it was sent, or may have been, before this database went back to an earlier state, and \
                        the provider says that it has no such payout; what was told about it meanwhile is \
                        forgotten, so it may have been paid otherwise; look at the bank, then decide with \
                        `pagos resolve`";

/// Why a person is called after as many attempts as the policy allows.
const NO_TRACE: &str = "it was sent several times, and the provider still says that it has no such payout; \
                        look at the bank, then decide with `pagos resolve`";
