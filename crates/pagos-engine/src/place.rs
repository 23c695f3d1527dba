//! The places of a lane: one for each payout that waits for its provider. A place is free again when the
//! answer is there and while it is still being recorded, so that the next claim is written with the record.

use std::{
    future::{Future, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use futures_util::task::AtomicWaker;

use crate::store::Lane;

/// A payout's place in its lane. To drop it frees it.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` where nobody waits for it.
    lane: Option<Lane>,
    freed: Freed,
}

impl Place {
    pub(crate) fn of(lane: Lane, freed: &Freed) -> Self {
        Self { lane: Some(lane), freed: freed.clone() }
    }

    /// For work that is not divided into places.
    pub(crate) fn nowhere() -> Self {
        Self { lane: None, freed: Freed::default() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.freed.lanes().push(lane);
            self.freed.shared.waker.wake();
        }
    }
}

/// The lanes of which places were freed since somebody looked last. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub(crate) struct Freed {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    lanes: Mutex<Vec<Lane>>,
    waker: AtomicWaker,
}

impl Freed {
    /// Each lane as often as places of it were freed.
    pub(crate) fn take(&self) -> Vec<Lane> {
        std::mem::take(&mut *self.lanes())
    }

    /// Resolves when there are some.
    pub(crate) fn any(&self) -> impl Future<Output = ()> + Send + '_ {
        poll_fn(|context| {
            // Registered first: what is freed after the look wakes.
            self.shared.waker.register(context.waker());
            if self.lanes().is_empty() { Poll::Pending } else { Poll::Ready(()) }
        })
    }

    /// Nothing panics while it holds the lock, so what it guards is whole.
    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
