//! What every request needs: engine, store, clock, limits, and the rule that a change which has
//! begun runs to its end.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use pagos_core::{Clock, NonceSource, Timestamp};
use pagos_engine::{Engine, InstrumentedStore, Store};
use pagos_webhook::Worker;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    acts::Acts,
    balances::asked::LastBalances,
    guesses::Guesses,
    problem::{Problem, ProblemType},
    uploads::Uploads,
};

/// The limits of the API. `0` counts as 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest JSON body. Default 8 MiB, which 10,000 orders fit in.
    pub json_bytes_max: usize,
    /// The longest uploaded file. Default 16 MiB.
    pub upload_bytes_max: usize,
    /// The number of bodies longer than 64 KiB that are read at a time. Default 8.
    pub long_bodies_max: usize,
    /// How long a body may take to arrive. Default 30 seconds.
    pub body_timeout: Duration,
    /// How long a request may take before it is answered with 503. Default 30 seconds. A change that
    /// has begun goes on and is not cut.
    pub request_timeout: Duration,
    /// The number of orders in one JSON batch. Default 10,000.
    pub orders_max: usize,
    /// The number of rows of a page. Default 500.
    pub page_max: usize,
    /// The number of changes that are made at a time. Default 64.
    pub changes_max: usize,
    /// The number of requests without a valid token that one peer may send in a minute. Default 60.
    pub failures_per_minute_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_bytes_max: 8 * 1024 * 1024,
            upload_bytes_max: 16 * 1024 * 1024,
            long_bodies_max: 8,
            body_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(30),
            orders_max: 10_000,
            page_max: 500,
            changes_max: 64,
            failures_per_minute_max: 60,
        }
    }
}

/// What an [`Api`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The engine that the orders go through.
    pub engine: Arc<Engine>,
    /// Its store, to read.
    pub store: Arc<dyn Store>,
    /// Its store, to revoke tokens.
    pub writer: InstrumentedStore,
    /// The clock that decides whether a token is expired.
    pub clock: Arc<dyn Clock>,
    /// Draws the secrets of sessions.
    pub random: Arc<dyn NonceSource>,
    /// Reads uploaded files.
    pub uploads: Arc<dyn Uploads>,
    /// The limits.
    pub limits: Limits,
}

/// The HTTP API. Clones share one.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

struct Shared {
    parts: Parts,
    acts: Arc<dyn Acts>,
    worker: Box<dyn Worker>,
    changes: Arc<Semaphore>,
    long_bodies: Semaphore,
    guesses: Guesses,
    balances: LastBalances,
}

impl Api {
    /// An API over these parts. It wakes `worker` after every change, so that the engine looks at
    /// what is due.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use std::sync::Arc;
    ///
    /// use pagos_api::Api;
    /// use tokio::sync::Notify;
    ///
    /// # scene::play(async {
    /// # let parts = scene::parts(scene::store()).await;
    /// let woken = Arc::new(Notify::new()); // `|| woken.notified()` is the engine's `wake`
    /// let wake = woken.clone();
    /// let api = Api::new(parts, move || wake.notify_one());
    /// # drop(api);
    /// # });
    /// ```
    pub fn new(parts: Parts, worker: impl Worker) -> Self {
        let acts: Arc<dyn Acts> = Arc::clone(&parts.engine) as Arc<dyn Acts>;
        Self::acting_through(acts, parts, worker)
    }

    /// Like [`Api::new`], with something between the API and the engine.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use std::sync::Arc;
    ///
    /// use pagos_api::{Acts, Api};
    ///
    /// # scene::play(async {
    /// # let parts = scene::parts(scene::store()).await;
    /// let acts: Arc<dyn Acts> = parts.engine.clone(); // or one that asks somebody first
    /// let api = Api::acting_through(acts, parts, || {});
    /// # drop(api);
    /// # });
    /// ```
    pub fn acting_through(acts: Arc<dyn Acts>, parts: Parts, worker: impl Worker) -> Self {
        let changes = Arc::new(Semaphore::new(permits(parts.limits.changes_max)));
        let long_bodies = Semaphore::new(permits(parts.limits.long_bodies_max));
        let guesses = Guesses::new(parts.limits.failures_per_minute_max);
        let worker = Box::new(worker);
        let balances = LastBalances::default();
        let shared = Shared { parts, acts, worker, changes, long_bodies, guesses, balances };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.parts.engine
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.shared.parts.store.as_ref()
    }

    pub(crate) fn shared_store(&self) -> &Arc<dyn Store> {
        &self.shared.parts.store
    }

    pub(crate) fn writer(&self) -> &InstrumentedStore {
        &self.shared.parts.writer
    }

    pub(crate) fn uploads(&self) -> &dyn Uploads {
        self.shared.parts.uploads.as_ref()
    }

    pub(crate) fn acts(&self) -> &dyn Acts {
        self.shared.acts.as_ref()
    }

    pub(crate) fn worker(&self) -> &dyn Worker {
        self.shared.worker.as_ref()
    }

    /// The limits that it was made with.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// assert_eq!(scene::api().await.limits().page_max, 500);
    /// # });
    /// ```
    pub fn limits(&self) -> &Limits {
        &self.shared.parts.limits
    }

    pub(crate) fn guesses(&self) -> &Guesses {
        &self.shared.guesses
    }

    pub(crate) fn balances(&self) -> &LastBalances {
        &self.shared.balances
    }

    pub(crate) fn long_bodies(&self) -> &Semaphore {
        &self.shared.long_bodies
    }

    pub(crate) fn random(&self) -> &dyn NonceSource {
        self.shared.parts.random.as_ref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.shared.parts.clock.as_ref()
    }

    /// Makes a change in a task of its own, so that it runs to its end even if the client leaves or
    /// the time of the request is over, and wakes the engine.
    pub(crate) async fn spawn_to_its_end<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let patience = self.limits().request_timeout;
        let permit = timeout(patience, Arc::clone(&self.shared.changes).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Problem::new(ProblemType::Busy, "too many changes at a time"));
        };
        let api = self.clone();
        let task = tokio::spawn(async move {
            let changed = change.await;
            api.worker().wake();
            drop(permit);
            changed
        });
        match timeout(patience, task).await {
            Ok(Ok(changed)) => changed,
            // It panicked, or goes on.
            Ok(Err(_)) | Err(_) => Err(Problem::outcome_unknown()),
        }
    }

    /// Waits until every change that has begun is at its end; no other one begins after that.
    pub(crate) async fn finish(&self) {
        let all = permits(self.limits().changes_max);
        let all = u32::try_from(all).unwrap_or(u32::MAX);
        // It fails only if the semaphore is closed, which is what follows.
        drop(self.shared.changes.acquire_many(all).await);
        self.shared.changes.close();
    }
}

fn permits(limit: usize) -> usize {
    limit.clamp(1, 4_096)
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("limits", self.limits()).finish_non_exhaustive()
    }
}
