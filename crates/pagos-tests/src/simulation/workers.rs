//! The workers of a schedule and what happens to them: they end, stand still, lose the store, and
//! live by clocks that are wrong.

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Timestamp};
use pagos_engine::{EngineError, Worked};
use pagos_twin::Span;

use crate::{
    drive::finish,
    fault_injector::{FaultInjector, Plan},
    simulation::{Simulation, clock::MachineClock, plan::Clocks},
    worker::Worker,
};

/// One worker, through all its lives.
#[derive(Debug)]
pub(super) struct WorkerSlot {
    worker: Worker,
    clock: Arc<MachineClock>,
    state: State,
    /// The number of changes that it has seen without finding anything to do.
    rested_at: u64,
    /// Until when this machine cannot reach the store.
    cut_until: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Awake,
    /// In the middle of a round, until then.
    StandsStill(Timestamp),
    /// Ended; a new process begins then.
    Gone(Timestamp),
}

impl Simulation {
    pub(super) fn hire(&mut self) {
        for _ in 0..self.plan.workers {
            let clock = MachineClock::new(Arc::clone(&self.timer), 0);
            let worker = self.fresh(self.hands.len(), &clock, false);
            let (state, rested_at, cut_until) = (State::Awake, 0, self.timer.now());
            self.hands.push(WorkerSlot { worker, clock, state, rested_at, cut_until });
            let nth = self.hands.len() - 1;
            self.set_clock(nth);
        }
    }

    /// Lets every worker that can do something do it. Returns whether one did.
    pub(super) fn work(&mut self) -> bool {
        let mut is_any = false;
        for nth in 0..self.hands.len() {
            self.log.turn(|| format!("worker {nth}"));
            is_any |= self.step(nth);
        }
        is_any
    }

    fn step(&mut self, nth: usize) -> bool {
        let now = self.timer.now();
        match self.hands[nth].state {
            State::Awake => {}
            State::StandsStill(until) | State::Gone(until) if now < until => return false,
            State::StandsStill(_) => {
                self.hands[nth].state = State::Awake;
                self.hands[nth].worker.injector().open();
                self.log.say(|| "goes on".to_owned());
            }
            State::Gone(_) => {
                let clock = Arc::clone(&self.hands[nth].clock);
                let is_cut = now < self.hands[nth].cut_until;
                self.hands[nth].worker = self.fresh(nth, &clock, is_cut);
                self.hands[nth].state = State::Awake;
                self.hands[nth].rested_at = 0;
                self.log.say(|| "begins".to_owned());
            }
        }
        let changes = self.changes;
        let hand = &mut self.hands[nth];
        if !hand.worker.is_busy() {
            let is_due = self.due.is_some_and(|due| due <= hand.clock.now());
            if hand.rested_at == changes || !is_due {
                return false;
            }
            self.plan_round(nth);
        } else if !hand.worker.is_ready() {
            return false;
        }
        let limit = 1 + usize::try_from(self.chance.below(8)).unwrap();
        let ended = self.hands[nth].worker.step(limit);
        self.look_at(nth, ended)
    }

    fn look_at(&mut self, nth: usize, ended: Option<Result<Worked, EngineError>>) -> bool {
        let now = self.timer.now();
        let injector = self.hands[nth].worker.injector();
        let (is_dead, is_stalled, is_cut) =
            (injector.is_dead(), injector.is_stalled(), injector.is_cut());
        if let Some(point) = injector.take_met() {
            let what = match (is_dead, is_stalled, is_cut) {
                (true, ..) => "crash",
                (_, true, _) => "stall",
                (_, _, true) => "store out of reach",
                _ if point.starts_with("request") || point.starts_with("create") => "line broken",
                _ if point.starts_with("query") => "line broken",
                _ if point.starts_with("witness") => "witness failed",
                _ => "store failed",
            };
            self.log.count(what, point);
            if is_cut {
                let pause = self.chance.within(Span::from_millis(1_000, 600_000));
                self.hands[nth].cut_until = now.plus(pause);
            }
        }
        if is_dead {
            let pause = self.chance.within(Span::from_millis(0, 60_000));
            self.set_clock(nth);
            self.hands[nth].state = State::Gone(now.plus(pause));
            return true;
        }
        if is_stalled {
            // Mostly minutes; at times so long that everything else has gone on without it.
            let longest_ms = if self.chance.below(4) == 0 { 4 * 3_600_000 } else { 2_400_000 };
            let pause = self.chance.within(Span::from_millis(1_000, longest_ms));
            self.hands[nth].state = State::StandsStill(now.plus(pause));
            return true;
        }
        match ended {
            None => return true,
            // What is due is not its own to do, or not yet: another account's, or without a turn.
            Some(Ok(worked)) if worked.is_idle() => {
                self.hands[nth].rested_at = self.changes;
                return false;
            }
            Some(Ok(_)) => {}
            // What supervises it starts it again.
            Some(Err(error)) => {
                self.log.say(|| format!("ends: {error}"));
                let is_expected = matches!(error, EngineError::Store(_) | EngineError::Witness(_));
                assert!(is_expected, "a worker ends: {error}");
                self.hands[nth].state = State::Gone(now.plus(Duration::from_secs(5)));
            }
        }
        let halted = self.hands[nth].worker.engine().halted();
        if !halted.is_empty() {
            self.log.count("account taken out of service", "");
            self.log.say(|| format!("{halted:?}"));
        }
        true
    }

