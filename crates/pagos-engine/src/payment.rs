//! A payment as it is kept: the order, its sessions, and every try of a payer in them.
//!
//! Plain state. What may follow what is decided in `payment/decide.rs`.

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

/// One payment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What was ordered.
    pub order: PaymentOrder,
    /// The digest of the order.
    pub digest: Digest,
    /// How far it is.
    pub progress: PaymentProgress,
    /// When the provider is to be asked; `None`: not until something is learned.
    pub due_at: Option<Timestamp>,
    /// Changes with every write; what the next step is computed from.
    pub version: u64,
}

/// How far one payment is. A store keeps it as it is and indexes [`PaymentProgress::word`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentProgress {
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The sessions that were opened for it, oldest first. Payers are sent to the last one.
    pub sessions: Vec<Session>,
    /// A session that is being opened, or whose opening brought no answer that tells.
    pub opening: Option<Opening>,
    /// How many sessions were asked for.
    pub openings: u32,
    /// What is asked since the last thing learned.
    pub asking: Asking,
    /// The query at hand was brought forward by somebody who proved nothing: unless it brings news,
    /// it counts for nothing, and the next one is at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_of: Option<Timestamp>,
    /// When a final status was reached, for the watch over it.
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
    /// When a payer cannot pay in it any more, as far as anybody states it.
    pub closes_at: Option<Timestamp>,
    /// What became of it. The first stands for the session itself and bears no transfer; each
    /// further one is a try of a payer.
    pub tries: Vec<Try>,
}

/// One try of a payer, or the session itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The provider's id of it.
    pub transfer: Option<ProviderRef>,
    /// What all observations of it amount to.
    pub standing: Standing,
}

/// A session that is being opened: there may be one, and we do not know it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// When the request was about to leave.
    pub begun_at: Timestamp,
}

/// A session, with what its notifications are verified with.
#[derive(Debug, Clone)]
pub struct KnownSession {
    /// The payment that it was opened for.
    pub key: pagos_core::OrderKey,
    /// The secret, where the provider issues one for each session.
    pub secret: Option<Secret>,
}

impl PaymentProgress {
    /// A payment that was just asked for.
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

    /// Where it stands: one paid try is enough; otherwise what became of the last session.
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

    /// How often it was paid. More than once means that somebody gets money back.
    pub fn times_paid(&self) -> usize {
        let tries = self.sessions.iter().flat_map(|session| &session.tries);
        tries.filter(|one| one.standing.status() == Status::Succeeded).count()
    }

    /// The session that payers are sent to, if somebody may still pay in it.
    pub fn open_session(&self, now: Timestamp) -> Option<&Session> {
        self.sessions.last().filter(|session| session.is_open(now))
    }

    /// Does a contradiction hold this payment back?
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

    /// Why it is what it is, in the provider's words where there are any. A bare code is no words.
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

    /// Does anything wait to be confirmed by a query?
    pub(crate) fn is_in_doubt(&self) -> bool {
        let mut tries = self.sessions.iter().flat_map(|session| &session.tries);
        tries.any(|one| one.standing.confirm_since().is_some())
    }
}

impl Session {
    /// What became of it: paid if one try was, failed if all of them were.
    pub fn status(&self) -> Status {
        self.deciding().map_or(Status::Pending, |one| one.standing.status())
    }

    /// The try that the session's status rests on: a paid one, one that may yet be paid, the last.
    fn deciding(&self) -> Option<&Try> {
        let stands = |wanted: Status| self.tries.iter().find(|one| one.standing.status() == wanted);
        let by_payers = || self.tries.iter().filter(|one| one.transfer.is_some());
        stands(Status::Succeeded)
            .or_else(|| by_payers().find(|one| !one.standing.status().is_final()))
            .or_else(|| by_payers().next_back())
            .or(self.tries.last())
    }

    /// May somebody still pay in it? A failed try does not close a session, only its time does; and
    /// where nothing was learned, it is open until the provider says that nobody paid.
    pub fn is_open(&self, now: Timestamp) -> bool {
        match self.status() {
            Status::Succeeded | Status::Failed(FailReason::Expired) => false,
            Status::Failed(_) => self.closes_at.is_some_and(|closes_at| now < closes_at),
            Status::Created | Status::Unknown | Status::Pending => true,
        }
    }

    /// The try that an observation is about, made if it is new.
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
