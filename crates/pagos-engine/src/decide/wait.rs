//! How long a payout may wait in each state, and the one call for a person when that time is over.
//!
//! Nothing here ends a wait: queries, and attempts to send, go on.

use std::time::Duration;

use pagos_core::Status;

use super::{Outcome, Rules};
use crate::progress::{Attention, Progress, Wait, Waiting};

impl Rules<'_> {
    /// Notes what the payout waits for after a step, drops a call that was made for another wait,
    /// and calls a person if the budget of this wait is spent.
    pub(super) fn attend(&self, mut outcome: Outcome) -> Outcome {
        let before = outcome.progress.waiting;
        let wait = self.wait_of(&outcome.progress);
        let is_same = |waiting: Waiting| wait.is_some_and(|wait| is_one_wait(waiting.wait, wait));
        let since = before.filter(|waiting| is_same(*waiting)).map_or(self.now, |same| same.since);
        if before.is_some_and(|waiting| !is_same(waiting))
            && matches!(outcome.progress.attention, Some(Attention::Overdue(_)))
        {
            outcome.progress.attention = None;
        }
        outcome.progress.waiting = wait.map(|wait| Waiting { wait, since });
        let Some(wait) = wait else { return outcome };
        if self.now.since(since) < self.budget(wait, &outcome.progress) {
            return outcome;
        }
        let because = because(wait, &outcome.progress);
        self.call_for(outcome, Attention::Overdue(because))
    }

    fn wait_of(&self, progress: &Progress) -> Option<Wait> {
        if progress.is_quarantined() {
            return None;
        }
        if progress.standing.confirm_since().is_some() {
            return Some(Wait::Confirm);
        }
        if progress.standing.not_understood().is_some() {
            return Some(Wait::NotUnderstood);
        }
        match (progress.status(), progress.open) {
            (Status::Created | Status::Unknown, None) => {
                (progress.refusals > 0).then_some(Wait::Leave)
            }
            (Status::Created | Status::Unknown, Some(_)) => Some(Wait::Doubt),
            (Status::Pending, _) => {
                let absence = self.policy.absence_of(self.descriptor);
                let is_denied = progress.asking.absences >= absence.answers_min;
                Some(if is_denied { Wait::Denied } else { Wait::Pending })
            }
            (Status::Succeeded | Status::Failed(_), _) => None,
        }
    }

    fn budget(&self, wait: Wait, progress: &Progress) -> Duration {
        let budgets = &self.policy.budgets;
        match wait {
            Wait::Leave => budgets.leave,
            Wait::Doubt => budgets.doubt,
            Wait::Pending => self.policy.pending_budget(self.descriptor),
            Wait::Denied => budgets.denied,
            // It may be a reversal, and the money may be owed again.
            Wait::NotUnderstood if progress.status().is_final() => Duration::ZERO,
            Wait::NotUnderstood => budgets.not_understood,
            Wait::Confirm => budgets.confirm,
        }
    }
}

/// A denial begins no new wait: it says more about the current one.
fn is_one_wait(one: Wait, other: Wait) -> bool {
    let is_under_way = |wait| matches!(wait, Wait::Pending | Wait::Denied);
    one == other || (is_under_way(one) && is_under_way(other))
}

fn because(wait: Wait, progress: &Progress) -> String {
    match wait {
        Wait::Leave => {
            "it could not be sent for a long time: see its history for what the provider \
                        says; tries go on"
                .to_owned()
        }
        Wait::Doubt => {
            "the provider does not say for a long time what became of it; queries go on; \
                        look at the bank, then decide with `pagos resolve`"
                .to_owned()
        }
        Wait::Pending => {
            "the provider has it for longer than it should and does not finish; ask the \
                          provider; queries go on"
                .to_owned()
        }
        Wait::Denied => "the provider had it, and now says that it has no such payout; ask the \
                         provider; queries go on"
            .to_owned(),
        Wait::NotUnderstood => {
            let word = progress.standing.not_understood().map_or("", |told| told.word.as_str());
            format!(
                "the provider says {word:?}, and nothing says whether money moved; it may be a reversal; ask \
                 the provider; queries go on"
            )
        }
        Wait::Confirm => {
            "its final status was contradicted, and the provider does not say which is \
                          true; queries go on"
                .to_owned()
        }
    }
}
