//! `GET /readyz`: whether the engine and the store behind the receiver work, and how much was not
//! accepted. Anybody may ask, so it answers with numbers only and reveals no account, path or key,
//! nor how many webhooks there are. Hints are counted alike, whether or not they name an order of
//! ours.

use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderValue, Response, StatusCode, header};

use bytes::Bytes;
use pagos_core::Timestamp;

use crate::receiver::Receiver;

/// What a receiver needs from the engine behind it. A closure is a worker that can only be woken.
pub trait Worker: Send + Sync + 'static {
    /// Called when a delivery was stored, so that the engine looks into the inbox. Returns at once.
    fn wake(&self);

    /// Whether it works on what is due. If not, `GET /readyz` responds with 503.
    fn is_working(&self) -> bool;
}

impl<F: Fn() + Send + Sync + 'static> Worker for F {
    fn wake(&self) {
        self();
    }

    fn is_working(&self) -> bool {
        true
    }
}

/// The path of the query.
pub(crate) const READY_PATH: &str = "/readyz";

/// The last answer. A flood of requests reads the store only once in a while, and after the first
/// answer no request waits for another one's read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    last: Mutex<Option<Found>>,
    asking: tokio::sync::Mutex<()>,
}

impl Findings {
    fn last(&self) -> Option<Found> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, found: Found) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
}

#[derive(Debug, Clone, Copy)]
struct Found {
    at: Timestamp,
    /// `None` if the store did not respond.
    accounts_out_of_service: Option<usize>,
}

/// The maximum age of an answer of the store.
const FRESH: Duration = Duration::from_secs(1);

impl Receiver {
    /// Responds to [`READY_PATH`].
    pub(crate) async fn answer_ready(&self) -> Response<Bytes> {
        let found = self.find().await;
        let is_working = self.worker().is_working();
        let is_ready = is_working && found.accounts_out_of_service.is_some();
        let mut text = format!(
            "{{\"ready\":{is_ready},\"engine\":{is_working},\"store\":{}",
            found.accounts_out_of_service.is_some()
        );
        if let Some(count) = found.accounts_out_of_service {
            let _ = write!(text, ",\"accounts_out_of_service\":{count}");
        }
        for (name, count) in self.counters().not_taken() {
            let _ = write!(text, ",\"{name}\":{count}");
        }
        text.push_str("}\n");
        let mut answer = Response::new(Bytes::from(text));
        if !is_ready {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(header::CONTENT_TYPE, json);
        answer
    }

    async fn find(&self) -> Found {
        let findings = self.findings();
        let fresh = |now: Timestamp| {
            findings.last().filter(|found| found.at <= now && now.since(found.at) < FRESH)
        };
        if let Some(found) = fresh(self.now()) {
            return found;
        }
        let _asking = match (findings.asking.try_lock(), findings.last()) {
            (Ok(asking), _) => asking,
            // Another request reads at this moment; the previous answer is good enough until then.
            (Err(_), Some(found)) => return found,
            (Err(_), None) => findings.asking.lock().await,
        };
        if let Some(found) = fresh(self.now()) {
            return found;
        }
        let asking = self.store().halted();
        let answer = tokio::time::timeout(self.settings().store_timeout, asking).await;
        let halted = answer.ok().and_then(Result::ok);
        let accounts_out_of_service = halted.map(|halted| halted.len());
        let found = Found { at: self.now(), accounts_out_of_service };
        findings.note(found);
        found
    }
}
