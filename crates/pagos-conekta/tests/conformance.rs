//! Every fixture of this provider, and the suites that need none, through the public API only. What
//! else Conekta keeps is in `manage.rs`, signatures against another implementation in `digest.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, Method, Response};

use pagos_conekta::{Conekta, ConektaConfig};
use pagos_conformance::{Case, Seams, Subject, suite};
use pagos_core::{
    Bank, Contract, Decoded, Deduplication, Delivery, Departure, Descriptor, Environment, Error,
    ErrorKind, Handle, Lookup, Observation, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef,
    Receipt, Secret, Timestamp, Transport, Violation, WebhookDecoder,
};

use crate::support::{Script, case, conekta, finish, fixtures};

fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = ConektaConfig::from_lookup(|name| case.setting(name))?;
    let provider = Conekta::new(config, seams.transport, seams.clock)?;
    Ok(Subject { provider: Box::new(provider), signer: None })
}

fn order(case: &Case) -> PayoutOrder {
    case.json("order").unwrap()
}

fn handle(case: &Case) -> Handle {
    Handle::new(case.handle.clone().unwrap()).unwrap()
}

fn answer_to(case: &Case, number: usize) -> String {
    let response = case.response(number).unwrap().unwrap();
    String::from_utf8(response.into_body().to_vec()).unwrap()
}

/// The body of a case's answer.
fn answer(case: &Case) -> String {
    answer_to(case, 1)
}

/// The provider with the handle that its `prepare` would have made, for suites that have none.
#[derive(Debug)]
struct Prepared {
    conekta: Conekta,
    handle: Handle,
}

#[async_trait]
impl PayoutProvider for Prepared {
    fn descriptor(&self) -> &'static Descriptor {
        self.conekta.descriptor()
    }

    fn environment(&self) -> Environment {
        self.conekta.environment()
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        self.conekta.check(order)
    }

    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        self.conekta.payee_bank(order)
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        _: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        self.conekta.create(order, Some(&self.handle), departure).await
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        self.conekta.query(payout).await
    }
}

#[test]
fn every_fixture_replays() {
    let report = pagos_conformance::run(&fixtures(), &[("conekta", &build)]);
    assert!(report.is_passed(), "{report}");
    assert!(report.cases().len() >= 300, "{report}");
}

/// The replay itself is under test: a wrong byte in any section that it compares must be seen.
#[test]
fn a_fixture_with_another_byte_fails() {
    let cases: [(&str, &str, &[&str]); 3] = [
        ("payout-prepare", "beyond-ascii", &["request 1", "expected"]),
        ("payout-create", "success", &["request 1", "expected"]),
        ("webhook", "v1-paid-out", &["delivery 1", "expected"]),
    ];
    for (operation, name, sections) in cases {
        suite::every_spoilt_section_is_seen(&case(operation, name), sections, &build).unwrap();
    }
}

#[test]
fn torn_answers_and_lost_requests_are_never_a_no() {
    let case = case("payout-create", "success");
    let response = Response::new(Bytes::from(answer(&case)));
    let build = |transport: Arc<dyn Transport>| -> Box<dyn PayoutProvider> {
        Box::new(Prepared { conekta: conekta(&case, transport), handle: handle(&case) })
    };
    suite::torn_responses_are_unknown(&build, &order(&case), &response).unwrap();
    suite::lost_requests_are_told_apart(&build, &order(&case)).unwrap();
}

