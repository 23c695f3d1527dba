//! Handles one request: find the endpoint, verify, store, acknowledge, in this order. The sockets
//! are in `server.rs`.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use pagos_core::{Clock, Delivery, Error, Hint, Receipt, Timestamp, WebhookDecoder};
use pagos_engine::{InstrumentedStore, Judged, Refused, StoreError, Verdict};

use crate::{
    counters::{
        Counters, EVICTED, FOREIGN, FORGED, MISDIRECTED, NOT_STORED, OVER_BUDGET, SLOW, TOO_LARGE,
        Tallied, UNACCEPTED, UNFINISHED, WRONG_METHOD,
    },
    endpoint::Endpoint,
    hints::HintBudget,
    ready::{Findings, READY_PATH, Worker},
    settings::Settings,
    telemetry::{Fate, Taking},
};

/// Receives webhooks: stores the raw bytes, then acknowledges. Clones share one receiver.
#[derive(Clone)]
pub struct Receiver {
    shared: Arc<Shared>,
}

struct Shared {
    store: InstrumentedStore,
    endpoints: Vec<Endpoint>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    hints: HintBudget,
    tallied: Tallied,
    findings: Findings,
    worker: Box<dyn Worker>,
}

impl Receiver {
    /// A receiver for these endpoints. It wakes `worker` after every stored delivery, so that the
    /// engine looks into its inbox.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use std::sync::Arc;
    ///
    /// use pagos_core::AccountName;
    /// use pagos_engine::MemoryStore;
    /// use pagos_system::System;
    /// use pagos_webhook::{Endpoint, Receiver, Settings};
    /// use tokio::sync::Notify;
    ///
    /// # let provider = scene::provider();
    /// let woken = Arc::new(Notify::new()); // `|| woken.notified()` is the engine's `wake`
    /// let wake = woken.clone();
    /// let endpoint = Endpoint::new(AccountName::new("cashypro")?, provider)?;
    /// let receiver = Receiver::new(
    ///     Arc::new(MemoryStore::new()), // the engine's store
    ///     vec![endpoint],
    ///     Arc::new(System),
    ///     Settings::default(),
    ///     move || wake.notify_one(),
    /// )?;
    /// assert_eq!(receiver.counters().received, 0);
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` if two endpoints have the same account.
    pub fn new(
        store: impl Into<InstrumentedStore>,
        endpoints: Vec<Endpoint>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        worker: impl Worker,
    ) -> Result<Self, Error> {
        for (place, endpoint) in endpoints.iter().enumerate() {
            if endpoints.iter().skip(place + 1).any(|other| other.account() == endpoint.account()) {
                let message = format!("{} has two endpoints", endpoint.account());
                return Err(Error::invalid("account").because(message));
            }
        }
        let tallied = Tallied::default();
        let (findings, worker) = (Findings::default(), Box::new(worker));
        let store = store.into().measured_by(Arc::clone(&clock));
        let hints = HintBudget::new(settings.hints_per_second_max, settings.hints_burst_max);
        let shared = Shared { store, endpoints, clock, settings, hints, tallied, findings, worker };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The counters so far.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let receiver = scene::receiver();
    /// # let delivery = http::Request::post("/webhooks/cashypro").body("{}".into()).unwrap();
    /// # receiver.answer(delivery).await;
    /// let counters = receiver.counters();
    /// assert_eq!((counters.received, counters.stored, counters.refused), (1, 0, 1));
    /// # });
    /// ```
    pub fn counters(&self) -> Counters {
        self.shared.tallied.read()
    }

    /// Returns what was refused since the last call, by account and reason, for
    /// [`pagos_engine::InstrumentedStore::count_refused`] and a line to the operator. Call it from
    /// time to time and not for each delivery, because strangers could then cause writes to the
    /// store.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let receiver = scene::receiver();
    /// # let delivery = http::Request::post("/webhooks/cashypro").body("{}".into()).unwrap();
    /// # receiver.answer(delivery).await;
    /// assert_eq!(receiver.take_refused().len(), 1);
    /// assert!(receiver.take_refused().is_empty()); // told once
    /// # });
    /// ```
    pub fn take_refused(&self) -> Vec<Refused> {
        self.tallied().take_refused()
    }

