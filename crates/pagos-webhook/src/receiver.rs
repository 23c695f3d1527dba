//! What is done with one request: find the endpoint, verify, store, acknowledge; in this order.
//!
//! No sockets: those are `server.rs`.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use pagos_core::Clock;
use pagos_core::Delivery;
use pagos_core::Error;
use pagos_core::Receipt;
use pagos_core::WebhookDecoder;
use pagos_engine::Judged;
use pagos_engine::Refused;
use pagos_engine::StoreDoor;
use pagos_engine::StoreError;
use pagos_engine::Verdict;

use crate::counters::Counters;
use crate::counters::FOREIGN;
use crate::counters::FORGED;
use crate::counters::Tallied;
use crate::endpoint::Endpoint;
use crate::settings::Settings;

/// Receives webhooks: stores the raw bytes, then acknowledges. Cloning gives another handle.
#[derive(Clone)]
pub struct Receiver {
    shared: Arc<Shared>,
}

struct Shared {
    store: StoreDoor,
    endpoints: Vec<Endpoint>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    tallied: Tallied,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Receiver {
    /// A receiver for these endpoints that calls `wake` after every stored delivery, so that the
    /// engine looks into its inbox. `wake` must return at once.
    ///
    /// # Errors
    /// `Invalid` if two endpoints have the same account.
    pub fn new(
        store: impl Into<StoreDoor>,
        endpoints: Vec<Endpoint>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        for (place, endpoint) in endpoints.iter().enumerate() {
            if endpoints.iter().skip(place + 1).any(|other| other.account() == endpoint.account()) {
                let message = format!("{} has two endpoints", endpoint.account());
                return Err(Error::invalid("account").because(message));
            }
        }
        let tallied = Tallied::default();
        let wake = Box::new(wake);
        let store = store.into();
        let shared = Shared { store, endpoints, clock, settings, tallied, wake };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.shared.tallied.read()
    }

    /// What was refused since this was last called, by account and reason, for
    /// [`pagos_engine::StoreDoor::count_refused`] and a line to whoever operates it. Call it now and
    /// then, not for each delivery: that would let a stranger write into the store.
    pub fn take_refused(&self) -> Vec<Refused> {
        self.tallied().take_refused()
    }

    /// The answer to one request, for programs with an HTTP server of their own. Give it the body
    /// as it arrived: a re-serialised one fails verification.
    ///
    /// Takes as long as the store, at most [`Settings::store_timeout`]. Dropping the future does
    /// not undo what was stored; the provider sends again and the repeat is recognised.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let endpoint = match self.route(&head) {
            Ok(endpoint) => endpoint,
            Err(answer) => return *answer,
        };
        if body.len() > self.settings().body_bytes_max {
            return self.refuse_too_large();
        }
        self.take(endpoint, head, body).await.response
    }

    /// The endpoint that a request is for, or the answer that ends it. Never a redirect: some
    /// providers take one for an acknowledgement.
    pub(crate) fn route(
        &self,
        head: &http::request::Parts,
    ) -> Result<&Endpoint, Box<Response<Bytes>>> {
        let path = head.uri.path();
        if path == HEALTH_PATH {
            if head.method == Method::GET {
                return Err(Box::new(plain(StatusCode::OK, "ok\n")));
            }
            return Err(Box::new(self.refuse_method("GET")));
        }
        let Some(endpoint) = self.shared.endpoints.iter().find(|known| known.path() == path) else {
            self.tallied().misdirected.add();
            return Err(Box::new(plain(StatusCode::NOT_FOUND, "no such endpoint\n")));
        };
        if head.method != Method::POST {
            return Err(Box::new(self.refuse_method("POST")));
        }
        Ok(endpoint)
    }

    /// Verifies and stores one delivery, and acknowledges it in the provider's way.
    pub(crate) async fn take(
        &self,
        endpoint: &Endpoint,
        head: http::request::Parts,
        body: Bytes,
    ) -> Answered {
        self.tallied().received.add();
        let Some(decoder) = endpoint.decoder() else {
            self.tallied().failed.add();
            let response = plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
            return Answered { response, keeps: Keeps::Close };
        };
        let mut keeps = Keeps::Close;
        let delivery =
            Delivery { headers: head.headers, body, received_at: self.shared.clock.now() };
        let receipt = match self.judge(endpoint, decoder, &delivery).await {
            Ok(Judged::Kept(verdict)) => {
                let receipt = self.store(endpoint, &delivery, &verdict).await;
                keeps = Keeps::after(receipt, &verdict);
                receipt
            }
            Ok(Judged::Forged) => {
                self.tallied().refuse(endpoint.account(), FORGED, delivery.received_at);
                Receipt::Refused
            }
            Ok(Judged::Foreign) => {
                self.tallied().refuse(endpoint.account(), FOREIGN, delivery.received_at);
                Receipt::Misdirected
            }
            Err(_) => {
                self.tallied().failed.add();
                Receipt::Failed
            }
        };
        Answered { response: decoder.acknowledge(receipt), keeps }
    }

    /// Decides whether the delivery is worth keeping, and what it is: that is found out once, here, and
    /// stored with the bytes.
    async fn judge(
        &self,
        endpoint: &Endpoint,
        decoder: &dyn WebhookDecoder,
        delivery: &Delivery,
    ) -> Result<Judged, StoreError> {
        let judging = self.shared.store.judge(endpoint.account(), decoder, delivery);
        let judged = tokio::time::timeout(self.settings().store_timeout, judging).await;
        judged.unwrap_or_else(|_| Err(StoreError::new("the store did not answer in time")))
    }

    async fn store(&self, endpoint: &Endpoint, delivery: &Delivery, verdict: &Verdict) -> Receipt {
        let storing = self.shared.store.receive(endpoint.account(), delivery, verdict);
        match tokio::time::timeout(self.settings().store_timeout, storing).await {
            Ok(Ok(id)) => {
                if matches!(verdict, Verdict::Unreadable { .. }) {
                    self.tallied().unreadable.add();
                }
                self.tallied().add_stored(id);
                (self.shared.wake)();
                Receipt::Stored
            }
            // The error's text stays here: it may name files. The store's own health is watched
            // elsewhere; here it is counted.
            Ok(Err(_)) | Err(_) => {
                self.tallied().failed.add();
                Receipt::Failed
            }
        }
    }

    pub(crate) fn refuse_too_large(&self) -> Response<Bytes> {
        self.tallied().too_large.add();
        closing(plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n"))
    }

    pub(crate) fn refuse_unfinished(&self) -> Response<Bytes> {
        self.tallied().unfinished.add();
        closing(plain(StatusCode::REQUEST_TIMEOUT, "the body did not arrive\n"))
    }

    /// The connection was told to make room before it had begun to store.
    pub(crate) fn refuse_evicted(&self) -> Response<Bytes> {
        plain(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n")
    }

    fn refuse_method(&self, allowed: &'static str) -> Response<Bytes> {
        self.tallied().wrong_method.add();
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "wrong method\n");
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
        answer
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn tallied(&self) -> &Tallied {
        &self.shared.tallied
    }
}

/// What a delivery is answered with.
pub(crate) struct Answered {
    pub(crate) response: Response<Bytes>,
    pub(crate) keeps: Keeps,
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// It has proven that its peer knows the secret, so it may bring more.
    Open,
    /// Anybody could have sent what it brought.
    Close,
}

impl Keeps {
    fn after(receipt: Receipt, verdict: &Verdict) -> Self {
        match (receipt, verdict) {
            (Receipt::Stored, Verdict::Genuine { .. } | Verdict::Unreadable { .. }) => Self::Open,
            (_, Verdict::Hint { .. })
            | (Receipt::Refused | Receipt::Misdirected | Receipt::Failed, _) => Self::Close,
        }
    }
}

/// For load balancers: answers 200 as long as the process serves.
const HEALTH_PATH: &str = "/healthz";

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(text.as_bytes()));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Tells the client, and `hyper`, that the connection ends with this answer.
pub(crate) fn closing(mut answer: Response<Bytes>) -> Response<Bytes> {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("endpoints", &self.shared.endpoints)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
