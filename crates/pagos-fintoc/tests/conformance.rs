//! Every fixture of this provider, and the suites that need none, through the public API only.
//! What single functions do is tested beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};

use pagos_conformance::{Case, Nonces, Seams, Signer, Subject, suite};
use pagos_core::{
    Clock, Contract, Deduplication, Departure, Error, ErrorKind, Lookup, NonceSource, PayoutOrder,
    PayoutProvider, PayoutRef, Timestamp, Transport, TransportError, WebhookDecoder,
};
use pagos_fintoc::{Fintoc, FintocConfig, SigningKey, Stamp, signature, string_to_sign};

struct BodySigner {
    key: SigningKey,
    stamp: Stamp,
}

impl Signer for BodySigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        string_to_sign(body, self.stamp).into_bytes()
    }

    fn signature(&self, body: &[u8]) -> String {
        signature(body, self.stamp, &self.key).unwrap()
    }
}

/// Nonce and time of the signature stand in the settings of a case once more.
fn signer(case: &Case) -> Option<Box<dyn Signer>> {
    let (nonce, at) = (case.setting("STAMP_NONCE")?, case.setting("STAMP_TIME")?);
    let stamp = Stamp { nonce: Nonces::new([nonce]).draw(), at: at.parse().unwrap() };
    let config = FintocConfig::from_lookup(|name| case.setting(name)).unwrap();
    let key = SigningKey::parse(&config.jws_private_key).unwrap();
    Some(Box::new(BodySigner { key, stamp }))
}

fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = FintocConfig::from_lookup(|name| case.setting(name))?;
    let provider = Fintoc::new(config, seams.transport, seams.clock, seams.nonces)?;
    Ok(Subject { provider: Box::new(provider), signer: signer(case) })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn case(operation: &str, name: &str) -> Case {
    Case::find(&fixtures(), "fintoc", operation, name).unwrap()
}

fn order(case: &Case) -> PayoutOrder {
    case.json("order").unwrap()
}

fn answer(case: &Case) -> Response<Bytes> {
    Response::new(case.response(1).unwrap().unwrap().into_body())
}

/// The moment of a case.
#[derive(Debug)]
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn provider(case: &Case, transport: Arc<dyn Transport>) -> Fintoc {
    let config = FintocConfig::from_lookup(|name| case.setting(name)).unwrap();
    let nonces = (0..100).map(|number| format!("{number:032x}"));
    let nonces = Arc::new(Nonces::new(nonces));
    Fintoc::new(config, transport, Arc::new(Standing(case.clock)), nonces).unwrap()
}

/// Gives one answer to everything, and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    status: u16,
    body: Bytes,
    asked: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        self.asked.lock().unwrap().push(request);
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status.try_into().unwrap();
        Ok(response)
    }
}

fn script(status: u16, body: impl Into<Bytes>) -> Arc<Script> {
    Arc::new(Script { status, body: body.into(), ..Script::default() })
}

fn create(case: &Case, script: &Arc<Script>) -> Result<pagos_core::Observation, Error> {
    let fintoc = provider(case, script.clone());
    finish(fintoc.create(&order(case), None, Departure::Anytime))
}

/// Nothing here waits.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn every_fixture_replays() {
    let report = pagos_conformance::run(&fixtures(), &[("fintoc", &build)]);
    assert!(report.is_passed(), "{report}");
    assert!(report.cases().len() >= 300, "{report}");
}

/// The replay itself is under test: a wrong byte in any section that it compares must be seen.
#[test]
fn a_fixture_with_another_byte_fails() {
    let signed: &[&str] = &["request 1", "string-to-sign 1", "signature 1", "expected"];
    let cases: [(&str, &str, &[&str]); 4] = [
        ("payout-create", "recorded", signed),
        ("payout-create", "chile", signed),
        ("payout-query", "recorded", &["request 1", "expected"]),
        ("webhook", "event-succeeded", &["delivery 1", "expected"]),
    ];
    for (operation, name, sections) in cases {
        suite::every_spoilt_section_is_seen(&case(operation, name), sections, &build).unwrap();
    }
}

