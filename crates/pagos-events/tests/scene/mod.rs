//! A store in memory, an endpoint that answers as a test says, and virtual time.

#![allow(dead_code)]

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{
    AccountName, Clock, Currency, Departure, Money, NonceSource, OrderKey, Secret, Status,
    Timestamp, Transport, TransportError,
};
use pagos_engine::{
    InstrumentedStore, MemoryStore, NoProbe, Notice, NoticeAbout, NoticeKind, OrderNews, Probe,
    RecordKind, RecordStore, RecordWrite, Store, Timer,
};
use pagos_events::{
    Deliverer, Endpoint, EndpointName, EndpointState, Equipment, Reach, SigningSecret, Writer,
    endpoint_state, verify,
};
use serde_json::Value;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// The paused time of tokio, which runs on whenever everybody waits.
#[derive(Debug)]
pub(crate) struct Paused {
    start: tokio::time::Instant,
}

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000).plus(self.start.elapsed())
    }
}

#[async_trait]
impl Timer for Paused {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// Draws one byte for ever: by default zero, by which every wait is as planned.
#[derive(Debug, Default)]
pub(crate) struct Dice(pub(crate) AtomicU8);

impl NonceSource for Dice {
    fn draw(&self) -> [u8; 16] {
        [self.0.load(Ordering::Relaxed); 16]
    }
}

/// A request as the endpoint got it.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) key: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) answer: u16,
    pub(crate) body: Value,
}

impl Got {
    /// The number of the notice, if it is about one.
    pub(crate) fn number(&self) -> Option<u64> {
        self.id.strip_prefix("evt_memory_")?.parse().ok()
    }
}

type Answer = dyn Fn(&Got) -> u16 + Send + Sync;

/// An endpoint on no network: it verifies each request, notes it, and answers.
pub(crate) struct Receiver {
    clock: Arc<Paused>,
    secrets: Vec<SigningSecret>,
    pub(crate) got: Mutex<Vec<Got>>,
    answer: Mutex<Arc<Answer>>,
    /// How long each answer takes.
    pub(crate) latency: Duration,
    pub(crate) headers: Mutex<http::HeaderMap>,
    flying: Mutex<(BTreeMap<String, usize>, usize, usize)>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

impl Receiver {
    pub(crate) fn answers(&self, answer: impl Fn(&Got) -> u16 + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The most requests that were under way at the same time.
    pub(crate) fn most_flying(&self) -> usize {
        self.flying.lock().unwrap().2
    }

    /// The numbers of the notices that it accepted, in order, with repeats.
    pub(crate) fn accepted(&self) -> Vec<u64> {
        let got = self.got.lock().unwrap();
        let accepted = got.iter().filter(|it| (200..300).contains(&it.answer));
        accepted.filter_map(Got::number).collect()
    }

    fn depart(&self, lane: &str) {
        let mut flying = self.flying.lock().unwrap();
        let of_lane = flying.0.entry(lane.to_owned()).or_default();
        assert_eq!(*of_lane, 0, "two events of {lane} are under way at the same time");
        *of_lane += 1;
        flying.1 += 1;
        flying.2 = flying.2.max(flying.1);
    }

    fn arrive(&self, lane: &str) {
        let mut flying = self.flying.lock().unwrap();
        flying.0.remove(lane);
        flying.1 -= 1;
    }
}

/// Counts a request as under way until it is dropped.
struct Flying<'a>(&'a Receiver, String);

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        self.0.arrive(&self.1);
    }
}

#[async_trait]
impl Transport for Receiver {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let at = self.clock.now();
        assert!(!departure.is_over(at));
        verify(&self.secrets, request.headers(), request.body(), at).unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = request.headers()["webhook-id"].to_str().unwrap().to_owned();
        let (kind, key) = (text(&body["type"]).unwrap(), text(&body["data"]["key"]));
        let mut got = Got { id, kind, key, at, answer: 0, body };
        let lane = got.key.clone().unwrap_or_else(|| got.id.clone());
        self.depart(&lane);
        let flying = Flying(self, lane);
        tokio::time::sleep(self.latency).await;
        drop(flying);
        let answer = Arc::clone(&self.answer.lock().unwrap());
        got.answer = answer(&got);
        let status = got.answer;
        self.got.lock().unwrap().push(got);
        if status == 0 {
            return Err(TransportError::new(pagos_core::Reached::No, "no connection to the host"));
        }
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        *response.headers_mut() = self.headers.lock().unwrap().clone();
        Ok(response)
    }
}

/// Everything that a test needs.
pub(crate) struct Scene {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) clock: Arc<Paused>,
    pub(crate) dice: Arc<Dice>,
    pub(crate) probe: Arc<dyn Probe>,
    pub(crate) name: EndpointName,
    pub(crate) in_flight_max: usize,
    notices: Mutex<u64>,
}

