//! Real time, scaled. The only place of this crate that reads the machine's clock.
//! Not for in-process worlds; those turn a virtual clock.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use pagos_core::{Clock, Timestamp};

use crate::clock::{SpeedError, TwinClock};

/// A clock that runs at a whole multiple of real time.
#[derive(Debug)]
pub struct ScaledClock {
    pace: Mutex<Pace>,
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    since: Instant,
    shown: Timestamp,
    speed: u32,
}

impl Pace {
    fn now(&self) -> Timestamp {
        self.shown.plus(self.since.elapsed().saturating_mul(self.speed))
    }
}

impl ScaledClock {
    /// A clock that shows `start` now and runs at `speed` times real time; 0 stands still.
    #[must_use]
    pub fn new(start: Timestamp, speed: u32) -> Self {
        Self { pace: Mutex::new(Pace { since: Instant::now(), shown: start, speed }) }
    }

    /// How long `wait` takes in real time, rounded up to the millisecond; for ever if it stands
    /// still.
    #[must_use]
    pub fn real(&self, wait: Duration) -> Duration {
        let scaled = wait.checked_div(self.pace().speed).unwrap_or(Duration::MAX);
        scaled.saturating_add(Duration::from_millis(1))
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // A pace is replaced as a whole, so a panic elsewhere leaves a good one.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        self.pace().now()
    }
}

impl TwinClock for ScaledClock {
    fn advance(&self, by: Duration) {
        let mut pace = self.pace();
        pace.shown = pace.shown.plus(by);
    }

    fn change_speed(&self, speed: u32) -> Result<(), SpeedError> {
        if speed == 0 || speed > SPEED_MAX {
            return Err(SpeedError { speed });
        }
        let mut pace = self.pace();
        let shown = pace.now();
        *pace = Pace { since: Instant::now(), shown, speed };
        Ok(())
    }

    fn speed(&self) -> Option<u32> {
        Some(self.pace().speed)
    }
}

/// The machine's time.
pub(super) fn real_now() -> Timestamp {
    let passed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0).plus(passed)
}

/// A day in less than a tenth of a second is enough.
const SPEED_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_as_fast_as_told() {
        let start = Timestamp::from_millis(1_000);
        let clock = ScaledClock::new(start, 1_000);
        assert!(clock.now() >= start);
        assert_eq!(clock.real(Duration::from_secs(10)), Duration::from_millis(11));
        clock.advance(Duration::from_secs(3_600));
        assert!(clock.now() >= start.plus(Duration::from_secs(3_600)));
        assert_eq!(clock.change_speed(0), Err(SpeedError { speed: 0 }));
        assert_eq!(clock.speed(), Some(1_000));
        assert_eq!(clock.change_speed(1), Ok(()));
        assert_eq!(clock.speed(), Some(1));
        assert!(clock.now() >= start.plus(Duration::from_secs(3_600)));
    }
}
