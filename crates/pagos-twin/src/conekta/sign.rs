//! The `DIGEST` of webhooks, and the public keys that it is checked with.
//! Not shared with a provider crate, so that one mistake cannot hide in both.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use pagos_core::Secret;
use ring::{
    rand::SystemRandom,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};

use super::keys;

/// Base64 of RSASSA-PKCS1-v1_5 with SHA-256 over the bytes of the body. Pairs are counted round and
/// round.
///
/// Source: `docs: autenticación-webhooks`; padding and encoding after the sample of conekta-node
/// issue 105.
pub(super) fn digest(pair: u32, body: &[u8]) -> Option<String> {
    let pair = key_pair(pair)?;
    let mut signature = vec![0; pair.public().modulus_len()];
    // `ring` wants a source of chance for every padding; this one uses none of it, so that equal
    // bodies have equal signatures.
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).ok()?;
    Some(STANDARD.encode(signature))
}

/// A digest that is right for other bytes than these.
pub(super) fn wrong_digest(pair: u32, body: &[u8]) -> Option<String> {
    digest(pair, &[body, b" "].concat())
}

/// The public half of a pair. Source: `docs: autenticación-webhooks` for the form.
pub(super) fn public_pem(pair: u32) -> String {
    let Some(pair) = key_pair(pair) else {
        return String::new();
    };
    let body = STANDARD.encode([SPKI_OF_2048_BITS, pair.public_key().as_ref()].concat());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem + "-----END PUBLIC KEY-----\n"
}

/// The secret itself. A twin's secrets are invented, and clients have to learn them from somewhere.
pub(super) fn shown(secret: &Secret) -> &str {
    secret.expose()
}

fn key_pair(nth: u32) -> Option<&'static RsaKeyPair> {
    let nth = usize::try_from(nth).ok()?;
    PAIRS.get(nth.checked_rem(PAIRS.len())?)
}

static PAIRS: LazyLock<Vec<RsaKeyPair>> = LazyLock::new(|| {
    let read = |text| RsaKeyPair::from_pkcs8(&STANDARD.decode(text).ok()?).ok();
    [keys::FIRST, keys::SECOND].into_iter().filter_map(read).collect()
});

/// What stands before a PKCS#1 key of 2048 bits with the exponent 65537 in a public key of X.509.
const SPKI_OF_2048_BITS: &[u8] = &[
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Both were computed with OpenSSL from the keys of `keys.rs`.
    #[test]
    fn openssl_agrees() {
        let pem = public_pem(0);
        assert!(pem.starts_with(
            "-----BEGIN PUBLIC KEY-----\n\
             MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqBmXI33EQ2g/KsGPO2CB\n"
        ));
        assert!(pem.ends_with("MYSq4fl\ngQIDAQAB\n-----END PUBLIC KEY-----\n"));
        let digest = digest(0, "ñ".as_bytes()).unwrap();
        assert_eq!(digest, OPENSSL);
    }

    #[test]
    fn pairs_differ_and_come_round() {
        assert_eq!(PAIRS.len(), 2);
        assert_ne!(public_pem(0), public_pem(1));
        assert_eq!(public_pem(0), public_pem(2));
        assert_ne!(digest(0, b"x"), digest(1, b"x"));
        assert_ne!(digest(0, b"x"), wrong_digest(0, b"x"));
    }

    const OPENSSL: &str = "\
        Rsx+9d7AyUVJVD4QUr2feocGmnfVrnbuHmN3KMbbP3ig+VOk06XFSYwcHbmxTPAZxlWUl4jNV7m35j1MKGe8/USZ\
        unnVIIaYdojhSC5hfr/wRoMp6JyB7801UGc0RnW+hm7M9sealRYawkqG2q4G78okuDaI1yVVCIiqAKPOSU9yRM5v\
        JBqwSX52dzbsf3NudqTjhSJGpQn9V1Mz24w/FcEx8i6jG9XfKBablAciA4G1oOszo8pBt89Hq22WVYXi/VIA4p0i\
        8wHa1vBhax/9lsXPQYbtrPeqZiif2WyVyQrVn9/KW1mVKOEVYU2UbBw9T+FLzNzsd9dNlWQQaxDCGQ==";
}
