//! One worker process as a test sees it: an engine, its injector, and the round it is in the middle of.
//! Dropping it is the end of the process.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_util::{FutureExt, future::BoxFuture};

use pagos_engine::{Engine, EngineError, Worked};

use crate::{drive::Woken, fault_injector::FaultInjector};

/// A worker that can be run step by step.
pub struct Worker {
    engine: Arc<Engine>,
    injector: Arc<FaultInjector>,
    round: Option<BoxFuture<'static, Result<Worked, EngineError>>>,
    woken: Arc<Woken>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("injector", &self.injector).finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that has not begun.
    pub fn new(engine: Engine, injector: Arc<FaultInjector>) -> Self {
        Self { engine: Arc::new(engine), injector, round: None, woken: Arc::default() }
    }

    /// Its injector.
    pub fn injector(&self) -> &FaultInjector {
        &self.injector
    }

    /// Polls the round once, after beginning one of at most `limit` payouts if there is none. The first
    /// one takes the turn.
    pub fn step(&mut self, limit: usize) -> Option<Result<Worked, EngineError>> {
        let engine = Arc::clone(&self.engine);
        let round = self.round.get_or_insert_with(|| {
            async move {
                engine.take_turn().await?;
                engine.work(limit).await
            }
            .boxed()
        });
        self.woken.clear();
        let waker = Waker::from(Arc::clone(&self.woken));
        match round.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => None,
            Poll::Ready(worked) => {
                self.round = None;
                Some(worked)
            }
        }
    }

    /// Is there anything to gain by a step? Not while its round waits for something outside.
    pub fn is_ready(&self) -> bool {
        self.round.is_none() || self.woken.is_set()
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Steps until the round ends, or until the worker is dead or stalled.
    ///
    /// # Panics
    /// If it neither ends nor says why.
    pub fn round(&mut self, limit: usize) -> Option<Result<Worked, EngineError>> {
        for _ in 0..STEPS_MAX {
            let worked = self.step(limit);
            if worked.is_some() || self.injector.is_dead() || self.injector.is_stalled() {
                return worked;
            }
        }
        panic!("a round without an end");
    }

    /// Is it in the middle of a round?
    pub fn is_busy(&self) -> bool {
        self.round.is_some()
    }
}

const STEPS_MAX: u32 = 100_000;
