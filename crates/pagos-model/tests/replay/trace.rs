//! What really happened, in order, and who writes it down.

use std::sync::{Arc, Mutex, PoisonError};

use pagos_engine::{Claim, Entry, Step};
use pagos_model::{Answer, Status};
use pagos_tests::Onlooker;

use crate::bank::status_of;

/// One thing that happened. The number is the worker's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    Claimed(u8),
    Begun(u8, u32),
    Stored(u8, Row),
    NotConnected(u8),
    Unread(u8),
    Refused(u8),
    Lost(u8),
    HeldUp(u8),
    Taken(u8),
    ArrivedLate,
    Asked(u8, Answer, Option<Status>),
    Ended(u8),
}

/// What is compared of a durable row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) status: Status,
    pub(crate) attempts: u32,
    pub(crate) lost: u32,
    pub(crate) is_open: bool,
    pub(crate) is_due: bool,
    pub(crate) person: bool,
}

/// What happened so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<Happened>>>);

impl Trace {
    pub(crate) fn add(&self, happened: Happened) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(happened);
    }

    pub(crate) fn all(&self) -> Vec<Happened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Looks over the shoulder of the worker at one place.
#[derive(Debug)]
pub(crate) struct Shoulder {
    pub(crate) slot: u8,
    pub(crate) trace: Trace,
}

impl Onlooker for Shoulder {
    fn claimed(&self, claims: &[Claim]) {
        for claim in claims {
            self.trace.add(Happened::Claimed(self.slot));
            if claim.has_begun() {
                self.trace.add(Happened::Begun(self.slot, claim.payout.progress.attempts));
            }
        }
    }

    fn committed(&self, step: &Step) {
        let begun = step.entries.iter().find_map(|entry| match entry {
            Entry::AttemptBegun { number, .. } => Some(*number),
            _ => None,
        });
        let progress = &step.progress;
        self.trace.add(match begun {
            Some(number) => Happened::Begun(self.slot, number),
            None => Happened::Stored(
                self.slot,
                Row {
                    status: status_of(progress.status()),
                    attempts: progress.attempts,
                    lost: progress.lost,
                    is_open: progress.open.is_some(),
                    is_due: step.due_at.is_some(),
                    person: progress.attention.is_some(),
                },
            ),
        });
    }
}
