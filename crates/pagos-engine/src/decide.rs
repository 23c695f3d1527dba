//! All decisions about one payout, as pure functions over its progress.
//!
//! Everything that keeps a payout from being sent twice is in this file or is called from it.

use std::time::Duration;

use pagos_core::{
    Change, Deduplication, Descriptor, FailReason, Observation, PayoutOrder, Source, Status,
    Timestamp,
};

use crate::{
    history::{Entry, Notice, NoticeAbout, NoticeKind, OrderNews, Proof},
    policy::Policy,
    progress::{Asking, Attempt, Attention, Progress},
};

mod absence;
mod hint;
mod recall;
mod refusal;
mod schedule;
mod wait;

/// What to do with a claimed payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Begin an attempt and send it.
    Send,
    /// An attempt was begun and its outcome is unknown: record the doubt, then query.
    AdmitDoubt,
    /// Query the provider.
    Ask,
    /// Nothing; a person decides.
    Rest,
}

/// What to do with a payout that is due and that no other worker holds.
///
/// It is sent only if no attempt is open, and only a [`Proof`] closes an attempt.
pub(crate) fn task(progress: &Progress) -> Task {
    if progress.is_quarantined() {
        return Task::Rest;
    }
    match (progress.status(), progress.open) {
        (Status::Created | Status::Unknown, None) => Task::Send,
        (Status::Created, Some(_)) => Task::AdmitDoubt,
        (Status::Unknown, Some(_)) => Task::Ask,
        (Status::Pending | Status::Succeeded | Status::Failed(_), _) => Task::Ask,
    }
}

/// A changed progress, and what is written with it in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) progress: Progress,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) notices: Vec<Notice>,
}

/// What decisions depend on besides the payout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) order: &'a PayoutOrder,
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) policy: &'a Policy,
    /// Whether the list of the account's provider is read.
    pub(crate) is_swept: bool,
    pub(crate) now: Timestamp,
}

