//! The machine that every twin is: settings, time, faults, money and notifications work the same way
//! in all of them. What one provider makes of that is its [`Protocol`].

use std::{collections::BTreeMap, fmt, mem, sync::Arc, time::Duration};

use http::Method;
use pagos_core::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    balance::{Balance, Payable, Whereabouts},
    book::Entry,
    call::{self, Course, Effect, ErrorReplies, Funds},
    control,
    fault::{Faults, Occasion},
    ledger::{Direction, Ledger, Movement},
    notification::{Notice, Outbox},
    schedule::Schedule,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Request, Twin},
};

/// What one provider alone knows: its paths, its orders, its words.
///
/// An implementation is the state that no other provider has; its default is the one before the first
/// request. Most functions get the whole machine: what happens to an order touches money, time and
/// notifications as well.
pub trait Protocol: Default + fmt::Debug + Send + 'static {
    /// Short name in lower case.
    const PROVIDER: &'static str;
    /// ISO 4217 code of all its money.
    const CURRENCY: &'static str;
    /// Control calls that no other twin has.
    const CONTROL_CALLS: &'static [ControlCall<Self>];

    /// What can be switched.
    type Settings: Clone + fmt::Debug + Send;
    /// Something that happens by itself at its time.
    type Task: fmt::Debug + Send;
    /// What a notification tells.
    type Subject: fmt::Debug + Send;

    /// The merchant's balance at the start, in minor units.
    fn opening_minor(settings: &Self::Settings) -> i64;

    /// Answers one request; everything that was due before it has happened.
    fn answer(twin: &mut Machine<Self>, path: &str, request: &Request) -> Reply;

    /// Takes in what the settings say by now, before anything else happens.
    fn begin(twin: &mut Machine<Self>);

    /// Does what was planned for this moment.
    fn run(twin: &mut Machine<Self>, task: Self::Task, at: Timestamp);

    /// One sending of a notification: address, headers and signed bytes. `None` if there is nobody
    /// to send it to any more.
    fn message(
        twin: &Machine<Self>,
        number: u64,
        notice: &Notice<Self::Subject>,
    ) -> Option<Outgoing>;

    /// Takes in how a sending was answered, and says after how long the next one follows, if any.
    fn acknowledge(
        twin: &mut Machine<Self>,
        notice: &Notice<Self::Subject>,
        ack: Ack,
    ) -> Option<Duration>;

    /// Visits every order in the order of creation.
    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>));

    /// The invented credentials that a client needs, by name.
    fn credentials(twin: &Machine<Self>) -> BTreeMap<&'static str, String>;

    /// The addresses that a client needs, by name.
    fn paths(settings: &Self::Settings) -> BTreeMap<&'static str, String>;

    /// Takes in what a merchant tells the provider by hand.
    fn register(settings: &mut Self::Settings, registration: Registration);
}

/// A control call of one twin, under `/_twin/<provider>/`.
#[derive(Debug)]
pub struct ControlCall<P: Protocol> {
    /// Two calls of one name have different methods.
    method: Method,
    name: &'static str,
    answer: ControlAnswer<P>,
}

/// What answers a control call.
type ControlAnswer<P> = fn(&mut Machine<P>, &Request) -> Result<Value, String>;

impl<P: Protocol> ControlCall<P> {
    pub(crate) const fn get(name: &'static str, answer: ControlAnswer<P>) -> Self {
        Self { method: Method::GET, name, answer }
    }

    pub(crate) const fn post(name: &'static str, answer: ControlAnswer<P>) -> Self {
        Self { method: Method::POST, name, answer }
    }
}

/// A twin of the provider that `P` speaks for. It keeps everything in memory.
pub struct Machine<P: Protocol> {
    pub(crate) settings: P::Settings,
    /// What this provider has and no other.
    pub(crate) own: P,
    pub(crate) faults: Faults,
    /// What the merchant has left.
    pub(crate) balance: Balance,
    pub(crate) ledger: Ledger,
    pub(crate) tasks: Schedule<P::Task>,
    pub(crate) outbox: Outbox<P::Subject>,
    /// The latest moment that it has seen.
    pub(crate) now: Timestamp,
    /// How often each route was asked that is about no order.
    queries: BTreeMap<&'static str, u32>,
}

impl<P: Protocol> Machine<P> {
    /// A twin without orders and without faults.
    #[must_use]
    pub fn new(settings: P::Settings) -> Self {
        Self {
            balance: Balance { left_minor: P::opening_minor(&settings) },
            settings,
            own: P::default(),
            faults: Faults::default(),
            ledger: Ledger::default(),
            tasks: Schedule::new(),
            outbox: Outbox::new(),
            now: Timestamp::from_millis(i64::MIN),
            queries: BTreeMap::new(),
        }
    }

    /// The same twin with these faults from the start.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// What the merchant has left for payouts, in minor units.
    #[must_use]
    pub const fn balance_minor(&self) -> i64 {
        self.balance.left_minor
    }

    /// Lets a create go as it is drawn: it takes effect now, minutes later or never.
    pub(crate) fn create<D>(
        &mut self,
        draft: D,
        course: Course,
        error_replies: ErrorReplies,
        apply: impl FnOnce(&mut Self, &D, Timestamp, Funds) -> Reply,
        later: impl FnOnce(Box<D>) -> P::Task,
    ) -> Reply {
        let now = self.now;
        let answer = match course.effect {
            Effect::Now(funds) => Some(apply(self, &draft, now, funds)),
            Effect::Late => {
                self.tasks.add(now.plus(course.late), later(Box::new(draft)));
                None
            }
            Effect::Never => None,
        };
        course.reply(answer, error_replies)
    }

