//! What fixtures cannot say about payouts, through the public API only: many callers, time that
//! passes, tokens that wear out. Single exchanges are fixtures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};

use pagos_conformance::suite;
use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Contract, Currency,
    Deduplication, Departure, Document, DocumentType, Environment, Error, ErrorKind, Lookup, Money,
    OrderKey, PayoutOrder, PayoutProvider, PayoutRef, Reached, Secret, Status, Timestamp,
    Transport, TransportError, Verification,
};
use pagos_etpay::{Etpay, EtpayConfig, PaymentConfig, PayoutConfig};

const NOW_MS: i64 = 1_767_323_045_000;
const LOGIN: &str = "POST /v1/auth/login";
const CREATE: &str = "POST /v1/payouts";
const BALANCE: &str = "GET /v1/payouts/balance";
const UNAUTHORIZED: &str = r#"{"msg":"Unauthorized"}"#;
const CREATED: &str = concat!(
    r#"{"msg":"ok","payout":{"id":"simPayout0001","merchant_order_id":"ord0001","amount":15000,"#,
    r#""status":"pending","created_at":"2026-01-02T03:04:05.000Z"}}"#,
);

type Answer = Result<(u16, String), Reached>;

fn say(http_status: u16, body: impl Into<String>) -> Answer {
    Ok((http_status, body.into()))
}

