//! A bank with a bad memory and worse lines: in two of its forms it can pay a key twice, always or
//! after some hours.
//!
//! A twin that refuses repeated keys cannot be made to pay twice by any engine. This one can be
//! made to, which is what gives the judge of duplicates something to judge.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use pagos_core::{
    Bank, Clock, Deduplication, Departure, Descriptor, Echo, Environment, Error, ErrorKind, Handle,
    Lookup, Money, Observation, OrderKey, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef,
    Source, Status, Timestamp, Violation,
};
use pagos_twin::{Span, SplitMix64};

use crate::{sample::declined, timer::VirtualTimer};

/// What goes wrong on the way to this bank or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mishap {
    /// No connection: certainly not applied.
    NoConnection,
    /// Refused unread.
    Busy,
    /// Refused for good, before the bank looks whether it has the key.
    Rejected,
    /// The request is lost.
    LostRequest,
    /// Applied; the reply is lost.
    LostReply,
    /// Applied up to 40 minutes later, beyond every grace, and not answered.
    LateApply,
    /// A query without an answer.
    LostQuery,
}

/// A bank whose books are shared by all who hold a clone.
#[derive(Debug, Clone)]
pub struct ForgetfulBank {
    descriptor: &'static Descriptor,
    timer: Arc<VirtualTimer>,
    books: Arc<Mutex<Books>>,
    seed: u64,
}

#[derive(Debug, Default)]
struct Books {
    payments: Vec<Payment>,
    late: Vec<(Timestamp, OrderKey)>,
    creates: BTreeMap<OrderKey, u32>,
    queries: BTreeMap<OrderKey, u32>,
    mishaps: BTreeMap<Mishap, u64>,
}

#[derive(Debug, Clone)]
struct Payment {
    key: OrderKey,
    number: usize,
    made_at: Timestamp,
    /// From when on queries find it.
    shown_at: Timestamp,
    ends_at: Timestamp,
    end: Status,
    /// When a quarter of the money comes back, if it does.
    returned_at: Option<Timestamp>,
}

impl ForgetfulBank {
    /// A bank without payments. With [`Deduplication::None`] it pays whatever it is asked to pay.
    pub fn new(descriptor: &'static Descriptor, timer: Arc<VirtualTimer>, seed: u64) -> Self {
        Self { descriptor, timer, books: Arc::default(), seed }
    }

    /// How often the key was paid, or is being paid.
    pub fn payments(&self, key: &OrderKey) -> usize {
        self.books().payments.iter().filter(|payment| payment.key == *key).count()
    }

    /// The truth about a key; `None` if the bank never had it.
    pub fn truth(&self, key: &OrderKey) -> Option<Status> {
        let now = self.timer.now();
        let books = self.books();
        let payment = books.payments.iter().find(|payment| payment.key == *key)?;
        Some(payment.status(now))
    }

    /// Has a part of this payout come back?
    pub fn is_partly_returned(&self, key: &OrderKey) -> bool {
        let now = self.timer.now();
        let books = self.books();
        books.payments.iter().any(|it| it.key == *key && it.returned_at.is_some_and(|at| at <= now))
    }

    /// What it booked for an order: what each booking changed the balance by, and when.
    pub(crate) fn booked(&self, order: &PayoutOrder) -> Vec<(Money, Timestamp)> {
        let now = self.timer.now();
        let books = self.books();
        let paid = |it: &&Payment| it.key == order.key && it.status(now) == Status::Succeeded;
        let of_payment = |it: &Payment| {
            let debit = Money::new(-order.amount.minor, order.amount.currency);
            let credit = it.returned(order, now).zip(it.returned_at);
            std::iter::once((debit, it.ends_at)).chain(credit).collect::<Vec<_>>()
        };
        books.payments.iter().filter(paid).flat_map(of_payment).collect()
    }

    /// When a request that was held up takes effect.
    pub fn next_late(&self) -> Option<Timestamp> {
        self.books().late.iter().map(|(at, _)| *at).min()
    }

    /// How often each thing went wrong.
    pub fn mishaps(&self) -> BTreeMap<Mishap, u64> {
        self.books().mishaps.clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.timer.now();
        let (due, late) = books.late.drain(..).partition(|(at, _)| *at <= now);
        books.late = late;
        let due: Vec<(Timestamp, OrderKey)> = due;
        for (at, key) in due {
            self.apply(&mut books, &key, at);
        }
        books
    }

    /// Pays, unless this bank knows keys and still knows this one.
    fn apply(&self, books: &mut Books, key: &OrderKey, at: Timestamp) -> bool {
        let remembered = match self.descriptor.deduplication {
            Deduplication::ByKey => Some(Duration::MAX),
            Deduplication::ByKeyFor(remembered) => Some(remembered),
            Deduplication::ByHandle | Deduplication::None => None,
        };
        let is_known = |payment: &Payment| {
            payment.key == *key && remembered.is_some_and(|it| at.since(payment.made_at) < it)
        };
        if books.payments.iter().any(is_known) {
            return false;
        }
        let mut chance = SplitMix64::for_occasion(self.seed, "life", key.as_str(), 0);
        let ends_at = at.plus(chance.within(Span::from_millis(1_000, 600_000)));
        let end = if chance.below(10) == 0 { declined() } else { Status::Succeeded };
        let number = books.payments.len();
        let returned_at = (end == Status::Succeeded && chance.below(12) == 0)
            .then(|| ends_at.plus(chance.within(Span::from_millis(1_000, 600_000))));
        let shown_at = self.shown_at(key, at);
        let payment =
            Payment { key: key.clone(), number, made_at: at, shown_at, ends_at, end, returned_at };
        books.payments.push(payment);
        true
    }

