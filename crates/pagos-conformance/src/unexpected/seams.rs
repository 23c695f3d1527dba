//! A transport that gives the answers of a fixture, and from a certain request on an unexpected one.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, Uri};

use pagos_core::{Departure, Reached, Transport, TransportError};

/// More requests than any call of a provider needs: a list has fewer pages.
const REQUESTS_MAX: usize = 100;

/// Answers from a list, then always the same.
#[derive(Debug)]
pub(super) struct Diverted {
    unexpected: Response<Bytes>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    genuine: VecDeque<Response<Bytes>>,
    diverted: Vec<(Method, Uri)>,
}

impl Diverted {
    /// First the genuine answers, then the unexpected one.
    pub(super) fn new(
        genuine: impl IntoIterator<Item = Response<Bytes>>,
        unexpected: Response<Bytes>,
    ) -> Self {
        let state = State { genuine: genuine.into_iter().collect(), diverted: Vec::new() };
        Self { unexpected, state: Mutex::new(state) }
    }

    /// Did any request get the unexpected answer?
    pub(super) fn is_diverted(&self) -> bool {
        !self.lock().diverted.is_empty()
    }

    /// Did the request that got the unexpected answer first come again?
    pub(super) fn is_repeated(&self) -> bool {
        match self.lock().diverted.split_first() {
            Some((first, later)) => later.contains(first),
            None => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Diverted {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.lock();
        if let Some(genuine) = state.genuine.pop_front() {
            return Ok(genuine);
        }
        if state.diverted.len() >= REQUESTS_MAX {
            return Err(TransportError::new(Reached::Maybe, "too many requests"));
        }
        state.diverted.push((request.method().clone(), request.uri().clone()));
        Ok(self.unexpected.clone())
    }
}
