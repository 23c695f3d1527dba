//! Every fixture of this provider, and the suites that need none, through the public API only.
//! What single functions do is tested beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderName, Response};

use pagos_cashypro::{Cashypro, CashyproConfig, NonceText, SignCase, signature, string_to_sign};
use pagos_conformance::{Case, Nonces, Seams, Signer, Subject, suite};
use pagos_core::{
    Clock, Delivery, Error, PayoutOrder, PayoutProvider, Secret, Timestamp, Transport,
    WebhookDecoder,
};

#[derive(Debug)]
struct NoncesAsWritten(Arc<Nonces>);

impl NonceText for NoncesAsWritten {
    fn draw(&self) -> String {
        self.0.text()
    }
}

struct CashyproSigner {
    api_key: Secret,
    sign_case: SignCase,
}

impl Signer for CashyproSigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        string_to_sign(body, &self.api_key)
    }

    fn signature(&self, body: &[u8]) -> String {
        signature(body, &self.api_key, self.sign_case)
    }
}

fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = CashyproConfig::from_lookup(|name| case.setting(name))?;
    let signer = CashyproSigner { api_key: config.api_key.clone(), sign_case: config.sign_case };
    let provider = Cashypro::new(config, seams.transport, seams.clock, seams.nonces.clone())?
        .with_nonce_text(Arc::new(NoncesAsWritten(seams.nonces)));
    Ok(Subject { provider: Box::new(provider), signer: Some(Box::new(signer)) })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_733_103_774_000)
    }
}

/// The provider of `case`, over any transport and with plain hexadecimal nonces.
fn cashypro(case: &Case, transport: Arc<dyn Transport>) -> Cashypro {
    let config = CashyproConfig::from_lookup(|name| case.setting(name)).unwrap();
    let nonces = Arc::new(Nonces::new((0..10_000).map(|number| format!("{number:032x}"))));
    Cashypro::new(config, transport, Arc::new(Noon), nonces).unwrap()
}

#[derive(Debug)]
struct NoTransport;

#[async_trait::async_trait]
impl Transport for NoTransport {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: pagos_core::Departure,
    ) -> Result<Response<Bytes>, pagos_core::TransportError> {
        Err(pagos_core::TransportError::new(pagos_core::Reached::No, "no transport"))
    }
}

fn case(operation: &str, name: &str) -> Case {
    Case::find(&fixtures(), "cashypro", operation, name).unwrap()
}

#[test]
fn every_fixture_replays() {
    let report = pagos_conformance::run(&fixtures(), &[("cashypro", &build)]);
    assert!(report.is_passed(), "{report}");
    assert!(report.cases().len() >= 100, "{report}");
}

/// The replay itself is under test: a wrong byte in any section that it compares must be seen.
#[test]
fn a_fixture_with_another_byte_fails() {
    let case = case("payout-create", "manual-response");
    let sections = ["request 1", "string-to-sign 1", "signature 1", "expected"];
    suite::every_spoilt_section_is_seen(&case, &sections, &build).unwrap();
    assert!(!pagos_conformance::run(&fixtures(), &[("nobody", &build)]).is_passed());
}

#[test]
fn every_flipped_byte_of_every_webhook_is_refused() {
    let mut cases = Case::read_all(&fixtures(), "cashypro").unwrap();
    cases.retain(|case| case.operation == "webhook");
    assert!(!cases.is_empty());
    for case in cases {
        let delivery = case.delivery().unwrap().unwrap();
        let decoder = cashypro(&case, Arc::new(NoTransport));
        if decoder.verify(&delivery, None).is_err() {
            continue;
        }
        suite::every_flipped_byte_is_refused(&decoder, &delivery).expect(&case.name);
        let sign = HeaderName::from_static("sign");
        suite::every_flipped_signature_is_refused(&decoder, &delivery, sign).expect(&case.name);
    }
}

#[test]
fn a_delivery_beyond_64_kib_is_refused_unread() {
    let case = case("webhook", "manual-success");
    let decoder = cashypro(&case, Arc::new(NoTransport));
    let mut delivery = case.delivery().unwrap().unwrap();
    let key = Secret::new(case.setting("API_KEY").unwrap());
    let mut padded = |size_bytes: usize| {
        let mut body = delivery.body.to_vec();
        body.resize(size_bytes, b' ');
        let sign = signature(&body, &key, SignCase::Lower);
        delivery.headers.insert("sign", sign.parse().unwrap());
        Delivery { body: body.into(), ..delivery.clone() }
    };
    let largest = padded(64 * 1024);
    assert!(decoder.verify(&largest, None).is_ok());
    assert!(decoder.locate(&largest).key.is_some());
    let too_large = padded(64 * 1024 + 1);
    assert!(decoder.verify(&too_large, None).is_err());
    assert_eq!(decoder.locate(&too_large), pagos_core::Hint::default());
}

#[test]
fn torn_answers_and_lost_requests_are_never_a_no() {
    let case = case("payout-create", "success-at-once");
    let order: PayoutOrder = case.json("order").unwrap();
    let response = Response::new(case.response(1).unwrap().unwrap().into_body());
    let build = |transport| -> Box<dyn PayoutProvider> { Box::new(cashypro(&case, transport)) };
    suite::torn_responses_are_unknown(&build, &order, &response).unwrap();
    suite::lost_requests_are_told_apart(&build, &order).unwrap();
}

#[test]
fn no_secret_account_or_document_is_shown() {
    const CANARIES: [&str; 4] = ["canary-key-77", "3117700770077", "8877007700", "Canaria Mendoza"];
    let case = case("payout-create", "wallet-by-name");
    let mut settings = case.clone();
    settings.settings.insert("API_KEY".to_owned(), CANARIES[0].to_owned());
    let provider = cashypro(&settings, Arc::new(NoTransport));
    let mut order: serde_json::Value = case.json("order").unwrap();
    order["beneficiary"]["account_number"] = CANARIES[1].into();
    order["beneficiary"]["document"]["number"] = CANARIES[2].into();
    order["beneficiary"]["name"] = CANARIES[3].into();
    let order: PayoutOrder = serde_json::from_value(order).unwrap();

    let mut shown = vec![format!("{provider:?}"), format!("{order:?}")];
    let violations = provider.check(&order).unwrap_err();
    shown.extend(violations.iter().map(|violation| format!("{violation} {violation:?}")));
    let forged = Delivery {
        headers: http::HeaderMap::new(),
        body: Bytes::from(format!("{{\"orderNo\":\"{}\"}}", CANARIES[1])),
        received_at: Timestamp::default(),
    };
    let refused = provider.verify(&forged, None).unwrap_err();
    shown.extend([format!("{refused} {refused:?}"), format!("{forged:?}")]);
    suite::no_canary_is_shown(&shown, &CANARIES).unwrap();
}