/// Whatever the answer is: a definite no has the manual's words, and a resend is only for what was
/// refused unread.
#[test]
fn only_documented_refusals_are_believed() {
    let case = case("payout-create", "success");
    let (order, handle) = (order(&case), handle(&case));
    let refusal = |kind: &str, debug: &str| {
        format!(r#"{{"object":"error","type":"{kind}","details":[{{"debug_message":"{debug}"}}]}}"#)
    };
    let kinds = [
        "authentication_error",
        "api_error",
        "processing_error",
        "parameter_validation_error",
        "malformed_request_error",
        "resource_not_found_error",
        "conflict_error",
        "precondition_required_error",
        "made_up_error",
    ];
    let mut bodies: Vec<(String, &str, bool)> = Vec::new();
    for kind in kinds {
        bodies.push((refusal(kind, "x"), kind, false));
        bodies.push((refusal(kind, "Insufficient funds"), kind, true));
    }
    for foreign in ["", "{}", "null", "[]", "<html></html>", r#"{"message":"no"}"#] {
        bodies.push((foreign.to_owned(), "", false));
    }
    let mut believed = 0;
    for status in (200..600).filter(|status| status % 100 < 32) {
        for (body, kind, is_broke) in &bodies {
            let provider = conekta(&case, Script::always(status, body));
            let error =
                finish(provider.create(&order, Some(&handle), Departure::Anytime)).unwrap_err();
            let expected = match (status, *kind, *is_broke) {
                (_, "", _) => ErrorKind::Unknown,
                (401 | 403, ..) => ErrorKind::Unauthorized,
                (402, "processing_error", true) | (429, ..) => ErrorKind::Throttled,
                (422, "parameter_validation_error", _) | (400, "malformed_request_error", _) => {
                    ErrorKind::Rejected
                }
                _ => ErrorKind::Unknown,
            };
            believed += usize::from(expected != ErrorKind::Unknown);
            assert_eq!(error.kind(), expected, "{status} {body}");
        }
    }
    assert_eq!(believed, 2 * 18 + 1 + 18 + 2 + 2);
}

/// `prepare`, then `create`: the payee of the first answer is the one that is paid, and nothing else
/// of ours stands in the transfer.
#[test]
fn a_fresh_payee_is_made_and_paid() {
    let prepared = case("payout-prepare", "beyond-ascii");
    let script = Script::of([
        (200, answer(&prepared)),
        (200, answer(&case("payout-create", "without-account"))),
    ]);
    let provider = conekta(&prepared, script.clone());
    let order = order(&prepared);
    let handle = finish(provider.prepare(&order)).unwrap().unwrap();
    assert!(finish(provider.create(&order, Some(&handle), Departure::Anytime)).is_ok());
    let sent = script.sent();
    let targets: Vec<_> = sent.iter().map(|it| (it.method(), it.uri().path())).collect();
    assert_eq!(targets, [(&Method::POST, "/payees"), (&Method::POST, "/transfers")]);
    let body = br#"{"payee_id":"payee_2qJLL3ruTBAa39LAZ","amount":50000,"currency":"MXN"}"#;
    assert_eq!(sent[1].body(), &body[..]);
    assert!(sent.iter().all(|request| request.headers()["authorization"].is_sensitive()));
}

#[test]
fn a_second_preparation_makes_a_second_payee() {
    let case = case("payout-prepare", "manual-sample");
    let first = answer(&case);
    let second = first.replace("payee_DePrueba", "payee_Another");
    let script = Script::of([(200, first), (200, second)]);
    let provider = conekta(&case, script);
    let order = order(&case);
    let handles = [finish(provider.prepare(&order)), finish(provider.prepare(&order))];
    let [first, second] = handles.map(|handle| handle.unwrap().unwrap());
    assert!(first != second);
}

#[test]
fn a_payee_that_is_used_again_gives_the_protection_up() {
    let fresh = conekta(&case("payout-create", "success"), Script::always(200, ""));
    assert_eq!(fresh.descriptor().deduplication, Deduplication::ByHandle);
    assert_eq!(fresh.descriptor().contract, Contract::Documented);
    let reused = conekta(&case("payout-create", "known-payee"), Script::always(200, ""));
    assert_eq!(reused.descriptor().deduplication, Deduplication::None);
    assert_eq!(reused.descriptor().provider, fresh.descriptor().provider);
    assert!(fresh.payments().is_none());
}

/// A walk asks no more than it must, and tells its key to nobody but the configured address.
#[test]
fn the_list_is_asked_at_one_address_only() {
    let found = case("payout-query", "payee-found-on-second-page");
    let (order, handle) = (order(&found), handle(&found));
    let script = Script::of([(200, answer(&found)), (200, answer_to(&found, 2))]);
    let provider = conekta(&found, script.clone());
    let payout = PayoutRef {
        order: &order,
        reference: None,
        handle: Some(&handle),
        begun_at: found.begun_at,
    };
    assert!(matches!(finish(provider.query(&payout)).unwrap(), Lookup::Found(_)));
    let sent = script.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|request| request.uri().host() == Some("api.conekta.io")));
    assert!(sent.iter().all(|request| !request.headers().contains_key("content-type")));
}

