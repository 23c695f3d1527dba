//! A clock that can wait. It is given to the engine, which never reads a real clock by itself.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pagos_core::{Clock, Timestamp};

/// A clock that can also wait.
#[async_trait]
pub trait Timer: Clock {
    /// Returns after `wait`. A timer for tests may return when its virtual time has passed.
    async fn sleep(&self, wait: Duration);
}

/// A timer for tests: it shows the time of a clock that the test moves, and its waits never end.
///
/// Use it with [`crate::Engine::work`] and [`crate::Engine::due_at`], which do not wait. Under it
/// no deadline of a call passes, and [`crate::Engine::run`] would look for work only once.
#[derive(Debug)]
pub struct ManualTimer {
    clock: Arc<dyn Clock>,
}

impl ManualTimer {
    /// A timer that shows the time of `clock`.
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
