//! Time that can be turned: the clock of in-process worlds.
//! Not real time; that enters in the server only.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use pagos_core::{Clock, Timestamp};

/// A clock that the control surface can turn.
pub trait TwinClock: Clock + Debug {
    /// Jumps ahead.
    fn advance(&self, by: Duration);

    /// Runs at `speed` times real time from now on.
    ///
    /// # Errors
    /// [`SpeedError`] if this clock cannot run at that speed.
    fn change_speed(&self, speed: u32) -> Result<(), SpeedError>;

    /// How many times faster than real time it runs; `None` if it goes on only when it is told to.
    fn speed(&self) -> Option<u32>;
}

/// A speed that a clock does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this clock cannot run at {speed} times real time")]
pub struct SpeedError {
    /// What was asked for.
    pub speed: u32,
}

/// A clock that stands still until it is told to advance.
///
/// ```
/// use std::time::Duration;
///
/// use pagos_core::Clock;
/// use pagos_core::Timestamp;
/// use pagos_twin::TwinClock;
/// use pagos_twin::VirtualClock;
///
/// let clock = VirtualClock::starting_at(Timestamp::from_millis(1_000));
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), Timestamp::from_millis(3_000));
/// ```
#[derive(Debug)]
pub struct VirtualClock {
    now_ms: AtomicI64,
}

impl VirtualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub const fn starting_at(start: Timestamp) -> Self {
        Self { now_ms: AtomicI64::new(start.as_millis()) }
    }

    /// Jumps to `moment`, unless that is in the past.
    pub fn advance_to(&self, moment: Timestamp) {
        self.now_ms.fetch_max(moment.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }
}

impl TwinClock for VirtualClock {
    fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.now_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    fn change_speed(&self, speed: u32) -> Result<(), SpeedError> {
        Err(SpeedError { speed })
    }

    fn speed(&self) -> Option<u32> {
        None
    }
}