impl Rules<'_> {
    /// Applies one observation: echo, fold, due time, notices.
    pub(crate) fn learn(&self, progress: &Progress, seen: &Observation) -> Outcome {
        if let Some(because) = self.contradiction(progress, seen) {
            return self.quarantine(progress, seen, because);
        }
        let mut progress = progress.clone();
        let before = progress.clone();
        let ahead_of = progress.ahead_of.take().filter(|_| seen.source == Source::Query);
        let change = progress.standing.apply(seen);
        let is_news = matches!(change, Change::Advanced | Change::Reversed { .. });
        let mut is_asked_anew = is_news || change == Change::Confirm;
        if !is_asked_anew && seen.source == Source::Query {
            let spent = u32::from(ahead_of.is_none());
            progress.asking.queries = progress.asking.queries.saturating_add(spent);
            progress.asking.absences = 0;
        }
        let status = progress.status();
        if status.is_final() && is_news {
            progress.settled_at = Some(self.now);
        }
        if is_under_way_again(&before, seen) {
            // The provider does not call it settled any more, so the watch must not end.
            progress.settled_at = Some(self.now);
            is_asked_anew |= !seen.not_understood;
        }
        if before.standing.not_understood().is_none()
            && progress.standing.not_understood().is_some()
        {
            // Query soon, and then less and less often.
            is_asked_anew = true;
        }
        if is_asked_anew {
            progress.asking = Asking::default();
        }
        let is_answered = !matches!(status, Status::Created | Status::Unknown);
        if is_answered && matches!(progress.attention, Some(Attention::Doubt(_))) {
            progress.attention = None;
        }
        let mut entries = vec![Entry::Observed { observation: seen.clone(), change }];
        if status.is_final()
            && let Some(attempt) = progress.open.take()
        {
            entries.extend(self.closing(attempt, status));
        }
        let notices = self.notices(&before, &progress, seen, change);
        let due_at = match self.next_due(&progress) {
            _ if ahead_of.is_some() && !is_asked_anew => ahead_of,
            None if !self.may_end_watch(&progress, seen, change) => self.next_try(&progress),
            due_at => due_at,
        };
        self.attend(Outcome { progress, due_at, entries, notices })
    }

    /// Applies a row of a list if it says something new, which most rows do not.
    pub(crate) fn listed(&self, progress: &Progress, seen: &Observation) -> Option<Outcome> {
        let mut standing = progress.standing.clone();
        let change = standing.apply(seen);
        let says_nothing = matches!(change, Change::Same | Change::Stale)
            && standing.not_understood() == progress.standing.not_understood()
            && standing.confirm_since() == progress.standing.confirm_since()
            && standing.held().returned == progress.standing.held().returned
            && self.contradiction(progress, seen).is_none();
        if says_nothing { None } else { Some(self.learn(progress, seen)) }
    }

    /// Whether `seen` can end the watch: it must answer a query that was sent after the window
    /// closed. A repeated event or an earlier answer says nothing about what came since, nor does
    /// an answer that is not newer than an undocumented status word.
    fn may_end_watch(&self, progress: &Progress, seen: &Observation, change: Change) -> bool {
        let closes_at = progress.settled_at.map(|settled_at| settled_at.plus(self.window()));
        match seen.source {
            _ if self.is_refused_at_once(progress) => true,
            Source::Operator => true,
            Source::Query => {
                let is_understood = progress.standing.not_understood().is_none();
                change != Change::Stale && seen.asked_at >= closes_at && is_understood
            }
            Source::Reply | Source::VerifiedEvent | Source::UnverifiedEvent | Source::Listing => {
                false
            }
        }
    }

    /// Whether the first attempt was refused, so that nothing is under way under this key. A later
    /// event would still count.
    fn is_refused_at_once(&self, progress: &Progress) -> bool {
        progress.status() == Status::Failed(FailReason::Rejected) && progress.attempts <= 1
    }

    /// Whether `seen` contradicts the order, or names another payout than the known one.
    fn contradiction(&self, progress: &Progress, seen: &Observation) -> Option<String> {
        if let Some(because) = seen.echo.contradiction(&self.order.key, self.order.amount) {
            return Some(because);
        }
        match (progress.standing.reference(), seen.reference.as_ref()) {
            (Some(held), Some(told)) if held != told => Some(format!(
                "the provider speaks of reference {told}, we hold {held}: there may be two payouts"
            )),
            _ => None,
        }
    }

    /// Calls a person and changes nothing else. The observation is kept, and not folded.
    fn quarantine(&self, progress: &Progress, seen: &Observation, because: String) -> Outcome {
        let entry = Entry::Contradicted { observation: seen.clone(), because: because.clone() };
        self.hold(progress, entry, because)
    }

    /// The provider has more than one payout under this key.
    pub(crate) fn ambiguous(&self, progress: &Progress, because: String) -> Outcome {
        let entry = Entry::Attention { at: self.now, because: because.clone() };
        self.hold(progress, entry, because)
    }

    fn hold(&self, progress: &Progress, entry: Entry, because: String) -> Outcome {
        let mut progress = progress.clone();
        let is_new = !progress.is_quarantined();
        progress.ahead_of = None;
        progress.attention = Some(Attention::Quarantine(because.clone()));
        let was = progress.status();
        let notice = self.notice(was, &progress, NoticeKind::Attention { because }, None);
        let notices = if is_new { vec![notice] } else { Vec::new() };
        Outcome { progress, due_at: None, entries: vec![entry], notices }
    }

    /// Only a refusal of the whole order gets an entry; other ends show in the observation.
    fn closing(&self, attempt: Attempt, status: Status) -> Option<Entry> {
        (status == Status::Failed(FailReason::Rejected)).then(|| Entry::AttemptClosed {
            number: attempt.number,
            proof: Proof::Rejected,
            at: self.now,
            because: "the provider refused it".to_owned(),
        })
    }

    fn notices(
        &self,
        before: &Progress,
        after: &Progress,
        seen: &Observation,
        change: Change,
    ) -> Vec<Notice> {
        let mut kinds = Vec::new();
        match change {
            Change::Advanced => kinds.push(NoticeKind::Advanced),
            Change::Reversed { from, .. } => kinds.push(NoticeKind::Reversed { from }),
            Change::Same | Change::Stale | Change::Confirm => {}
        }
        let is_new_return = seen.returned.is_some()
            && before.standing.held().returned != seen.returned
            && !matches!(change, Change::Stale | Change::Confirm);
        if is_new_return {
            kinds.push(NoticeKind::Returned);
        }
        let was = before.status();
        kinds.into_iter().map(|kind| self.notice(was, after, kind, seen.returned)).collect()
    }

    fn notice(
        &self,
        was: Status,
        progress: &Progress,
        event: NoticeKind,
        returned: Option<pagos_core::Money>,
    ) -> Notice {
        let news = OrderNews {
            key: self.order.key.clone(),
            runs: Vec::new(),
            status: progress.status(),
            was: Some(was),
            reason: progress.reason(),
            amount: self.order.amount,
            returned,
            reference: progress.standing.reference().cloned(),
        };
        Notice {
            account: self.order.account.clone(),
            event,
            about: NoticeAbout::Payout(news),
            at: self.now,
        }
    }

    /// A new attempt under the claim of this epoch that is about to become durable. `None` if an
    /// earlier one may be alive.
    pub(crate) fn begin(&self, progress: &Progress, epoch: u64) -> Option<Outcome> {
        if task(progress) != Task::Send || self.is_too_late(progress) {
            return None;
        }
        let mut progress = progress.clone();
        progress.attempts = progress.attempts.saturating_add(1);
        progress.first_begun_at.get_or_insert(self.now);
        progress.ahead_of = None;
        progress.asking = Asking::default();
        let (number, at) = (progress.attempts, self.now);
        progress.open = Some(Attempt { number, begun_at: at, epoch });
        let entry = Entry::AttemptBegun { number, at, epoch };
        // Due at once: the claim keeps other workers away, and if its holder dies, the payout is
        // found.
        Some(Outcome {
            progress,
            due_at: Some(self.now),
            entries: vec![entry],
            notices: Vec::new(),
        })
    }

    /// Is an attempt closed by denials alone, and may the key no longer stand between a wrong denial and
    /// a second payment? Then nothing is sent again, whoever closed it and however long ago.
    fn is_too_late(&self, progress: &Progress) -> bool {
        progress.lost > 0 && self.may_be_forgotten(progress)
    }

    /// May the provider have forgotten the payout's key before another request arrives? It remembers
    /// the key since the first request at the latest. Of a first request at an unknown time, or at one
    /// that our clock has not reached again, nobody knows the age.
    fn may_be_forgotten(&self, progress: &Progress) -> bool {
        let Deduplication::ByKeyFor(remembered) = self.descriptor.deduplication else {
            return false;
        };
        progress.first_begun_at.is_none_or(|begun_at| {
            let until = self.policy.resend_until(remembered, begun_at);
            self.now > until || self.now < begun_at
        })
    }

    /// A claim to send ends, and nothing was sent. What a person must look at is not due any more; what
    /// it is too late to send again is in doubt again, and a person is called.
    pub(crate) fn given_back(&self, progress: &Progress, due_at: Option<Timestamp>) -> Outcome {
        let mut progress = progress.clone();
        if task(&progress) != Task::Send || !self.is_too_late(&progress) {
            let due_at = due_at.filter(|_| !progress.is_quarantined());
            return Outcome { progress, due_at, entries: Vec::new(), notices: Vec::new() };
        }
        let begun_at = progress.first_begun_at.unwrap_or(self.now);
        progress.open = Some(Attempt { number: progress.attempts, begun_at, epoch: 0 });
        progress.asking = Asking::default();
        let due_at = self.next_due(&progress);
        let outcome = Outcome { progress, due_at, entries: Vec::new(), notices: Vec::new() };
        // Whoever was called because it could not be sent was told that tries go on.
        self.call_person(self.attend(outcome), FORGOTTEN)
    }

    /// Like [`Rules::close`], for a caller that knows which attempt it has a proof about. After the
    /// store went back, another worker's attempt can have the same number.
    pub(crate) fn close_attempt(
        &self,
        progress: &Progress,
        attempt: Attempt,
        proof: Proof,
        because: String,
        wait: Option<Duration>,
    ) -> Option<Outcome> {
        progress.open.filter(|open| *open == attempt)?;
        self.close(progress, proof, because, wait)
    }

    /// Closes the open attempt, which is proven not to be alive; the payout may be sent again at
    /// `due_at`.
    pub(crate) fn close(
        &self,
        progress: &Progress,
        proof: Proof,
        because: String,
        wait: Option<Duration>,
    ) -> Option<Outcome> {
        self.closed(progress, proof, because, wait).map(|closed| self.attend(closed))
    }

    fn closed(
        &self,
        progress: &Progress,
        proof: Proof,
        because: String,
        wait: Option<Duration>,
    ) -> Option<Outcome> {
        if progress.is_recalled && proof != Proof::Operator {
            return None;
        }
        let mut progress = progress.clone();
        let attempt = progress.open.take()?;
        let delay = wait.unwrap_or_else(|| match proof {
            Proof::Absent | Proof::Operator => Duration::ZERO,
            Proof::NeverReached | Proof::RefusedUnread | Proof::Rejected => {
                self.policy.retry_delay(progress.refusals)
            }
        });
        progress.ahead_of = None;
        progress.refusals = progress.refusals.saturating_add(1);
        // A person knows what the store has forgotten.
        progress.is_recalled = false;
        progress.lost = match proof {
            Proof::Absent => progress.lost.saturating_add(1),
            // Whatever was lost before, a person found that it did not pay.
            Proof::Operator => 0,
            Proof::NeverReached | Proof::RefusedUnread | Proof::Rejected => progress.lost,
        };
        progress.asking = Asking::default();
        if matches!(progress.attention, Some(Attention::Doubt(_))) {
            // The proof settles the doubt for which a person was called.
            progress.attention = None;
        }
        let entry = Entry::AttemptClosed { number: attempt.number, proof, at: self.now, because };
        let (due_at, entries) = (Some(self.now.plus(delay)), vec![entry]);
        Some(Outcome { progress, due_at, entries, notices: Vec::new() })
    }

    /// Tries again later: the payout could not be prepared now, and nothing was sent.
    pub(crate) fn put_off(&self, progress: &Progress, wait: Option<Duration>) -> Outcome {
        let mut progress = progress.clone();
        let delay = wait.unwrap_or_else(|| self.policy.retry_delay(progress.refusals));
        progress.refusals = progress.refusals.saturating_add(1);
        let due_at = Some(self.now.plus(delay));
        self.attend(Outcome { progress, due_at, entries: Vec::new(), notices: Vec::new() })
    }

    fn call_person(&self, outcome: Outcome, because: &str) -> Outcome {
        self.call_for(outcome, Attention::Doubt(because.to_owned()))
    }

    /// Calls a person, unless one is already called.
    fn call_for(&self, mut outcome: Outcome, attention: Attention) -> Outcome {
        if outcome.progress.attention.is_some() {
            return outcome;
        }
        let because = attention.because().to_owned();
        outcome.progress.attention = Some(attention);
        outcome.entries.push(Entry::Attention { at: self.now, because: because.clone() });
        let was = outcome.progress.status();
        let kind = NoticeKind::Attention { because };
        outcome.notices.push(self.notice(was, &outcome.progress, kind, None));
        outcome
    }
}

/// Why a person is called where the provider remembers keys for a time only.
const FORGOTTEN: &str = "the provider says that it has no such payout, and it may have forgotten the \
                         key by now, so that a repeat could be paid twice; look at the bank, then \
                         decide with `pagos resolve`";

/// Whether a settled payout is said to be under way, in an answer to a query that was sent after it
/// was settled. That moves no money, but a reversal can begin with it.
fn is_under_way_again(before: &Progress, seen: &Observation) -> bool {
    let held = before.standing.held();
    before.status().is_final()
        && (seen.status == Status::Pending || seen.not_understood)
        && seen.source == Source::Query
        && seen.asked_at.is_some_and(|asked_at| asked_at > held.seen_at)
}

#[cfg(test)]
mod tests;
