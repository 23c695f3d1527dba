//! What the tests of this crate share: fixture cases, answers by script, clocks. No tests.

#![allow(dead_code, reason = "no test file uses all of it")]

pub(crate) mod base64;
pub(crate) mod rsa;

use std::{
    collections::VecDeque,
    fmt,
    path::{Path, PathBuf},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use pagos_conekta::{Conekta, ConektaConfig};
use pagos_conformance::Case;
use pagos_core::{Clock, Departure, Reached, Timestamp, Transport, TransportError};

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

pub(crate) fn case(operation: &str, name: &str) -> Case {
    Case::find(&fixtures(), "conekta", operation, name).unwrap()
}

pub(crate) fn conekta(case: &Case, transport: Arc<dyn Transport>) -> Conekta {
    let config = ConektaConfig::from_lookup(|name| case.setting(name)).unwrap();
    Conekta::new(config, transport, Arc::new(Noon)).unwrap()
}

#[derive(Debug)]
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_676_656_070_000)
    }
}

/// A millisecond later each time.
#[derive(Debug, Default)]
pub(crate) struct Ticking {
    unix_ms: AtomicI64,
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.unix_ms.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Answers in turn, the last one again and again, and keeps what was sent.
pub(crate) struct Script {
    answers: Mutex<VecDeque<Response<Bytes>>>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Script {
    pub(crate) fn of(answers: impl IntoIterator<Item = (u16, String)>) -> Arc<Self> {
        let answer = |(status, body): (u16, String)| {
            Response::builder().status(status).body(Bytes::from(body)).unwrap()
        };
        let answers = Mutex::new(answers.into_iter().map(answer).collect());
        Arc::new(Self { answers, sent: Mutex::default() })
    }

    pub(crate) fn always(status: u16, body: &str) -> Arc<Self> {
        Self::of([(status, body.to_owned())])
    }

    pub(crate) fn sent(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        self.sent.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        let next = match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        };
        next.ok_or_else(|| TransportError::new(Reached::No, "no answer"))
    }
}

/// Runs a future that waits for nothing.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
