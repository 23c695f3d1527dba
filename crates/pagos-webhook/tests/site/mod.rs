//! A receiver on loopback with an invented provider and a store that can be held up, and a client
//! that writes requests byte by byte. Not for the crate's users.

#![allow(dead_code, reason = "each file of tests uses what it needs")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use pagos_core::{
    Absence, AccountName, Bank, Clock, Contract, Decoded, Deduplication, Delivery, Departure,
    Descriptor, Environment, Error, ErrorKind, Event, Handle, Hint, Lookup, Observation, OrderKey,
    PayoutOrder, PayoutProvider, PayoutRef, Receipt, Secret, SignatureMatch, Subject, Timestamp,
    Verified, Violation, WebhookDecoder,
};
use pagos_engine::{
    InboxItem, InboxStore, MemoryStore, PaymentStore, Store, StoreError, Trust,
    suite::{Call, Hook, HookedStore},
};
use pagos_webhook::{Endpoint, Receiver, Served, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

/// Serves until told to stop.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) receiver: Receiver,
    pub(crate) woken: Arc<AtomicU64>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<Served>>,
}

impl Site {
    pub(crate) fn open(store: Arc<dyn Store>, settings: Settings) -> Self {
        Self::open_on(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), store, settings)
    }

    /// With as small a buffer for answers as the system allows.
    pub(crate) fn open_narrow(store: Arc<dyn Store>, settings: Settings) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(1).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap().into_std().unwrap();
        Self::open_on(listener, store, settings)
    }

    fn open_on(listener: std::net::TcpListener, store: Arc<dyn Store>, settings: Settings) -> Self {
        let endpoint = Endpoint::new(account(), Arc::new(Invented)).unwrap();
        let woken = Arc::new(AtomicU64::new(0));
        let wake = {
            let woken = Arc::clone(&woken);
            move || {
                woken.fetch_add(1, Ordering::Relaxed);
            }
        };
        let endpoints = vec![endpoint];
        let receiver = Receiver::new(store, endpoints, Arc::new(Stopped), settings, wake).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = {
            let receiver = receiver.clone();
            tokio::spawn(async move {
                let shutdown = async {
                    let _ = stopped.await;
                };
                receiver.serve(listener, shutdown).await
            })
        };
        Self { address, receiver, woken, stop, serving }
    }

    pub(crate) async fn stop(self) -> Served {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap()
    }

    /// A signed delivery; returns the status.
    pub(crate) async fn deliver(&self, body: &str) -> u16 {
        self.send(&signed(body)).await.status
    }

    /// Sends these bytes on a connection of their own and reads until it is closed.
    pub(crate) async fn send(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        Answer::read(&mut stream).await
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// As the peer 127.0.0.`last`, and with as small a buffer for answers as the system allows.
    pub(crate) async fn connect_as(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        socket.connect(self.address).await.unwrap()
    }
}

pub(crate) fn account() -> AccountName {
    AccountName::new("invented").unwrap()
}

pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: pagos.example\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

pub(crate) fn signed(body: &str) -> Vec<u8> {
    request("POST", "/webhooks/invented", "sign: good\r\n", body)
}

/// What came back; status 0 if the connection was closed without an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let reading = stream.read_to_end(&mut bytes);
        // A reset after the answer is as good as an end.
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("the connection is closed");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { status, text }
    }

    /// The whole answer but for the time of day.
    pub(crate) fn without_date(&self) -> String {
        let lines = self.text.lines();
        lines.filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
    }
}

/// Only a test that fails waits for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }
}

/// Takes deliveries whose header `sign` is `good`, and cannot read those that say `gibberish`.
#[derive(Debug)]
pub(crate) struct Invented;

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "invented",
    countries: &[],
    currencies: &[],
    deduplication: Deduplication::None,
    absence: Absence { answers_min: 1, grace: Duration::ZERO },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

