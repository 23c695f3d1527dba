//! The only real clock and the only real source of randomness of the program.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pagos_core::{Clock, NonceSource, Timestamp};
use pagos_engine::Timer;

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_millis(0).plus(since_epoch.unwrap_or_default())
    }
}

#[async_trait]
impl Timer for SystemClock {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// The moment `span` before another one.
pub(crate) fn before(moment: Timestamp, span: Duration) -> Timestamp {
    let span_ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(moment.as_millis().saturating_sub(span_ms))
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemNonces;

impl NonceSource for SystemNonces {
    fn draw(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        // Without randomness there is no way to go on that is safe, and none that is known.
        #[allow(clippy::expect_used)]
        getrandom::fill(&mut nonce).expect("the operating system gives random bytes");
        nonce
    }
}
