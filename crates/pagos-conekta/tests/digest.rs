//! The signatures of the fixtures against implementations that we did not write, and one signature
//! that Conekta itself published. The replay of the fixtures is in `conformance.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, DecodingKey};
use proptest::prelude::*;

use pagos_conekta::verify;
use pagos_core::{ErrorKind, SignatureMatch};

use crate::support::{base64, case, rsa::PublicNumbers};

/// One signed delivery.
struct Vector {
    body: Vec<u8>,
    digest: String,
    key: String,
}

impl Vector {
    fn read(name: &str) -> Self {
        let case = case("webhook", name);
        let delivery = case.delivery().unwrap().unwrap();
        Self {
            body: delivery.body.to_vec(),
            digest: delivery.headers["digest"].to_str().unwrap().to_owned(),
            key: case.setting("WEBHOOK_KEYS").unwrap(),
        }
    }

    fn is_genuine(&self) -> bool {
        match verify(&self.body, &self.digest, &self.key) {
            Ok(proof) => {
                assert_eq!(proof.value(), &self.body);
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
                false
            }
        }
    }

    /// The same by jsonwebtoken, for any bytes.
    fn is_genuine_elsewhere(&self) -> bool {
        let numbers = PublicNumbers::of_pem(&self.key);
        let [modulus, exponent] = [&numbers.modulus, &numbers.exponent].map(|it| base64::url(it));
        let key = DecodingKey::from_rsa_components(&modulus, &exponent).unwrap();
        let signature = base64::url(&base64::decode(&self.digest));
        jsonwebtoken::crypto::verify(&signature, &self.body, &key, Algorithm::RS256).unwrap()
    }
}

const VECTORS: [&str; 4] = ["v1-paid-out", "v2-failed-beyond-ascii", "v3-bare-transfer", "v4-ping"];

#[test]
fn every_vector_verifies_here_and_there() {
    for name in VECTORS {
        let vector = Vector::read(name);
        assert!(vector.is_genuine(), "{name}");
        assert!(vector.is_genuine_elsewhere(), "{name}");
    }
}

#[test]
fn every_forgery_is_refused_here_and_there() {
    let names = [
        "pretty-printed",
        "reordered",
        "another-key",
        "digest-without-signature",
        "digest-of-another-body",
        "digest-too-short",
        "key-of-another-account",
        "digest-of-the-legacy-scheme",
    ];
    for name in names {
        let vector = Vector::read(name);
        assert!(!vector.is_genuine(), "{name}");
        assert!(!vector.is_genuine_elsewhere(), "{name}");
    }
}

