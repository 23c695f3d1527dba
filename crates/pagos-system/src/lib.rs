//! The machine's clock, the operating system's randomness, and tokio's timer.
//!
//! **Invariant:** providers and the engine take time and nonces only from what they are given, such
//! as this.

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

use std::time::SystemTime;

use pagos_core::{Clock, NonceSource, Timestamp};

/// The machine that the program runs on: a [`Clock`], a [`NonceSource`] and, with the feature
/// `timer`, the engine's timer.
///
/// Like every machine's clock, this one can be set back while the program runs. The timer waits
/// with tokio, so it needs a runtime whose timer is enabled.
///
/// ```
/// use pagos_core::{Clock, NonceSource};
/// use pagos_system::System;
///
/// assert!(System.now() > "2026-01-01T00:00:00Z".parse()?);
/// assert_ne!(System.draw(), System.draw());
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_millis(0).plus(since_epoch.unwrap_or_default())
    }
}

/// # Panics
/// If the operating system provides no random bytes: there is no safe way to go on.
impl NonceSource for System {
    fn draw(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        // Every supported operating system has a generator.
        #[allow(clippy::expect_used)]
        getrandom::fill(&mut nonce).expect("the operating system gives random bytes");
        nonce
    }
}

/// ```
/// use std::time::Duration;
///
/// use pagos_engine::Timer;
/// use pagos_system::System;
///
/// # let mut runtime = tokio::runtime::Builder::new_current_thread();
/// # runtime.enable_time().build()?.block_on(async {
/// System.sleep(Duration::ZERO).await;
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "timer")]
#[async_trait::async_trait]
impl pagos_engine::Timer for System {
    async fn sleep(&self, wait: std::time::Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