    /// Decides what happens to a worker in the round that it begins.
    fn plan_round(&mut self, nth: usize) {
        if !self.is_bad_day() {
            if self.hands[nth].clock.ahead_ms() != 0 {
                self.log.count("clock set right", "");
                self.hands[nth].clock.set(0);
            }
            return;
        }
        if self.plan.clocks == Clocks::Differ && self.chance.below(60) == 0 {
            self.set_clock(nth);
        }
        if self.chance.below(1_000) >= self.plan.worker_per_mille {
            return;
        }
        let point = 1 + self.chance.below(40);
        let plan = match self.chance.below(4) {
            0 => Plan::DieAt(point),
            1 => Plan::StallAt(point),
            2 => Plan::FailAt(point),
            _ => Plan::CutAt(point),
        };
        self.hands[nth].worker.injector().plan(plan);
    }

    /// Somebody sets a machine's clock, wrongly: up to five minutes off.
    fn set_clock(&mut self, nth: usize) {
        if self.plan.clocks == Clocks::Agree || !self.is_bad_day() {
            return;
        }
        let before_ms = self.hands[nth].clock.ahead_ms();
        let ahead_ms = i64::try_from(self.chance.below(600_001)).unwrap() - 300_000;
        self.hands[nth].clock.set(ahead_ms);
        let what = if ahead_ms < before_ms { "clock stepped back" } else { "clock stepped on" };
        self.log.count(what, "");
    }

    /// A process that has just begun.
    fn fresh(&mut self, nth: usize, clock: &Arc<MachineClock>, is_cut: bool) -> Worker {
        let injector = Arc::new(FaultInjector::jittering(self.chance.next_u64()));
        let serves = |participant| self.plan.serves(nth, participant);
        let engine = self.engine(&injector, Arc::clone(clock) as _, serves);
        if is_cut {
            injector.cut();
        }
        if self.plan.workers == 1 && !is_cut && self.chance.below(2) == 0 {
            // Who knows to be the only one need not wait for the claims of a former life.
            self.log.count("claims ended at start", "");
            finish(self.store.end_claims()).unwrap();
        }
        Worker::new(engine, injector)
    }

    /// All processes end, and begin again within a minute.
    pub(super) fn end_workers(&mut self) {
        for nth in 0..self.hands.len() {
            let pause = self.chance.within(Span::from_millis(0, 60_000));
            self.hands[nth].worker.injector().kill();
            self.hands[nth].state = State::Gone(self.timer.now().plus(pause));
        }
    }

    /// Is anybody in the middle of something, or away?
    pub(super) fn is_anybody_busy(&self) -> bool {
        self.hands.iter().any(|hand| hand.worker.is_busy() || hand.state != State::Awake)
    }

    /// When a worker wakes, begins again, or finds something due.
    pub(super) fn next_of_workers(&self) -> Option<Timestamp> {
        let now = self.timer.now();
        let moment = |hand: &WorkerSlot| match hand.state {
            State::StandsStill(until) | State::Gone(until) => Some(until),
            // In the middle of a round it waits for an answer or a timer.
            State::Awake if hand.worker.is_busy() => None,
            // What is overdue and was not done is not his to do, or not yet.
            State::Awake => self.due.map(|due| match hand.clock.shown_at(due) {
                at if at > now => at,
                _ => now.plus(Duration::from_secs(1)),
            }),
        };
        self.hands.iter().filter_map(moment).min()
    }
}