    /// Handles one request, for programs with an HTTP server of their own. Pass the body as it
    /// arrived: a re-serialised one fails verification.
    ///
    /// It takes as long as the store, at most [`Settings::store_timeout`]. Dropping the future does
    /// not undo what was stored; the provider sends again and the repeat is recognised.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use bytes::Bytes;
    /// use http::Request;
    ///
    /// # scene::play(async {
    /// # let receiver = scene::receiver();
    /// let delivery = Request::post("/webhooks/cashypro").body(Bytes::from("{}")).unwrap();
    /// let answer = receiver.answer(delivery).await;
    /// assert_eq!(answer.status(), 401); // nobody signed it
    /// let query = Request::get("/healthz").body(Bytes::new()).unwrap();
    /// assert_eq!(receiver.answer(query).await.status(), 200);
    /// # });
    /// ```
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if is_ready_query(&head) {
            return answer_to(&head.method, self.answer_ready().await);
        }
        let endpoint = match self.route(&head) {
            Ok(endpoint) => endpoint,
            Err(answer) => return answer_to(&head.method, *answer),
        };
        if body.len() > self.settings().body_bytes_max {
            return self.refuse_too_large();
        }
        self.take(endpoint, head, body).await.response
    }

    /// The endpoint of a request, or the response that ends it. Never a redirect: some providers
    /// take one for an acknowledgement.
    pub(crate) fn route(
        &self,
        head: &http::request::Parts,
    ) -> Result<&Endpoint, Box<Response<Bytes>>> {
        let path = head.uri.path();
        if path == HEALTH_PATH || path == READY_PATH {
            if is_reading(&head.method) {
                return Err(Box::new(plain(StatusCode::OK, "ok\n")));
            }
            return Err(Box::new(self.refuse_method("GET, HEAD")));
        }
        let Some(endpoint) = self.shared.endpoints.iter().find(|known| known.path() == path) else {
            self.tallied().misdirected.add();
            self.note_stranger(MISDIRECTED);
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
        let mut telling = Taking::begin(endpoint.account(), self.shared.clock.as_ref());
        let Some(decoder) = endpoint.decoder() else {
            telling.ends_as(Fate::NotReady);
            self.tallied().failed.add();
            let response = plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
            return Answered { response, keeps: Keeps::Close };
        };
        let mut delivery =
            Delivery { headers: head.headers, body, received_at: self.shared.clock.now() };
        // Removed before the verification, so that exactly the verified headers are stored.
        delivery.keep_headers(decoder.headers());
        let taking = self.judge_and_keep(endpoint, decoder, &delivery);
        let taken = tokio::time::timeout(self.settings().store_timeout, taking).await;
        let late = |_| Err(StoreError::new("the store did not answer in time"));
        let (receipt, keeps, fate) = taken.unwrap_or_else(late).unwrap_or_else(|_| {
            // The error's text is not sent, since it may name files. Other code watches the health
            // of the store; this code only counts.
            self.tallied().failed.add();
            self.note(endpoint, NOT_STORED, &delivery);
            (Receipt::Failed, Keeps::Close, Fate::NotStored)
        });
        telling.ends_as(fate);
        Answered { response: decoder.acknowledge(receipt), keeps }
    }

    /// Judges the delivery once and stores the result: with all bytes if it is verified, otherwise
    /// as a note about the order that it names.
    async fn judge_and_keep(
        &self,
        endpoint: &Endpoint,
        decoder: &dyn WebhookDecoder,
        delivery: &Delivery,
    ) -> Result<(Receipt, Keeps, Fate), StoreError> {
        let (store, account) = (&self.shared.store, endpoint.account());
        match store.judge(account, decoder, delivery).await? {
            Judged::Verified(verdict) => {
                let id = store.receive(account, delivery, &verdict).await?;
                let fate = match verdict {
                    Verdict::Unreadable { .. } => Fate::Unreadable,
                    Verdict::Genuine { .. } | Verdict::Hint { .. } => Fate::Genuine,
                };
                if fate == Fate::Unreadable {
                    self.tallied().unreadable.add();
                }
                self.tallied().add_stored(id);
                self.worker().wake();
                Ok((Receipt::Taken, Keeps::Open, fate))
            }
            Judged::Hint(hint) => {
                let (receipt, fate) = self.take_hint(endpoint, &hint, delivery).await?;
                Ok((receipt, Keeps::Close, fate))
            }
            Judged::Forged => {
                self.tallied().refused.add();
                self.note(endpoint, FORGED, delivery);
                Ok((Receipt::Refused, Keeps::Close, Fate::Forged))
            }
        }
    }

    /// The response is the same whether or not the hint names an order of ours: a stranger must not
    /// learn which keys exist.
    async fn take_hint(
        &self,
        endpoint: &Endpoint,
        hint: &Hint,
        delivery: &Delivery,
    ) -> Result<(Receipt, Fate), StoreError> {
        let received_at = delivery.received_at;
        let names_nothing = *hint == Hint::default();
        if !names_nothing && !self.shared.hints.take(endpoint.account(), received_at) {
            self.tallied().over_budget.add();
            self.note(endpoint, OVER_BUDGET, delivery);
            return Ok((Receipt::Crowded, Fate::OverBudget));
        }
        let noted = match names_nothing {
            true => None,
            false => self.shared.store.note_hint(endpoint.account(), hint, received_at).await?,
        };
        let fate = match noted {
            Some(_) => {
                self.tallied().hints.add();
                self.worker().wake();
                Fate::Hint
            }
            None => {
                self.tallied().foreign.add();
                self.note(endpoint, FOREIGN, delivery);
                Fate::Foreign
            }
        };
        Ok((Receipt::Taken, fate))
    }

    fn note(&self, endpoint: &Endpoint, reason: &'static str, delivery: &Delivery) {
        self.tallied().refuse(Some(endpoint.account()), reason, delivery.received_at);
    }

    /// Counted without an account, because the sender proved nothing.
    fn note_stranger(&self, reason: &'static str) {
        self.tallied().refuse(None, reason, self.now());
    }

    pub(crate) fn refuse_too_large(&self) -> Response<Bytes> {
        self.tallied().too_large.add();
        self.note_stranger(TOO_LARGE);
        closing(plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n"))
    }

    pub(crate) fn refuse_unfinished(&self) -> Response<Bytes> {
        self.tallied().unfinished.add();
        self.note_stranger(UNFINISHED);
        closing(plain(StatusCode::REQUEST_TIMEOUT, "the body did not arrive\n"))
    }

    pub(crate) fn count_slow(&self) {
        self.tallied().slow.add();
        self.note_stranger(SLOW);
    }

    pub(crate) fn count_evicted(&self) {
        self.tallied().evicted.add();
        self.note_stranger(EVICTED);
    }

    pub(crate) fn count_unaccepted(&self) {
        self.tallied().unaccepted.add();
        self.note_stranger(UNACCEPTED);
    }

    /// The connection was evicted before it began to store.
    pub(crate) fn refuse_evicted(&self) -> Response<Bytes> {
        plain(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n")
    }

    fn refuse_method(&self, allowed: &'static str) -> Response<Bytes> {
        self.tallied().wrong_method.add();
        self.note_stranger(WRONG_METHOD);
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "wrong method\n");
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
        answer
    }

    pub(crate) fn store(&self) -> &InstrumentedStore {
        &self.shared.store
    }

    pub(crate) fn worker(&self) -> &dyn Worker {
        self.shared.worker.as_ref()
    }

    pub(crate) fn findings(&self) -> &Findings {
        &self.shared.findings
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn tallied(&self) -> &Tallied {
        &self.shared.tallied
    }
}

/// Whether the request is for [`Receiver::answer_ready`].
pub(crate) fn is_ready_query(head: &http::request::Parts) -> bool {
    head.uri.path() == READY_PATH && is_reading(&head.method)
}

fn is_reading(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

/// A `HEAD` gets the response of `GET`, with the length of the body but without the body.
pub(crate) fn answer_to(method: &Method, mut answer: Response<Bytes>) -> Response<Bytes> {
    if *method == Method::HEAD {
        let length = HeaderValue::from(answer.body().len());
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
        *answer.body_mut() = Bytes::new();
    }
    answer
}

/// The response to a delivery.
pub(crate) struct Answered {
    pub(crate) response: Response<Bytes>,
    pub(crate) keeps: Keeps,
}

/// What happens to the connection after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Its peer has proven that it knows the secret, so it may send more.
    Open,
    /// Anybody could have sent the request.
    Close,
}

/// For load balancers: responds with 200 as long as the process serves.
const HEALTH_PATH: &str = "/healthz";

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(text.as_bytes()));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Tells the client and `hyper` that the connection ends with this response.
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
