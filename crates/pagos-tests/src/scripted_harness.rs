//! A small harness: engines over a store in memory and a scripted provider, for exact schedules.
//! The provider's side of the truth is the script.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pagos_core::{Clock, Delivery, Descriptor, PayoutProvider, Timestamp};
use pagos_engine::{
    Accounts, Engine, Entry, InboxItem, MemoryStore, Notice, Payout, Store, Timer, Trust,
};

use crate::{
    drive::{drive, finish},
    fault_injector::FaultInjector,
    faulty::FaultyProvider,
    harness::{lanes, policy, receive, simulated, submit},
    recording::{Act, RecordingStore},
    sample::{account, key, order, start},
    scripted::{Answer, Reply, ScriptedProvider},
    timer::VirtualTimer,
};

/// Engines, a store, a script.
#[derive(Debug)]
pub struct ScriptedHarness {
    /// The time of everything.
    pub timer: Arc<VirtualTimer>,
    /// What all engines share.
    pub store: Arc<dyn Store>,
    /// What became durable and what was sent, in order.
    pub record: Arc<Mutex<Vec<Act>>>,
    /// The scripted provider.
    pub provider: Arc<ScriptedProvider>,
}

impl ScriptedHarness {
    /// A harness with nothing in it but the script.
    pub fn new(
        descriptor: &'static Descriptor,
        replies: impl IntoIterator<Item = Reply>,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let timer = VirtualTimer::starting_at(start());
        let record: Arc<Mutex<Vec<Act>>> = Arc::default();
        let provider = ScriptedProvider::new(
            descriptor,
            Arc::clone(&timer),
            Arc::clone(&record),
            replies,
            answers,
        );
        Self { timer, store: Arc::new(MemoryStore::new()), record, provider }
    }

    /// The harness with one released payout, whose key is `name`.
    #[must_use]
    pub fn with_payout(self, name: &str) -> Self {
        self.submit(&[name]);
        self
    }

    /// An engine without an injector.
    pub fn engine(&self) -> Engine {
        self.engine_behind(&Arc::new(FaultInjector::new()))
    }

    /// An engine whose store and provider are behind `injector`.
    pub fn engine_behind(&self, injector: &Arc<FaultInjector>) -> Engine {
        self.engine_with(Arc::clone(&self.provider) as _, injector)
    }

    /// An engine over this store with another provider, behind `injector`.
    pub fn engine_with(
        &self,
        provider: Arc<dyn PayoutProvider>,
        injector: &Arc<FaultInjector>,
    ) -> Engine {
        let provider = FaultyProvider::new(provider, Arc::clone(injector));
        let record = Arc::clone(&self.record);
        let store = RecordingStore::over(Arc::clone(&self.store), Arc::clone(injector), record);
        let accounts = Accounts::new().with(account(), provider);
        let timer = Arc::clone(&self.timer) as _;
        finish(Engine::open(store, &simulated(), accounts, timer, policy())).unwrap()
    }

    /// Submits and releases payouts past every injector.
    pub fn submit(&self, names: &[&str]) {
        submit(&self.engine(), names.iter().map(|name| order(name)).collect());
    }

    /// One round. Where the provider keeps silent, the clock goes on to the deadline.
    ///
    /// # Panics
    /// If the round does not end, or the store fails.
    pub fn work(&self, engine: &Engine) {
        let mut round = Box::pin(engine.work(64));
        for _ in 0..3 {
            match drive(&mut round) {
                Some(worked) => {
                    worked.unwrap();
                    return;
                }
                None => self.timer.advance(policy().deadline),
            }
        }
        panic!("a round that does not end");
    }

    /// Works whatever comes due within `time`.
    pub fn work_for(&self, engine: &Engine, time: Duration) {
        let until = self.timer.now().plus(time);
        loop {
            self.work(engine);
            // What is overdue is not this engine's to do, or not yet: look again in a second.
            let now = self.timer.now();
            let next = |at: Timestamp| if at > now { at } else { now.plus(BEAT) };
            match self.next_due().map(next) {
                Some(at) if at <= until => self.timer.advance_to(at),
                _ => return self.timer.advance_to(until),
            }
        }
    }

    /// Runs the engine's own loop for `time`; returns how often it had to be woken.
    ///
    /// # Panics
    /// If it ends by itself.
    pub fn run_for(&self, engine: &Engine, concurrency: usize, time: Duration) -> u64 {
        let until = self.timer.now().plus(time);
        let stop = self.timer.sleep(time);
        let mut run = Box::pin(engine.run(concurrency, stop, std::future::pending));
        let mut rounds = 0;
        loop {
            if let Some(ended) = drive(&mut run) {
                ended.unwrap();
                return rounds;
            }
            let next = self.timer.next_wake().expect("the loop waits for something");
            self.timer.advance_to(next);
            assert!(self.timer.now() <= until.plus(policy().lease), "it does not stop");
            rounds += 1;
        }
    }

    /// When the store has something to do next.
    pub fn next_due(&self) -> Option<Timestamp> {
        finish(self.store.next_due(&lanes([account()]))).unwrap()
    }

    /// Receives a delivery as a receiver does. Is it kept?
    pub fn receive(&self, delivery: &Delivery) -> bool {
        let decoder = self.provider.webhooks().expect("the scripted provider sends webhooks");
        receive(Arc::clone(&self.store), &account(), decoder, delivery) == 200
    }

    /// The deliveries that wait to be applied.
    pub fn waiting(&self) -> Vec<InboxItem> {
        let due = |trust| {
            finish(self.store.inbox(trust, &[account()], self.timer.now(), usize::MAX)).unwrap()
        };
        [Trust::Verified, Trust::Unverified].into_iter().flat_map(due).collect()
    }

    /// One payout as stored.
    pub fn payout(&self, name: &str) -> Payout {
        finish(self.store.payout(&key(name))).unwrap().expect("a stored payout")
    }

    /// The history of one payout.
    pub fn history(&self, name: &str) -> Vec<Entry> {
        finish(self.store.history(&key(name))).unwrap()
    }

    /// Everything that the application was told.
    pub fn notices(&self) -> Vec<Notice> {
        let numbered = finish(self.store.outbox(0, usize::MAX)).unwrap();
        numbered.into_iter().map(|(_, notice)| notice).collect()
    }

    /// What happened so far, in order.
    pub fn acts(&self) -> Vec<Act> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const BEAT: Duration = Duration::from_secs(1);
