//! A payroll through one provider's twin, in which everything that belongs to a person and every
//! secret is known.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use pagos_core::{Clock, Departure, PayoutOrder, Transport, TransportError};
use pagos_engine::Engine;
use pagos_kit::Kit;
use pagos_tests::{FaultInjector, Harness, finish};
use pagos_twin::{Profile, TwinTransport};
use pagos_webhook::{Counters, Endpoint, Receiver, Settings};
use tokio::runtime::Runtime;

/// What must not be heard.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    all: BTreeSet<String>,
}

impl Secrets {
    /// Short texts would be found in any number.
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= 6 {
            self.all.insert(secret.to_owned());
        }
    }

    pub(crate) fn all(&self) -> &BTreeSet<String> {
        &self.all
    }

    fn add_headers(&mut self, headers: &HeaderMap) {
        let public = [header::CONTENT_TYPE, header::ACCEPT, header::CONTENT_LENGTH, header::HOST];
        let hidden = headers.iter().filter(|(name, _)| !public.contains(name));
        hidden.filter_map(|(_, value)| value.to_str().ok()).for_each(|value| self.add(value));
    }
}

/// An order with canaries wherever the provider takes any text.
fn canary(kit: Kit, name: &str, secrets: &mut Secrets) -> PayoutOrder {
    let mut order = kit.order(name);
    let beneficiary = &mut order.beneficiary;
    beneficiary.name = "Canaria Amarilla".to_owned();
    beneficiary.email = Some("canaria@example.com".to_owned());
    order.description = Some("canary of a description".to_owned());
    let person = &order.beneficiary;
    let document = person.document.as_ref().map(|document| document.number());
    let texts = [
        Some(person.name.as_str()),
        Some(person.account_number.as_str()),
        document,
        person.email.as_deref(),
        person.phone.as_deref(),
        order.description.as_deref(),
    ];
    texts.into_iter().flatten().for_each(|text| secrets.add(text));
    order
}

/// Remembers the headers of what passes through it.
#[derive(Debug)]
struct Listening {
    inner: TwinTransport,
    headers: Mutex<Vec<HeaderMap>>,
}

#[async_trait]
impl Transport for Listening {
    async fn send(
        &self,
        request: Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        self.headers.lock().unwrap().push(request.headers().clone());
        self.inner.send(request, departure).await
    }
}

/// Pays forty people and receives the webhooks about them, and a forged one. Returns what the
/// receiver counted.
pub(crate) fn pay(kit: Kit, profile: Profile, secrets: &mut Secrets) -> Counters {
    let harness = Harness::of(kit, 10, profile);
    let listening = Arc::new(Listening { inner: harness.transport(), headers: Mutex::default() });
    let provider = harness.provider_over(Arc::clone(&listening) as _);
    let engine = harness.engine_with(Arc::clone(&provider), &Arc::new(FaultInjector::new()));
    let names = (0..40).map(|number| format!("{}{number}", kit.key_initial()));
    let orders = names.map(|name| canary(kit, &name, secrets)).collect();
    harness.submit(orders);
    let endpoint = Endpoint::new(kit.account(), provider).unwrap();
    let timer = Arc::clone(&harness.timer) as _;
    let store = Arc::clone(&harness.store);
    let path = endpoint.path().to_owned();
    let settings = Settings::default();
    let store = pagos_engine::InstrumentedStore::from(store);
    let receiver = Receiver::new(store, vec![endpoint], timer, settings, || ()).unwrap();
    work(&harness, &engine, &receiver, &path, secrets);
    let forged = Request::post(&path).body(Bytes::from("{}")).unwrap();
    runtime().block_on(receiver.answer(forged));
    listening.headers.lock().unwrap().iter().for_each(|headers| secrets.add_headers(headers));
    receiver.counters()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn work(
    harness: &Harness,
    engine: &Engine,
    receiver: &Receiver,
    path: &str,
    secrets: &mut Secrets,
) {
    let runtime = runtime();
    for _ in 0..2_000 {
        let worked = finish(engine.work(64)).unwrap();
        let webhooks = harness.webhooks();
        for webhook in &webhooks {
            secrets.add_headers(&webhook.headers);
            let mut request = Request::post(path).body(webhook.body.clone()).unwrap();
            *request.headers_mut() = webhook.headers.clone();
            runtime.block_on(receiver.answer(request));
            harness.acknowledge(webhook);
        }
        if !worked.is_idle() || !webhooks.is_empty() {
            continue;
        }
        let Some(at) = harness.next_due() else { return };
        harness.timer.advance_to(at.max(harness.timer.now().plus(Duration::from_millis(1))));
    }
}
