//! What a call costs beside the network: one payOut and one webhook through the public API, beside
//! their parts done by hand on the same bytes, in one run. Not a test: figures move with the
//! machine; the ratios are what the budgets are about.
//!
//! `cargo bench -p pagos-cashypro`. Parts and whole take turns, and the best round of each counts.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

use std::{
    hint::black_box,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Instant,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use pagos_cashypro::{Cashypro, CashyproConfig, country};
use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Decoded,
    Delivery, Departure, Document, DocumentType, Environment, Money, NonceSource, OrderKey,
    PayoutOrder, PayoutProvider, Secret, Timestamp, Transport, TransportError,
};

const ROUNDS: u32 = 15;
const CALLS_PER_ROUND: u32 = 10_000;
const BUDGET: f64 = 2.0;

const BASE_URL: &str = "http://client.example/stage-api";
const NOTIFY_URL: &str = "https://merchant.example/webhooks/cashypro";
const MERCHANT_ID: &str = "1002001";
const API_KEY: &str = "sandbox-key-0123456789abcdef";
const NONCE: [u8; 16] = [7; 16];
const NONCE_TEXT: &str = "07070707070707070707070707070707";

const ANSWER: &[u8] = br#"{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"order00000001","orderNo":"PAYOUT8551827184491839488","amount":"150000","fee":"0","orderStatus":"PROCESSING"}}"#;

const WEBHOOK: &[u8] = br#"{"amount":150000.00,"completionTime":"2024-12-02 08:42:54","fee":5150.0000,"mchOrderNo":"order00000001","merchantId":"1002001","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"SUCCESS","payType":"11"}"#;

fn main() {
    let outside = Arc::new(Outside::default());
    let cashypro = open(&outside);
    bench_call(&cashypro, &outside);
    println!();
    bench_webhook(&cashypro);
}

fn bench_call(cashypro: &Cashypro, outside: &Outside) {
    let order = order();
    let body = serialise(&order);
    let signature = sign(&body);
    pay(cashypro, &order);
    assert_is_same(&outside.sent(), &request(body.clone(), &signature));

    let [mut serialising, mut signing, mut building, mut parsing] = [f64::INFINITY; 4];
    let mut whole = f64::INFINITY;
    for _ in 0..ROUNDS {
        serialising = serialising.min(time(|| serialise(&order)));
        signing = signing.min(time(|| sign(&body)));
        building = building.min(time(|| request(body.clone(), &signature)));
        parsing = parsing.min(time(|| parse_answer(ANSWER)));
        whole = whole.min(time(|| pay(cashypro, &order)));
    }
    report("payOut: serialise the body", serialising);
    report("payOut: md5 of body and key, as hex", signing);
    report("payOut: build the request", building);
    report("payOut: parse the answer", parsing);
    let parts = serialising + signing + building + parsing;
    report("payOut: the sum of its parts", parts);
    judge("payOut through the API", whole, parts);
}

fn bench_webhook(cashypro: &Cashypro) {
    let mut headers = HeaderMap::new();
    headers.insert("sign", HeaderValue::from_str(&sign(WEBHOOK)).unwrap());
    let body = Bytes::from_static(WEBHOOK);
    let delivery = Delivery { headers, body, received_at: Timestamp::from_millis(0) };
    let decoder = cashypro.webhooks().unwrap();
    let read = || match decoder.verify(&delivery, None) {
        Ok(Decoded::Verified(event)) => event.into_value().observation.unwrap(),
        other => unreachable!("a genuine webhook: {other:?}"),
    };

    let [mut signing, mut parsing, mut whole] = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        signing = signing.min(time(|| tag(WEBHOOK)));
        parsing = parsing.min(time(|| serde_json::from_slice::<OrderByHand<f64>>(WEBHOOK)));
        whole = whole.min(time(read));
    }
    report("webhook: md5 of body and key", signing);
    report("webhook: parse the body", parsing);
    report("webhook: the sum of its parts", signing + parsing);
    judge("webhook, verified and read", whole, signing + parsing);
}

fn report(what: &str, ns: f64) {
    println!("{what:<38} {:>8.2} us", ns / 1000.0);
}

fn judge(what: &str, ns: f64, floor_ns: f64) {
    let ratio = ns / floor_ns;
    let verdict = if ratio <= BUDGET { "within" } else { "over" };
    let us = ns / 1000.0;
    println!("{what:<38} {us:>8.2} us  {ratio:.2}x its parts (budget {BUDGET}x): {verdict}");
}

/// Nanoseconds of one call, over a round of them.
fn time<T>(mut call: impl FnMut() -> T) -> f64 {
    let begun = Instant::now();
    for _ in 0..CALLS_PER_ROUND {
        black_box(call());
    }
    begun.elapsed().as_nanos() as f64 / f64::from(CALLS_PER_ROUND)
}

