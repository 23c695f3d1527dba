//! The places of a lane, one for each payout that waits for its provider. A place is freed when the
//! answer arrives, before it is recorded, so that the next claim is written together with the
//! record.

use std::{
    future::{Future, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use futures_util::task::AtomicWaker;

use crate::store::Lane;

/// A payout's place in its lane. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` for work outside the places.
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

/// The lanes in which places were freed since the last look. Clones share the value.
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
    /// Takes the freed places: each lane appears as often as places of it were freed.
    pub(crate) fn take(&self) -> Vec<Lane> {
        std::mem::take(&mut *self.lanes())
    }

    /// Resolves when a place was freed.
    pub(crate) fn any(&self) -> impl Future<Output = ()> + Send + '_ {
        poll_fn(|context| {
            // Registered first, so that a place freed after the check still wakes the task.
            self.shared.waker.register(context.waker());
            if self.lanes().is_empty() { Poll::Pending } else { Poll::Ready(()) }
        })
    }

    /// The guarded value is whole, since nothing panics while it holds the lock.
    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
