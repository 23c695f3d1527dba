//! One payout under two real engines: crashes, stalls, failing stores, late and repeated webhooks.
//! Everything follows from the seed.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use pagos_core::{Clock, Descriptor, Observation, Source, Timestamp};
use pagos_engine::{Accounts, Engine};
use pagos_tests::{
    FaultInjector, FaultyProvider, Plan, RecordingStore, ScriptedHarness, Worker, account, event,
    finish, key, order, policy, simulated,
};
use pagos_twin::SplitMix64;

use crate::{
    bank::{Books, Line},
    trace::{Happened, Shoulder, Trace},
};

/// What happens to one payout from the first claim on, for so long or so many steps.
pub(crate) fn play(descriptor: &'static Descriptor, seed: u64) -> Vec<Happened> {
    let mut schedule = Schedule::new(descriptor, seed);
    let until = schedule.scripted.timer.now().plus(LENGTH);
    for _ in 0..ROUNDS_MAX {
        if schedule.scripted.timer.now() >= until || schedule.trace.all().len() > STEPS_MAX {
            break;
        }
        schedule.round();
    }
    schedule.trace.all()
}

struct Schedule {
    scripted: ScriptedHarness,
    trace: Trace,
    books: Arc<Mutex<Books>>,
    descriptor: &'static Descriptor,
    chance: SplitMix64,
    workers: Vec<(Worker, Option<Timestamp>)>,
}

impl Schedule {
    fn new(descriptor: &'static Descriptor, seed: u64) -> Self {
        let scripted = ScriptedHarness::new(descriptor, [], []).with_payout("a");
        let books = Arc::new(Mutex::new(Books::new(seed, scripted.timer.now())));
        let chance = SplitMix64::for_occasion(seed, "schedule", "", 0);
        let (trace, workers) = (Trace::default(), Vec::new());
        let mut schedule = Self { scripted, trace, books, descriptor, chance, workers };
        schedule.workers = vec![(schedule.fresh(0), None), (schedule.fresh(1), None)];
        schedule
    }

    fn line(&self, slot: u8) -> Line {
        Line {
            slot,
            descriptor: self.descriptor,
            timer: Arc::clone(&self.scripted.timer),
            books: Arc::clone(&self.books),
            trace: self.trace.clone(),
            decoder: Arc::clone(&self.scripted.provider),
        }
    }

    fn fresh(&mut self, slot: u8) -> Worker {
        let injector = Arc::new(FaultInjector::jittering(self.chance.next_u64()));
        let provider = FaultyProvider::new(Arc::new(self.line(slot)), Arc::clone(&injector));
        let shoulder = Arc::new(Shoulder { slot, trace: self.trace.clone() });
        let store = Arc::clone(&self.scripted.store);
        let store = RecordingStore::seen_by(store, Arc::clone(&injector), shoulder);
        let accounts = Accounts::new().with(account(), provider);
        let timer = Arc::clone(&self.scripted.timer) as _;
        let engine = finish(Engine::open(store, &simulated(), accounts, timer, policy())).unwrap();
        Worker::new(engine, injector)
    }

    /// Both workers a few steps, perhaps a webhook, then the clock.
    fn round(&mut self) {
        self.line(0).arrive();
        for _ in 0..1 + self.chance.below(30) {
            let slot = self.chance.below(2);
            self.step(u8::try_from(slot).unwrap());
        }
        if self.chance.below(12) == 0 {
            self.post();
        }
        let now = self.scripted.timer.now();
        let pause = Duration::from_millis(1 + self.chance.below(3_000));
        let is_at_work = self.workers.iter().any(|it| it.0.is_busy() && it.1.is_none());
        if is_at_work {
            return self.scripted.timer.advance(pause);
        }
        let wakes = self.workers.iter().filter_map(|it| it.1);
        let late = self.line(0).next_late();
        let due = self.scripted.next_due().filter(|at| *at > now);
        let next = due.into_iter().chain(late).chain(wakes).min();
        self.scripted.timer.advance_to(next.unwrap_or(now).max(now.plus(pause)));
    }

    fn step(&mut self, slot: u8) {
        let now = self.scripted.timer.now();
        let (worker, wakes_at) = &mut self.workers[usize::from(slot)];
        if wakes_at.is_some_and(|at| now < at) {
            return;
        }
        if wakes_at.take().is_some() {
            worker.injector().open();
        }
        if !worker.is_busy() && self.chance.below(6) == 0 {
            let point = 1 + self.chance.below(14);
            let plans = [Plan::DieAt(point), Plan::StallAt(point), Plan::FailAt(point)];
            worker.injector().plan(plans[usize::try_from(self.chance.below(3)).unwrap()]);
        }
        let is_failed = worker.step(4).is_some_and(|worked| worked.is_err());
        if worker.injector().is_dead() || is_failed {
            self.trace.add(Happened::Ended(slot));
            self.workers[usize::from(slot)] = (self.fresh(slot), None);
        } else if worker.injector().is_stalled() {
            let pause = Duration::from_secs(1 + self.chance.below(1_500));
            *wakes_at = Some(now.plus(pause));
        }
    }

    /// A genuine webhook about one of the truths so far, in time or late, once or again.
    fn post(&mut self) {
        let now = self.scripted.timer.now();
        let truths = self.books.lock().unwrap().truths(now);
        if truths.is_empty() {
            return;
        }
        let nth = self.chance.below(truths.len() as u64);
        let (status, at) = truths[usize::try_from(nth).unwrap()];
        let told = self.scripted.provider.seen(&order("a"), status, Source::VerifiedEvent);
        let told = Observation { asked_at: None, provider_at: Some(at), ..told };
        self.scripted.receive(&event(&key("a"), &told, now));
    }
}

/// Longer than the return window of the script's descriptor, and shorter than a second one.
const LENGTH: Duration = Duration::from_secs(40 * 3_600);

const STEPS_MAX: usize = 300;

const ROUNDS_MAX: usize = 4_000;
