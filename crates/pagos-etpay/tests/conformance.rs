//! Every fixture of this provider, and what fixtures cannot say, through the public API only.
//! What single functions do is tested beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use http::{Response, StatusCode};

use pagos_conformance::{Case, Seams, Signer, Subject, suite};
use pagos_core::{
    Clock, Decoded, Delivery, Error, ErrorKind, Event, Hint, Money, OrderKey, PaymentOrder,
    PaymentProvider, PayoutProvider, Reached, Receipt, Repeat, Secret, Status, Timestamp,
    Transport, TransportError, WebhookDecoder,
};
use pagos_etpay::{Etpay, EtpayConfig, read_redirect, sign};

struct TokenSigner(Secret);

impl TokenSigner {
    fn parts(&self, claims: &[u8]) -> (String, String) {
        let token = sign(claims, &self.0).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        (signed.to_owned(), signature.to_owned())
    }
}

impl Signer for TokenSigner {
    fn string_to_sign(&self, claims: &[u8]) -> Vec<u8> {
        self.parts(claims).0.into_bytes()
    }

    fn signature(&self, claims: &[u8]) -> String {
        self.parts(claims).1
    }
}

fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = EtpayConfig::from_lookup(|name| case.setting(name))?;
    let provider = Box::new(Etpay::new(config, seams.transport, seams.clock)?);
    let signer = case.secret.as_ref().map(|secret| TokenSigner(Secret::new(secret)));
    Ok(Subject { provider, signer: signer.map(|signer| Box::new(signer) as Box<dyn Signer>) })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn case(operation: &str, name: &str) -> Case {
    Case::find(&fixtures(), "etpay", operation, name).unwrap()
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_643_663_335_000)
    }
}

#[derive(Debug)]
struct NoTransport;

#[async_trait::async_trait]
impl Transport for NoTransport {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: pagos_core::Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        Err(TransportError::new(Reached::No, "no transport"))
    }
}

fn etpay(case: &Case) -> Etpay {
    let config = EtpayConfig::from_lookup(|name| case.setting(name)).unwrap();
    Etpay::new(config, Arc::new(NoTransport), Arc::new(Noon)).unwrap()
}

fn secret(case: &Case) -> Secret {
    Secret::new(case.secret.clone().unwrap())
}

#[track_caller]
fn genuine_event(case: &Case) -> Event {
    let delivery = case.delivery().unwrap().unwrap();
    match etpay(case).verify(&delivery, Some(&secret(case))).unwrap() {
        Decoded::Verified(event) => event.into_value(),
        Decoded::Hint(hint) => panic!("{hint:?}"),
    }
}

#[test]
fn every_fixture_replays() {
    let report = pagos_conformance::run(&fixtures(), &[("etpay", &build)]);
    assert!(report.is_passed(), "{report}");
    assert!(report.cases().len() >= 200, "{report}");
}

/// The replay itself is under test: a wrong byte in any section that it compares must be seen.
#[test]
fn a_fixture_with_another_byte_fails() {
    let cases: [(&str, &str, &[&str]); 4] = [
        ("payment-create", "every-option", &["request 1", "expected"]),
        ("payment-query", "two-tries", &["request 1", "expected"]),
        ("webhook", "v1-success", &["delivery 1", "response 1", "expected"]),
        ("sign", "v1-success", &["body 1", "string-to-sign 1", "signature 1"]),
    ];
    for (operation, name, sections) in cases {
        suite::every_spoilt_section_is_seen(&case(operation, name), sections, &build).unwrap();
    }
}

/// Vectors 8 to 10 are for the engine; this is what it is given to decide by.
#[test]
fn the_vectors_give_the_engine_what_it_needs() {
    let paid = genuine_event(&case("webhook", "v1-success")).observation.unwrap();
    let key = OrderKey::new("oc1234566").unwrap();
    let clp = |minor| Money::new(minor, pagos_core::Currency::Clp);
    assert_eq!(paid.echo.contradiction(&key, clp(1500)), None);
    assert!(paid.echo.contradiction(&key, clp(2000)).is_some(), "v8");
    assert!(paid.echo.contradiction(&OrderKey::new("oc1").unwrap(), clp(1500)).is_some());

    let again = genuine_event(&case("webhook", "v9-second-delivery")).observation.unwrap();
    assert_eq!(pagos_core::change(&paid, &again), pagos_core::Change::Same, "v9");

    let failed = genuine_event(&case("webhook", "v10-failure-of-another-try")).observation.unwrap();
    assert!(matches!(failed.status, Status::Failed(_)));
    assert_ne!(failed.transfer, paid.transfer, "v10: a try of its own");

    let dollars = genuine_event(&case("webhook", "another-currency")).observation.unwrap();
    assert!(dollars.echo.contradiction(&key, clp(1500)).is_some());
}

