//! The signature of requests and that of webhooks, derived from Fintoc's documents and recordings.
//! Not shared with a provider crate, so that one mistake cannot hide in both.

use std::fmt::Write;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use pagos_core::Secret;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Map, Value};
use sha2::Sha256;

/// The two parts of `Fintoc-JWS-Signature`, read and not yet verified.
///
/// Source: docs: /guides/transfers/transfers-setup/setting-up-jws-keys; the official SDKs agree that
/// the payload is not sent.
#[derive(Debug)]
pub(super) struct Jws<'a> {
    /// As it was received: whitespace inside of it is the signer's business.
    protected: &'a str,
    signature: Vec<u8>,
    header: Map<String, Value>,
}

impl<'a> Jws<'a> {
    /// Exactly two parts, both base64url without padding, the first a JSON object.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (protected, signature) = text.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(protected).ok()?).ok()?;
        Some(Self { protected, signature, header })
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// Is it about this body, and by this key?
    pub(super) fn is_of(&self, body: &[u8], public_key: &str) -> bool {
        let input = format!("{}.{}", self.protected, URL_SAFE_NO_PAD.encode(body));
        public_key_bytes(public_key).is_some_and(|key| {
            let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
            key.verify(input.as_bytes(), &self.signature).is_ok()
        })
    }
}

/// `t=<seconds>,v1=<hex>`: HMAC-SHA256 over the seconds, a dot and the body.
///
/// Source: sdk: py webhook.py.
pub(super) fn webhook_header(secret: &Secret, seconds: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let mut header = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(header, "{byte:02x}");
    }
    Some(header)
}

/// The secret itself. A twin's secrets are invented, and clients have to learn them from somewhere.
pub(super) fn shown(secret: &Secret) -> &str {
    secret.expose()
}

/// The key itself, without what X.509 puts in front of it.
fn public_key_bytes(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let lines = lines.strip_suffix("-----END PUBLIC KEY-----")?;
    let encoded: String = lines.split_whitespace().collect();
    let bytes = STANDARD.decode(encoded).ok()?;
    bytes.strip_prefix(SPKI_OF_2048_BITS).map(<[u8]>::to_vec)
}

/// What stands before a PKCS#1 key of 2048 bits with the exponent 65537 in a public key of X.509.
const SPKI_OF_2048_BITS: &[u8] = &[
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
];

#[cfg(test)]
mod tests;
