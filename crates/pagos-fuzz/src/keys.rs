//! Target: public keys in PEM and signatures under them. No text is a key that verifies what nobody
//! signed.

use base64::{Engine, engine::general_purpose::STANDARD};
use pagos_core::SignatureMatch;

use pagos_kit::{DeliveryKey, KITS};

use crate::{provider, text};

/// The first line is the header with a signature; behind an empty line is the PEM text; and the whole
/// input is the body that they are held against.
pub(crate) fn run(input: &[u8]) {
    let (digest, pem) = text::split_head(input);
    let pem = String::from_utf8_lossy(pem);
    // Nobody signed the input, whatever keys stand in it.
    assert!(pagos_conekta::verify(input, &digest, &pem).is_err(), "verified, and nobody signed it");
    assert!(pagos_conekta::verify(b"", &digest, &pem).is_err(), "verified, and nobody signed it");
    let der = STANDARD.decode(&digest).unwrap_or_default();
    assert!(SignatureMatch::of_rsa_sha256(&der, input, &der).is_none());
    assert!(SignatureMatch::of_rsa_sha256(input, b"", &der).is_none());
    if SignatureMatch::of(&der, input).is_some() {
        assert!(der == input && !der.is_empty());
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let public = |kit: &&pagos_kit::Kit| kit.delivery_key() == DeliveryKey::Public;
    let cases = KITS.iter().filter(public).flat_map(|kit| provider::cases(*kit));
    let cases = cases.filter(|case| case.operation == "webhook");
    let input = |case: &pagos_conformance::Case| {
        let digest = case.delivery().ok()??.headers.get("digest")?.to_str().ok()?.to_owned();
        Some(format!("{digest}\n{}", case.setting("WEBHOOK_KEYS")?).into_bytes())
    };
    let mut seeds: Vec<Vec<u8>> = cases.filter_map(input).take(20).collect();
    seeds
        .push(b"AA==\n-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----".to_vec());
    seeds
}
