//! The stored state of a payment: the order, its sessions, and every try of a payer in them.
//!
//! `payment/decide.rs` decides how it may change.

pub(crate) mod decide;
pub(crate) mod follow;
pub(crate) mod open;
pub(crate) mod store;

use pagos_core::{FailReason, PaymentOrder, ProviderRef, Secret, Standing, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    intent::Digest,
    progress::{Asking, Attention},
};

/// One stored payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What was ordered.
    pub order: PaymentOrder,
    /// The digest of the order.
    pub digest: Digest,
    /// How far the payment has come.
    pub progress: PaymentProgress,
    /// When to query the provider; `None` for not before something is learned.
    pub due_at: Option<Timestamp>,
    /// Changes with every write. A step names the version that it was computed from.
    pub version: u64,
}

/// How far one payment has come. A store keeps it as it is and indexes [`PaymentProgress::word`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentProgress {
    /// When the payment was submitted.
    pub created_at: Timestamp,
    /// The sessions that were opened for it, oldest first. Payers are sent to the last one.
    pub sessions: Vec<Session>,
    /// A session that is being opened, or whose opening brought no clear answer.
    pub opening: Option<Opening>,
    /// How many sessions were requested.
    pub openings: u32,
    /// The queries since something was last learned.
    pub asking: Asking,
    /// Set if a hint brought the current query forward: unless the query brings news, it counts for
    /// nothing, and the next one is sent at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_of: Option<Timestamp>,
    /// When a final status was reached, which starts the watch.
    pub settled_at: Option<Timestamp>,
    /// Why a person must look, if one must.
    pub attention: Option<Attention>,
}

/// One session at the provider, in which a payer can pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The provider's id of it.
    pub reference: ProviderRef,
    /// The page for the payer, if there is one.
    pub url: Option<String>,
    /// A code to pay with, if there is one.
    pub code: Option<String>,
    /// When it was opened, by our clock.
    pub opened_at: Timestamp,
    /// When payers can no longer pay in it, if that is known.
    pub closes_at: Option<Timestamp>,
    /// What became of it. The first stands for the session itself and has no transfer; each further
    /// one is a try of a payer.
    pub tries: Vec<Try>,
}

/// One try of a payer, or the session itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The provider's id of it.
    pub transfer: Option<ProviderRef>,
    /// The fold of all its observations.
    pub standing: Standing,
}

/// A session that is being opened. It may exist already, but we do not know it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// When the request was about to be sent.
    pub begun_at: Timestamp,
}

/// A session, with the secret that verifies its notifications.
#[derive(Debug, Clone)]
pub struct KnownSession {
    /// The payment that it was opened for.
    pub key: pagos_core::OrderKey,
    /// The secret, if the provider issues one for each session.
    pub secret: Option<Secret>,
}

impl PaymentProgress {
    /// A payment that was just submitted.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            created_at,
            sessions: Vec::new(),
            opening: None,
            openings: 0,
            asking: Asking::default(),
            ahead_of: None,
            settled_at: None,
            attention: None,
        }
    }

    /// The status: paid if one try was paid; otherwise the status of the last session.
    pub fn status(&self) -> Status {
        if self.times_paid() > 0 {
            return Status::Succeeded;
        }
        match self.sessions.last() {
            Some(session) => session.status(),
            None if self.opening.is_some() => Status::Unknown,
            None => Status::Created,
        }
    }

    /// How often it was paid. If more than once, the surplus must be given back.
    pub fn times_paid(&self) -> usize {
        let tries = self.sessions.iter().flat_map(|session| &session.tries);
        tries.filter(|one| one.standing.status() == Status::Succeeded).count()
    }

    /// The session that payers are sent to, if it can still be paid.
    pub fn open_session(&self, now: Timestamp) -> Option<&Session> {
        self.sessions.last().filter(|session| session.is_open(now))
    }

    /// Whether a contradiction holds this payment back.
    pub fn is_quarantined(&self) -> bool {
        matches!(self.attention, Some(Attention::Quarantine(_)))
    }

    /// The word for reports and indexes: the status, or `quarantined`.
    pub fn word(&self) -> &'static str {
        if self.is_quarantined() {
            return "quarantined";
        }
        self.status().word()
    }

    /// Why it has this status, in the provider's words if there are any. A bare code does not
    /// count.
    pub fn reason(&self) -> Option<String> {
        if let Some(attention) = &self.attention {
            return Some(attention.because().to_owned());
        }
        let held = self.sessions.last()?.deciding()?.standing.held();
        match held.status {
            Status::Failed(reason) => {
                Some(held.message.as_deref().unwrap_or(reason.word()).to_owned())
            }
            Status::Created | Status::Unknown | Status::Pending | Status::Succeeded => None,
        }
    }

    /// Whether an observation waits to be confirmed by a query.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let mut tries = self.sessions.iter().flat_map(|session| &session.tries);
        tries.any(|one| one.standing.confirm_since().is_some())
    }
}

