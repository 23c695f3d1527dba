//! The vectors of the fixtures against an implementation that we did not write, in both directions,
//! and every forgery of them. The replay of the fixtures is in `conformance.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use proptest::prelude::*;
use serde_json::Value;

use pagos_conformance::Case;
use pagos_core::{ErrorKind, Secret};
use pagos_virtualpos::{Claims, payload, signature, verify};

/// One vector: the instruction, its token, and the keys.
struct Vector {
    tef: String,
    token: String,
    api_key: Secret,
    secret_key: Secret,
}

impl Vector {
    fn read(name: &str) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        let case = Case::find(&fixtures, "virtualpos", "sign", name).unwrap();
        let section =
            |name| case.section(name).map(|text| String::from_utf8(text.to_vec()).unwrap());
        let token = section("wrong-signature 1").or_else(|| section("signature 1"));
        Self {
            tef: section("body 1").unwrap(),
            token: token.unwrap(),
            api_key: Secret::new(case.setting("API_KEY").unwrap()),
            secret_key: Secret::new(case.setting("SECRET_KEY").unwrap()),
        }
    }

    fn claims(&self) -> Claims<'_> {
        match self.tef.is_empty() {
            true => Claims::ApiKeyOnly,
            false => Claims::Tef(self.tef.as_bytes()),
        }
    }

    fn is_genuine(&self) -> bool {
        match verify(&self.token, self.claims(), &self.api_key, &self.secret_key) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unauthorized);
                assert!(!format!("{error:?}").contains("tef-"), "{error:?}");
                false
            }
        }
    }
}

/// Demands neither `exp` nor anything else: these tokens have no claims of time.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation
}

fn decode(token: &str, secret_key: &Secret) -> Option<Value> {
    let key = DecodingKey::from_secret(secret_key.expose().as_bytes()).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation()).ok().map(|token| token.claims)
}

const VECTORS: [&str; 8] = ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v7b"];

#[test]
fn every_vector_verifies_here_and_there() {
    for name in VECTORS {
        let vector = Vector::read(name);
        assert!(vector.is_genuine(), "{name}");
        let ours = signature(vector.claims(), &vector.api_key, &vector.secret_key).unwrap();
        let said = decode(&ours, &vector.secret_key).unwrap();
        let payload = payload(vector.claims(), &vector.api_key).unwrap();
        assert_eq!(said, serde_json::from_slice::<Value>(&payload).unwrap(), "{name}");
        assert_eq!(decode(&vector.token, &vector.secret_key).unwrap(), said, "{name}");
    }
}

/// V2, V3 and V4 are one dictionary in three spellings: each token verifies with each instruction.
#[test]
fn spellings_of_one_dictionary_are_equal() {
    let same = ["v2", "v3", "v4"].map(Vector::read);
    for vector in &same {
        for other in &same {
            let mixed = Vector { tef: other.tef.clone(), ..clone(vector) };
            assert!(mixed.is_genuine());
        }
        let decomposed = vector.tef.replace("ó", "o\u{301}").replace("\\u00f3", "o\\u0301");
        assert!(!Vector { tef: decomposed, ..clone(vector) }.is_genuine());
    }
}

fn clone(vector: &Vector) -> Vector {
    Vector {
        tef: vector.tef.clone(),
        token: vector.token.clone(),
        api_key: vector.api_key.clone(),
        secret_key: vector.secret_key.clone(),
    }
}

#[test]
fn every_negative_vector_is_refused() {
    for name in ["v1-without-algorithm", "v1-padded", "v1-other-amount", "v1-other-api-key"] {
        assert!(!Vector::read(name).is_genuine(), "{name}");
    }
    // A token under another secret is genuine to nobody who has ours.
    for name in ["v1-other-secret", "v1-secret-as-hex"] {
        assert!(!Vector::read(name).is_genuine(), "{name}");
        assert!(decode(&Vector::read(name).token, &Vector::read(name).secret_key).is_none());
    }
    let genuine = Vector::read("v1");
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let claims: Value =
            serde_json::from_slice(&payload(genuine.claims(), &genuine.api_key).unwrap()).unwrap();
        let key = EncodingKey::from_secret(genuine.secret_key.expose().as_bytes()).unwrap();
        let header = jsonwebtoken::Header::new(algorithm);
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        assert!(!Vector { token, ..clone(&genuine) }.is_genuine(), "{algorithm:?}");
    }
}

#[test]
fn a_foreign_token_with_further_claims_is_read() {
    let vector = Vector::read("v1");
    let mut claims: Value =
        serde_json::from_slice(&payload(vector.claims(), &vector.api_key).unwrap()).unwrap();
    claims["iat"] = 1_768_483_230.into();
    let key = EncodingKey::from_secret(vector.secret_key.expose().as_bytes()).unwrap();
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    assert!(Vector { token, ..clone(&vector) }.is_genuine());
}

#[test]
fn attributes_stand_beside_the_api_key() {
    let cases = [
        (r#"{"amount":1}"#, r#"{"api_key":"k","amount":1}"#),
        ("{}", r#"{"api_key":"k"}"#),
        ("{ }", r#"{"api_key":"k"}"#),
        // The line end of a file.
        ("{\"amount\":1}\n", r#"{"api_key":"k","amount":1}"#),
    ];
    for (attributes, expected) in cases {
        let made = payload(Claims::Attributes(attributes.as_bytes()), &Secret::new("k")).unwrap();
        assert_eq!(made, expected.as_bytes(), "{attributes}");
    }
    for bad in ["", "[]", "1", "{", "\"a\"", "{}{}"] {
        for claims in [Claims::Tef(bad.as_bytes()), Claims::Attributes(bad.as_bytes())] {
            let refused = payload(claims, &Secret::new("k")).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Invalid, "{bad}");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let genuine = Vector::read("v1");
    for position in 0..genuine.token.len() {
        for bit in 0..7 {
            let mut token = genuine.token.clone().into_bytes();
            token[position] ^= 1 << bit;
            let token = String::from_utf8(token).unwrap();
            assert!(!Vector { token, ..clone(&genuine) }.is_genuine(), "{position} {bit}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_changed_in_the_instruction_is_seen(
        amount in 1_i64..7_000_000,
        other in 1_i64..7_000_000,
        message in "[^\u{0}-\u{1f}]{1,40}",
        key in "[!-~]{1,128}",
    ) {
        let tef = |amount: i64| {
            serde_json::to_vec(&serde_json::json!({"amount": amount, "message": message})).unwrap()
        };
        let (api_key, secret_key) = (Secret::new(key.clone()), Secret::new(key));
        let signed = tef(amount);
        let token = signature(Claims::Tef(&signed), &api_key, &secret_key).unwrap();
        let changed = tef(other);
        let verified = verify(&token, Claims::Tef(&changed), &api_key, &secret_key);
        prop_assert_eq!(verified.is_ok(), amount == other);
        let said = decode(&token, &secret_key).unwrap();
        prop_assert_eq!(&said["tef"]["message"], &Value::from(message));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let key = Secret::new("k");
        prop_assert!(verify(&text, Claims::ApiKeyOnly, &key, &key).is_err());
    }
}
