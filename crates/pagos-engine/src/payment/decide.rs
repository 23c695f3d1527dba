//! All decisions about one payment, as pure functions over its progress.
//!
//! Everything that keeps an order from having two open sessions, and a second payment from being
//! lost, is here or in `decide/opening.rs`.

mod opening;

use std::time::Duration;

use pagos_core::{
    Change, FailReason, Observation, PaymentOrder, PaymentTerms, Source, Status, Timestamp,
};

use crate::{
    history::{Entry, Notice, NoticeAbout, NoticeKind, OrderNews},
    payment::{PaymentProgress, Session, store::OpenedSession},
    policy::Policy,
    progress::{Asking, Attention},
};

pub(crate) use opening::MayOpen;

/// A changed progress, and what is written with it in one transaction.
#[derive(Debug, Clone)]
pub(crate) struct PaymentOutcome {
    pub(crate) progress: PaymentProgress,
    pub(crate) opens: Option<OpenedSession>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) notices: Vec<Notice>,
}

/// What decisions depend on besides the payment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaymentRules<'a> {
    pub(crate) order: &'a PaymentOrder,
    pub(crate) terms: PaymentTerms,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

/// The result of the last of several queries, besides observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It brought observations.
    Told,
    /// It said that nobody has paid.
    Nothing,
    /// It brought nothing to learn from; the text says why.
    InVain(String),
    /// It brought more sessions than there can be.
    Ambiguous(String),
}

