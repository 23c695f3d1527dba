//! Every fixture of this provider, and the suites that need none, through the public API only.
//! Signatures against another implementation are in `signature.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fmt,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::value::RawValue;

use pagos_conformance::{Case, Seams, Signer, Subject, suite};
use pagos_core::{
    Clock, Decoded, Deduplication, Delivery, Departure, Environment, Error, ErrorKind, Handle,
    Lookup, PayoutOrder, PayoutProvider, PayoutRef, Reached, Secret, Timestamp, Transport,
    TransportError, WebhookDecoder,
};
use pagos_virtualpos::{Claims, VirtualPos, VirtualPosConfig, signature, string_to_sign, verify};

struct VirtualPosSigner {
    api_key: Secret,
    secret_key: Secret,
}

/// The instruction in a request's body, or the body itself; nothing for an empty one.
fn claims(body: &[u8]) -> Claims<'_> {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        tef: &'a RawValue,
    }
    match serde_json::from_slice::<Body<'_>>(body) {
        _ if body.is_empty() => Claims::ApiKeyOnly,
        Ok(body) => Claims::Tef(body.tef.get().as_bytes()),
        Err(_) => Claims::Tef(body),
    }
}

impl Signer for VirtualPosSigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        string_to_sign(claims(body), &self.api_key).unwrap().into_bytes()
    }

    fn signature(&self, body: &[u8]) -> String {
        signature(claims(body), &self.api_key, &self.secret_key).unwrap()
    }
}

fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = VirtualPosConfig::from_lookup(|name| case.setting(name))?;
    let signer =
        VirtualPosSigner { api_key: config.api_key.clone(), secret_key: config.secret_key.clone() };
    let provider = VirtualPos::new(config, seams.transport, seams.clock)?;
    Ok(Subject { provider: Box::new(provider), signer: Some(Box::new(signer)) })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn case(operation: &str, name: &str) -> Case {
    Case::find(&fixtures(), "virtualpos", operation, name).unwrap()
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_768_483_230_000)
    }
}

/// Gives every request the same answer and keeps the last request.
#[derive(Default)]
struct Canned {
    answer: Option<Response<Bytes>>,
    sent: Mutex<Option<Request<Bytes>>>,
}

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}

impl Canned {
    fn with(status: u16, body: &str) -> Arc<Self> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let answer = Response::builder().status(status).body(body).unwrap();
        Arc::new(Self { answer: Some(answer), ..Self::default() })
    }

    fn sent(&self) -> Request<Bytes> {
        self.sent.lock().unwrap().take().unwrap()
    }
}

#[async_trait::async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        *self.sent.lock().unwrap() = Some(request);
        let lost = || TransportError::new(Reached::No, "no transport");
        self.answer.clone().ok_or_else(lost)
    }
}

/// Runs a future that waits for nothing.
fn finish<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn virtualpos(case: &Case, transport: Arc<dyn Transport>) -> VirtualPos {
    let config = VirtualPosConfig::from_lookup(|name| case.setting(name)).unwrap();
    VirtualPos::new(config, transport, Arc::new(Noon)).unwrap()
}

#[test]
fn every_fixture_replays() {
    let report = pagos_conformance::run(&fixtures(), &[("virtualpos", &build)]);
    assert!(report.is_passed(), "{report}");
    assert!(report.cases().len() >= 150, "{report}");
}

/// The replay itself is under test: a wrong byte in any section that it compares must be seen.
#[test]
fn a_fixture_with_another_byte_fails() {
    let case = case("payout-create", "success");
    let sections = ["request 1", "string-to-sign 1", "signature 1", "expected"];
    suite::every_spoilt_section_is_seen(&case, &sections, &build).unwrap();
}

#[test]
fn torn_answers_and_lost_requests_are_never_a_no() {
    let case = case("payout-create", "success");
    let order: PayoutOrder = case.json("order").unwrap();
    let response = Response::new(case.response(1).unwrap().unwrap().into_body());
    let build = |transport| -> Box<dyn PayoutProvider> { Box::new(virtualpos(&case, transport)) };
    suite::torn_responses_are_unknown(&build, &order, &response).unwrap();
    suite::lost_requests_are_told_apart(&build, &order).unwrap();
}

