//! A receiver on loopback with an invented provider and a store that can be held up, and a client
//! that writes requests byte by byte. Not for the crate's users.

#![allow(dead_code, reason = "each file of tests uses what it needs")]

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{
    Absence, AccountName, Bank, Clock, Contract, Decoded, Deduplication, Delivery, Departure,
    Descriptor, Environment, Error, ErrorKind, Event, Handle, Hint, Lookup, Observation, OrderKey,
    PaymentOrder, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef, Receipt, Secret,
    SignatureMatch, Subject, Timestamp, Verified, Violation, WebhookDecoder,
};
use pagos_engine::{
    Begin, Candidate, Claim, ClaimRequest, Committed, Entry, Filed, Filing, Filter, InboxId,
    InboxItem, InboxState, InboxStore, Intent, KnownSession, Lane, Leaving, MemoryStore, Notice,
    Page, Payment, PaymentCommitted, PaymentStep, PaymentStore, Payout, Refused, Released,
    RetentionStore, Run, RunId, Scope, Seal, Sealing, Step, Store, StoreError, Submitted,
    SubmittedPayment, Tally, Trust, Turn, Verdict,
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
#[derive(Default)]
pub(crate) struct Gated {
    pub(crate) inner: MemoryStore,
    gate: Option<Semaphore>,
    waiting: AtomicU64,
    is_broken: bool,
}

impl Gated {
    pub(crate) fn open() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn shut() -> Arc<Self> {
        Arc::new(Self { gate: Some(Semaphore::new(0)), ..Self::default() })
    }

    pub(crate) fn broken() -> Arc<Self> {
        Arc::new(Self { is_broken: true, ..Self::default() })
    }

    /// Stores a payment under this key, so that hints can name it.
    pub(crate) async fn submit_payment(&self, key: &str) {
        let order = serde_json::json!({
            "key": key, "account": "invented", "amount": {"minor": 1500, "currency": "CLP"},
        });
        let order = serde_json::from_value(order).unwrap();
        self.inner.submit_payment(order, Timestamp::default()).await.unwrap();
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
        self.inner
            .inbox(Trust::Verified, &[account()], Timestamp::from_millis(i64::MAX), usize::MAX)
            .await
            .unwrap()
    }
}

impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gated")
    }
}

#[async_trait]
impl Store for Gated {
    async fn take_turn(&self) -> Result<Turn, StoreError> {
        self.inner.take_turn().await
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.inner.identity().await
    }

    async fn bind(&self, account: &AccountName, world: &str) -> Result<String, StoreError> {
        self.inner.bind(account, world).await
    }

    async fn submit(
        &self,
        run: &RunId,
        intents: Vec<Intent>,
    ) -> Result<Vec<Submitted>, StoreError> {
        self.inner.submit(run, intents).await
    }

    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        now: Timestamp,
    ) -> Result<Released, StoreError> {
        self.inner.release(run, expected, now).await
    }

    async fn withdraw(&self, run: &RunId) -> Result<u64, StoreError> {
        self.inner.withdraw(run).await
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        self.inner.run(run).await
    }

    async fn claim(
        &self,
        request: ClaimRequest,
        begin: &dyn Begin,
    ) -> Result<Vec<Claim>, StoreError> {
        self.inner.claim(request, begin).await
    }

    async fn end_claims(&self) -> Result<u64, StoreError> {
        self.inner.end_claims().await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.inner.commit(step).await
    }

    async fn payout(&self, key: &OrderKey) -> Result<Option<Payout>, StoreError> {
        self.inner.payout(key).await
    }

    async fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<OrderKey>, StoreError> {
        self.inner.payout_of(account, reference).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Payout>, StoreError> {
        self.inner.list(filter, page).await
    }

    async fn history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        self.inner.history(key).await
    }

    async fn tally(&self, run: Option<&RunId>) -> Result<Tally, StoreError> {
        self.inner.tally(run).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(lanes).await
    }

    async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<(u64, Notice)>, StoreError> {
        self.inner.outbox(after, limit).await
    }

    async fn newest_notice(&self) -> Result<u64, StoreError> {
        self.inner.newest_notice().await
    }

    async fn reader(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.inner.reader(name).await
    }

    async fn acknowledge(&self, name: &str, number: u64) -> Result<(), StoreError> {
        self.inner.acknowledge(name, number).await
    }

    async fn swept(&self, account: &AccountName) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        self.inner.swept(account).await
    }

    async fn note_swept(
        &self,
        account: &AccountName,
        part: u32,
        was: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.note_swept(account, part, was, at).await
    }

    async fn halt(&self, notice: Notice) -> Result<bool, StoreError> {
        self.inner.halt(notice).await
    }

    async fn resume(&self, notice: Notice) -> Result<bool, StoreError> {
        self.inner.resume(notice).await
    }

    async fn halted(&self) -> Result<Vec<AccountName>, StoreError> {
        self.inner.halted().await
    }
}

