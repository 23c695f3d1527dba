//! Waiting in virtual time: whoever sleeps wakes when somebody turns the clock. No real time.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;

use pagos_core::{Clock, Timestamp};
use pagos_engine::Timer;
use pagos_twin::{TwinClock, VirtualClock};

/// The engine's timer over the clock of the twins.
#[derive(Debug)]
pub struct VirtualTimer {
    clock: Arc<VirtualClock>,
    sleepers: Mutex<Sleepers>,
}

/// Who sleeps, by the moment at which he wants to wake.
#[derive(Debug, Default)]
struct Sleepers {
    by_moment: BTreeMap<(Timestamp, u64), Waker>,
    count: u64,
}

impl VirtualTimer {
    /// A timer whose time begins at `start`.
    pub fn starting_at(start: Timestamp) -> Arc<Self> {
        let clock = Arc::new(VirtualClock::starting_at(start));
        Arc::new(Self { clock, sleepers: Mutex::default() })
    }

    /// The clock, for twins.
    pub fn clock(&self) -> Arc<VirtualClock> {
        Arc::clone(&self.clock)
    }

    /// Turns the clock and wakes everybody whose time has come.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.wake();
    }

    /// Turns the clock to `moment`, unless that is in the past.
    pub fn advance_to(&self, moment: Timestamp) {
        self.clock.advance_to(moment);
        self.wake();
    }

    /// When the next sleeper wants to wake.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers().by_moment.keys().next().map(|(moment, _)| *moment)
    }

    /// Sleeps until `moment`.
    pub(crate) fn sleep_until(&self, moment: Timestamp) -> Sleep<'_> {
        Sleep { timer: self, moment, number: None }
    }

    fn wake(&self) {
        let mut sleepers = self.sleepers();
        let later = sleepers.by_moment.split_off(&(self.now(), u64::MAX));
        let woken = std::mem::replace(&mut sleepers.by_moment, later);
        drop(sleepers);
        woken.values().for_each(Waker::wake_by_ref);
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualTimer {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl Timer for VirtualTimer {
    async fn sleep(&self, wait: Duration) {
        self.sleep_until(self.now().plus(wait)).await;
    }
}

/// One sleep. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Sleep<'a> {
    timer: &'a VirtualTimer,
    moment: Timestamp,
    number: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.timer.now() >= self.moment {
            return Poll::Ready(());
        }
        let timer = self.timer;
        let mut sleepers = timer.sleepers();
        let number = *self.number.get_or_insert_with(|| {
            sleepers.count += 1;
            sleepers.count
        });
        sleepers.by_moment.insert((self.moment, number), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.timer.sleepers().by_moment.remove(&(self.moment, number));
        }
    }
}
