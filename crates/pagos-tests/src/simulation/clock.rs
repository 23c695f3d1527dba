//! The clock of one machine: it runs like all others, and shows another time than they do.
//! Waiting is not affected, as on a machine whose timers do not follow its calendar.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use pagos_core::{Clock, Timestamp};
use pagos_engine::Timer;

use crate::timer::VirtualTimer;

/// A clock that is so many milliseconds ahead of the true time, or behind it.
#[derive(Debug)]
pub(crate) struct MachineClock {
    timer: Arc<VirtualTimer>,
    ahead_ms: AtomicI64,
}

impl MachineClock {
    pub(crate) fn new(timer: Arc<VirtualTimer>, ahead_ms: i64) -> Arc<Self> {
        Arc::new(Self { timer, ahead_ms: AtomicI64::new(ahead_ms) })
    }

    pub(crate) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self, ahead_ms: i64) {
        self.ahead_ms.store(ahead_ms, Ordering::SeqCst);
    }

    /// The true time at which this clock shows `moment`.
    pub(crate) fn shown_at(&self, moment: Timestamp) -> Timestamp {
        Timestamp::from_millis(moment.as_millis().saturating_sub(self.ahead_ms()))
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let now_ms = self.timer.now().as_millis();
        Timestamp::from_millis(now_ms.saturating_add(self.ahead_ms()))
    }
}

#[async_trait]
impl Timer for MachineClock {
    async fn sleep(&self, wait: Duration) {
        self.timer.sleep(wait).await;
    }
}