/// The times of a query are those before its first request and after its last one.
#[test]
fn a_walk_was_asked_when_it_began() {
    let found = case("payout-query", "payee-found");
    let (order, handle) = (order(&found), handle(&found));
    let payout =
        PayoutRef { order: &order, reference: None, handle: Some(&handle), begun_at: None };
    let config = ConektaConfig::from_lookup(|name| found.setting(name)).unwrap();
    let ticking = Arc::new(support::Ticking::default());
    let script = Script::always(200, &answer(&found).replace("true", "false"));
    let provider = Conekta::new(config, script, ticking).unwrap();
    let Lookup::Found(seen) = finish(provider.query(&payout)).unwrap() else { panic!("not found") };
    assert_eq!(seen.asked_at, Some(Timestamp::from_millis(1)));
    assert_eq!(seen.seen_at, Timestamp::from_millis(2));
}

#[test]
fn every_forgery_of_a_delivery_is_refused() {
    for name in ["v1-paid-out", "v2-failed-beyond-ascii", "v4-ping"] {
        let case = case("webhook", name);
        let decoder = conekta(&case, Script::always(200, ""));
        let delivery = case.delivery().unwrap().unwrap();
        suite::every_flipped_byte_is_refused(&decoder, &delivery).unwrap();
    }
    let case = case("webhook", "v4-ping");
    let decoder = conekta(&case, Script::always(200, ""));
    let delivery = case.delivery().unwrap().unwrap();
    let header = HeaderName::from_static("digest");
    suite::every_flipped_signature_is_refused(&decoder, &delivery, header).unwrap();
}

#[test]
fn without_a_key_nothing_is_verified() {
    let case = case("webhook", "unsigned-hint-with-digest");
    let decoder = conekta(&case, Script::always(200, ""));
    let delivery = case.delivery().unwrap().unwrap();
    let secret = Secret::new("anything");
    for secret in [None, Some(&secret)] {
        let Decoded::Hint(hint) = decoder.verify(&delivery, secret).unwrap() else {
            panic!("believed");
        };
        assert_eq!(hint, decoder.locate(&delivery));
        assert_eq!(hint.reference, Some(ProviderRef::new("abcdefghijklmnopq1111111").unwrap()));
    }
}

