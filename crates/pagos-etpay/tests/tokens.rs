//! The tokens of notifications against `jsonwebtoken`, which we did not write, in both directions;
//! and forgeries by the thousand. Cases with a name are fixtures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use bytes::Bytes;
use http::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use proptest::prelude::*;
use serde_json::{Value, json};

use pagos_core::{Delivery, Departure, ErrorKind, Secret, Timestamp, WebhookDecoder};
use pagos_etpay::{read_redirect, sign, verify};

const KEY: &str = "simSignatureTokenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA0001";
const SESSION: &str = "simSessionTokenBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB0001";
const NOW: Timestamp = Timestamp::from_millis(1_643_663_335_000);

fn claims(is_paid: bool) -> Value {
    json!({
        "session_token": SESSION,
        "merchant_currency": "CLP",
        "merchant_order_id": "oc1234566",
        "merchant_amount": 1500,
        "user_rut": "111111111",
        "payment_status": is_paid,
        "iat": 1_643_663_332,
    })
}

fn theirs(claims: &Value, key: &str, algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(key.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

/// ETpay's tokens have no `exp`, which `jsonwebtoken` wants unless told otherwise.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[track_caller]
fn check_refused(token: &str, key: &str) {
    let refused = verify(token, &Secret::new(key), NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{token}");
}

#[test]
fn what_jsonwebtoken_signs_is_read() {
    for is_paid in [true, false] {
        let token = theirs(&claims(is_paid), KEY, Algorithm::HS256);
        let verified = verify(&token, &Secret::new(KEY), NOW).unwrap();
        let told = verified.value();
        assert_eq!(told.is_paid(), is_paid);
        assert_eq!(told.session_token(), SESSION);
        assert_eq!(told.order_id(), Some("oc1234566"));
        assert_eq!((told.amount(), told.currency()), (Some(1500), Some("CLP")));
        assert_eq!(told.payment_token(), None);
        assert_eq!(told.issued_at().as_millis(), 1_643_663_332_000);
    }
}

#[test]
fn what_we_sign_is_read_by_jsonwebtoken() {
    let body = serde_json::to_vec(&claims(true)).unwrap();
    let token = sign(&body, &Secret::new(KEY)).unwrap();
    let key = DecodingKey::from_secret(KEY.as_bytes()).unwrap();
    let read = jsonwebtoken::decode::<Value>(&token, &key, &validation()).unwrap();
    assert_eq!(read.claims, claims(true));
    let other = DecodingKey::from_secret(SESSION.as_bytes()).unwrap();
    assert!(jsonwebtoken::decode::<Value>(&token, &other, &validation()).is_err());
    assert!(sign(&body, &Secret::new("")).is_err());
}

#[test]
fn other_algorithms_and_other_keys_are_refused() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        check_refused(&theirs(&claims(true), KEY, algorithm), KEY);
    }
    let genuine = theirs(&claims(true), KEY, Algorithm::HS256);
    for key in ["", "another", SESSION, &KEY[..63], &format!("{KEY} ")] {
        check_refused(&genuine, key);
    }
}

/// The session's token is known to the payer: under it nothing is an outcome, whatever it says and
/// whatever is stored as the secret.
#[test]
fn the_session_token_signs_no_outcome() {
    let system_error =
        json!({"session_token": SESSION, "system_error": true, "iat": 1_643_663_332});
    let mut both = claims(true);
    both["system_error"] = true.into();
    for forged in [claims(true), claims(false), both, system_error] {
        let token = theirs(&forged, SESSION, Algorithm::HS256);
        check_refused(&token, KEY);
        let refused = verify(&token, &Secret::new(SESSION), NOW).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Unauthorized | ErrorKind::Invalid));
    }
}

#[test]
fn two_stories_under_the_right_key_are_none() {
    let mut both = claims(true);
    both["system_error"] = false.into();
    assert!(verify(&theirs(&both, KEY, Algorithm::HS256), &Secret::new(KEY), NOW).is_ok());
    both["system_error"] = true.into();
    let token = theirs(&both, KEY, Algorithm::HS256);
    let refused = verify(&token, &Secret::new(KEY), NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[test]
fn every_claim_is_signed() {
    let genuine = theirs(&claims(true), KEY, Algorithm::HS256);
    let parts: Vec<&str> = genuine.split('.').collect();
    let changes = [
        ("session_token", json!("another")),
        ("merchant_order_id", json!("oc7654321")),
        ("merchant_amount", json!(150_000)),
        ("merchant_currency", json!("USD")),
        ("payment_status", json!(false)),
        ("iat", json!(1_643_663_333)),
        ("fee", json!(1)),
    ];
    for (claim, value) in changes {
        let mut changed = claims(true);
        changed[claim] = value;
        let other = theirs(&changed, KEY, Algorithm::HS256);
        let forged = format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2]);
        check_refused(&forged, KEY);
    }
}

