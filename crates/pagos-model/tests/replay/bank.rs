//! A bank that writes down everything that happens at it. Its faults follow from the seed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use pagos_core::{
    Bank, Clock, Deduplication, Departure, Descriptor, Environment, Error, ErrorKind, Handle,
    Lookup, Observation, PayoutOrder, PayoutProvider, PayoutRef, Source, Timestamp, Violation,
    WebhookDecoder,
};
use pagos_model::{Answer, Status};
use pagos_tests::{ScriptedProvider, VirtualTimer, declined};
use pagos_twin::SplitMix64;

use crate::trace::{Happened, Trace};

/// What is shared by the bank's two lines, one for each worker.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) paid: u32,
    began_at: Timestamp,
    ends_at: Timestamp,
    reverses_at: Option<Timestamp>,
    first_end: pagos_core::Status,
    late: Vec<Timestamp>,
    chance: SplitMix64,
}

/// The line of one worker to the bank.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) slot: u8,
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) timer: Arc<VirtualTimer>,
    pub(crate) books: Arc<Mutex<Books>>,
    pub(crate) trace: Trace,
    /// Knows how events are written and read.
    pub(crate) decoder: Arc<ScriptedProvider>,
}

impl Books {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            paid: 0,
            began_at: now,
            ends_at: now,
            reverses_at: None,
            first_end: declined(),
            late: Vec::new(),
            chance: SplitMix64::for_occasion(seed, "books", "", 0),
        }
    }

    /// The truths so far, oldest first, with the moment of each.
    pub(crate) fn truths(&self, now: Timestamp) -> Vec<(pagos_core::Status, Timestamp)> {
        let other = match self.first_end {
            pagos_core::Status::Succeeded => declined(),
            _ => pagos_core::Status::Succeeded,
        };
        let pending = (pagos_core::Status::Pending, self.began_at);
        let reversed = self.reverses_at.map(|at| (other, at));
        let all = [Some(pending), Some((self.first_end, self.ends_at)), reversed];
        let known = all.into_iter().flatten().filter(|(_, at)| self.paid > 0 && *at <= now);
        known.collect()
    }

    fn pay(&mut self, now: Timestamp) {
        self.paid += 1;
        if self.paid > 1 {
            return;
        }
        let after =
            |chance: &mut SplitMix64, most: u64| Duration::from_secs(1 + chance.below(most));
        self.began_at = now;
        self.ends_at = now.plus(after(&mut self.chance, 4_000));
        if self.chance.below(2) == 0 {
            self.reverses_at = Some(self.ends_at.plus(after(&mut self.chance, 20 * 3_600)));
        }
        if self.chance.below(2) == 0 {
            self.first_end = pagos_core::Status::Succeeded;
        }
    }
}

impl Line {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_repeat(&self, books: &Books) -> bool {
        books.paid > 0 && self.descriptor.deduplication == Deduplication::ByKey
    }

    /// When a request that is held up arrives.
    pub(crate) fn next_late(&self) -> Option<Timestamp> {
        self.books().late.iter().min().copied()
    }

    /// Lets the requests arrive that were held up until now.
    pub(crate) fn arrive(&self) {
        let now = self.timer.now();
        let mut books = self.books();
        let (due, late): (Vec<_>, Vec<_>) = books.late.drain(..).partition(|at| *at <= now);
        books.late = late;
        for _ in due {
            self.trace.add(Happened::ArrivedLate);
            if !self.is_repeat(&books) {
                books.pay(now);
            }
        }
    }

    fn observe(&self, order: &PayoutOrder, books: &Books, source: Source) -> Observation {
        let (status, _) = *books.truths(self.timer.now()).last().expect("a payment");
        self.decoder.seen(order, status, source)
    }
}

#[async_trait]
impl PayoutProvider for Line {
    fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, _order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        self.descriptor.deduplication == Deduplication::ByHandle
    }

    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        let needs_handle = self.descriptor.deduplication == Deduplication::ByHandle;
        Ok(needs_handle.then(|| Handle::new(order.key.as_str())).transpose().expect("a handle"))
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _: Option<&Handle>,
        _: Departure,
    ) -> Result<Observation, Error> {
        let now = self.timer.now();
        let mut books = self.books();
        let error = |kind| Err(Error::new(kind, "a bad line"));
        let (slot, trace) = (self.slot, &self.trace);
        match books.chance.below(10) {
            0 => {
                trace.add(Happened::NotConnected(slot));
                return error(ErrorKind::Undelivered);
            }
            1 => {
                trace.add(Happened::Unread(slot));
                return error(ErrorKind::Throttled);
            }
            2 if books.paid == 0 => {
                trace.add(Happened::Refused(slot));
                return error(ErrorKind::Rejected);
            }
            3 | 4 => {
                trace.add(Happened::Lost(slot));
                return error(ErrorKind::Unknown);
            }
            5 => {
                // Where the model says that what is under way arrives or is lost within the queue's
                // time, nothing is held up for long.
                let most_s = match self.descriptor.deduplication {
                    Deduplication::ByHandle | Deduplication::None => 20,
                    Deduplication::ByKey | Deduplication::ByKeyFor(_) => 2_400,
                };
                let wait = Duration::from_secs(1 + books.chance.below(most_s));
                books.late.push(now.plus(wait));
                trace.add(Happened::HeldUp(slot));
                return error(ErrorKind::Unknown);
            }
            _ => {}
        }
        trace.add(Happened::Taken(slot));
        if self.is_repeat(&books) {
            return error(ErrorKind::Unknown);
        }
        books.pay(now);
        if books.chance.below(3) == 0 {
            return error(ErrorKind::Unknown);
        }
        Ok(self.observe(order, &books, Source::Reply))
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let mut books = self.books();
        let (answer, status, lookup) = if books.chance.below(8) == 0 {
            (Answer::Nothing, None, Lookup::CannotTell("a bad line".to_owned()))
        } else if books.paid == 0 {
            (Answer::Absent, None, Lookup::Absent)
        } else {
            let seen = self.observe(payout.order, &books, Source::Query);
            (Answer::Found, Some(status_of(seen.status)), Lookup::Found(seen))
        };
        self.trace.add(Happened::Asked(self.slot, answer, status));
        Ok(lookup)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        self.decoder.webhooks()
    }
}

/// The model's word for a status of the core.
pub(crate) fn status_of(status: pagos_core::Status) -> Status {
    match status {
        pagos_core::Status::Created => Status::Created,
        pagos_core::Status::Unknown => Status::Unknown,
        pagos_core::Status::Pending => Status::Pending,
        pagos_core::Status::Succeeded => Status::Succeeded,
        pagos_core::Status::Failed(pagos_core::FailReason::Rejected) => Status::Rejected,
        pagos_core::Status::Failed(_) => Status::Failed,
    }
}
