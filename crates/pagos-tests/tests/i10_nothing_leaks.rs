//! I10: no secret, signature, account number or document reaches a `Debug`, an error or a history.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    error::Error as StdError,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;

use pagos_core::{
    AccountNumber, Departure, Document, DocumentType, Hint, Money, PayoutOrder, PayoutRef,
    Transport, TransportError,
};
use pagos_engine::{ClaimRequest, Decision, Intent, NoAttempt, Share, Verdict};
use pagos_tests::{
    FaultInjector, Harness, Worker, account, finish, key, lanes, order, policy, run, start,
};
use pagos_twin::{Profile, TwinTransport, cashypro::SANDBOX_API_KEY};

const NAME: &str = "Canaria Amarilla";
const DOCUMENT: &str = "7391846250";
const ACCOUNT: &str = "82649173501264";
const PHONE: &str = "3987654321";
const EMAIL: &str = "canaria@example.com";

fn canary(name: &str, description: Option<&str>) -> PayoutOrder {
    let mut order = PayoutOrder { description: description.map(str::to_owned), ..order(name) };
    let beneficiary = &mut order.beneficiary;
    beneficiary.name = NAME.to_owned();
    beneficiary.document = Some(Document::new(DocumentType::Cc, DOCUMENT).unwrap());
    beneficiary.account_number = AccountNumber::new(ACCOUNT).unwrap();
    beneficiary.phone = Some(PHONE.to_owned());
    beneficiary.email = Some(EMAIL.to_owned());
    order
}

/// Everything that was said where others could read it, and what must not be in it.
#[derive(Debug, Default)]
struct Ears {
    heard: Vec<String>,
    signatures: Mutex<Vec<String>>,
}

impl Ears {
    fn see(&mut self, it: &dyn Debug) {
        self.heard.push(format!("{it:?}"));
        self.heard.push(format!("{it:#?}"));
    }

    fn hear_error(&mut self, error: &(dyn StdError + 'static)) {
        self.see(&error);
        let mut level = Some(error);
        while let Some(error) = level {
            self.heard.push(error.to_string());
            level = error.source();
        }
    }

    /// What leaked, by name.
    fn leaks(&self) -> Vec<String> {
        let fixed = [NAME, DOCUMENT, ACCOUNT, PHONE, EMAIL, SANDBOX_API_KEY].map(str::to_owned);
        let mut secrets = fixed.to_vec();
        secrets.extend(self.signatures.lock().unwrap().iter().cloned());
        secrets.retain(|secret| self.heard.iter().any(|text| text.contains(secret.as_str())));
        secrets
    }
}

/// Remembers the signatures of what passes through it.
#[derive(Debug)]
struct Listening {
    inner: TwinTransport,
    signatures: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Listening {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let sign = request.headers()["sign"].to_str().unwrap().to_owned();
        self.signatures.lock().unwrap().push(sign);
        self.inner.send(request, departure).await
    }
}

/// Answers every call with these words.
struct Parrot(u16, String);

impl Debug for Parrot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parrot(..)")
    }
}

#[async_trait]
impl Transport for Parrot {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let body = Bytes::from(self.1.clone());
        Ok(http::Response::builder().status(self.0).body(body).unwrap())
    }
}

fn see_everything(harness: &Harness, names: &[String], ears: &mut Ears) {
    for name in names {
        ears.see(&harness.payout(name));
        let history = harness.history(name);
        ears.see(&history);
        ears.heard.push(serde_json::to_string(&history).unwrap());
        ears.heard.push(serde_json::to_string(&harness.payout(name).progress).unwrap());
        ears.heard.extend(harness.payout(name).progress.reason());
    }
    let notices = harness.notices();
    ears.see(&notices);
    ears.heard.push(serde_json::to_string(&notices).unwrap());
    ears.see(harness);
    ears.see(&harness.engine());
    ears.see(&Worker::new(harness.engine(), Arc::new(FaultInjector::new())));
    ears.see(&harness.movements());
    ears.see(&finish(harness.store.tally(None)).unwrap());
    let share = |lane| Share { lane, limit: 9, lease: policy().lease };
    let shares = lanes([account()]).into_iter().map(share).collect();
    let request = ClaimRequest { now: start(), shares };
    ears.see(&finish(harness.store.claim(request, &NoAttempt)).unwrap());
}