#[async_trait]
impl InboxStore for Gated {
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError> {
        if self.is_broken {
            return Err(StoreError::new("the disk is full"));
        }
        if let Some(gate) = &self.gate {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
        }
        self.inner.receive(account, delivery, verdict).await
    }

    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        self.inner.inbox(trust, accounts, now, limit).await
    }

    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError> {
        self.inner.file(id, filing).await
    }

    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.reopen(id, verdict, now).await
    }

    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError> {
        self.inner.delivery(id).await
    }

    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        self.inner.deliveries(state, after, limit).await
    }

    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError> {
        self.inner.count_refused(refused).await
    }

    async fn refused(&self) -> Result<Vec<Refused>, StoreError> {
        self.inner.refused().await
    }
}

#[async_trait]
impl RetentionStore for Gated {
    async fn candidates(
        &self,
        scope: Scope,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.inner.candidates(scope, after, limit).await
    }

    async fn seal(
        &self,
        leaving: Vec<Leaving>,
        now: Timestamp,
    ) -> Result<Vec<Sealing>, StoreError> {
        self.inner.seal(leaving, now).await
    }

    async fn sealed(&self, key: &OrderKey) -> Result<Option<Seal>, StoreError> {
        self.inner.sealed(key).await
    }

    async fn archived(&self, run: &RunId) -> Result<Tally, StoreError> {
        self.inner.archived(run).await
    }

    async fn forgettable_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.forgettable_deliveries(before).await
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.inner.forget_deliveries(before, limit).await
    }

    async fn forget_notices(&self, up_to: u64) -> Result<u64, StoreError> {
        self.inner.forget_notices(up_to).await
    }

    async fn readers(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.inner.readers().await
    }
}

#[async_trait]
impl PaymentStore for Gated {
    async fn submit_payment(
        &self,
        order: PaymentOrder,
        now: Timestamp,
    ) -> Result<SubmittedPayment, StoreError> {
        self.inner.submit_payment(order, now).await
    }

    async fn payment(&self, key: &OrderKey) -> Result<Option<Payment>, StoreError> {
        self.inner.payment(key).await
    }

    async fn session(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Result<Option<KnownSession>, StoreError> {
        self.inner.session(account, reference).await
    }

    async fn commit_payment(&self, step: PaymentStep) -> Result<PaymentCommitted, StoreError> {
        self.inner.commit_payment(step).await
    }

    async fn payments(
        &self,
        status: Option<&str>,
        after: Option<&OrderKey>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        self.inner.payments(status, after, limit).await
    }

    async fn claim_payments(&self, request: ClaimRequest) -> Result<Vec<Payment>, StoreError> {
        self.inner.claim_payments(request).await
    }

    async fn payment_history(&self, key: &OrderKey) -> Result<Vec<Entry>, StoreError> {
        self.inner.payment_history(key).await
    }
}