/// No refusal is documented, so whatever the answer is: never `Rejected`, and a signature that was
/// refused is the only way to another attempt.
#[test]
fn no_answer_is_a_definite_no() {
    let case = case("payout-create", "success");
    let order: PayoutOrder = case.json("order").unwrap();
    let bodies = [
        "",
        "{}",
        "null",
        r#"{"status":"NOK"}"#,
        r#"{"status":"NOK","error":{"error_code":"E-041"}}"#,
        r#"{"status":"NOK","error":{"error_code":"SIM-DUPLICATE"}}"#,
        r#"{"status":"NOK","error":{"error_code":"E-016"}}"#,
        "<html></html>",
    ];
    for status in (200..600).filter(|status| status % 100 < 32) {
        for body in bodies {
            let provider = virtualpos(&case, Canned::with(status, body));
            let error = finish(provider.create(&order, None, Departure::Anytime)).unwrap_err();
            let is_signature = body.contains("E-016") && !matches!(status, 408 | 429 | 500..);
            let is_forbidden = matches!(status, 401 | 403) && body.starts_with('{');
            let expected = match is_signature || is_forbidden {
                true => ErrorKind::Unauthorized,
                false => ErrorKind::Unknown,
            };
            assert_eq!(error.kind(), expected, "{status} {body}");
        }
    }
}

#[test]
fn prepare_makes_the_bytes_that_are_signed_and_sent() {
    let case = case("payout-create", "beyond-ascii");
    let order: PayoutOrder = case.json("order").unwrap();
    let transport = Canned::with(200, "{}");
    let provider = virtualpos(&case, transport.clone());
    let handle = finish(provider.prepare(&order)).unwrap().unwrap();
    assert!(transport.sent.lock().unwrap().is_none(), "it makes no call");

    let mut sent = Vec::new();
    for handle in [Some(&handle), None] {
        let _ = finish(provider.create(&order, handle, Departure::Anytime));
        sent.push(transport.sent());
    }
    assert_eq!(sent[0].body(), sent[1].body());
    assert_eq!(sent[0].headers(), sent[1].headers());
    for header in ["authorization", "signature"] {
        assert!(sent[0].headers()[header].is_sensitive(), "{header}");
    }
}