/// Wherever a delivery is verified, the session that it names is what its secret is looked up by.
#[test]
fn every_delivery_names_what_it_is_about() {
    const SESSION: &str = "simSessionTokenBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB0001";
    let payment = (Some("oc1234566"), Some(SESSION));
    let cases = [
        ("v1-success", payment),
        ("v3-system-error", (None, Some(SESSION))),
        ("v4-signed-with-the-session-token", payment),
        ("v5-tampered-amount", payment),
        ("v6-algorithm-none", (None, None)),
        ("form", payment),
        ("json-text", payment),
        ("raw-text-with-line-end", payment),
        ("order-id-not-ours", (None, Some(SESSION))),
        ("two-tokens", (None, None)),
        ("repeated-name", (None, None)),
        ("repeated-claim", payment),
        ("empty", (None, None)),
        ("not-json", (None, None)),
        ("payout", (Some("po0001"), Some("simPayoutDDDD0001"))),
    ];
    for (name, (key, reference)) in cases {
        let case = case("webhook", name);
        let Hint { key: told_key, reference: told_reference } =
            etpay(&case).locate(&case.delivery().unwrap().unwrap());
        assert_eq!(told_key.as_ref().map(OrderKey::as_str), key, "{name}");
        assert_eq!(told_reference.as_ref().map(|told| told.as_str()), reference, "{name}");
    }
}

/// A genuine delivery in every form that is read, with any bit of any byte flipped.
#[test]
fn every_flipped_bit_is_refused() {
    for name in ["v1-success", "v2-failure", "json-text", "form", "raw-text"] {
        let case = case("webhook", name);
        let (etpay, secret) = (etpay(&case), secret(&case));
        let genuine = case.delivery().unwrap().unwrap();
        etpay.verify(&genuine, Some(&secret)).unwrap();
        for position in 0..genuine.body.len() {
            for bit in 0..8 {
                let mut body = genuine.body.to_vec();
                body[position] ^= 1 << bit;
                let forged = Delivery { body: body.into(), ..genuine.clone() };
                let refused = etpay.verify(&forged, Some(&secret)).map_err(|error| error.kind());
                // A form may have a field of another name in front of the token.
                let is_before_token = name == "form" && position < "a=1&".len();
                match refused {
                    Err(kind) => assert_eq!(kind, ErrorKind::Unauthorized, "{name} {position}"),
                    Ok(_) => assert!(is_before_token, "{name}: byte {position}, bit {bit}"),
                }
            }
        }
    }
}

#[test]
fn a_huge_delivery_is_not_looked_at() {
    let case = case("webhook", "v1-success");
    let mut delivery = case.delivery().unwrap().unwrap();
    let mut body = delivery.body.to_vec();
    // Blanks change nothing, until the body is longer than 64 KiB.
    body.resize(64 * 1024, b' ');
    delivery.body = body.clone().into();
    assert!(etpay(&case).verify(&delivery, Some(&secret(&case))).is_ok());
    body.push(b' ');
    delivery.body = body.into();
    let refused = etpay(&case).verify(&delivery, Some(&secret(&case))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthorized);
    assert_eq!(etpay(&case).locate(&delivery), Hint::default());
}

#[test]
fn each_receipt_has_its_answer() {
    let etpay = etpay(&case("webhook", "v1-success"));
    let cases = [
        (Receipt::Taken, StatusCode::OK),
        (Receipt::Refused, StatusCode::UNAUTHORIZED),
        (Receipt::Crowded, StatusCode::SERVICE_UNAVAILABLE),
        (Receipt::Failed, StatusCode::SERVICE_UNAVAILABLE),
    ];
    for (receipt, status) in cases {
        let answer = etpay.acknowledge(receipt);
        assert_eq!(answer.status(), status);
        assert!(!answer.body().is_empty());
    }
}

