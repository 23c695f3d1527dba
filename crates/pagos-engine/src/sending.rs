//! How many payouts are on their way out at this moment, for whoever has to end the process. Knows no
//! payout and no store.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts the payouts of an engine that are being sent: their attempt is begun, or is being begun, and
/// its outcome is not recorded yet. Whoever ends now leaves so many in doubt. Cloning gives another
/// handle.
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
    /// How many there are. Read it before the engine's future is dropped: with it they are no longer
    /// being sent.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Counts one more, until what is returned is dropped.
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