#[async_trait]
impl PayoutProvider for Invented {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, _order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        _order: &PayoutOrder,
        _handle: Option<&Handle>,
        _departure: Departure,
    ) -> Result<Observation, Error> {
        Err(Error::new(ErrorKind::Undelivered, "invented"))
    }

    async fn query(&self, _payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        Ok(Lookup::Absent)
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        Some(self)
    }
}

impl WebhookDecoder for Invented {
    fn headers(&self) -> &'static [&'static str] {
        &["sign"]
    }

    fn takes_unsigned(&self) -> bool {
        true
    }

    fn locate(&self, _delivery: &Delivery) -> Hint {
        Hint::default()
    }

    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        let presented = delivery.headers.get("sign").map_or(&b""[..], |sign| sign.as_bytes());
        let refused = || Error::new(ErrorKind::Unauthorized, "the signature is wrong");
        let proof = SignatureMatch::of(b"good", presented).ok_or_else(refused)?;
        if delivery.body.starts_with(b"gibberish") {
            return Err(Error::new(ErrorKind::Invalid, "gibberish"));
        }
        if let Some(key) = delivery.body.strip_prefix(b"hint ") {
            let key = std::str::from_utf8(key).ok().and_then(|key| OrderKey::new(key).ok());
            return Ok(Decoded::Hint(Hint { key, reference: None }));
        }
        let event =
            Event { subject: Subject::Unrecognised, key: None, reference: None, observation: None };
        Ok(Decoded::Verified(Verified::new(proof, event)))
    }

    fn acknowledge(&self, receipt: Receipt) -> http::Response<Bytes> {
        let (status, text) = match receipt {
            Receipt::Taken => (200, "{\"status\":\"SUCCESS\"}"),
            Receipt::Refused => (401, "{\"status\":\"REFUSED\"}"),
            Receipt::Crowded | Receipt::Failed => (503, "{\"status\":\"FAIL\"}"),
        };
        http::Response::builder().status(status).body(Bytes::from_static(text.as_bytes())).unwrap()
    }
}

/// A store in memory whose inbox takes a delivery only when the test lets it, or never.
#[derive(Debug, Default)]
pub(crate) struct Gated {
    pub(crate) kept: Arc<MemoryStore>,
    gate: Option<Semaphore>,
    waiting: AtomicU64,
    is_broken: bool,
}

impl Gated {
    pub(crate) fn open() -> Arc<HookedStore<Self>> {
        Self::default().hooked()
    }

    pub(crate) fn shut() -> Arc<HookedStore<Self>> {
        Self { gate: Some(Semaphore::new(0)), ..Self::default() }.hooked()
    }

    pub(crate) fn broken() -> Arc<HookedStore<Self>> {
        Self { is_broken: true, ..Self::default() }.hooked()
    }

    fn hooked(self) -> Arc<HookedStore<Self>> {
        HookedStore::new(self.kept.clone(), self)
    }

    /// Stores a payment under this key, so that hints can name it.
    pub(crate) async fn submit_payment(&self, key: &str) {
        let order = serde_json::json!({
            "key": key, "account": "invented", "amount": {"minor": 1500, "currency": "CLP"},
        });
        let order = serde_json::from_value(order).unwrap();
        self.kept.submit_payment(order, Timestamp::default()).await.unwrap();
    }

    pub(crate) fn let_in(&self, count: usize) {
        self.gate.as_ref().unwrap().add_permits(count);
    }

    /// Waits until so many deliveries stand before the gate.
    pub(crate) async fn until_waiting(&self, count: u64) {
        let counting = async {
            while self.waiting.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, counting).await.expect("so many deliveries arrive");
    }

    pub(crate) async fn stored(&self) -> Vec<InboxItem> {
        self.kept
            .inbox(Trust::Verified, &[account()], Timestamp::from_millis(i64::MAX), usize::MAX)
            .await
            .unwrap()
    }
}

impl Hook for Gated {
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        run: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if call.name != "receive" {
            return run;
        }
        Box::pin(async move {
            if self.is_broken {
                return Err(StoreError::new("the disk is full"));
            }
            if let Some(gate) = &self.gate {
                self.waiting.fetch_add(1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
            }
            run.await
        })
    }
}