impl PaymentRules<'_> {
    /// Applies observations, one after the other.
    pub(crate) fn learn(&self, progress: &PaymentProgress, seen: &[Observation]) -> PaymentOutcome {
        let mut outcome = self.quietly(progress.clone(), None, Vec::new());
        for seen in seen {
            let next = self.learn_one(&outcome.progress, seen);
            outcome.progress = next.progress;
            outcome.opens = outcome.opens.or(next.opens);
            outcome.entries.extend(next.entries);
            outcome.notices.extend(next.notices);
        }
        outcome.due_at = self.next_due(&outcome.progress);
        outcome
    }

    fn learn_one(&self, before: &PaymentProgress, seen: &Observation) -> PaymentOutcome {
        let mut progress = before.clone();
        let (place, opens) = match self.place_of(&mut progress, seen) {
            Ok(found) => found,
            Err(because) => return self.quarantine(before, seen, because),
        };
        let Some(session) = progress.sessions.get_mut(place) else {
            return self.quarantine(before, seen, "it names no session".to_owned());
        };
        let one = session.try_of(seen.transfer.as_ref(), self.now);
        let change = one.standing.apply(seen);
        let is_news = matches!(change, Change::Advanced | Change::Reversed { .. });
        if is_news || change == Change::Confirm {
            progress.asking = Asking::default();
        } else if seen.source == Source::Query {
            progress.asking.queries = progress.asking.queries.saturating_add(1);
            progress.asking.absences = 0;
        }
        if is_news && progress.status().is_final() {
            progress.settled_at = Some(self.now);
        }
        let kinds = self.kinds(before, &mut progress, seen);
        let is_worth_keeping = change != Change::Same || seen.status != before.status();
        let entry = Entry::Observed { observation: seen.clone(), change };
        let entries = if is_worth_keeping { vec![entry] } else { Vec::new() };
        let was = before.status();
        let notice = |kind| self.notice(was, &progress, kind, seen);
        let notices = kinds.into_iter().map(notice).collect();
        PaymentOutcome { opens, notices, ..self.quietly(progress, None, entries) }
    }

    /// Finds the session that `seen` is about, and whether it is new to us; or why a person must
    /// look.
    fn place_of(
        &self,
        progress: &mut PaymentProgress,
        seen: &Observation,
    ) -> Result<(usize, Option<OpenedSession>), String> {
        if let Some(because) = seen.echo.contradiction(&self.order.key, self.order.amount) {
            return Err(because);
        }
        let Some(reference) = &seen.reference else {
            return Ok((progress.sessions.len().saturating_sub(1), None));
        };
        let known = progress.sessions.iter().position(|known| known.reference == *reference);
        if let Some(place) = known {
            return Ok((place, None));
        }
        if !progress.sessions.is_empty() {
            return Err(format!("the provider speaks of session {reference}, which is not ours"));
        }
        // The answer that named it was lost, and with it the session's address and secret.
        progress.opening = None;
        progress.sessions.push(Session {
            reference: reference.clone(),
            url: None,
            code: None,
            opened_at: self.now,
            closes_at: self.terms.open_for.map(|open_for| self.now.plus(open_for)),
            tries: Vec::new(),
        });
        Ok((0, Some(OpenedSession { reference: reference.clone(), secret: None })))
    }

    /// What to tell the application about the change from `before` to `after`.
    fn kinds(
        &self,
        before: &PaymentProgress,
        after: &mut PaymentProgress,
        seen: &Observation,
    ) -> Vec<NoticeKind> {
        let mut kinds = Vec::new();
        let (from, to) = (before.status(), after.status());
        if from.word() != to.word() {
            kinds.push(match (from, to) {
                // The session was open, and the payer simply tried again. Money for a session that
                // was over, or in a try that had failed, is a reversal.
                (Status::Failed(_), Status::Succeeded)
                    if before.open_session(self.now).is_some()
                        && !is_turned(before, after, seen) =>
                {
                    NoticeKind::PaidByLaterTry { from }
                }
                (from, to) if from.is_final() && to.is_final() => NoticeKind::Reversed { from },
                _ => NoticeKind::Advanced,
            });
        }
        let (paid_before, paid) = (before.times_paid(), after.times_paid());
        if paid > paid_before && paid > 1 {
            let which = seen.transfer.as_ref().or(seen.reference.as_ref());
            let which = which.map_or_else(String::new, |which| format!(" by {which}"));
            let because = format!("paid {paid} times, the last time{which}: give the surplus back");
            if !after.is_quarantined() {
                after.attention = Some(Attention::Surplus(because.clone()));
            }
            kinds.push(NoticeKind::Attention { because });
        }
        if paid < paid_before && paid > 0 {
            if paid == 1 && matches!(after.attention, Some(Attention::Surplus(_))) {
                after.attention = None;
            }
            let because = format!("one of {paid_before} payments was taken back");
            kinds.push(NoticeKind::Attention { because });
        }
        let is_called =
            matches!(after.attention, Some(Attention::Doubt(_) | Attention::Overdue(_)));
        if is_called && to != Status::Unknown && !after.is_in_doubt() {
            after.attention = None;
        }
        kinds
    }

    /// Applies the results of the queries about all sessions; the first query was sent at
    /// `asked_at`.
    pub(crate) fn answered(
        &self,
        progress: &PaymentProgress,
        told: &[Observation],
        answer: &Answer,
        asked_at: Timestamp,
    ) -> PaymentOutcome {
        let learned = self.learn(progress, told);
        // Observations without news count as further queries, try by try.
        let counted = progress.asking.queries.saturating_add(saturating(told.len()));
        let is_news =
            learned.progress.asking.queries < counted || learned.progress.is_quarantined();
        let is_clear = !matches!(answer, Answer::Ambiguous(_));
        if let Some(due_at) = progress.ahead_of.filter(|_| is_clear && !is_news) {
            // A hint brought the query forward: it uses up no budget and does not hasten a proof.
            // But finding the payment once more shows that it was not absent, and that counts.
            let absences = if told.is_empty() { progress.asking.absences } else { 0 };
            let asking = Asking { absences, ..progress.asking };
            let progress = PaymentProgress { asking, ..learned.progress };
            let opens = learned.opens;
            return PaymentOutcome { opens, ..self.quietly(progress, Some(due_at), Vec::new()) };
        }
        let then = match answer {
            Answer::Told => return learned,
            Answer::Nothing => self.absent(&learned.progress, asked_at),
            Answer::InVain(because) => self.asked(&learned.progress, because.clone()),
            Answer::Ambiguous(because) => self.ambiguous(&learned.progress, because.clone()),
        };
        PaymentOutcome {
            opens: learned.opens,
            entries: learned.entries.into_iter().chain(then.entries).collect(),
            notices: learned.notices.into_iter().chain(then.notices).collect(),
            ..then
        }
    }

    /// Applies the answer that the last session has no payment. As with payouts, the grace counts
    /// up to the query and not to the recording of its answer.
    fn absent(&self, progress: &PaymentProgress, asked_at: Timestamp) -> PaymentOutcome {
        let mut progress = progress.clone();
        let asked_at = asked_at.min(self.now);
        progress.asking.queries = progress.asking.queries.saturating_add(1);
        progress.asking.absences = progress.asking.absences.saturating_add(1);
        let absence = self.policy.absence.unwrap_or(self.terms.absence);
        let closed_at = progress.sessions.last().and_then(|session| session.closes_at);
        let is_over = closed_at.is_some_and(|closed| asked_at >= closed.plus(absence.grace));
        let is_proven = is_over && progress.asking.absences >= absence.answers_min;
        if !is_proven || progress.status() != Status::Pending {
            let due_at = self.next_due(&progress);
            return self.attend(self.quietly(progress, due_at, Vec::new()));
        }
        let expired = Status::Failed(FailReason::Expired);
        let seen = Observation {
            asked_at: Some(asked_at),
            reference: progress.sessions.last().map(|session| session.reference.clone()),
            message: Some("nobody paid before the session ended".to_owned()),
            ..Observation::new(expired, Source::Query, self.now)
        };
        self.learn(&progress, &[seen])
    }

    /// Records a query that brought nothing.
    fn asked(&self, progress: &PaymentProgress, answer: String) -> PaymentOutcome {
        let mut progress = progress.clone();
        progress.asking.queries = progress.asking.queries.saturating_add(1);
        progress.asking.absences = 0;
        let due_at = self.next_due(&progress);
        self.attend(self.quietly(progress, due_at, vec![Entry::Asked { at: self.now, answer }]))
    }

    /// Calls a person, once, for a payment that many queries have not cleared up. Queries go on.
    fn attend(&self, mut outcome: PaymentOutcome) -> PaymentOutcome {
        let progress = &mut outcome.progress;
        let is_overdue = (progress.status() == Status::Unknown || progress.is_in_doubt())
            && progress.asking.queries >= self.policy.queries_max;
        if !is_overdue || progress.attention.is_some() {
            return outcome;
        }
        let because = "the provider does not say for a long time what became of it; queries go on";
        progress.attention = Some(Attention::Overdue(because.to_owned()));
        outcome.entries.push(Entry::Attention { at: self.now, because: because.to_owned() });
        let told = Observation::new(outcome.progress.status(), Source::Operator, self.now);
        let kind = NoticeKind::Attention { because: because.to_owned() };
        let was = outcome.progress.status();
        let notice = self.notice(was, &outcome.progress, kind, &told);
        outcome.notices.push(notice);
        outcome
    }

    /// Handles a hint: brings the next query forward. `None` if no query is planned, or none later
    /// than that.
    pub(crate) fn hinted(
        &self,
        progress: &PaymentProgress,
        due_at: Option<Timestamp>,
    ) -> Option<PaymentOutcome> {
        let ask_at = self.now.plus(self.policy.confirm_delay);
        let is_soon = due_at.is_some_and(|due_at| due_at <= ask_at);
        if progress.is_quarantined() || progress.openings == 0 || is_soon {
            return None;
        }
        let mut outcome = self.quietly(progress.clone(), Some(ask_at), Vec::new());
        outcome.progress.ahead_of = progress.ahead_of.or(due_at);
        Some(outcome)
    }

    /// A person has looked: clears the call for one and queries the provider.
    pub(crate) fn looked(&self, progress: &PaymentProgress, note: &str) -> PaymentOutcome {
        let mut progress = progress.clone();
        progress.attention = None;
        progress.asking = Asking::default();
        let because = format!("operator: {note}");
        let entry = Entry::Attention { at: self.now, because };
        self.quietly(progress, Some(self.now), vec![entry])
    }

    /// Calls a person and changes nothing else. The observation is kept, and not folded.
    fn quarantine(
        &self,
        progress: &PaymentProgress,
        seen: &Observation,
        because: String,
    ) -> PaymentOutcome {
        let entry = Entry::Contradicted { observation: seen.clone(), because: because.clone() };
        self.hold(progress, entry, because)
    }

    /// The provider has more than one session, and there can be only one.
    pub(crate) fn ambiguous(&self, progress: &PaymentProgress, because: String) -> PaymentOutcome {
        let entry = Entry::Attention { at: self.now, because: because.clone() };
        self.hold(progress, entry, because)
    }

    fn hold(&self, progress: &PaymentProgress, entry: Entry, because: String) -> PaymentOutcome {
        let mut progress = progress.clone();
        let is_new = !progress.is_quarantined();
        progress.attention = Some(Attention::Quarantine(because.clone()));
        let told = Observation::new(progress.status(), Source::Operator, self.now);
        let was = progress.status();
        let notice = self.notice(was, &progress, NoticeKind::Attention { because }, &told);
        let notices = if is_new { vec![notice] } else { Vec::new() };
        PaymentOutcome { notices, ..self.quietly(progress, None, vec![entry]) }
    }

    /// When to query next, if nothing is learned before.
    fn next_due(&self, progress: &PaymentProgress) -> Option<Timestamp> {
        let queries = progress.asking.queries;
        if progress.is_quarantined() {
            return None;
        }
        if progress.is_in_doubt() {
            let delay = match queries {
                0 => self.policy.confirm_delay,
                asked => self.policy.query_delay(asked),
            };
            return Some(self.now.plus(delay));
        }
        let delay = match progress.status() {
            Status::Created => return None,
            Status::Unknown => self.policy.query_delay(queries),
            _ if progress.open_session(self.now).is_some() => self.policy.payment_delay(queries),
            Status::Pending => self.policy.payment_delay(queries),
            Status::Succeeded | Status::Failed(_) => return self.next_watch(progress),
        };
        Some(self.now.plus(delay))
    }

    /// A settled payment is queried for a while: somebody may have paid twice, or late.
    fn next_watch(&self, progress: &PaymentProgress) -> Option<Timestamp> {
        let closes_at = progress.settled_at?.plus(self.policy.payment_watch_for);
        if self.now >= closes_at {
            return None;
        }
        let next = self.now.plus(self.policy.watch_delay(progress.asking.queries));
        Some(next.min(closes_at))
    }

    /// Whether a session is so old that it is not queried any more.
    pub(crate) fn is_forgotten(&self, session: &Session) -> bool {
        let longest = self.terms.open_for.unwrap_or(Duration::from_secs(24 * 3_600));
        let ended_at = session.closes_at.unwrap_or(session.opened_at.plus(longest));
        session.status().is_final() && self.now > ended_at.plus(self.policy.payment_watch_for)
    }

    /// Ends a query that a hint brought forward, as every change of the schedule does.
    fn quietly(
        &self,
        progress: PaymentProgress,
        due_at: Option<Timestamp>,
        entries: Vec<Entry>,
    ) -> PaymentOutcome {
        let progress = PaymentProgress { ahead_of: None, ..progress };
        PaymentOutcome { progress, opens: None, due_at, entries, notices: Vec::new() }
    }

    fn notice(
        &self,
        was: Status,
        progress: &PaymentProgress,
        event: NoticeKind,
        seen: &Observation,
    ) -> Notice {
        let news = OrderNews {
            key: self.order.key.clone(),
            runs: Vec::new(),
            status: progress.status(),
            was: Some(was),
            reason: progress.reason(),
            amount: self.order.amount,
            returned: seen.returned,
            reference: progress.sessions.last().map(|session| session.reference.clone()),
        };
        Notice {
            account: self.order.account.clone(),
            event,
            about: NoticeAbout::Payment(news),
            at: self.now,
        }
    }
}

fn saturating(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether the try that `seen` is about had failed before.
fn is_turned(before: &PaymentProgress, after: &PaymentProgress, seen: &Observation) -> bool {
    let status_of = |progress: &PaymentProgress| {
        let mut sessions = progress.sessions.iter();
        let named = |session: &&Session| {
            seen.reference.as_ref().is_none_or(|reference| session.reference == *reference)
        };
        let session = sessions.rfind(named)?;
        let one = session.tries.iter().find(|one| one.transfer == seen.transfer)?;
        Some(one.standing.status())
    };
    matches!(status_of(before), Some(Status::Failed(_)))
        && status_of(after) == Some(Status::Succeeded)
}

#[cfg(test)]
mod tests;