fn grant(token: &str) -> Answer {
    let end_ms = NOW_MS + 3_600_000;
    let auth = format!(r#"{{"Authorization":"{token}","tokenExp":{end_ms}}}"#);
    say(200, format!(r#"{{"msg":"ok","auth":{auth}}}"#))
}

fn balance() -> Answer {
    say(200, r#"{"msg":"ok","balance":123456,"currency":"CLP"}"#)
}

/// What was sent, and the provider's side of it: what is sent, how often it was sent before, and
/// with which token.
type Script = dyn Fn(&str, usize, &str) -> Answer + Send + Sync;

/// The outer world: time, and a provider that answers after some turns.
struct World {
    now_ms: AtomicI64,
    sent: Mutex<Vec<(String, String)>>,
    script: Box<Script>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

impl World {
    fn new(script: impl Fn(&str, usize, &str) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        let now_ms = AtomicI64::new(NOW_MS);
        Arc::new(Self { now_ms, sent: Mutex::default(), script: Box::new(script) })
    }

    fn count(&self, what: &str) -> usize {
        self.sent.lock().unwrap().iter().filter(|(sent, _)| sent == what).count()
    }

    fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Transport for World {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let what = format!("{} {}", request.method(), request.uri().path());
        let header = request.headers().get("authorization");
        let token = header.map_or("", |header| header.to_str().unwrap()).to_owned();
        let before = self.count(&what);
        self.sent.lock().unwrap().push((what.clone(), token.clone()));
        // Some answers take longer than others, so that callers meet in between.
        for _ in 0..=before.min(16) {
            turn().await;
        }
        match (self.script)(&what, before, &token) {
            Ok((http_status, body)) => {
                Ok(Response::builder().status(http_status).body(Bytes::from(body)).unwrap())
            }
            Err(reached) => Err(TransportError::new(reached, "no answer in this test")),
        }
    }
}

/// Lets everybody else run first.
async fn turn() {
    let mut is_first = true;
    poll_fn(|context| {
        if !is_first {
            return Poll::Ready(());
        }
        is_first = false;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..10_000 {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
    panic!("it waits for ever");
}

fn config(environment: Environment) -> EtpayConfig {
    let password = Secret::new("sandbox-password");
    let payouts = PayoutConfig::new("https://payouts.example", "user@example.com", password);
    EtpayConfig {
        environment,
        merchant_code: "cl_sim_merchant".to_owned(),
        merchant_api_token: Secret::new("sandbox-token-0123456789abcdef"),
        payments: None,
        payouts: Some(PayoutConfig { verification: Verification::Stated, ..payouts }),
        sandbox_clock_days: 0,
    }
}

fn etpay(world: &Arc<World>) -> Etpay {
    Etpay::new(config(Environment::Sandbox), world.clone(), world.clone()).unwrap()
}

fn order() -> PayoutOrder {
    let number = AccountNumber::new("12345678").unwrap();
    let beneficiary = Beneficiary::new("Ana Perez", AccountType::Sight, number)
        .with_document(Document::new(DocumentType::Rut, "12.345.678-5").unwrap())
        .with_bank(BankCode::new("cl_estado").unwrap());
    PayoutOrder::new(
        OrderKey::new("ord0001").unwrap(),
        AccountName::new("etpay").unwrap(),
        Money::new(15_000, Currency::Clp),
        beneficiary,
    )
}

fn create(etpay: &Etpay) -> Result<pagos_core::Observation, Error> {
    finish(PayoutProvider::create(etpay, &order(), None, Departure::Anytime))
}

fn ask_balance(etpay: &Etpay) -> Result<i64, ErrorKind> {
    let balances = finish(etpay.balances().unwrap().balances());
    balances.map(|rows| rows[0].available.minor).map_err(|error| error.kind())
}

/// Nothing is published about a repeated key, so nothing may be repeated without a person.
#[test]
fn a_repeated_key_is_not_believed_to_be_refused() {
    let descriptor = etpay(&World::new(|_, _, _| balance())).descriptor();
    assert_eq!(descriptor.deduplication, Deduplication::None);
    assert_eq!(descriptor.contract, Contract::Assumed);
}

#[test]
fn sixty_four_callers_make_one_login() {
    let world = World::new(|what, _, _| match what {
        LOGIN => grant("T1"),
        _ => balance(),
    });
    let etpay = etpay(&world);
    let source = etpay.balances().unwrap();
    // `join_all` polls only what was woken, so a lost wake-up would hang here.
    let answers = finish(join_all((0..64).map(|_| source.balances())));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((world.count(LOGIN), world.count(BALANCE)), (1, 64));
    let sent = world.sent.lock().unwrap();
    assert!(sent.iter().all(|(what, token)| token == if what == LOGIN { "" } else { "T1" }));
}

#[test]
fn a_caller_that_goes_away_leaves_the_login_to_the_others() {
    let world = World::new(|what, _, _| match what {
        LOGIN => grant("T1"),
        _ => balance(),
    });
    let etpay = etpay(&world);
    let source = etpay.balances().unwrap();
    let mut first = Box::pin(source.balances());
    assert!(poll_once(first.as_mut()).is_pending());
    let mut others = Box::pin(join_all((0..8).map(|_| source.balances())));
    assert!(poll_once(others.as_mut()).is_pending());
    assert_eq!(world.count(LOGIN), 1);
    drop(first);
    assert!(finish(others).iter().all(Result::is_ok));
    assert_eq!((world.count(LOGIN), world.count(BALANCE)), (2, 8));
}

#[test]
fn failed_logins_are_remembered_and_not_repeated() {
    let cases = [
        (say(401, UNAUTHORIZED), ErrorKind::Unauthorized, 60_000),
        (say(200, r#"{"msg":"ok","auth":{}}"#), ErrorKind::Unauthorized, 60_000),
        (say(503, ""), ErrorKind::Undelivered, 5_000),
        (Err(Reached::Maybe), ErrorKind::Undelivered, 5_000),
        (say(429, ""), ErrorKind::Throttled, 60_000),
    ];
    for (refusal, kind, remembered_ms) in cases {
        let answer = refusal.clone();
        let world = World::new(move |what, before, _| match (what, before) {
            (LOGIN, 0) => answer.clone(),
            (LOGIN, _) => grant("T2"),
            _ => balance(),
        });
        let etpay = etpay(&world);
        let source = etpay.balances().unwrap();
        let answers = finish(join_all((0..64).map(|_| source.balances())));
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().kind() == kind));
        world.pass(remembered_ms - 1);
        assert_eq!(ask_balance(&etpay), Err(kind), "{refusal:?}");
        // Nothing was sent, so the payout was not either.
        assert_eq!(create(&etpay).unwrap_err().kind(), kind, "{refusal:?}");
        assert_eq!((world.count(LOGIN), world.count(CREATE)), (1, 0), "{refusal:?}");
        world.pass(1);
        assert_eq!(ask_balance(&etpay), Ok(123_456), "{refusal:?}");
        assert_eq!(world.count(LOGIN), 2, "{refusal:?}");
    }
}

#[test]
fn a_token_is_renewed_a_minute_before_its_end() {
    let world = World::new(|what, before, _| match what {
        LOGIN => grant(&format!("T{before}")),
        _ => balance(),
    });
    let etpay = etpay(&world);
    for (passed_ms, logins) in [(0, 1), (3_539_999, 1), (1, 2)] {
        world.pass(passed_ms);
        assert_eq!(ask_balance(&etpay), Ok(123_456));
        assert_eq!(world.count(LOGIN), logins, "{passed_ms}");
    }
}

#[test]
fn a_payout_with_a_worn_token_is_the_callers_to_repeat() {
    let script = |what: &str, before: usize, token: &str| match (what, token) {
        (LOGIN, _) => grant(&format!("T{before}")),
        (CREATE, "T0") => say(401, UNAUTHORIZED),
        (CREATE, _) => say(200, CREATED),
        _ => balance(),
    };
    let accepted = World::new(script);
    let old = World::new(script);
    for (world, is_accepted) in [(accepted, true), (old, false)] {
        let etpay = etpay(&world);
        if is_accepted {
            ask_balance(&etpay).unwrap();
        } else {
            finish(etpay.prepare(&order())).unwrap();
            world.pass(60_000);
        }
        let error = create(&etpay).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(std::time::Duration::ZERO));
        assert_eq!((world.count(CREATE), world.count(LOGIN)), (1, 1), "sent once");
        assert_eq!(create(&etpay).unwrap().status, Status::Pending);
        assert_eq!((world.count(CREATE), world.count(LOGIN)), (2, 2));
    }
}

#[test]
fn a_fresh_token_that_is_refused_calls_a_person() {
    let world = World::new(|what, before, _| match what {
        LOGIN => grant(&format!("T{before}")),
        CREATE => say(401, UNAUTHORIZED),
        _ => balance(),
    });
    let etpay = etpay(&world);
    assert_eq!(create(&etpay).unwrap_err().kind(), ErrorKind::Unauthorized);
    world.pass(59_999);
    assert_eq!(create(&etpay).unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!((world.count(LOGIN), world.count(CREATE)), (1, 1));
    world.pass(1);
    assert_eq!(ask_balance(&etpay), Ok(123_456));
    assert_eq!(world.count(LOGIN), 2);
}

#[test]
fn a_401_that_nobody_wrote_is_doubt() {
    for body in ["", "<html>Unauthorized</html>", "{}", r#"{"msg":"Unauthor"#] {
        let world = World::new(move |what, before, _| match what {
            LOGIN => grant(&format!("T{before}")),
            CREATE => say(401, body),
            _ => balance(),
        });
        let etpay = etpay(&world);
        ask_balance(&etpay).unwrap();
        assert_eq!(create(&etpay).unwrap_err().kind(), ErrorKind::Unknown, "{body}");
        assert_eq!((world.count(LOGIN), world.count(CREATE)), (1, 1));
        ask_balance(&etpay).unwrap();
        assert_eq!(world.count(LOGIN), 2, "the token is given up all the same");
    }
}

#[test]
fn a_refused_query_is_asked_once_more() {
    let world = World::new(|what, before, token| match (what, token) {
        (LOGIN, _) => grant(&format!("T{before}")),
        (_, "T0") => say(401, UNAUTHORIZED),
        _ => balance(),
    });
    let etpay = etpay(&world);
    let source = etpay.balances().unwrap();
    // All eight are refused, one after the other; only the first makes a new token, and those that
    // come late with the old one do not spoil it.
    let answers = finish(join_all((0..8).map(|_| source.balances())));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((world.count(LOGIN), world.count(BALANCE)), (2, 16));
}

#[test]
fn a_query_that_is_refused_twice_ends_the_logins_for_a_minute() {
    let world = World::new(|what, before, _| match what {
        LOGIN => grant(&format!("T{before}")),
        _ => say(401, UNAUTHORIZED),
    });
    let etpay = etpay(&world);
    for passed_ms in [0, 1, 59_998] {
        world.pass(passed_ms);
        assert_eq!(ask_balance(&etpay), Err(ErrorKind::Unauthorized));
        assert_eq!((world.count(LOGIN), world.count(BALANCE)), (2, 2));
    }
    world.pass(1);
    assert_eq!(ask_balance(&etpay), Err(ErrorKind::Unauthorized));
    assert_eq!(world.count(LOGIN), 4);
}

#[test]
fn preparing_logs_in_and_moves_nothing() {
    let world = World::new(|what, _, _| match what {
        LOGIN => grant("T1"),
        _ => say(200, CREATED),
    });
    let etpay = etpay(&world);
    assert_eq!(finish(etpay.prepare(&order())).unwrap(), None);
    assert_eq!((world.count(LOGIN), world.count(CREATE)), (1, 0));
    assert_eq!(create(&etpay).unwrap().status, Status::Pending);
    assert_eq!((world.count(LOGIN), world.count(CREATE)), (1, 1));
}

/// Answers the login itself and leaves the rest to another transport.
#[derive(Debug)]
struct LoggedIn(Arc<dyn Transport>);

#[async_trait]
impl Transport for LoggedIn {
    async fn send(
        &self,
        request: Request<Bytes>,
        departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        if !request.uri().path().ends_with("/login") {
            return self.0.send(request, departure).await;
        }
        let (_, body) = grant("T1").unwrap();
        Ok(Response::new(Bytes::from(body)))
    }
}

#[test]
fn torn_answers_and_lost_requests_are_never_a_no() {
    let build = |transport: Arc<dyn Transport>| -> Box<dyn PayoutProvider> {
        let clock = World::new(|_, _, _| balance());
        let transport = Arc::new(LoggedIn(transport));
        Box::new(Etpay::new(config(Environment::Sandbox), transport, clock).unwrap())
    };
    let response = Response::new(Bytes::from_static(CREATED.as_bytes()));
    suite::torn_responses_are_unknown(&build, &order(), &response).unwrap();
    suite::lost_requests_are_told_apart(&build, &order()).unwrap();
}

#[test]
fn a_list_without_an_end_is_given_up() {
    let world = World::new(|what, before, _| match what {
        LOGIN => grant("T1"),
        _ => say(
            200,
            format!(r#"{{"payouts":[{{"id":"p{before}","created_at":"2026-01-02T03:04:05Z"}}]}}"#),
        ),
    });
    let etpay = etpay(&world);
    let order = order();
    let payout = PayoutRef {
        order: &order,
        reference: None,
        handle: None,
        begun_at: Some(Timestamp::from_millis(NOW_MS)),
    };
    let lookup = finish(PayoutProvider::query(&etpay, &payout)).unwrap();
    assert!(matches!(lookup, Lookup::CannotTell(_)), "{lookup:?}");
    assert!(world.count("GET /v1/payouts") <= 2 * 200);
}

#[test]
fn an_account_that_only_collects_makes_no_payouts() {
    let world = World::new(|_, _, _| balance());
    let payments = PaymentConfig::new(
        "https://api.example",
        "https://pmt.example",
        "https://merchant.example/webhooks/etpay",
    );
    let config =
        EtpayConfig { payments: Some(payments), payouts: None, ..config(Environment::Live) };
    let etpay = Etpay::new(config, world.clone(), world.clone()).unwrap();
    let provider: &dyn PayoutProvider = &etpay;
    assert!(provider.balances().is_none() && provider.listing().is_none());
    assert!(provider.banks().is_none() && provider.payments().is_some());
    assert_eq!(provider.check(&order()).unwrap_err()[0].field, "provider");
    assert_eq!(create(&etpay).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(finish(provider.prepare(&order())).unwrap(), None);
    assert!(world.sent.lock().unwrap().is_empty());
}

#[test]
fn live_wants_a_verified_contract_and_published_banks() {
    let world = World::new(|_, _, _| balance());
    let mut unverified = config(Environment::Live);
    unverified.payouts.as_mut().unwrap().verification = Verification::Missing;
    let refused = Etpay::new(unverified, world.clone(), world.clone()).unwrap_err();
    assert_eq!(refused.field(), Some("contract_verified"));

    let live = Etpay::new(config(Environment::Live), world.clone(), world.clone()).unwrap();
    let provider: &dyn PayoutProvider = &live;
    let mut order = order();
    assert!(provider.check(&order).is_ok());
    order.beneficiary.bank = Some(BankCode::new("cl_tenpo").unwrap());
    assert_eq!(provider.check(&order).unwrap_err()[0].field, "bank");
    let banks = finish(provider.banks().unwrap().banks()).unwrap();
    assert!(banks.iter().all(|bank| bank.id != "cl_tenpo"));
}

#[test]
fn no_secret_account_or_document_is_shown() {
    const CANARIES: [&str; 6] =
        ["canary-pass", "canary-token", "canary-jwt", "76934246", "118822993", "Canaria Mendoza"];
    let world = World::new(|what, _, _| match what {
        LOGIN => grant("canary-jwt"),
        CREATE => say(400, r#"{"msg":"account 118822993 of 76934246 is closed"}"#),
        _ => say(500, ""),
    });
    let mut config = config(Environment::Sandbox);
    config.merchant_api_token = Secret::new(CANARIES[1]);
    config.payouts.as_mut().unwrap().password = Secret::new(CANARIES[0]);
    let mut shown = vec![format!("{config:?}")];
    let etpay = Etpay::new(config, world.clone(), world.clone()).unwrap();
    let provider: &dyn PayoutProvider = &etpay;
    let mut order = order();
    order.beneficiary.name = CANARIES[5].to_owned();
    order.beneficiary.document = Some(Document::new(DocumentType::Rut, "76934246-K").unwrap());
    order.beneficiary.account_number = AccountNumber::new(CANARIES[4]).unwrap();
    let error = finish(provider.create(&order, None, Departure::Anytime)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    shown.extend([format!("{error} {error:?}"), format!("{etpay:?}")]);
    order.beneficiary.account_number = AccountNumber::new("118822993-x").unwrap();
    order.beneficiary.bank = None;
    let violations = provider.check(&order).unwrap_err();
    assert_eq!(violations.len(), 2);
    shown.extend(violations.iter().map(|violation| format!("{violation} {violation:?}")));
    suite::no_canary_is_shown(&shown, &CANARIES).unwrap();
}
