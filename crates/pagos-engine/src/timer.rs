//! Waiting, given from outside like the clock. The engine itself never looks at a real one.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pagos_core::{Clock, Timestamp};

/// A clock that can also wait.
#[async_trait]
pub trait Timer: Clock {
    /// Returns after `wait`. A test's timer may return when its virtual time has passed.
    async fn sleep(&self, wait: Duration);
}

/// A timer for tests: the time of a clock that the test turns, and waits that never end.
///
/// It goes with [`crate::Engine::work`] and [`crate::Engine::due_at`], which do not wait. No deadline of a
/// call passes under it, and [`crate::Engine::run`] would look for work once and never again.
#[derive(Debug)]
pub struct ManualTimer {
    clock: Arc<dyn Clock>,
}

impl ManualTimer {
    /// A timer that shows what `clock` shows.
    ///
    /// ```
    /// # use pagos_core::Timestamp;
    /// # #[derive(Debug)]
    /// # struct Standing;
    /// # impl Clock for Standing { fn now(&self) -> Timestamp { Timestamp::from_millis(7) } }
    /// # let clock = std::sync::Arc::new(Standing);
    /// use pagos_core::Clock;
    /// use pagos_engine::ManualTimer;
    ///
    /// let timer = ManualTimer::over(clock.clone());
    /// assert_eq!(timer.now(), clock.now());
    /// ```
    pub fn over(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Clock for ManualTimer {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl Timer for ManualTimer {
    async fn sleep(&self, _wait: Duration) {
        std::future::pending().await
    }
}