#[test]
fn torn_answers_and_lost_requests_are_never_a_no() {
    for name in ["recorded", "chile"] {
        let case = case("payout-create", name);
        let build = |transport| -> Box<dyn PayoutProvider> { Box::new(provider(&case, transport)) };
        suite::torn_responses_are_unknown(&build, &order(&case), &answer(&case)).unwrap();
        suite::lost_requests_are_told_apart(&build, &order(&case)).unwrap();
    }
}

#[test]
fn every_flipped_byte_of_a_webhook_is_refused() {
    for name in ["payment-intent", "event-succeeded", "event-returned"] {
        let case = case("webhook", name);
        let delivery = case.delivery().unwrap().unwrap();
        let decoder = provider(&case, Arc::new(Script::default()));
        suite::every_flipped_byte_is_refused(&decoder, &delivery).expect(name);
        let header = HeaderName::from_static(decoder.headers()[0]);
        suite::every_flipped_signature_is_refused(&decoder, &delivery, header).expect(name);
    }
}

/// The key and the bytes of the body are the same at every attempt, and the signature is not.
#[test]
fn an_attempt_repeats_key_and_body_and_signs_anew() {
    let case = case("payout-create", "recorded");
    let script = script(500, "");
    let fintoc = provider(&case, script.clone());
    for _ in 0..3 {
        let lost = finish(fintoc.create(&order(&case), None, Departure::Anytime)).unwrap_err();
        assert_eq!(lost.kind(), ErrorKind::Unknown);
    }
    let asked = script.asked.lock().unwrap();
    let header =
        |name: &str| -> Vec<_> { asked.iter().map(|it| it.headers()[name].clone()).collect() };
    assert_eq!(header("idempotency-key"), vec!["nomina-2025-09-0001"; 3]);
    assert!(asked.iter().all(|it| it.body() == asked[0].body() && it.method() == Method::POST));
    let signatures = header("fintoc-jws-signature");
    assert!(signatures[0] != signatures[1] && signatures[1] != signatures[2]);
    assert!(signatures.iter().all(|it| it.is_sensitive()));
}

/// The transfer is not taken for the payout, and whoever looks for it needs its id.
#[test]
fn an_answer_about_another_transfer_keeps_its_id() {
    let case = case("payout-create", "another-payee");
    let response = case.response(1).unwrap().unwrap();
    let script = script(response.status().as_u16(), response.into_body());
    let unknown = create(&case, &script).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unknown);
    let told = unknown.message();
    assert!(told.contains("transfer tr_32jqKMMm1XFaPPxmdk5xg7Q1yHd: it pays another"), "{told}");
}

/// A list that never ends, but for what was made within minutes of one moment.
#[derive(Debug)]
struct Endless {
    page: Bytes,
    around: Bytes,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Endless {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let query = request.uri().query().unwrap().to_owned();
        let mut asked = self.asked.lock().unwrap();
        asked.push(query.clone());
        if query.contains("until=") {
            return Ok(Response::new(self.around.clone()));
        }
        let link = format!("</v2/transfers?starting_after=tr_{}>; rel=\"next\"", asked.len());
        let mut response = Response::new(self.page.clone());
        response.headers_mut().insert("link", link.parse().unwrap());
        Ok(response)
    }
}

/// Of a payroll of many thousands whose replies are lost one by one, each is found all the same.
#[test]
fn behind_more_pages_than_are_read_a_transfer_is_found_by_the_time_of_its_attempt() {
    let case = case("payout-query", "list-found-on-second-page");
    let order = order(&case);
    let begun_at = "2025-09-15T13:50:54Z".parse().unwrap();
    let page = |number| case.response(number).unwrap().unwrap().into_body();
    let payout =
        PayoutRef { order: &order, reference: None, handle: None, begun_at: Some(begun_at) };
    let look_up = |around: Bytes| {
        let list = Endless { page: page(1), around, asked: Mutex::default() };
        let list = Arc::new(list);
        let found = finish(provider(&case, list.clone()).query(&payout)).unwrap();
        (found, list.asked.lock().unwrap().clone())
    };
    let (found, asked) = look_up(page(2));
    assert!(matches!(found, Lookup::Found(_)), "{found:?}");
    assert_eq!(asked.len(), 21);
    assert!(asked[20].contains("since=2025-09-15T13:49:54"), "{}", asked[20]);
    assert!(asked[20].contains("until=2025-09-15T13:55:54"), "{}", asked[20]);
    // What was not made in those minutes may stand on the pages that were not read.
    let (unknown, _) = look_up("[]".into());
    assert!(matches!(unknown, Lookup::CannotTell(_)), "{unknown:?}");
}

