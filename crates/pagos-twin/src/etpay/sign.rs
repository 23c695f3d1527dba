//! Tokens, signed as the documents say and in ways that must not be believed.
//! Not shared with a provider crate, so that one mistake cannot hide in both.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use pagos_core::Secret;
use serde::Serialize;
use sha2::{Sha256, Sha512};

/// A compact HS256 token of these claims. The key is the text itself, not what it might decode to.
///
/// Source: `sdk`, which hands the text to PyJWT with HS256 as the only algorithm.
pub(super) fn hs256<T: Serialize>(claims: &T, key: &Secret) -> String {
    let signed = unsigned(r#"{"alg":"HS256","typ":"JWT"}"#, claims);
    let tag = hmac_sha256(signed.as_bytes(), key);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The header and claims of one token with the signature of another.
pub(super) fn with_signature_of<T: Serialize>(claims: &T, genuine: &str) -> String {
    let signature = genuine.rsplit('.').next().unwrap_or_default();
    format!("{}.{signature}", unsigned(r#"{"alg":"HS256","typ":"JWT"}"#, claims))
}

/// A token that says it needs no signature.
pub(super) fn none<T: Serialize>(claims: &T) -> String {
    format!("{}.", unsigned(r#"{"alg":"none","typ":"JWT"}"#, claims))
}

/// A token of the right key and the wrong algorithm.
pub(super) fn hs512<T: Serialize>(claims: &T, key: &Secret) -> String {
    let signed = unsigned(r#"{"alg":"HS512","typ":"JWT"}"#, claims);
    let tag = Hmac::<Sha512>::new_from_slice(key.expose().as_bytes())
        .map(|mac| mac.chain_update(signed.as_bytes()).finalize().into_bytes().to_vec())
        .unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The secret itself. A twin's secrets are invented, and clients have to learn them from somewhere.
pub(super) fn shown(secret: &Secret) -> &str {
    secret.expose()
}

fn unsigned<T: Serialize>(header: &str, claims: &T) -> String {
    // Claims are plain texts, numbers and booleans: they always serialise.
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn hmac_sha256(signed: &[u8], key: &Secret) -> Vec<u8> {
    // HMAC takes keys of every length.
    Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
        .map(|mac| mac.chain_update(signed).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}
