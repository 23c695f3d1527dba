//! Counts the payouts that are being sent, for a caller that has to end the process.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The number of payouts that an engine is sending: their attempt is begun, or is being begun, and
/// its outcome is not recorded yet. A process that ends now leaves this many in doubt. Clones share
/// the value.
///
/// ```
/// use pagos_engine::Sending;
///
/// // An engine has one of its own: `engine.sending()`.
/// assert_eq!(Sending::default().count(), 0);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sending {
    count: Arc<AtomicUsize>,
}

impl Sending {
    /// The current number. Read it before the engine's future is dropped, which sets it to zero.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Adds one until the returned guard is dropped.
    pub(crate) fn begin(&self) -> OnItsWay {
        self.count.fetch_add(1, Ordering::SeqCst);
        OnItsWay { sending: self.clone() }
    }
}

/// One payout that is being sent.
#[derive(Debug)]
pub(crate) struct OnItsWay {
    sending: Sending,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.sending.count.fetch_sub(1, Ordering::SeqCst);
    }
}
