//! Waiting, given from outside like the clock. The engine itself never looks at a real one.

use std::time::Duration;

use async_trait::async_trait;
use pagos_core::Clock;

/// A clock that can also wait.
#[async_trait]
pub trait Timer: Clock {
    /// Returns after `wait`. A test's timer may return when its virtual time has passed.
    async fn sleep(&self, wait: Duration);
}
