//! A merchant whose account has rules and limits: a bank that counts what it pays, a clock that the
//! test moves, and engines over one store, any of which can end at a point.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::FutureExt;
use pagos_core::*;
use pagos_engine::*;

pub(crate) const START_MS: i64 = 1_800_000_000_000; // 2027-01-15T08:00:00Z

pub(crate) fn account() -> AccountName {
    AccountName::new("acme").unwrap()
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

pub(crate) fn run(name: &str) -> RunId {
    RunId::from(name)
}

pub(crate) fn clp(minor: i64) -> Money {
    Money::new(minor, Currency::Clp)
}

/// An order; the beneficiary's account is the key without what follows an underscore.
pub(crate) fn order(key: &str, amount: Money) -> PayoutOrder {
    let number = AccountNumber::new(key.split('_').next().unwrap()).unwrap();
    let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, number);
    PayoutOrder::new(OrderKey::new(key).unwrap(), account(), amount, ana)
}

pub(crate) fn rule(of: Measure, over: i64, approvers: u32) -> Rule {
    Rule::new(of, clp(over), approvers).unwrap()
}

/// One merchant: everything that outlives an engine.
#[derive(Debug)]
pub(crate) struct Merchant {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<Hand>,
    pub(crate) bank: Arc<Bank>,
    pub(crate) accounts: Accounts,
    pub(crate) probe: Arc<End>,
}

impl Merchant {
    /// Under these rules and limits.
    pub(crate) fn of(rules: Vec<Rule>, limits: Limits) -> Self {
        let clock = Arc::new(Hand { now_ms: AtomicI64::new(START_MS) });
        let bank = Arc::new(Bank { paid: Mutex::default(), is_mute: AtomicBool::new(false) });
        let accounts = Accounts::new()
            .with(account(), Arc::clone(&bank) as Arc<dyn PayoutProvider>)
            .with_approvals(account(), Approvals::new(rules))
            .with_limits(account(), limits);
        let (store, probe) = (Arc::new(MemoryStore::new()), Arc::default());
        Self { store, clock, bank, accounts, probe }
    }

    /// More than 100 CLP in one payout needs one approver, more than 1000 CLP in a run needs two.
    pub(crate) fn usual() -> Self {
        let rules = vec![rule(Measure::Payout, 100, 1), rule(Measure::Run, 1_000, 2)];
        Self::of(rules, Limits::default())
    }

    pub(crate) async fn engine(&self) -> Engine {
        self.engine_with(self.accounts.clone()).await
    }

    pub(crate) async fn engine_with(&self, accounts: Accounts) -> Engine {
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let store = InstrumentedStore::new(store, Arc::clone(&self.probe) as Arc<dyn Probe>);
        let timer = Arc::new(ManualTimer::over(Arc::clone(&self.clock) as Arc<dyn Clock>));
        let world = World::Simulated("tests".to_owned());
        let policy = Policy { sends_per_second_max: None, ..Policy::live() };
        Engine::open(store, &world, accounts, timer, policy).await.unwrap()
    }

    /// Works off everything that is due; returns the keys that were ever paid, in order.
    pub(crate) async fn paid(&self) -> Vec<String> {
        let engine = self.engine().await;
        while !engine.work(16).await.unwrap().is_idle() {}
        self.bank.paid()
    }

    /// A run of so many equal payouts by Ana, which was asked to be released.
    pub(crate) async fn waiting(&self, name: &str, amounts: &[i64]) -> RunApproval {
        let engine = self.engine().await;
        submit(&engine, name, amounts).await;
        self.asked(name, amounts.len()).await
    }

    /// The approval that a run waits for.
    pub(crate) async fn asked(&self, name: &str, members: usize) -> RunApproval {
        match self.engine().await.release(&run(name), members as u64).await {
            Err(EngineError::WaitsForApproval(waits)) => *waits,
            other => panic!("{name} does not wait: {other:?}"),
        }
    }

    /// The kinds of all notices about runs, in order.
    pub(crate) async fn news(&self) -> Vec<String> {
        let notices = self.store.outbox(0, 1_000).await.unwrap();
        let of_runs =
            notices.into_iter().filter(|(_, notice)| matches!(notice.about, NoticeAbout::Run(_)));
        let word = |notice: Notice| {
            let json = serde_json::to_value(notice.event).unwrap();
            json["kind"].as_str().unwrap().to_owned()
        };
        of_runs.map(|(_, notice)| word(notice)).collect()
    }

    /// Calls the engine and ends the process at a point, in a phase.
    pub(crate) async fn ends_at<T>(
        &self,
        point: Point,
        phase: Phase,
        call: impl Future<Output = T>,
    ) {
        *self.probe.at.lock().unwrap() = Some((point, phase));
        let ended = AssertUnwindSafe(call).catch_unwind().await;
        assert!(ended.is_err(), "it never came to {point} {}", phase.word());
        *self.probe.at.lock().unwrap() = None;
    }
}

/// Submits payouts `NAME-0`, `NAME-1` ... as Ana.
pub(crate) async fn submit(engine: &Engine, name: &str, amounts: &[i64]) {
    let orders = amounts.iter().enumerate();
    let orders = orders.map(|(place, minor)| order(&format!("{name}-{place}"), clp(*minor)));
    engine.submit_by(&run(name), orders.collect(), &actor("ana")).await.unwrap();
}

/// The text of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, EngineError>) -> String {
    match answer {
        Err(EngineError::Refused(because)) => because,
        other => panic!("it is not refused: {other:?}"),
    }
}

/// Ends the process at a point, by a panic.
#[derive(Debug, Default)]
pub(crate) struct End {
    at: Mutex<Option<(Point, Phase)>>,
}

impl Probe for End {
    fn at(&self, point: Point, phase: Phase, _: Option<&OrderKey>) {
        let here = *self.at.lock().unwrap();
        if here == Some((point, phase)) {
            panic!("the process ends");
        }
    }
}

/// A clock that only the test moves.
#[derive(Debug)]
pub(crate) struct Hand {
    now_ms: AtomicI64,
}

impl Hand {
    pub(crate) fn pass(&self, time: Duration) {
        self.now_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::Relaxed))
    }
}

/// A bank that pays at once, or says nothing.
#[derive(Debug)]
pub(crate) struct Bank {
    paid: Mutex<Vec<String>>,
    pub(crate) is_mute: AtomicBool,
}

impl Bank {
    pub(crate) fn paid(&self) -> Vec<String> {
        self.paid.lock().unwrap().clone()
    }
}

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "acme",
    countries: &[],
    currencies: &[Currency::Clp, Currency::Cop],
    deduplication: Deduplication::ByKey,
    absence: Absence { answers_min: 3, grace: Duration::from_secs(600) },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

#[async_trait]
impl PayoutProvider for Bank {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, _: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn payee_bank(&self, _: &PayoutOrder) -> Option<pagos_core::Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _: Option<&Handle>,
        _: Departure,
    ) -> Result<Observation, Error> {
        if self.is_mute.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unknown, "no answer"));
        }
        self.paid.lock().unwrap().push(order.key.to_string());
        Ok(Observation::new(Status::Succeeded, Source::Reply, Timestamp::from_millis(START_MS)))
    }

    async fn query(&self, _: &PayoutRef<'_>) -> Result<Lookup, Error> {
        Err(Error::new(ErrorKind::Unknown, "no answer"))
    }
}