/// Stored bytes with another order of keys go into the query too.
#[test]
fn a_query_signs_the_stored_bytes() {
    let case = case("payout-create", "stored-instruction");
    let order: PayoutOrder = case.json("order").unwrap();
    let handle = Handle::new(case.handle.clone().unwrap()).unwrap();
    let transport = Canned::with(401, r#"{"status":"NOK","error":{"error_code":"E-016"}}"#);
    let provider = virtualpos(&case, transport.clone());
    let ask = |handle| {
        let payout = PayoutRef { order: &order, reference: None, handle, begun_at: None };
        finish(provider.query(&payout))
    };
    // The signature is certain with the stored bytes, and a guess without them.
    assert_eq!(ask(Some(&handle)).unwrap_err().kind(), ErrorKind::Unauthorized);
    let query = transport.sent();
    let _ = finish(provider.create(&order, Some(&handle), Departure::Anytime));
    assert_eq!(query.headers()["signature"], transport.sent().headers()["signature"]);
    assert!(matches!(ask(None).unwrap(), Lookup::CannotTell(_)));
    assert_ne!(query.headers()["signature"], transport.sent().headers()["signature"]);

    let foreign = self::case("payout-create", "stored-instruction-of-another-key").handle;
    let foreign = Handle::new(foreign.unwrap()).unwrap();
    assert_eq!(ask(Some(&foreign)).unwrap_err().field(), Some("handle"));
}

#[test]
fn a_sent_signature_verifies_over_the_sent_body() {
    let case = case("payout-create", "success");
    let order: PayoutOrder = case.json("order").unwrap();
    let transport = Canned::with(200, "{}");
    let _ = finish(virtualpos(&case, transport.clone()).create(&order, None, Departure::Anytime));
    let sent = transport.sent();
    let token = sent.headers()["signature"].to_str().unwrap();
    let key = |name| Secret::new(case.setting(name).unwrap());
    let check = |body: &[u8]| verify(token, claims(body), &key("API_KEY"), &key("SECRET_KEY"));
    assert!(check(sent.body()).is_ok());
    let changed = String::from_utf8(sent.body().to_vec()).unwrap().replace("12500", "12501");
    assert_eq!(check(changed.as_bytes()).unwrap_err().kind(), ErrorKind::Unauthorized);
}

#[test]
fn live_wants_a_verified_contract() {
    let case = case("payout-create", "success");
    let setting = |name: &str| match name {
        "ENVIRONMENT" => Some("live".to_owned()),
        _ => case.setting(name),
    };
    let config = VirtualPosConfig::from_lookup(setting).unwrap();
    assert_eq!(config.environment, Environment::Live);
    let refused = VirtualPos::new(config, Canned::with(200, ""), Arc::new(Noon)).unwrap_err();
    assert_eq!(refused.field(), Some("contract_verified"));
    let descriptor = virtualpos(&case, Canned::with(200, "")).descriptor();
    assert_eq!(descriptor.deduplication, Deduplication::None);
}

/// A delivery is never more than a hint, with any secret.
#[test]
fn no_delivery_is_believed() {
    let case = case("webhook", "claims-to-be-paid");
    let decoder = virtualpos(&case, Canned::with(200, ""));
    let delivery = case.delivery().unwrap().unwrap();
    let secret = Secret::new(case.setting("SECRET_KEY").unwrap());
    for secret in [None, Some(&secret)] {
        let Decoded::Hint(hint) = decoder.verify(&delivery, secret).unwrap() else {
            panic!("believed");
        };
        assert_eq!(hint, decoder.locate(&delivery));
    }
}

#[test]
fn no_key_account_or_person_is_shown() {
    const CANARIES: [&str; 6] = [
        "canary-api-key",
        "canary-secret-key",
        "31177007",
        "20347878",
        "Canaria Mendoza",
        "canaria@example.com",
    ];
    let mut case = case("payout-create", "success");
    case.settings.insert("API_KEY".to_owned(), CANARIES[0].to_owned());
    case.settings.insert("SECRET_KEY".to_owned(), CANARIES[1].to_owned());
    let mut order: serde_json::Value = case.json("order").unwrap();
    order["beneficiary"]["account_number"] = CANARIES[2].into();
    order["beneficiary"]["document"]["number"] = "20347878-K".into();
    order["beneficiary"]["name"] = CANARIES[4].into();
    order["beneficiary"]["email"] = CANARIES[5].into();
    let order: PayoutOrder = serde_json::from_value(order).unwrap();

    let told = CANARIES.join(" ");
    let refusal =
        format!(r#"{{"status":"NOK","error":{{"error_code":"E-1 {told}","message":"{told}"}}}}"#);
    let accepted = format!(
        r#"{{"status":"OK","payout":{{"id":"po_1","merchant_id":"{told}","status":"{told}",
        "rejected_object":{{"code":"{told}","message":"{told}"}}}}}}"#
    );
    let mut shown = Vec::new();
    let mut handle = None;
    for (status, body) in [(400, &refusal), (401, &refusal), (200, &accepted)] {
        let transport = Canned::with(status, body);
        let provider = virtualpos(&case, transport.clone());
        let prepared = finish(provider.prepare(&order)).unwrap();
        let created = finish(provider.create(&order, prepared.as_ref(), Departure::Anytime));
        let sent = transport.sent();
        shown.push(format!("{:?} {}", sent.headers(), sent.uri()));
        shown.push(format!("{created:?} {provider:?} {prepared:?}"));
        let payout =
            PayoutRef { order: &order, reference: None, handle: prepared.as_ref(), begun_at: None };
        shown.push(format!("{:?} {payout:?}", finish(provider.query(&payout))));
        handle = prepared;
    }
    // The token itself holds them all in base64.
    let token = signature(Claims::Tef(b"{}"), &Secret::new(CANARIES[0]), &Secret::new(CANARIES[1]));
    let token_start = &token.unwrap()[..60];
    let handle = handle.unwrap();
    let canaries = [&CANARIES[..], &[token_start, handle.as_str()]].concat();
    suite::no_canary_is_shown(&shown, &canaries).unwrap();

    let forged = Delivery {
        headers: http::HeaderMap::new(),
        body: Bytes::from(told),
        received_at: Timestamp::default(),
    };
    let provider = virtualpos(&case, Canned::with(200, ""));
    let refused = provider.verify(&forged, None).unwrap_err();
    suite::no_canary_is_shown(&[format!("{refused} {refused:?} {forged:?}")], &CANARIES).unwrap();
}