#[test]
fn a_large_delivery_is_refused_unread() {
    for name in ["v1-paid-out", "unsigned-hint"] {
        let case = case("webhook", name);
        let decoder = conekta(&case, Script::always(200, ""));
        let mut delivery = case.delivery().unwrap().unwrap();
        let mut body = delivery.body.to_vec();
        body.resize(256 * 1024, b' ');
        delivery.body = body.clone().into();
        assert!(decoder.locate(&delivery).reference.is_some(), "{name}");
        body.push(b' ');
        delivery.body = body.into();
        let refused = decoder.verify(&delivery, None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{name}");
        assert_eq!(decoder.locate(&delivery).reference, None, "{name}");
    }
}

/// Conekta tells of much that is not ours, and stops telling after errors.
#[test]
fn what_is_not_ours_is_acknowledged_too() {
    let decoder = conekta(&case("webhook", "v4-ping"), Script::always(200, ""));
    let cases = [
        (Receipt::Taken, 200),
        (Receipt::Crowded, 200),
        (Receipt::Refused, 401),
        (Receipt::Failed, 503),
    ];
    for (receipt, status) in cases {
        assert_eq!(decoder.acknowledge(receipt).status(), status, "{receipt:?}");
    }
}

#[test]
fn no_key_account_or_person_is_shown() {
    const CANARIES: [&str; 6] = [
        "key_CanaryCanary",
        "a2V5X0NhbmFyeUNhbmFyeTo=",
        "072225008217746674",
        "Canaria Mendoza",
        "canaria@example.com",
        "5587654321",
    ];
    let mut case = case("payout-create", "success");
    case.settings.insert("API_KEY".to_owned(), CANARIES[0].to_owned());
    let mut order: serde_json::Value = case.json("order").unwrap();
    order["beneficiary"]["account_number"] = CANARIES[2].into();
    order["beneficiary"]["name"] = CANARIES[3].into();
    order["beneficiary"]["email"] = CANARIES[4].into();
    order["beneficiary"]["phone"] = CANARIES[5].into();
    let order: PayoutOrder = serde_json::from_value(order).unwrap();

    let told = CANARIES.join(" ");
    let refusal = format!(
        r#"{{"object":"error","type":"{told}","log_id":"{told}",
        "details":[{{"debug_message":"{told}","message":"{told}","code":"{told}"}}]}}"#
    );
    let accepted = format!(
        r#"{{"id":"t_1","object":"transfer","status":"{told}","statement_reference":"{told}",
        "statement_description":"{told}","destination":{{"payee_id":"payee_1","bank":"{told}"}}}}"#
    );
    let payee = r#"{"id":"payee_1","object":"payee","destinations":[]}"#;
    let prepared = finish(conekta(&case, Script::always(200, payee)).prepare(&order)).unwrap();
    let reference = ProviderRef::new("t_1").unwrap();
    let mut shown = Vec::new();
    // An id for Conekta's support is shown, unless it is our key.
    let logged = format!(r#"{{"object":"error","log_id":"{}"}}"#, CANARIES[0]);
    for (status, body) in
        [(422, &refusal), (400, &logged), (401, &refusal), (500, &refusal), (200, &accepted)]
    {
        let script = Script::always(status, body);
        let provider = conekta(&case, script.clone());
        shown.push(format!("{:?}", finish(provider.prepare(&order))));
        shown.push(format!(
            "{:?}",
            finish(provider.create(&order, prepared.as_ref(), Departure::Anytime))
        ));
        for reference in [None, Some(&reference)] {
            let payout =
                PayoutRef { order: &order, reference, handle: prepared.as_ref(), begun_at: None };
            shown.push(format!("{:?} {payout:?}", finish(provider.query(&payout))));
        }
        let balances = finish(provider.balances().unwrap().balances());
        shown.push(format!("{provider:?} {prepared:?}"));
        // This call is about nobody, so it does not know whose name to hide.
        suite::no_canary_is_shown(&[format!("{balances:?}")], &CANARIES[..3]).unwrap();
        for sent in script.sent() {
            shown.push(format!("{:?} {}", sent.headers(), sent.uri()));
        }
    }
    suite::no_canary_is_shown(&shown, &CANARIES).unwrap();

    let delivery = Delivery {
        headers: http::HeaderMap::new(),
        body: Bytes::from(told),
        received_at: Timestamp::default(),
    };
    let signed = support::case("webhook", "v1-paid-out");
    let refused = conekta(&signed, Script::always(200, "")).verify(&delivery, None).unwrap_err();
    suite::no_canary_is_shown(&[format!("{refused} {refused:?} {delivery:?}")], &CANARIES).unwrap();
}