    /// Answers the `nth` query about a key, unless that goes wrong.
    pub(crate) fn ask(
        &mut self,
        key: &str,
        nth: u32,
        error_replies: ErrorReplies,
        answer: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let fault = self.faults.meet(Occasion::Query, key, nth);
        call::query(fault, error_replies, || answer(self))
    }

    /// Answers a query about no order, unless that goes wrong.
    pub(crate) fn ask_of_route(
        &mut self,
        route: &'static str,
        error_replies: ErrorReplies,
        answer: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let nth = self.queries.entry(route).or_insert(0);
        *nth = nth.saturating_add(1);
        let nth = *nth;
        self.ask(route, nth, error_replies, answer)
    }

    /// Answers `GET` and `POST` of `balance`: `{"balance": minor units}`.
    pub(crate) fn answer_balance(&mut self, request: &Request) -> Result<Value, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            balance: i64,
        }
        if request.method() == Method::POST {
            let Change { balance } = control::read(request.body())?;
            self.balance.left_minor = balance;
        }
        Ok(json!({"balance": self.balance.left_minor}))
    }

    /// Books that an order's money went from here to there.
    pub(crate) fn settle(
        balance: &mut Balance,
        ledger: &mut Ledger,
        order: &impl Payable,
        (from, to): (Whereabouts, Whereabouts),
        at: Timestamp,
    ) {
        if let Some(direction) = balance.book(order.total_minor(), from, to) {
            ledger.record(Self::movement(order, direction, at));
        }
    }

    /// A movement of an order's money, for the ledger.
    pub(crate) fn movement(order: &impl Payable, direction: Direction, at: Timestamp) -> Movement {
        Movement {
            provider: P::PROVIDER,
            key: Arc::clone(order.key()),
            reference: Arc::clone(order.reference()),
            account: Arc::clone(order.account()),
            amount_minor: order.amount_minor(),
            currency: P::CURRENCY,
            direction,
            at,
        }
    }

    /// An order as people and judges see it.
    pub(crate) fn view<'a>(
        kind: &'static str,
        order: &'a impl Entry,
        status: &'static str,
        true_final: &'static str,
        amount_minor: i64,
    ) -> OrderView<'a> {
        let (key, reference) = (&**order.key(), &**order.reference());
        let (provider, currency) = (P::PROVIDER, P::CURRENCY);
        OrderView { provider, kind, key, reference, status, true_final, amount_minor, currency }
    }

    /// Lets everything happen that is due by `now`, each thing at its own time.
    fn move_on(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        P::begin(self);
        while let Some((at, task)) = self.tasks.take_due(self.now) {
            P::run(self, task, at);
        }
    }
}

impl<P: Protocol> Twin for Machine<P> {
    fn provider(&self) -> &'static str {
        P::PROVIDER
    }

    fn handle(&mut self, path: &str, request: &Request, now: Timestamp) -> Reply {
        self.move_on(now);
        P::answer(self, path, request)
    }

    fn advance(&mut self, now: Timestamp) {
        self.move_on(now);
    }

    fn due(&mut self, now: Timestamp, count_max: usize) -> Vec<Outgoing> {
        self.move_on(now);
        let mut taken = Vec::new();
        while taken.len() < count_max
            && let Some((number, notice)) = self.outbox.take_due(self.now)
        {
            if let Some(outgoing) = P::message(self, number, &notice) {
                taken.push(outgoing);
                self.outbox.sent(number, notice);
            }
        }
        taken
    }

    fn delivered(&mut self, number: u64, ack: Ack, now: Timestamp) {
        self.move_on(now);
        let Some(notice) = self.outbox.answered(number) else {
            return;
        };
        if let Some(wait) = P::acknowledge(self, &notice, ack) {
            self.outbox.post_again(self.now.plus(wait), notice);
        }
    }

    fn in_flight(&self) -> Vec<u64> {
        self.outbox.in_flight()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.tasks.next().into_iter().chain(self.outbox.next()).min()
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        self.own.visit_orders(visit);
    }

    fn credentials(&self) -> BTreeMap<&'static str, String> {
        P::credentials(self)
    }

    fn paths(&self) -> BTreeMap<&'static str, String> {
        P::paths(&self.settings)
    }

    fn control(&mut self, name: &str, request: &Request, now: Timestamp) -> Option<Reply> {
        self.move_on(now);
        let mut named = P::CONTROL_CALLS.iter().filter(|it| it.name == name).peekable();
        named.peek()?;
        Some(match named.find(|it| it.method == request.method()) {
            Some(call) => control::answered((call.answer)(self, request)),
            None => control::wrong_method(),
        })
    }

    fn register(&mut self, registration: Registration) {
        P::register(&mut self.settings, registration);
    }

    fn reset(&mut self) {
        let mut faults = mem::take(&mut self.faults);
        faults.clear();
        let (now, outbox) = (self.now, self.outbox.emptied());
        let fresh = Self::new(self.settings.clone()).with_faults(faults);
        *self = Self { now, outbox, ..fresh };
    }
}

impl<P: Protocol> fmt::Debug for Machine<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("provider", &P::PROVIDER)
            .field("settings", &self.settings)
            .field("faults", &self.faults)
            .field("own", &self.own)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
