//! A site to send requests to: the API over a store in memory, an engine, and an account whose
//! provider does what its test says. Every answer is compared with the OpenAPI document, and none may
//! contain an account number.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request};
use pagos_api::{
    Acts, Api, Fault, Limits, Parts, Upload, UploadError, Uploads,
    token::{self, NewToken, Scope},
};
use pagos_core::*;
use pagos_engine::*;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The number of every account; no answer may contain it.
pub const CANARY: &str = "0099887766554433";

/// What the provider says to the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Succeeded,
    Unknown,
    Quotes,
}

#[derive(Debug)]
pub struct Acme {
    says: Mutex<Says>,
    pub created: AtomicU64,
}

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "acme",
    countries: &[],
    currencies: &[Currency::Mxn],
    deduplication: Deduplication::ByKey,
    absence: Absence { answers_min: 3, grace: Duration::from_secs(600) },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

impl Acme {
    fn observe(&self, source: Source) -> Result<Observation, Error> {
        let at = Timestamp::from_millis(START_MS);
        let reference = ProviderRef::new("po_1").ok();
        match *self.says.lock().unwrap() {
            Says::Succeeded => {
                Ok(Observation { reference, ..Observation::new(Status::Succeeded, source, at) })
            }
            Says::Unknown => Err(Error::new(ErrorKind::Unknown, "no answer")),
            Says::Quotes => Ok(Observation {
                reference,
                message: Some(format!("account {CANARY} is closed")),
                ..Observation::new(Status::Failed(FailReason::Rejected), source, at)
            }),
        }
    }
}

#[async_trait]
impl PayoutProvider for Acme {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        match order.amount.minor {
            77_777_777 => {
                let because = format!("{} is more than is sent", order.amount);
                Err(vec![Violation::new("amount", because, "pay less").only_in_english()])
            }
            1.. => Ok(()),
            _ => Err(vec![Violation::new("amount", "it is nothing", "pay more").only_in_english()]),
        }
    }

    fn payee_bank(&self, _: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        _: &PayoutOrder,
        _: Option<&Handle>,
        _: Departure,
    ) -> Result<Observation, Error> {
        self.created.fetch_add(1, Ordering::Relaxed);
        self.observe(Source::Reply)
    }

    async fn query(&self, _: &PayoutRef<'_>) -> Result<Lookup, Error> {
        self.observe(Source::Query).map(Lookup::Found)
    }

    fn balances(&self) -> Option<&dyn BalanceSource> {
        Some(self)
    }

    fn payments(&self) -> Option<&dyn PaymentProvider> {
        Some(self)
    }
}

#[async_trait]
impl BalanceSource for Acme {
    async fn balances(&self) -> Result<Vec<Balance>, Error> {
        let available = Money::new(123_456, Currency::Mxn);
        Ok(vec![Balance { available, unavailable: None }])
    }
}

#[async_trait]
impl PaymentProvider for Acme {
    fn terms(&self) -> PaymentTerms {
        let absence = Absence { answers_min: 3, grace: Duration::from_secs(600) };
        PaymentTerms { open_for: None, absence, repeat: Repeat::OpensAnother }
    }

