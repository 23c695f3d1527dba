//! Two workers on one store, and what happens to them: crashes, stalls, failing stores, clock jumps.
//! Everything follows from the seed. What is true in the end is the caller's to judge.

use std::sync::Arc;
use std::time::Duration;

use pagos_core::Clock;
use pagos_core::Timestamp;
use pagos_engine::Engine;
use pagos_twin::Span;
use pagos_twin::SplitMix64;

use crate::gate::Gate;
use crate::gate::Plan;
use crate::timer::VirtualTimer;
use crate::worker::Worker;

/// What happened in one schedule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Toll {
    /// Processes that ended in the middle of a round.
    pub crashes: u64,
    /// Processes that stood still and woke up later.
    pub stalls: u64,
    /// Rounds that ended because the store failed.
    pub failures: u64,
    /// Jumps of the clock that nobody had planned for.
    pub jumps: u64,
}

/// A schedule of two workers.
pub struct Chaos<'a> {
    timer: Arc<VirtualTimer>,
    make: &'a dyn Fn(&Arc<Gate>) -> Engine,
    chance: SplitMix64,
    calm_from: Timestamp,
    workers: Vec<(Worker, Option<Timestamp>)>,
    toll: Toll,
    seed: u64,
}

impl std::fmt::Debug for Chaos<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chaos").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl<'a> Chaos<'a> {
    /// A schedule whose workers' engines come from `make`; after three hours nothing more happens
    /// to them.
    pub fn new(
        timer: &Arc<VirtualTimer>,
        seed: u64,
        make: &'a dyn Fn(&Arc<Gate>) -> Engine,
    ) -> Self {
        let chance = SplitMix64::for_occasion(seed, "chaos", "", 0);
        let calm_from = timer.now().plus(Duration::from_secs(3 * 3_600));
        let timer = Arc::clone(timer);
        let (workers, toll) = (Vec::new(), Toll::default());
        let mut chaos = Self { timer, make, chance, calm_from, workers, toll, seed };
        chaos.workers = (0..2).map(|_| (chaos.fresh(), None)).collect();
        chaos
    }

    /// Runs until nothing is due by `next_due`, or `is_over`. `pump` carries the post.
    ///
    /// # Panics
    /// If that does not happen within two million steps.
    pub fn run(
        &mut self,
        pump: &dyn Fn() -> usize,
        next_due: &dyn Fn() -> Option<Timestamp>,
        is_over: &dyn Fn() -> bool,
    ) -> Toll {
        let mut idle_rounds = 0;
        for _ in 0..STEPS_MAX {
            for nth in 0..self.workers.len() {
                match self.step(nth) {
                    Stepped::Idle => idle_rounds += 1,
                    Stepped::Busy => idle_rounds = 0,
                    Stepped::Nothing => {}
                }
            }
            let are_asleep = self.workers.iter().all(|(_, wakes_at)| wakes_at.is_some());
            let is_at_work = self.workers.iter().any(|it| it.0.is_busy() && it.1.is_none());
            let is_idle = (idle_rounds >= 2 || are_asleep) && !is_at_work;
            if (is_idle || self.chance.below(4) == 0) && pump() > 0 {
                idle_rounds = 0;
            } else if is_idle {
                idle_rounds = 0;
                if is_over() && self.workers.iter().all(|(_, wakes_at)| wakes_at.is_none()) {
                    return self.toll;
                }
                let Some(at) = self.next_moment(next_due()) else { return self.toll };
                self.timer.advance_to(at);
            }
        }
        panic!("no end after {STEPS_MAX} steps, seed {}", self.seed);
    }

    fn step(&mut self, nth: usize) -> Stepped {
        let now = self.timer.now();
        if let Some(wakes_at) = self.workers[nth].1 {
            if now < wakes_at {
                return Stepped::Nothing;
            }
            self.workers[nth].1 = None;
            self.workers[nth].0.gate().open();
        }
        if !self.workers[nth].0.is_busy() && now < self.calm_from && self.chance.below(12) == 0 {
            self.plan(nth);
        }
        let limit = 1 + usize::try_from(self.chance.below(8)).unwrap();
        let worked = self.workers[nth].0.step(limit);
        let gate = self.workers[nth].0.gate();
        if gate.is_dead() {
            self.toll.crashes += 1;
            self.workers[nth] = (self.fresh(), None);
            return Stepped::Busy;
        }
        if gate.is_stalled() {
            self.toll.stalls += 1;
            let pause = self.chance.within(Span::from_millis(1_000, 2_000_000));
            self.workers[nth].1 = Some(now.plus(pause));
            return Stepped::Busy;
        }
        match worked {
            None => Stepped::Nothing,
            Some(Ok(worked)) if worked.is_idle() => Stepped::Idle,
            Some(Ok(_)) => Stepped::Busy,
            Some(Err(_)) => {
                self.toll.failures += 1;
                self.workers[nth] = (self.fresh(), None);
                Stepped::Busy
            }
        }
    }

    fn plan(&mut self, nth: usize) {
        let point = 1 + self.chance.below(40);
        let plan = match self.chance.below(3) {
            0 => Plan::DieAt(point),
            1 => Plan::StallAt(point),
            _ => Plan::FailAt(point),
        };
        self.workers[nth].0.gate().plan(plan);
    }

    fn next_moment(&mut self, due: Option<Timestamp>) -> Option<Timestamp> {
        let now = self.timer.now();
        let wakes = self.workers.iter().filter_map(|(_, wakes_at)| *wakes_at);
        // Where everybody sleeps, nobody does what is overdue.
        let are_asleep = self.workers.iter().all(|(_, wakes_at)| wakes_at.is_some());
        let due = due.filter(|at| !are_asleep || *at > now);
        let next = due.into_iter().chain(wakes).min()?.max(now.plus(Duration::from_millis(1)));
        if now >= self.calm_from || self.chance.below(20) > 0 {
            return Some(next);
        }
        self.toll.jumps += 1;
        Some(next.plus(self.chance.within(Span::from_millis(0, 900_000))))
    }

    fn fresh(&mut self) -> Worker {
        let gate = Arc::new(Gate::jittering(self.chance.next_u64()));
        Worker::new((self.make)(&gate), gate)
    }
}

enum Stepped {
    /// A round ended and there was nothing to do.
    Idle,
    /// Something was done, or happened.
    Busy,
    /// In the middle of a round, or asleep.
    Nothing,
}

const STEPS_MAX: u32 = 2_000_000;
