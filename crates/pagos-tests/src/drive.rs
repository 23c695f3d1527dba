//! Running a future by hand: as far as it gets, and no further. No runtime and no threads.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// A waker that remembers that it was called.
#[derive(Debug, Default)]
pub(crate) struct Woken(AtomicBool);

impl Woken {
    pub(crate) fn clear(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls until the future is ready, or until nothing would wake it: `None`, it waits for something
/// outside (a clock, an injector).
pub fn drive<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    loop {
        woken.clear();
        match Pin::new(&mut *future).poll(&mut context) {
            Poll::Ready(output) => return Some(output),
            Poll::Pending if woken.is_set() => {}
            Poll::Pending => return None,
        }
    }
}

/// Runs a future to its end.
///
/// # Panics
/// If it waits for something that nobody will do.
pub fn finish<F: Future>(future: F) -> F::Output {
    drive(&mut Box::pin(future)).expect("a future that waits for nothing outside")
}
