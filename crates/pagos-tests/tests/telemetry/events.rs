//! Events that are delivered to an endpoint whose URL, secret and answers are full of canaries.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use pagos_core::{
    AccountName, Clock, Currency, Departure, Money, NonceSource, Reached, Secret, Status,
    Timestamp, Transport, TransportError,
};
use pagos_engine::{
    InstrumentedStore, MemoryStore, Notice, NoticeAbout, NoticeKind, OrderNews, RecordKind,
    RecordStore, RecordWrite, Store, Timer,
};
use pagos_events::{Deliverer, Endpoint, EndpointName, Equipment, Reach, SigningSecret};
use pagos_tests::key;
use tokio::sync::Notify;

use crate::payroll::Secrets;

/// What the endpoint answers, in this order; 0 is no answer. The last one ends the test.
const ANSWERS: [u16; 5] = [503, 0, 422, 204, 410];

/// Time that jumps over every wait.
#[derive(Debug)]
struct Jumping(AtomicI64);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + self.0.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Timer for Jumping {
    async fn sleep(&self, wait: Duration) {
        self.0.fetch_add(i64::try_from(wait.as_millis()).unwrap(), Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

#[derive(Debug)]
struct Zeros;

impl NonceSource for Zeros {
    fn draw(&self) -> [u8; 16] {
        [0; 16]
    }
}

#[derive(Debug, Default)]
struct Receiver {
    answered: AtomicUsize,
    heard: Mutex<Vec<String>>,
    is_over: Notify,
}

#[async_trait]
impl Transport for Receiver {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        self.heard.lock().unwrap().push(text(&request.headers()["webhook-signature"]));
        let answer = self.answered.fetch_add(1, Ordering::Relaxed);
        if answer + 1 == ANSWERS.len() {
            self.is_over.notify_one();
        }
        if ANSWERS[answer] == 0 {
            return Err(TransportError::new(Reached::Maybe, "the connection was closed"));
        }
        let mut response = Response::new(Bytes::from("canary-of-an-answer"));
        *response.status_mut() = StatusCode::from_u16(ANSWERS[answer]).unwrap();
        response.headers_mut().insert("location", HeaderValue::from_static("/canary-of-a-header"));
        Ok(response)
    }
}

/// Delivers two events of one payout until the endpoint says that it is gone.
pub(crate) async fn deliver(secrets: &mut Secrets) {
    let store = Arc::new(MemoryStore::new());
    let name = EndpointName::new("erp").unwrap();
    store.acknowledge(&name.reader(), 0).await.unwrap();
    let notices = vec![notice(), notice()];
    let (kind, name_of_record) = (RecordKind::Spending, "notices".to_owned());
    let body = Some("{}".to_owned());
    let write = RecordWrite { kind, name: name_of_record, was: None, body, notices };
    store.write_record(write).await.unwrap();
    let url = "https://erp.example.com/canary-of-an-endpoint?key=canary-of-a-query";
    let signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let secret = SigningSecret::parse(Secret::new(signing)).unwrap();
    let endpoint = Endpoint::new(name, url, Reach::Public, secret).unwrap();
    let receiver = Arc::new(Receiver::default());
    let equipment = Equipment {
        store: Arc::clone(&store) as Arc<dyn Store>,
        writer: InstrumentedStore::from(Arc::clone(&store) as Arc<dyn Store>),
        transport: Arc::clone(&receiver) as Arc<dyn Transport>,
        timer: Arc::new(Jumping(AtomicI64::new(0))),
        nonces: Arc::new(Zeros),
        holder: "canary-of-a-holder".to_owned(),
    };
    let is_over = receiver.is_over.notified();
    Deliverer::new(equipment, endpoint).run(is_over, &|message| panic!("{message}")).await;
    let hidden = ["of-an-answer", "of-a-header", "of-an-endpoint", "of-a-query", "of-a-holder"];
    hidden.iter().for_each(|it| secrets.add(&format!("canary-{it}")));
    [url, signing, "canary-of-a-key"].iter().for_each(|it| secrets.add(it));
    receiver.heard.lock().unwrap().iter().for_each(|signature| secrets.add(signature));
}

fn notice() -> Notice {
    let news = OrderNews {
        key: key("canary-of-a-key"),
        runs: Vec::new(),
        status: Status::Pending,
        was: None,
        reason: Some("canary-of-a-reason".to_owned()),
        amount: Money::new(15_000_000, Currency::Cop),
        returned: None,
        reference: None,
    };
    let (account, at) = (AccountName::new("bank").unwrap(), Timestamp::from_millis(0));
    Notice { account, event: NoticeKind::Advanced, about: NoticeAbout::Payout(news), at }
}