/// The whole call. Nothing in it waits, so one poll is all.
fn pay(cashypro: &Cashypro, order: &PayoutOrder) -> pagos_core::Observation {
    let call = pin!(cashypro.create(black_box(order), None, Departure::Anytime));
    match call.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer.unwrap(),
        Poll::Pending => unreachable!("the transport answers at once"),
    }
}

/// The shape that `create` sends, with nothing checked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayOutByHand<'a> {
    amount: &'a RawValue,
    bank_id: u32,
    id_type: &'a str,
    account_name: &'a str,
    mch_order_no: &'a str,
    id_card: &'a str,
    account_no: &'a str,
    account_type: &'a str,
    notify_url: &'a str,
    currency: &'a str,
    remark: &'a str,
    nonce_str: &'a str,
}

fn serialise(order: &PayoutOrder) -> Bytes {
    let order = black_box(order);
    let amount: &RawValue = serde_json::from_str("150000.00").unwrap();
    let body = PayOutByHand {
        amount,
        bank_id: 20,
        id_type: "1",
        account_name: &order.beneficiary.name,
        mch_order_no: order.key.as_str(),
        id_card: order.beneficiary.document.as_ref().unwrap().number(),
        account_no: order.beneficiary.account_number.as_str(),
        account_type: "1",
        notify_url: NOTIFY_URL,
        currency: "COP",
        remark: "payout",
        nonce_str: NONCE_TEXT,
    };
    Bytes::from(serde_json::to_vec(&body).unwrap())
}

fn tag(body: &[u8]) -> [u8; 16] {
    Md5::new().chain_update(black_box(body)).chain_update(API_KEY).finalize().into()
}

fn sign(body: &[u8]) -> String {
    format!("{:032x}", u128::from_be_bytes(tag(body)))
}

fn request(body: Bytes, sign: &str) -> Request<Bytes> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("{BASE_URL}{}", black_box("/api/payOut")))
        .header("content-type", "application/json")
        .header("merchantid", MERCHANT_ID)
        .header("sign", sign)
        .body(body)
        .unwrap()
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct AnswerByHand {
    msg: String,
    code: u32,
    data: OrderByHand<String>,
}

/// Amounts are text in answers and numbers in webhooks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct OrderByHand<Amount> {
    merchant_id: String,
    mch_order_no: String,
    order_no: String,
    amount: Amount,
    fee: Amount,
    order_status: String,
    completion_time: Option<String>,
}

fn parse_answer(body: &[u8]) -> AnswerByHand {
    serde_json::from_slice(black_box(body)).unwrap()
}

/// The parts would be no floor if they made other bytes.
fn assert_is_same(sent: &Request<Bytes>, by_hand: &Request<Bytes>) {
    assert_eq!((sent.method(), sent.uri()), (by_hand.method(), by_hand.uri()));
    assert_eq!(sent.headers(), by_hand.headers());
    assert_eq!(sent.body(), by_hand.body());
}

/// Network, clock and nonces: the same answer to everything, at once.
#[derive(Debug, Default)]
struct Outside {
    sent: Mutex<Option<Request<Bytes>>>,
}

impl Outside {
    fn sent(&self) -> Request<Bytes> {
        self.sent.lock().unwrap().take().unwrap()
    }
}

#[async_trait]
impl Transport for Outside {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        *self.sent.lock().unwrap() = Some(request);
        Ok(Response::new(Bytes::from_static(ANSWER)))
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_733_103_774_518)
    }
}

impl NonceSource for Outside {
    fn draw(&self) -> [u8; 16] {
        NONCE
    }
}

fn open(outside: &Arc<Outside>) -> Cashypro {
    let config = CashyproConfig {
        base_url: BASE_URL.to_owned(),
        merchant_id: MERCHANT_ID.to_owned(),
        api_key: Secret::new(API_KEY),
        notify_url: NOTIFY_URL.to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let (transport, clock, nonces) = (outside.clone(), outside.clone(), outside.clone());
    Cashypro::new(config, transport, clock, nonces).unwrap()
}

fn order() -> PayoutOrder {
    let number = AccountNumber::new("00012345678").unwrap();
    let beneficiary = Beneficiary::new("Ana Perez", AccountType::Savings, number)
        .with_document(Document::new(DocumentType::Cc, "1012345678").unwrap())
        .with_bank(BankCode::new("20").unwrap());
    PayoutOrder::new(
        OrderKey::new("order00000001").unwrap(),
        AccountName::new("cashypro").unwrap(),
        Money::new(15_000_000, Currency::Cop),
        beneficiary,
    )
}