#[test]
fn a_redirect_gives_its_token_and_nothing_else() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln";
    let cases = [
        (format!("https://shop.test/ok?jwt={token}"), true),
        (format!("https://shop.test/ok?{token}"), true),
        (format!("https://shop.test/ok?order=7&any_name={token}&b=1"), true),
        (format!("https://shop.test/ok?order=7?jwt={token}"), true),
        (format!("https://shop.test/ok?order=7;jwt={token}"), true),
        (format!("https://shop.test/ok?jwt={}", token.replace('.', "%2E")), true),
        (format!("/ok?jwt={token}#top"), true),
        (format!("https://shop.test/ok#jwt={token}"), false),
        (format!("https://shop.test/{token}"), false),
        ("https://shop.test/ok?version=1.2.3".to_owned(), false),
        ("https://shop.test/ok?jwt=%".to_owned(), false),
        (format!("https://shop.test/ok?jwt={token}&a={}", "a".repeat(64 * 1024)), false),
        (String::new(), false),
    ];
    for (url, is_there) in cases {
        assert_eq!(read_redirect(&url).as_deref(), is_there.then_some(token), "{url:.80}");
    }
}

#[test]
fn sessions_last_as_long_as_the_configuration_says() {
    let case = case("payment-create", "needed-fields");
    let terms = etpay(&case).terms();
    assert_eq!(terms.open_for.unwrap().as_secs(), 30 * 60);
    assert_eq!(terms.repeat, Repeat::OpensAnother);
    let mut ten = case.clone();
    ten.settings.insert("SESSION_MINUTES".to_owned(), "10".to_owned());
    assert_eq!(etpay(&ten).terms().open_for.unwrap().as_secs(), 10 * 60);
}

#[test]
fn an_account_without_payments_has_none() {
    let mut case = case("payment-create", "needed-fields");
    case.settings.remove("PMT_URL");
    case.settings.insert("USERNAME".to_owned(), "user@example.com".to_owned());
    case.settings.insert("PASSWORD".to_owned(), "sim-password".to_owned());
    let provider = etpay(&case);
    assert!(provider.payments().is_none());
    let order: PaymentOrder = case.json("order").unwrap();
    let violations = PaymentProvider::check(&provider, &order).unwrap_err();
    assert_eq!(violations[0].field, "provider");
}

#[test]
fn nothing_shown_holds_a_secret_or_a_person() {
    const CANARIES: [&str; 6] =
        ["canary-token-77", "canary-signature", "canary-password", "12345678", "Canaria", "payer@"];
    let mut case = case("payment-create", "every-option");
    case.settings.insert("MERCHANT_API_TOKEN".to_owned(), CANARIES[0].to_owned());
    case.settings.insert("USERNAME".to_owned(), "user@example.com".to_owned());
    case.settings.insert("PASSWORD".to_owned(), CANARIES[2].to_owned());
    let config = EtpayConfig::from_lookup(|name| case.setting(name)).unwrap();
    let provider = etpay(&case);
    let mut order: serde_json::Value = case.json("order").unwrap();
    order["document"]["number"] = "12.345.678-5".into();
    order["metadata"][0]["value"] = CANARIES[4].into();
    order["email"] = "payer@".into();
    let order: PaymentOrder = serde_json::from_value(order).unwrap();
    let mut shown = vec![format!("{provider:?} {config:?} {order:?}")];
    let violations = PaymentProvider::check(&provider, &order).unwrap_err();
    shown.extend(violations.iter().map(|violation| format!("{violation} {violation:?}")));

    let key = Secret::new(CANARIES[1]);
    let claims = br#"{"session_token":"s1","payment_status":true,"iat":1643663332,
        "user_rut":"123456785","user_account":"Canaria 12345678"}"#;
    let token = sign(claims, &key).unwrap();
    let verified = pagos_etpay::verify(&token, &key, Noon.now()).unwrap();
    shown.push(format!("{verified:?}"));
    for key in [CANARIES[1], "another"] {
        let body = Bytes::from(format!("{{\"jwt\":\"{token}\"}}"));
        let delivery = Delivery { headers: http::HeaderMap::new(), body, received_at: Noon.now() };
        // Genuine without an amount, and forged.
        let error = provider.verify(&delivery, Some(&Secret::new(key))).unwrap_err();
        shown.push(format!("{error} {error:?} {delivery:?}"));
        assert!(!shown.concat().contains(&token));
    }
    suite::no_canary_is_shown(&shown, &CANARIES).unwrap();
}