/// A signature belongs to one body.
#[test]
fn signatures_cannot_be_exchanged() {
    let vectors = VECTORS.map(Vector::read);
    for (at, one) in vectors.iter().enumerate() {
        for (other_at, other) in vectors.iter().enumerate() {
            let (body, digest) = (one.body.clone(), other.digest.clone());
            let mixed = Vector { body, digest, key: one.key.clone() };
            assert_eq!(mixed.is_genuine(), at == other_at, "{at} {other_at}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_signature_is_refused() {
    let vector = Vector::read("v4-ping");
    let genuine = base64::decode(&vector.digest);
    for position in 0..genuine.len() {
        for bit in 0..8 {
            let mut signature = genuine.clone();
            signature[position] ^= 1 << bit;
            let digest = base64::standard(&signature);
            let (body, key) = (vector.body.clone(), vector.key.clone());
            assert!(!Vector { body, digest, key }.is_genuine(), "{position} {bit}");
        }
    }
}

/// Longer, shorter, empty, larger than the modulus.
#[test]
fn signatures_of_another_length_are_refused() {
    let vector = Vector::read("v4-ping");
    let genuine = base64::decode(&vector.digest);
    let cases = [
        Vec::new(),
        genuine[1..].to_vec(),
        genuine[..255].to_vec(),
        [&[0], genuine.as_slice()].concat(),
        [genuine.as_slice(), &[0]].concat(),
        vec![0; 256],
        vec![0xff; 256],
        vec![1; 32],
    ];
    for signature in cases {
        let digest = base64::standard(&signature);
        let (body, key) = (vector.body.clone(), vector.key.clone());
        assert!(!Vector { body, digest, key }.is_genuine(), "{} bytes", signature.len());
    }
}

/// The key that Conekta's documentation prints, and a signature that an engineer of Conekta's
/// published with it (conekta-node issue 105). The body is cut in every copy of it, so what is
/// checked is what the signature says: exact padding, and SHA-256 of the body.
#[test]
fn the_signature_that_conekta_published_is_of_this_scheme() {
    const SIGNATURE: &str = "PY0lEriF5Tt4T0ZVqwEQtS5+skbqUpCWwwDs5EtBEX5vriK15KuLCuTndttDR4jvlSvDsDVSUOCxXrpxMJ0x0cePCa79xGa23r/hcv4CPcfr2UMe4IKJuJSlJc3XCfOQB1rfk6fQCMr7AbiVtvacr91yYxg7QoJq2/Y0YRo7RreT61X7/dmGhgzFrG0TALQ2R0PbQyAXIvO7l5+00Yncdc0IeyCBTL3/Wa0zN+Dc4UZW3iWFpNOIyljDKxmBp+2D0DxPeLfXw7fnVskQMSCM7rCVXSoP7k8BCyIDRZ62QieMXW5CubixFaPFrI1f6K8gh67lguYF2XSY/bYb7IU4Jg==";
    const DIGEST: &str = "ee2456fe726f06e95c859d3c92e16aea780ccf3c4c9d6ea942d5f0b6fc9013a6";
    let key = case("webhook", "key-of-another-account").setting("WEBHOOK_KEYS").unwrap();
    let numbers = PublicNumbers::of_pem(&key);
    let padded = numbers.raise(&base64::decode(SIGNATURE));
    assert_eq!(padded, padding_around(DIGEST));

    // The same arithmetic says of our own vectors what ring says.
    let vector = Vector::read("v4-ping");
    let padded = PublicNumbers::of_pem(&vector.key).raise(&base64::decode(&vector.digest));
    let digest = "ce70c5259359b8936dbc54d6ffcf4ed53680901cb7ae408bc21ce08497039425";
    assert_eq!(padded, padding_around(digest));
}

/// Source: RFC 8017, 9.2, for 256 bytes and SHA-256.
fn padding_around(digest_hex: &str) -> Vec<u8> {
    const INFO: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let byte = |at: usize| u8::from_str_radix(&digest_hex[at..at + 2], 16).unwrap();
    let digest: Vec<u8> = (0..64).step_by(2).map(byte).collect();
    [&[0, 1], &[0xff; 256 - 3 - 19 - 32][..], &[0], &INFO, &digest].concat()
}

/// Conekta's keys have 2,048 bits, ours of the other fixtures 3,072; smaller ones prove nothing.
#[test]
fn a_key_is_wanted_before_a_proof() {
    let vector = Vector::read("v4-ping");
    let signature = base64::decode(&vector.digest);
    for key in [&b""[..], b"key", &[0x30, 0x00]] {
        assert!(SignatureMatch::of_rsa_sha256(key, &vector.body, &signature).is_none());
    }
    let refused = verify(&vector.body, &vector.digest, "").unwrap_err();
    assert_eq!(refused.field(), Some("webhook_keys"));
}

static KEY: LazyLock<String> = LazyLock::new(|| Vector::read("v4-ping").key);

proptest! {
    #[test]
    fn no_text_is_a_signature(digest in ".{0,400}", body in proptest::collection::vec(any::<u8>(), 0..50)) {
        let refused = verify(&body, &digest, &KEY).unwrap_err();
        prop_assert_eq!(refused.kind(), ErrorKind::Unauthorized);
    }
}