/// Whatever the answer is: a definite no has Fintoc's words and their status, and a resend is only for
/// what was refused unread.
#[test]
fn only_documented_refusals_are_believed() {
    let case = case("payout-create", "recorded");
    let codes = [
        "invalid_clabe",
        "payment_required",
        "account_not_active",
        "forbidden_request",
        "missing_resource",
        "operation_not_allowed",
        "insufficient_balance",
        "invalid_duplicated_transfer",
        "not_supported_currency",
        "rate_limit_exceeded",
        "invalid_api_key",
        "internal_server_error",
        "idempotency_error",
        "made_up",
    ];
    let mut believed = 0;
    let statuses = [
        200, 201, 202, 302, 400, 401, 402, 403, 404, 405, 408, 409, 410, 422, 425, 429, 451, 500,
        501, 502, 503, 504, 520,
    ];
    for status in statuses {
        for code in codes {
            let body = format!(r#"{{"error":{{"type":"t","code":"{code}","message":"m"}}}}"#);
            let kind = create(&case, &script(status, body)).unwrap_err().kind();
            let expected = match (status, code) {
                (401, _) => ErrorKind::Unauthorized,
                (429, _) => ErrorKind::Throttled,
                (400, "invalid_clabe")
                | (402, "payment_required")
                | (403, "account_not_active" | "forbidden_request")
                | (404, "missing_resource")
                | (405, "operation_not_allowed")
                | (409, "insufficient_balance")
                | (422, "not_supported_currency") => ErrorKind::Rejected,
                _ => ErrorKind::Unknown,
            };
            assert_eq!(kind, expected, "{status} {code}");
            believed += usize::from(kind != ErrorKind::Unknown);
        }
    }
    assert_eq!(believed, 2 * codes.len() + 8);
}

/// Errors, observations and `Debug` show neither keys nor people.
#[test]
fn nothing_secret_is_shown() {
    let case = case("payout-create", "recorded");
    let told = "Invalid key sk_test_DePruebaDeApi of Jon Snow, account 735969000000203297";
    let body =
        |code: &str| format!(r#"{{"error":{{"type":"t","code":"{code}","message":"{told}"}}}}"#);
    let mut shown = Vec::new();
    for (status, code) in [(400, "invalid_clabe"), (401, "invalid_api_key"), (409, "Jon Snow")] {
        let error = create(&case, &script(status, body(code))).unwrap_err();
        shown.push(format!("{error} {error:?}"));
    }
    let fintoc = provider(&case, Arc::new(Script::default()));
    shown.push(format!("{fintoc:?} {:?}", order(&case)));
    let key = case.setting("JWS_PRIVATE_KEY").unwrap();
    let canaries = [
        "sk_test_DePruebaDeApi",
        "Jon Snow",
        "735969000000203297",
        "LFHU290523OG0",
        &key[100..130],
    ];
    suite::no_canary_is_shown(&shown, &canaries).unwrap();
}

#[test]
fn the_descriptor_says_what_the_documents_say() {
    let fintoc = provider(&case("payout-create", "recorded"), Arc::new(Script::default()));
    let descriptor = fintoc.descriptor();
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    assert_eq!(descriptor.deduplication, Deduplication::ByKeyFor(day));
    assert_eq!((descriptor.contract, descriptor.return_window), (Contract::Documented, None));
    assert!(fintoc.payments().is_none() && fintoc.banks().is_none() && !fintoc.must_prepare());
}