impl Scene {
    /// An endpoint that has read nothing and answers 200.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(Paused { start: tokio::time::Instant::now() });
        let receiver = Receiver {
            clock: Arc::clone(&clock),
            secrets: vec![secret()],
            got: Mutex::default(),
            answer: Mutex::new(Arc::new(|_| 200)),
            latency: Duration::from_millis(20),
            headers: Mutex::default(),
            flying: Mutex::default(),
        };
        let store = Arc::new(MemoryStore::new());
        let name = EndpointName::new("erp").unwrap();
        store.acknowledge(&name.reader(), 0).await.unwrap();
        let (receiver, dice, probe) = (Arc::new(receiver), Arc::default(), Arc::new(NoProbe));
        Self { store, receiver, clock, dice, probe, name, in_flight_max: 8, notices: Mutex::new(0) }
    }

    /// Writes one notice about each payout.
    pub(crate) async fn tell(&self, keys: &[String]) {
        let notices: Vec<Notice> = keys.iter().map(|key| notice(key, self.clock.now())).collect();
        let name = {
            let mut count = self.notices.lock().unwrap();
            *count += 1;
            count.to_string()
        };
        let body = Some("{}".to_owned());
        let write = RecordWrite { kind: RecordKind::Spending, name, was: None, body, notices };
        self.store.write_record(write).await.unwrap();
    }

    pub(crate) fn writer(&self) -> InstrumentedStore {
        InstrumentedStore::new(Arc::clone(&self.store) as Arc<dyn Store>, Arc::clone(&self.probe))
    }

    pub(crate) fn deliverer(&self, holder: &str) -> Deliverer {
        let url = "https://erp.example.com/canary-path";
        let endpoint = Endpoint::new(self.name.clone(), url, Reach::Public, secret()).unwrap();
        let endpoint = endpoint.with_in_flight_max(self.in_flight_max).unwrap();
        let equipment = Equipment {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            writer: self.writer(),
            transport: Arc::clone(&self.receiver) as Arc<dyn Transport>,
            timer: Arc::clone(&self.clock) as Arc<dyn Timer>,
            nonces: Arc::clone(&self.dice) as Arc<dyn NonceSource>,
            holder: holder.to_owned(),
        };
        Deliverer::new(equipment, endpoint)
    }

    /// Delivers for so long.
    pub(crate) async fn deliver_for(&self, time: Duration) {
        let deliverer = self.deliverer("one");
        let tell = |_: &str| {};
        let running = deliverer.run(std::future::pending(), &tell);
        let _ = tokio::time::timeout(time, running).await;
    }

    pub(crate) async fn state(&self) -> EndpointState {
        endpoint_state(self.store.as_ref(), &self.name).await.unwrap()
    }

    /// What people were told about the endpoint.
    pub(crate) async fn calls(&self) -> Vec<String> {
        let notices = self.store.outbox(0, usize::MAX).await.unwrap();
        let about = notices.into_iter().filter_map(|(_, notice)| match notice.event {
            NoticeKind::Attention { because } => Some(because),
            _ => None,
        });
        about.collect()
    }

    /// What a person orders with.
    pub(crate) fn orders(&self) -> Writer {
        Writer { store: Arc::clone(&self.store) as Arc<dyn Store>, writer: self.writer() }
    }
}

pub(crate) fn secret() -> SigningSecret {
    SigningSecret::parse(Secret::new(SECRET)).unwrap()
}

pub(crate) fn keys(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}")).collect()
}

pub(crate) fn notice(key: &str, at: Timestamp) -> Notice {
    let news = OrderNews {
        key: OrderKey::new(key).unwrap(),
        runs: Vec::new(),
        status: Status::Pending,
        was: None,
        reason: None,
        amount: Money::new(15_000_000, Currency::Cop),
        returned: None,
        reference: None,
    };
    let account = AccountName::new("bank").unwrap();
    Notice { account, event: NoticeKind::Advanced, about: NoticeAbout::Payout(news), at }
}

/// Checks that the events of each payout were accepted in order, repeats aside: no number comes for the
/// first time after a greater one. Returns how many were repeats.
pub(crate) fn check_order(receiver: &Receiver) -> usize {
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut repeats = 0;
    for got in receiver.got.lock().unwrap().iter().filter(|it| (200..300).contains(&it.answer)) {
        let (Some(number), Some(key)) = (got.number(), got.key.clone()) else { continue };
        if !seen.insert(number) {
            repeats += 1;
            continue;
        }
        let last = newest.entry(key.clone()).or_default();
        assert!(number > *last, "event {number} of {key} came after {last}");
        *last = number;
    }
    repeats
}