    fn check(&self, _: &PaymentOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    async fn create(&self, order: &PaymentOrder) -> Result<PaymentSession, Error> {
        let reference = ProviderRef::new(format!("ps_{}", order.key)).ok();
        let at = Timestamp::from_millis(START_MS);
        if *self.says.lock().unwrap() == Says::Unknown {
            return Err(Error::new(ErrorKind::Unknown, "no answer"));
        }
        let observation =
            Observation { reference, ..Observation::new(Status::Pending, Source::Reply, at) };
        let url = Some("https://pay.example/ps".to_owned());
        Ok(PaymentSession { observation, url, code: None, secret: None })
    }

    async fn query(&self, _: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error> {
        Ok(Lookup::CannotTell("not now".to_owned()))
    }
}

/// A clock that a test moves.
#[derive(Debug, Clone)]
pub struct Hands {
    now_ms: Arc<AtomicI64>,
}

pub const START_MS: i64 = 1_800_000_000_000;

impl Hands {
    pub fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap();
        self.now_ms.fetch_add(by_ms, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Timer for Hands {
    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

/// Draws other bytes each time.
#[derive(Debug, Default)]
pub struct Dice(AtomicU64);

impl NonceSource for Dice {
    fn draw(&self) -> [u8; 16] {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut bytes = [0x5a; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes
    }
}

/// Reads a "file" whose lines are keys; a line `bad` is wrong.
#[derive(Debug)]
struct Lines;

#[async_trait]
impl Uploads for Lines {
    async fn read(&self, bytes: Bytes) -> Result<Upload, UploadError> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let faults: Vec<Fault> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| *line == "bad")
            .map(|(line, _)| Fault {
                line: Some(line),
                field: Some("key".to_owned()),
                because: "it is bad".to_owned(),
                ..Fault::default()
            })
            .collect();
        if !faults.is_empty() {
            return Err(UploadError::Refused { faults, more: 0 });
        }
        let orders = (1..).zip(text.lines().map(order)).collect();
        Ok(Upload { run: RunId::from("file-of-lines"), orders, warnings: Vec::new() })
    }
}

pub fn account() -> AccountName {
    AccountName::new("acme").unwrap()
}

pub fn order(key: &str) -> PayoutOrder {
    let number = AccountNumber::new(CANARY).unwrap();
    let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, number);
    let amount = Money::new(15_050, Currency::Mxn);
    PayoutOrder::new(OrderKey::new(key).unwrap(), account(), amount, ana)
}

/// An order as a client writes it.
pub fn payout(key: &str) -> Value {
    json!({
        "key": key, "account": "acme", "amount": "150.50", "currency": "MXN",
        "beneficiary": {
            "name": "Ana Castillo", "account_type": "savings", "account_number": CANARY,
        },
    })
}

pub fn payment(key: &str) -> Value {
    json!({ "key": key, "account": "acme", "amount": "99", "currency": "MXN" })
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Told {
    /// The slug of a problem.
    pub fn problem(&self) -> &str {
        let of = self.body["type"].as_str().unwrap_or_default();
        of.strip_prefix("urn:pagos:problem:").unwrap_or_default()
    }
}

/// The API and everything behind it.
pub struct Site {
    pub api: Api,
    pub engine: Arc<Engine>,
    pub store: Arc<dyn Store>,
    pub writer: InstrumentedStore,
    pub acme: Arc<Acme>,
    pub clock: Hands,
    pub dice: Dice,
    pub document: Value,
}

impl Site {
    pub async fn new() -> Self {
        Self::with(|engine| engine as Arc<dyn Acts>).await
    }

    pub async fn with(between: impl FnOnce(Arc<Engine>) -> Arc<dyn Acts>) -> Self {
        Self::over(Arc::new(MemoryStore::new()), Limits::default(), between).await
    }

    pub async fn over(
        store: Arc<dyn Store>,
        limits: Limits,
        between: impl FnOnce(Arc<Engine>) -> Arc<dyn Acts>,
    ) -> Self {
        Self::under(Vec::new(), store, limits, between).await
    }

    /// A site whose account has a rule: more than 100 MXN in one payout need one approver.
    pub async fn guarded() -> Self {
        let rule = Rule::new(Measure::Payout, Money::new(10_000, Currency::Mxn), 1).unwrap();
        let store = Arc::new(MemoryStore::new());
        let engine = |engine| engine as Arc<dyn Acts>;
        Self::under(vec![rule], store, Limits::default(), engine).await
    }

    async fn under(
        rules: Vec<Rule>,
        store: Arc<dyn Store>,
        limits: Limits,
        between: impl FnOnce(Arc<Engine>) -> Arc<dyn Acts>,
    ) -> Self {
        let clock = Hands { now_ms: Arc::new(AtomicI64::new(START_MS)) };
        let acme = Arc::new(Acme { says: Mutex::new(Says::Succeeded), created: AtomicU64::new(0) });
        let mut accounts = Accounts::new()
            .with(account(), acme.clone())
            .with(AccountName::new("acme-2").unwrap(), acme.clone());
        if !rules.is_empty() {
            accounts = accounts.with_approvals(account(), Approvals::new(rules));
        }
        let world = World::Simulated("tests".to_owned());
        let timer = Arc::new(clock.clone());
        let writer = InstrumentedStore::from(store.clone());
        // The clock stands still, so a rate would hold back whatever is second.
        let policy = Policy { sends_per_second_max: None, ..Policy::live() };
        let engine = Engine::open(writer.clone(), &world, accounts, timer, policy);
        let engine = Arc::new(engine.await.unwrap());
        let parts = Parts {
            engine: engine.clone(),
            store: store.clone(),
            writer: writer.clone(),
            clock: Arc::new(clock.clone()),
            // Other numbers than those of `dice`.
            random: Arc::new(Dice(AtomicU64::new(1 << 32))),
            uploads: Arc::new(Lines),
            limits,
        };
        let api = Api::acting_through(between(engine.clone()), parts, || {});
        let document = serde_json::from_str(&api.openapi()).unwrap();
        Self { api, engine, store, writer, acme, clock, dice: Dice::default(), document }
    }

    pub fn provider_says(&self, says: Says) {
        *self.acme.says.lock().unwrap() = says;
    }

    /// Makes the database one that has forgotten the order of a payout that it sent.
    pub async fn forget(&self, key: &str) {
        let at = Timestamp::from_millis(1_000);
        let key = OrderKey::new(key).unwrap();
        let name = key.to_string();
        let (account, number, digest, epoch) = (account(), 1, None, 7);
        let sent = SentAttempt { account, key, number, digest, first_at: at, at, epoch };
        let (kind, body) = (RecordKind::Forgotten, Some(serde_json::to_string(&sent).unwrap()));
        let write = RecordWrite { kind, name, was: None, body, notices: Vec::new() };
        self.writer.write_record(write).await.unwrap();
    }

    /// Sends and follows everything that is due.
    pub async fn work(&self) {
        while !self.engine.work(16).await.unwrap().is_idle() {}
    }

    pub async fn token(&self, name: &str, scopes: &[Scope]) -> String {
        let new = NewToken {
            name: Actor::new(name).unwrap(),
            scopes: BTreeSet::from_iter(scopes.iter().copied()),
            expires_at: None,
        };
        let now = self.clock.now();
        token::create(&self.writer, &self.dice, now, new).await.unwrap().into_text()
    }

    /// A token that may do everything.
    pub async fn all(&self) -> String {
        self.token("ana", &Scope::ALL).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Told {
        self.send(Request::get(path), token, Body::empty()).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Told {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request, token, Body::from(body.to_string())).await
    }

    pub async fn send(&self, request: http::request::Builder, token: &str, body: Body) -> Told {
        let request = match token {
            "" => request,
            token => request.header("authorization", format!("Bearer {token}")),
        };
        let request = request.body(body).unwrap();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = self.api.router().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes: Bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!text.contains(CANARY), "an account number in the answer of {path}: {text}");
        let status = parts.status.as_u16();
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let told = Told { status, headers: parts.headers, body };
        self.compare(method.as_str(), &path, &told);
        told
    }

    /// Every answer of a documented operation is one of those that the document lists.
    fn compare(&self, method: &str, path: &str, told: &Told) {
        let Some(operation) = self.operation(method, path) else { return };
        let status = told.status.to_string();
        let described = &operation["responses"][&status];
        assert!(described.is_object(), "{method} {path} does not document {status}: {told:?}");
        if told.status < 400 || path == "/health" {
            return;
        }
        let kind = told.headers["content-type"].to_str().unwrap();
        assert_eq!(kind, "application/problem+json", "{method} {path}");
        let slugs = described["description"].as_str().unwrap();
        let is_listed = slugs.split(", ").any(|slug| slug == told.problem());
        assert!(is_listed, "{method} {path} does not document {}: {slugs}", told.problem());
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object().unwrap();
        let fits = |template: &str| {
            let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return true,
                    (Some(one), Some(other)) if one == other || one.starts_with('{') => {}
                    _ => return false,
                }
            }
        };
        let (_, item) = paths.iter().find(|(template, _)| fits(template))?;
        item.get(method.to_lowercase())
    }
}