#[test]
fn i10_no_canary_is_heard_on_a_hostile_day() {
    let harness = Harness::with_profile(10, Profile::Hostile);
    let listening =
        Arc::new(Listening { inner: harness.transport(), signatures: Mutex::default() });
    let provider = harness.provider_over(Arc::clone(&listening) as _);
    let engine = harness.engine_with(provider, &Arc::new(FaultInjector::new()));
    let mut names: Vec<String> = (0..40).map(|nth| format!("k{nth}")).collect();
    let mut orders: Vec<PayoutOrder> = names.iter().map(|name| canary(name, None)).collect();
    orders.push(canary("echo", Some("sim:amount-echo")));
    names.push("echo".to_owned());
    harness.submit(orders);
    let mut ears = Ears::default();
    see_everything(&harness, &names, &mut ears);
    let deliveries = Mutex::new(Vec::new());
    harness.run_until(&engine, || {
        let waiting = harness.waiting();
        deliveries.lock().unwrap().extend(waiting);
        false
    });
    for delivery in deliveries.into_inner().unwrap() {
        let sign = delivery.delivery.headers["sign"].to_str().unwrap().to_owned();
        ears.signatures.lock().unwrap().push(sign);
        ears.see(&delivery);
    }
    ears.signatures.lock().unwrap().extend(listening.signatures.lock().unwrap().drain(..));
    see_everything(&harness, &names, &mut ears);
    assert!(ears.signatures.lock().unwrap().len() > 100, "calls were heard");
    assert_eq!(ears.leaks(), Vec::<String>::new());
}

#[test]
fn i10_no_canary_is_heard_in_any_error() {
    let harness = Harness::new(10);
    let mut ears = Ears::default();
    let words = [
        format!("Account {ACCOUNT} of {DOCUMENT} is closed"),
        format!("Params_{ACCOUNT}_error"),
        "Sign_verify_error".to_owned(),
        "System_error".to_owned(),
    ];
    let mut answers = vec![
        (200, String::new()),
        (200, "{".to_owned()),
        (502, format!("<html>{ACCOUNT} {DOCUMENT} {SANDBOX_API_KEY}</html>")),
        (429, ACCOUNT.to_owned()),
        (200, format!(r#"{{"msg":"SUCCESS","code":200,"data":"{ACCOUNT}"}}"#)),
        (200, format!(r#"{{"msg":"SUCCESS","code":200,"data":{{"orderNo":"{ACCOUNT} x"}}}}"#)),
        (
            200,
            format!(
                r#"{{"msg":"SUCCESS","code":200,"data":{{"orderNo":"P1","mchOrderNo":"{ACCOUNT}-{ACCOUNT}-{ACCOUNT}","amount":"150000","orderStatus":"FAIL","resultDesc":"{ACCOUNT} {DOCUMENT}"}}}}"#
            ),
        ),
    ];
    answers.extend(words.iter().map(|word| (200, format!(r#"{{"msg":"{word}","code":500}}"#))));
    let order = canary("a", None);
    for (status, body) in answers {
        let provider = harness.provider_over(Arc::new(Parrot(status, body)));
        match finish(provider.create(&order, None, Departure::Anytime)) {
            Ok(seen) => ears.see(&seen),
            Err(error) => ears.hear_error(&error),
        }
        let query = PayoutRef { order: &order, reference: None, handle: None, begun_at: None };
        ears.see(&query);
        match finish(provider.query(&query)) {
            Ok(found) => ears.see(&found),
            Err(error) => ears.hear_error(&error),
        }
        ears.see(&provider);
    }
    let mut bad = canary("bad", None);
    bad.amount = Money { minor: 1, ..bad.amount };
    bad.beneficiary.account_number = AccountNumber::new(format!("{ACCOUNT}.{DOCUMENT}")).unwrap();
    for violation in harness.provider().check(&bad).unwrap_err() {
        ears.see(&violation);
        ears.heard.push(violation.to_string());
    }
    let refused = finish(harness.engine().submit(&run(), vec![bad.clone()])).unwrap_err();
    ears.hear_error(&refused);
    ears.see(&Intent { order: bad, created_at: start(), by: None });
    ears.see(&order);
    ears.see(&order.beneficiary);
    assert_eq!(ears.leaks(), Vec::<String>::new());
}

#[test]
fn i10_no_canary_is_heard_from_the_engine_when_it_refuses() {
    let harness = Harness::new(10);
    let engine = harness.engine();
    harness.submit(vec![canary("a", None)]);
    let mut ears = Ears::default();
    let missing = finish(engine.resolve(&key("b"), Decision::Ask, "ana: look")).unwrap_err();
    ears.hear_error(&missing);
    ears.hear_error(&finish(engine.resolve(&key("a"), Decision::Ask, "")).unwrap_err());
    let refused = finish(engine.resolve(&key("a"), Decision::SendAgain, "ana: go"));
    ears.hear_error(&refused.unwrap_err());
    let delivery = pagos_core::Delivery {
        headers: http::HeaderMap::new(),
        body: Bytes::from(format!("{{\"accountNo\":\"{ACCOUNT}\"}}")),
        received_at: start(),
    };
    let verdict = Verdict::Hint { hint: Hint::default() };
    finish(harness.store.receive(&account(), &delivery, &verdict)).unwrap();
    ears.see(&harness.waiting());
    ears.see(&delivery);
    ears.see(&harness);
    assert_eq!(ears.leaks(), Vec::<String>::new());
}

#[test]
fn i10_the_judge_hears_a_canary() {
    let mut ears = Ears::default();
    ears.see(&canary("a", None).beneficiary.account_number.as_str());
    ears.signatures.lock().unwrap().push("5ac0".to_owned());
    ears.heard.push("sign: 5ac0".to_owned());
    assert_eq!(ears.leaks(), [ACCOUNT, "5ac0"]);
}
