//! The injector that a worker's every step goes through: it counts, delays, fails, stalls and kills.
//! Knows nothing of stores and providers.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use pagos_twin::SplitMix64;

/// What happens at one point of a worker's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The call fails here. Before the work it was not done; after it, it was.
    FailAt(u64),
    /// The process ends here: neither this call nor any other ever returns.
    DieAt(u64),
    /// The process stands still here until [`FaultInjector::open`].
    StallAt(u64),
    /// From here on the store is out of reach, for this process.
    CutAt(u64),
}

impl Plan {
    const fn point(self) -> u64 {
        match self {
            Self::FailAt(point)
            | Self::DieAt(point)
            | Self::StallAt(point)
            | Self::CutAt(point) => point,
        }
    }
}

/// Two points lie at each call: one before the work, one after it. They are counted from 1.
#[derive(Debug, Default)]
pub struct FaultInjector {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    points: u64,
    plan: Option<Plan>,
    chance: Option<SplitMix64>,
    is_dead: bool,
    is_stalled: bool,
    is_cut: bool,
    met_at: Option<&'static str>,
    waiting: Vec<Waker>,
}

impl FaultInjector {
    /// An injector where nothing happens.
    pub fn new() -> Self {
        Self::default()
    }

    /// An injector where calls of one worker overtake each other as the seed has it.
    pub fn jittering(seed: u64) -> Self {
        let state = State { chance: Some(SplitMix64::new(seed)), ..State::default() };
        Self { state: Mutex::new(state) }
    }

    /// Sets what will happen, counted from the points passed so far.
    pub fn plan(&self, plan: Plan) {
        let mut state = self.state();
        let passed = state.points;
        state.plan = Some(match plan {
            Plan::FailAt(point) => Plan::FailAt(passed + point),
            Plan::DieAt(point) => Plan::DieAt(passed + point),
            Plan::StallAt(point) => Plan::StallAt(passed + point),
            Plan::CutAt(point) => Plan::CutAt(passed + point),
        });
    }

    /// How many points were passed.
    pub fn points(&self) -> u64 {
        self.state().points
    }

    /// The name of the point at which the plan came true, once.
    pub fn take_met(&self) -> Option<&'static str> {
        self.state().met_at.take()
    }

    /// Takes the store out of reach, from now on.
    pub fn cut(&self) {
        self.state().is_cut = true;
    }

    /// Ends the process.
    pub fn kill(&self) {
        self.state().is_dead = true;
    }

    /// Is the store out of reach?
    pub fn is_cut(&self) -> bool {
        self.state().is_cut
    }

    /// Has the process ended?
    pub fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// Does the process stand still?
    pub fn is_stalled(&self) -> bool {
        self.state().is_stalled
    }

    /// Lets a process that stands still go on.
    pub fn open(&self) {
        let mut state = self.state();
        state.is_stalled = false;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.iter().for_each(Waker::wake_by_ref);
    }

    /// Passes a point of a call to the store, which fails while the store is out of reach.
    pub async fn pass_store(&self, point: &'static str) -> Result<(), &'static str> {
        self.pass(point).await?;
        if self.is_cut() { Err("the store is out of reach") } else { Ok(()) }
    }

    /// Passes one point, which has a name; `Err` where a failure is planned.
    pub async fn pass(&self, point: &'static str) -> Result<(), &'static str> {
        let (mut yields, is_failing) = {
            let mut state = self.state();
            state.points += 1;
            let here = state.points;
            state.is_dead |= state.plan == Some(Plan::DieAt(here));
            state.is_stalled |= state.plan == Some(Plan::StallAt(here));
            state.is_cut |= state.plan == Some(Plan::CutAt(here));
            if state.plan.is_some_and(|plan| plan.point() == here) {
                state.met_at = Some(point);
            }
            let yields = state.chance.as_mut().map_or(0, |chance| chance.below(3));
            (yields, state.plan == Some(Plan::FailAt(here)))
        };
        poll_fn(|context| {
            let mut state = self.state();
            if state.is_dead {
                return Poll::Pending;
            }
            if state.is_stalled {
                state.waiting.push(context.waker().clone());
                return Poll::Pending;
            }
            if yields > 0 {
                yields -= 1;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        if is_failing { Err("a failure that the test planned") } else { Ok(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