    /// A bank that forgets keys leaves some payments out of its list for hours: nothing but the key
    /// stands between that and a second payment.
    fn shown_at(&self, key: &OrderKey, at: Timestamp) -> Timestamp {
        let Deduplication::ByKeyFor(_) = self.descriptor.deduplication else { return at };
        let mut chance = SplitMix64::for_occasion(self.seed, "list", key.as_str(), 0);
        match chance.below(4) {
            0 => at.plus(chance.within(Span::from_millis(60_000, HIDDEN_MS_MAX))),
            _ => at,
        }
    }

    fn mishap(&self, books: &mut Books, key: &OrderKey) -> Option<Mishap> {
        let nth = books.creates.entry(key.clone()).or_insert(0);
        let mut chance = SplitMix64::for_occasion(self.seed, "create", key.as_str(), *nth);
        *nth += 1;
        let mishap = match chance.below(1_000) {
            0..80 => Mishap::NoConnection,
            80..130 => Mishap::Busy,
            130..160 => Mishap::Rejected,
            160..260 => Mishap::LostRequest,
            260..380 => Mishap::LostReply,
            380..460 => Mishap::LateApply,
            _ => return None,
        };
        *books.mishaps.entry(mishap).or_insert(0) += 1;
        Some(mishap)
    }
}

impl Payment {
    fn status(&self, now: Timestamp) -> Status {
        if now >= self.ends_at { self.end } else { Status::Pending }
    }

    fn returned(&self, order: &PayoutOrder, now: Timestamp) -> Option<Money> {
        let part = Money::new(order.amount.minor / 4, order.amount.currency);
        self.returned_at.filter(|at| *at <= now).map(|_| part)
    }

    fn observe(&self, order: &PayoutOrder, source: Source, now: Timestamp) -> Observation {
        Observation {
            asked_at: Some(now),
            reference: Some(ProviderRef::new(format!("B{}", self.number)).unwrap()),
            returned: self.returned(order, now),
            echo: Echo { key: Some(order.key.to_string()), amount: Some(order.amount) },
            ..Observation::new(self.status(now), source, now)
        }
    }
}

/// Longer than a key is remembered.
const HIDDEN_MS_MAX: u64 = 8 * 3_600_000;

#[async_trait]
impl PayoutProvider for ForgetfulBank {
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
        let needs_one = self.descriptor.deduplication == Deduplication::ByHandle;
        let handle = || Handle::new(format!("handle-of-{}", order.key)).unwrap();
        Ok(needs_one.then(handle))
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _handle: Option<&Handle>,
        _departure: Departure,
    ) -> Result<Observation, Error> {
        let now = self.timer.now();
        let mut books = self.books();
        let key = &order.key;
        let error = |kind| Err(Error::new(kind, "a bad line"));
        match self.mishap(&mut books, key) {
            Some(Mishap::NoConnection) => return error(ErrorKind::Undelivered),
            Some(Mishap::Busy) => return error(ErrorKind::Throttled),
            Some(Mishap::Rejected) => return error(ErrorKind::Rejected),
            Some(Mishap::LostRequest | Mishap::LostQuery) => return error(ErrorKind::Unknown),
            Some(Mishap::LateApply) => {
                let mut chance = SplitMix64::for_occasion(self.seed, "late", key.as_str(), 0);
                let wait = chance.within(Span::from_millis(1_000, 2_400_000));
                books.late.push((now.plus(wait), key.clone()));
                return error(ErrorKind::Unknown);
            }
            Some(Mishap::LostReply) => {
                self.apply(&mut books, key, now);
                return error(ErrorKind::Unknown);
            }
            None => {}
        }
        if !self.apply(&mut books, key, now)
            && self.descriptor.deduplication == Deduplication::ByKey
        {
            return error(ErrorKind::Unknown);
        }
        // The one that was just added, or the one that the key stands for: its first answer.
        let payment = books.payments.iter().rfind(|payment| payment.key == *key);
        let payment = payment.expect("a payment under this key");
        Ok(payment.observe(order, Source::Reply, now))
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let now = self.timer.now();
        let mut books = self.books();
        let key = &payout.order.key;
        let nth = books.queries.entry(key.clone()).or_insert(0);
        *nth += 1;
        let mut chance = SplitMix64::for_occasion(self.seed, "query", key.as_str(), *nth);
        if chance.below(10) == 0 {
            *books.mishaps.entry(Mishap::LostQuery).or_insert(0) += 1;
            return Ok(Lookup::CannotTell("a bad line".to_owned()));
        }
        let is_this = |payment: &&Payment| payment.key == *key && payment.shown_at <= now;
        let payment = books.payments.iter().rfind(is_this);
        Ok(match payment {
            Some(payment) => Lookup::Found(payment.observe(payout.order, Source::Query, now)),
            None => Lookup::Absent,
        })
    }
}
