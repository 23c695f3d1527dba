//! A provider that answers what the test wrote down, and counts what it is asked to pay.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use pagos_core::{
    Absence, Bank, Clock, Contract, Deduplication, Departure, Descriptor, Echo, Environment, Error,
    ErrorKind, Handle, Lookup, Observation, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef,
    Source, Status, Violation, WebhookDecoder,
};

use crate::{recording::Act, timer::VirtualTimer};

/// A provider that refuses a repeated key.
pub static KEYED: Descriptor = descriptor(Deduplication::ByKey);

/// A provider that would pay a repeated key twice.
pub static CAREFUL: Descriptor = descriptor(Deduplication::None);

/// A provider that pays whatever it is asked to pay, but where a handle tells payouts apart. What was
/// sent arrives within the hour that its absence has to last.
pub static HANDLED: Descriptor = Descriptor {
    absence: Absence { answers_min: 3, grace: Duration::from_secs(3_600) },
    ..descriptor(Deduplication::ByHandle)
};

/// A provider that answers a repeated key with its first answer for six hours, and would pay a later
/// repeat.
pub static FORGETTING: Descriptor =
    descriptor(Deduplication::ByKeyFor(Duration::from_secs(6 * 3_600)));

const fn descriptor(deduplication: Deduplication) -> Descriptor {
    Descriptor {
        provider: "scripted",
        countries: &[],
        currencies: &[],
        deduplication,
        absence: Absence { answers_min: 3, grace: Duration::from_secs(600) },
        return_window: Some(Duration::from_secs(24 * 3_600)),
        pending_max: None,
        answer_max: None,
        requests_per_second_max: None,
        contract: Contract::Documented,
    }
}

/// What a `create` is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The provider has it, under the reference `R1`.
    Says(Status),
    /// Exactly this, with the times filled in.
    Tells(Box<Observation>),
    /// An error of this kind.
    Fails(ErrorKind),
    /// Nothing, ever.
    Nothing,
    /// The provider's code panics.
    Panics,
}

/// What a `query` is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Found, under the reference `R1`.
    Found(Status),
    /// Exactly this, with the times filled in.
    Tells(Box<Observation>),
    /// There is no such payout.
    Absent,
    /// There are two.
    Ambiguous,
    /// Unreadable.
    CannotTell,
    /// An error of this kind.
    Fails(ErrorKind),
    /// Not now: ask again after so many seconds.
    Busy(u64),
    /// Nothing, ever.
    Nothing,
    /// Found, under the reference `R1`, in a word that nobody documented.
    Says(&'static str),
    /// The provider's code panics.
    Panics,
}

/// Answers from two lists; the last line of each repeats for ever.
#[derive(Debug)]
pub struct ScriptedProvider {
    descriptor: &'static Descriptor,
    timer: Arc<VirtualTimer>,
    record: Arc<Mutex<Vec<Act>>>,
    replies: Mutex<VecDeque<Reply>>,
    answers: Mutex<VecDeque<Answer>>,
}

impl ScriptedProvider {
    /// A provider that writes its calls into `record`.
    pub fn new(
        descriptor: &'static Descriptor,
        timer: Arc<VirtualTimer>,
        record: Arc<Mutex<Vec<Act>>>,
        replies: impl IntoIterator<Item = Reply>,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Arc<Self> {
        let replies = Mutex::new(replies.into_iter().collect());
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { descriptor, timer, record, replies, answers })
    }

    /// Replaces what queries are answered from now on.
    pub fn answer_from_now_on(&self, answers: impl IntoIterator<Item = Answer>) {
        *locked(&self.answers) = answers.into_iter().collect();
    }

    /// How often it was asked to pay.
    pub fn creates(&self) -> usize {
        locked(&self.record).iter().filter(|act| matches!(act, Act::Sent(_))).count()
    }

    /// How many queries it answered.
    pub fn queries(&self) -> usize {
        locked(&self.record).iter().filter(|act| matches!(act, Act::Asked(_))).count()
    }

    /// What this provider says of `order` when it says `status`.
    pub fn seen(&self, order: &PayoutOrder, status: Status, source: Source) -> Observation {
        let now = self.timer.now();
        Observation {
            asked_at: Some(now),
            reference: Some(ProviderRef::new("R1").unwrap()),
            echo: Echo { key: Some(order.key.to_string()), amount: Some(order.amount) },
            ..Observation::new(status, source, now)
        }
    }

    /// What this provider says of `order` in a word that nobody documented.
    pub fn odd(&self, order: &PayoutOrder, word: &str) -> Observation {
        let now = self.timer.now();
        Observation {
            asked_at: Some(now),
            reference: Some(ProviderRef::new("R1").unwrap()),
            echo: Echo { key: Some(order.key.to_string()), amount: Some(order.amount) },
            ..Observation::not_understood(word, Source::Query, now)
        }
    }

    fn timed(&self, told: Observation) -> Observation {
        let now = self.timer.now();
        Observation { seen_at: now, asked_at: Some(now), ..told }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next<T: Clone>(lines: &Mutex<VecDeque<T>>) -> Option<T> {
    let mut lines = locked(lines);
    if lines.len() > 1 { lines.pop_front() } else { lines.front().cloned() }
}

#[async_trait]
impl PayoutProvider for ScriptedProvider {
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
        Ok(self.must_prepare().then(|| Handle::new(order.key.as_str()).expect("a handle")))
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _handle: Option<&Handle>,
        _departure: Departure,
    ) -> Result<Observation, Error> {
        locked(&self.record).push(Act::Sent(order.key.clone()));
        match next(&self.replies).expect("a reply in the script") {
            Reply::Says(status) => Ok(self.seen(order, status, Source::Reply)),
            Reply::Tells(told) => Ok(self.timed(*told)),
            Reply::Fails(kind) => Err(Error::new(kind, "what the script says")),
            Reply::Nothing => std::future::pending().await,
            Reply::Panics => panic!("a fault in a provider's code"),
        }
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        locked(&self.record).push(Act::Asked(payout.order.key.clone()));
        match next(&self.answers).expect("an answer in the script") {
            Answer::Found(status) => {
                Ok(Lookup::Found(self.seen(payout.order, status, Source::Query)))
            }
            Answer::Tells(told) => Ok(Lookup::Found(self.timed(*told))),
            Answer::Absent => Ok(Lookup::Absent),
            Answer::Ambiguous => Ok(Lookup::Ambiguous("R1 and R2".to_owned())),
            Answer::CannotTell => Ok(Lookup::CannotTell("what the script says".to_owned())),
            Answer::Fails(kind) => Err(Error::new(kind, "what the script says")),
            Answer::Busy(seconds) => {
                let busy = Error::new(ErrorKind::Throttled, "what the script says");
                Err(busy.with_retry_after(Duration::from_secs(seconds)))
            }
            Answer::Nothing => std::future::pending().await,
            Answer::Says(word) => Ok(Lookup::Found(self.odd(payout.order, word))),
            Answer::Panics => panic!("a fault in a provider's code"),
        }
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}
