//! Handles payouts on several cores. The engine depends on no runtime; the caller provides its
//! tasks.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    engine::{Engine, EngineError},
    lanes::Held,
    place::Place,
};

/// Runs pieces of work concurrently.
///
/// Over tokio:
///
/// ```
/// use futures_util::future::BoxFuture;
/// use futures_util::FutureExt;
/// use pagos_engine::Spawner;
///
/// #[derive(Debug)]
/// struct Tasks;
///
/// /// A task that ends with its handle.
/// struct Task(tokio::task::JoinHandle<()>);
///
/// impl Drop for Task {
///     fn drop(&mut self) {
///         self.0.abort();
///     }
/// }
///
/// impl Spawner for Tasks {
///     fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
///         let mut task = Task(tokio::spawn(work));
///         async move { drop((&mut task.0).await) }.boxed()
///     }
/// }
/// ```
pub trait Spawner: Debug + Send + Sync {
    /// Starts `work` and returns a future of its end. Dropping that future ends the work, wherever
    /// it is.
    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()>;
}

/// Handles a payout in a task of its own.
pub(crate) fn handle(
    engine: &Arc<Engine>,
    spawner: &dyn Spawner,
    held: Held,
    place: Place,
) -> BoxFuture<'static, Result<(), EngineError>> {
    let told = Arc::new(Mutex::new(None));
    let (engine, tells) = (Arc::clone(engine), Arc::clone(&told));
    let work = async move {
        let handled = engine.handle(held, place).await;
        *tells.lock().unwrap_or_else(PoisonError::into_inner) = Some(handled);
    };
    let ended = spawner.spawn(work.boxed());
    async move {
        ended.await;
        let handled = told.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An aborted task leaves the same as a dropped future: the payout is found when its claim
        // is over.
        handled.unwrap_or(Ok(()))
    }
    .boxed()
}
