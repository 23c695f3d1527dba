//! When a session may be opened, and what the attempt to open it brings.

use pagos_core::{PaymentSession, Repeat, Status};

use super::{PaymentOutcome, PaymentRules};
use crate::{
    history::{Entry, Proof},
    payment::{Opening, PaymentProgress, Session, store::OpenedSession},
};

/// Whether a session may be opened now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MayOpen {
    Yes,
    /// One is open, or the payment is paid.
    NotNeeded,
    /// No, and why.
    No(String),
}

impl PaymentRules<'_> {
    /// Allows one session at a time: another one only when nobody can pay in the last one any more.
    pub(crate) fn may_open(&self, progress: &PaymentProgress) -> MayOpen {
        if progress.is_quarantined() {
            return MayOpen::No("a contradiction waits for a person".to_owned());
        }
        let is_paid = progress.status() == Status::Succeeded;
        if is_paid || progress.open_session(self.now).is_some() {
            return MayOpen::NotNeeded;
        }
        if self.terms.repeat == Repeat::Refused && progress.openings > 0 {
            let because = "the provider takes a key once, and this one is used; ask for the \
                           payment under another key";
            return MayOpen::No(because.to_owned());
        }
        let is_under_way = progress.opening.is_some_and(|opening| {
            self.now.since(opening.begun_at) < self.policy.time_on_the_way()
        });
        if is_under_way {
            let because = "another process is opening its session; run it again in a moment";
            return MayOpen::No(because.to_owned());
        }
        MayOpen::Yes
    }

    /// Begins the opening of a session; the request is sent after this is durable.
    pub(crate) fn begin_opening(&self, progress: &PaymentProgress) -> PaymentOutcome {
        let mut progress = progress.clone();
        progress.openings = progress.openings.saturating_add(1);
        progress.opening = Some(Opening { begun_at: self.now });
        let entry = Entry::AttemptBegun { number: progress.openings, at: self.now, epoch: 0 };
        // If this process dies before the answer is recorded, the provider is queried.
        let due_at = Some(self.now.plus(self.policy.time_on_the_way()));
        self.quietly(progress, due_at, vec![entry])
    }

    /// Adds a session that was opened. It is durable before anybody is told its address.
    pub(crate) fn opened(
        &self,
        progress: &PaymentProgress,
        opened: &PaymentSession,
    ) -> Option<PaymentOutcome> {
        let seen = &opened.observation;
        let reference = seen.reference.clone()?;
        let mut progress = progress.clone();
        progress.opening = None;
        progress.sessions.push(Session {
            reference: reference.clone(),
            url: opened.url.clone(),
            code: opened.code.clone(),
            opened_at: self.now,
            closes_at: self.terms.open_for.map(|open_for| self.now.plus(open_for)),
            tries: Vec::new(),
        });
        let outcome = self.learn(&progress, std::slice::from_ref(seen));
        let opens = Some(OpenedSession { reference, secret: opened.secret.clone() });
        Some(PaymentOutcome { opens, ..outcome })
    }

    /// Records a proof that no session was opened.
    pub(crate) fn not_opened(
        &self,
        progress: &PaymentProgress,
        proof: Proof,
        because: String,
    ) -> PaymentOutcome {
        let mut progress = progress.clone();
        progress.opening = None;
        let number = progress.openings;
        if proof != Proof::Rejected && self.terms.repeat == Repeat::Refused {
            // The request did not arrive, so it does not count as an opening.
            progress.openings = progress.openings.saturating_sub(1);
        }
        let entry = Entry::AttemptClosed { number, proof, at: self.now, because };
        let due_at = self.next_due(&progress);
        self.quietly(progress, due_at, vec![entry])
    }

    /// Records that the request may have arrived but the answer was lost. If a repeat opens another
    /// session, nobody holds the address of the first, so nobody can pay in it.
    pub(crate) fn unanswered(&self, progress: &PaymentProgress, answer: String) -> PaymentOutcome {
        let mut progress = progress.clone();
        if self.terms.repeat == Repeat::OpensAnother {
            progress.opening = None;
        }
        let due_at = self.next_due(&progress);
        self.quietly(progress, due_at, vec![Entry::Asked { at: self.now, answer }])
    }
}
