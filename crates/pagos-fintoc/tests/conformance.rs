//! Every fixture of this provider, and the suites that need none, through the public API only.
//! What single functions do is tested beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use http::{HeaderName, Response};

use pagos_conformance::{Case, Kind, Seams, Signer, Subject, suite};
use pagos_core::{
    Clock, Error, PayoutOrder, PayoutProvider, Secret, Timestamp, Transport, WebhookDecoder,
};
use pagos_fintoc::{Fintoc, FintocConfig, signature, string_to_sign};

struct BodySigner {
    api_key: Secret,
}

impl Signer for BodySigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        string_to_sign(body, &self.api_key).unwrap()
    }

    fn signature(&self, body: &[u8]) -> String {
        signature(body, &self.api_key).unwrap()
    }
}

fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = FintocConfig::from_lookup(|name| case.setting(name))?;
    let signer = BodySigner { api_key: config.api_key.clone() };
    let provider = Fintoc::new(config, seams.transport, seams.clock)?;
    Ok(Subject { provider: Box::new(provider), signer: Some(Box::new(signer)) })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The cases of an operation that the provider's documents show.
///
/// # Panics
/// If there is none.
fn documented(operation: &str) -> Vec<Case> {
    let mut cases = Case::read_all(&fixtures(), "fintoc").unwrap();
    cases.retain(|case| case.kind == Kind::Documented && case.operation == operation);
    let folder = format!("fixtures/fintoc/documented/{operation}");
    assert!(!cases.is_empty(), "write a case of the provider's documents into {folder}");
    cases
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_768_046_400_000)
    }
}

fn provider(case: &Case, transport: Arc<dyn Transport>) -> Fintoc {
    let config = FintocConfig::from_lookup(|name| case.setting(name)).unwrap();
    Fintoc::new(config, transport, Arc::new(Noon)).unwrap()
}

#[derive(Debug)]
struct NoTransport;

#[async_trait::async_trait]
impl Transport for NoTransport {
    async fn send(
        &self,
        _request: http::Request<bytes::Bytes>,
        _departure: pagos_core::Departure,
    ) -> Result<Response<bytes::Bytes>, pagos_core::TransportError> {
        Err(pagos_core::TransportError::new(pagos_core::Reached::No, "no transport"))
    }
}

#[test]
fn every_fixture_replays() {
    documented("payout-create");
    documented("payout-query");
    let report = pagos_conformance::run(&fixtures(), &[("fintoc", &build)]);
    assert!(report.is_passed(), "{report}");
}

/// The replay itself is under test: a wrong byte in any section that it compares must be seen.
#[test]
fn a_fixture_with_another_byte_fails() {
    let case = documented("payout-create").remove(0);
    let sections = ["request 1", "string-to-sign 1", "signature 1", "expected"];
    suite::every_spoilt_section_is_seen(&case, &sections, &build).unwrap();
}

#[test]
fn torn_answers_and_lost_requests_are_never_a_no() {
    let case = documented("payout-create").remove(0);
    let order: PayoutOrder = case.json("order").unwrap();
    let response = Response::new(case.response(1).unwrap().unwrap().into_body());
    let build = |transport| -> Box<dyn PayoutProvider> { Box::new(provider(&case, transport)) };
    suite::torn_responses_are_unknown(&build, &order, &response).unwrap();
    suite::lost_requests_are_told_apart(&build, &order).unwrap();
}

#[test]
fn every_flipped_byte_of_a_webhook_is_refused() {
    for case in documented("webhook") {
        let delivery = case.delivery().unwrap().unwrap();
        let decoder = provider(&case, Arc::new(NoTransport));
        suite::every_flipped_byte_is_refused(&decoder, &delivery).expect(&case.name);
        let header = HeaderName::from_static(decoder.headers()[0]);
        suite::every_flipped_signature_is_refused(&decoder, &delivery, header).expect(&case.name);
    }
}