/// A decoder over no transport: the token as the raw body of a delivery.
mod decoder {
    use std::sync::Arc;

    use pagos_core::{Clock, Environment, Reached, Transport, TransportError};
    use pagos_etpay::{Etpay, EtpayConfig, PaymentConfig};

    use super::*;

    #[derive(Debug)]
    struct Outside;

    impl Clock for Outside {
        fn now(&self) -> Timestamp {
            NOW
        }
    }

    #[async_trait::async_trait]
    impl Transport for Outside {
        async fn send(
            &self,
            _request: http::Request<Bytes>,
            _departure: Departure,
        ) -> Result<http::Response<Bytes>, TransportError> {
            Err(TransportError::new(Reached::No, "no transport"))
        }
    }

    pub(super) fn etpay() -> Etpay {
        let config = EtpayConfig {
            environment: Environment::Sandbox,
            merchant_code: "cl_sim_merchant".to_owned(),
            merchant_api_token: Secret::new("sim-api-token"),
            payments: Some(PaymentConfig::new(
                "https://api.sandbox.example",
                "https://pmt.sandbox.example",
                "https://merchant.example/webhooks/etpay",
            )),
            payouts: None,
            sandbox_clock_days: 0,
        };
        Etpay::new(config, Arc::new(Outside), Arc::new(Outside)).unwrap()
    }
}

fn delivery(body: impl Into<Bytes>) -> Delivery {
    Delivery { headers: HeaderMap::new(), body: body.into(), received_at: NOW }
}

proptest! {
    #[test]
    fn jsonwebtoken_agrees_about_any_key(
        key in "[ -~]{1,100}",
        amount in 1_i64..=i64::MAX,
        order in "[A-Za-z0-9]{1,64}",
    ) {
        let mut told = claims(true);
        told["merchant_amount"] = amount.into();
        told["merchant_order_id"] = order.clone().into();
        let token = theirs(&told, &key, Algorithm::HS256);
        let verified = verify(&token, &Secret::new(&key), NOW).unwrap();
        prop_assert_eq!(verified.value().amount(), Some(amount));
        prop_assert_eq!(verified.value().order_id(), Some(order.as_str()));

        let ours = sign(&serde_json::to_vec(&told).unwrap(), &Secret::new(&key)).unwrap();
        let key = DecodingKey::from_secret(key.as_bytes()).unwrap();
        let read = jsonwebtoken::decode::<Value>(&ours, &key, &validation()).unwrap();
        prop_assert_eq!(read.claims, told);
    }

    #[test]
    fn any_two_flipped_bits_are_refused(
        first in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
    ) {
        let genuine = theirs(&claims(true), KEY, Algorithm::HS256).into_bytes();
        let mut forged = genuine.clone();
        for place in [first, second] {
            let place = place.index(forged.len() * 8);
            forged[place / 8] ^= 1 << (place % 8);
        }
        let verdict = decoder::etpay().verify(&delivery(forged.clone()), Some(&Secret::new(KEY)));
        prop_assert_eq!(verdict.is_ok(), forged == genuine);
    }

    #[test]
    fn no_bytes_make_it_panic_or_pass(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let etpay = decoder::etpay();
        let delivery = delivery(body);
        let _ = etpay.locate(&delivery);
        prop_assert!(etpay.verify(&delivery, Some(&Secret::new(KEY))).is_err());
        prop_assert!(etpay.verify(&delivery, None).is_err());
    }

    #[test]
    fn no_text_around_tokens_makes_it_panic(
        text in "[{}\"a-z:=&%., eyJ]{0,80}",
        place in any::<prop::sample::Index>(),
    ) {
        let token = theirs(&claims(true), KEY, Algorithm::HS256);
        let mut body = text.clone();
        body.insert_str(place.index(text.len() + 1), &token);
        let _ = read_redirect(&body);
        let delivery = delivery(body);
        let _ = decoder::etpay().locate(&delivery);
        let _ = decoder::etpay().verify(&delivery, Some(&Secret::new(KEY)));
    }

    #[test]
    fn no_token_makes_it_panic(token in ".{0,200}") {
        prop_assert!(verify(&token, &Secret::new(KEY), NOW).is_err());
    }
}
