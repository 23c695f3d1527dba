//! A store whose every call is over when it returns, whatever threads it works with.
//!
//! Over it a seeded schedule goes the same way on every store: nothing waits for a thread, so nothing
//! depends on how fast one is. Blocks its caller; for one schedule on a thread of its own.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use futures_util::future::BoxFuture;

use pagos_engine::{
    Store, StoreError, Turn,
    suite::{Call, Hook, HookedStore},
};

/// Keeps nobody waiting for a store.
#[derive(Debug)]
pub struct BlockingStore;

impl BlockingStore {
    /// `inner`, whose calls are waited for.
    pub fn over(inner: Arc<dyn Store>) -> Arc<HookedStore<Self>> {
        HookedStore::new(inner, Self)
    }
}

impl Hook for BlockingStore {
    fn around<'a, T: Send + 'a>(
        &'a self,
        _call: Call,
        run: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async { wait_for(run) })
    }

    /// Several workers of one schedule share a store.
    fn turn(&self) -> Option<Turn> {
        Some(Turn::Shared)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread, which sleeps while it has to wait.
pub fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
