//! Waiting in virtual time: whoever sleeps wakes when somebody turns the clock. No real time.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use async_trait::async_trait;

use pagos_core::Clock;
use pagos_core::Timestamp;
use pagos_engine::Timer;
use pagos_twin::TwinClock;
use pagos_twin::VirtualClock;

/// The engine's timer over the clock of the twins.
#[derive(Debug)]
pub struct VirtualTimer {
    clock: Arc<VirtualClock>,
    sleepers: Mutex<Vec<Waker>>,
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

    /// Turns the clock and wakes everybody who sleeps; each looks whether his time has come.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.wake();
    }

    /// Turns the clock to `moment`, unless that is in the past.
    pub fn advance_to(&self, moment: Timestamp) {
        self.clock.advance_to(moment);
        self.wake();
    }

    fn wake(&self) {
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let woken = std::mem::take(&mut *sleepers);
        drop(sleepers);
        woken.iter().for_each(Waker::wake_by_ref);
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
        let until = self.now().plus(wait);
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
            sleepers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