impl Session {
    /// The status: paid if one try was paid, failed if all of them failed.
    pub fn status(&self) -> Status {
        self.deciding().map_or(Status::Pending, |one| one.standing.status())
    }

    /// The try that determines the session's status: a paid one, else one that may be paid, else
    /// the last.
    fn deciding(&self) -> Option<&Try> {
        let stands = |wanted: Status| self.tries.iter().find(|one| one.standing.status() == wanted);
        let by_payers = || self.tries.iter().filter(|one| one.transfer.is_some());
        stands(Status::Succeeded)
            .or_else(|| by_payers().find(|one| !one.standing.status().is_final()))
            .or_else(|| by_payers().next_back())
            .or(self.tries.last())
    }

    /// Whether somebody can still pay in it. Only time closes a session, not a failed try; and if
    /// nothing was learned, it is open until the provider says that nobody paid.
    pub fn is_open(&self, now: Timestamp) -> bool {
        match self.status() {
            Status::Succeeded | Status::Failed(FailReason::Expired) => false,
            Status::Failed(_) => self.closes_at.is_some_and(|closes_at| now < closes_at),
            Status::Created | Status::Unknown | Status::Pending => true,
        }
    }

    /// The try that an observation is about; added if it is new.
    pub(crate) fn try_of(&mut self, transfer: Option<&ProviderRef>, now: Timestamp) -> &mut Try {
        let known = self.tries.iter().position(|one| one.transfer.as_ref() == transfer);
        let place = known.unwrap_or(self.tries.len());
        if known.is_none() {
            let standing = Standing::new(now);
            self.tries.push(Try { transfer: transfer.cloned(), standing });
        }
        // `place` is where the try was found or has just been pushed.
        #[allow(clippy::indexing_slicing)]
        &mut self.tries[place]
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::{Observation, Source};

    use super::*;

    fn session(tries: &[(Option<&str>, Status)]) -> Session {
        let mut session = Session {
            reference: ProviderRef::new("s1").unwrap(),
            url: None,
            code: None,
            opened_at: Timestamp::default(),
            closes_at: None,
            tries: Vec::new(),
        };
        for (transfer, status) in tries {
            let transfer = transfer.map(|text| ProviderRef::new(text).unwrap());
            let one = session.try_of(transfer.as_ref(), Timestamp::default());
            let seen = Observation::new(*status, Source::Query, Timestamp::default());
            one.standing.apply(&seen);
        }
        session
    }

    #[test]
    fn a_session_stands_where_its_tries_stand() {
        let failed = Status::Failed(FailReason::Declined);
        let expired = Status::Failed(FailReason::Expired);
        type Tries<'a> = &'a [(Option<&'a str>, Status)];
        let cases: [(Tries<'_>, Status); 7] = [
            (&[(None, Status::Pending)], Status::Pending),
            (&[(None, expired)], expired),
            (&[(None, Status::Pending), (Some("a"), failed)], failed),
            (
                &[(None, Status::Pending), (Some("a"), failed), (Some("b"), Status::Pending)],
                Status::Pending,
            ),
            (
                &[(None, Status::Pending), (Some("a"), Status::Succeeded), (Some("b"), failed)],
                Status::Succeeded,
            ),
            (&[(None, expired), (Some("a"), Status::Succeeded)], Status::Succeeded),
            (&[(None, expired), (Some("a"), failed)], failed),
        ];
        for (tries, expected) in cases {
            assert_eq!(session(tries).status(), expected, "{tries:?}");
        }
    }

    #[test]
    fn two_paid_tries_are_counted_wherever_they_are() {
        let paid = [(None, Status::Pending), (Some("a"), Status::Succeeded)];
        let mut progress = PaymentProgress::new(Timestamp::default());
        assert_eq!((progress.times_paid(), progress.status()), (0, Status::Created));
        progress.sessions.push(session(&paid));
        assert_eq!((progress.times_paid(), progress.status()), (1, Status::Succeeded));
        progress.sessions.push(session(&[(None, Status::Pending)]));
        assert_eq!(progress.status(), Status::Succeeded);
        progress.sessions.push(session(&paid));
        assert_eq!(progress.times_paid(), 2);
    }
}
