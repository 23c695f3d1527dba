//! Authenticates us to Conekta (`Authorization`), and verifies Conekta's webhooks (`DIGEST`, or the
//! header that the setting names). Pure. `sign/key.rs` parses keys.
//!
//! Requests are not signed: they use HTTP Basic with the private key and an empty password. Source:
//! manual (`curl -u key_DePruebaDeApi:`).
//!
//! `DIGEST` is base64 of an RSASSA-PKCS1-v1_5 signature with SHA-256 over the raw body. Source:
//! docs: autenticación-webhooks; this padding and plain base64: conekta-node issue 105. An older
//! scheme, in which the merchant held the private half, is not supported.

pub(crate) mod key;

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::HeaderValue;

use pagos_core::{Error, ErrorKind, Secret, SignatureMatch, Verified};
use pagos_wire::sensitive;

use crate::sign::key::PublicKey;

/// Verifies that `digest`, the value of the header `DIGEST`, is a signature of `body` by one of the
/// keys in `keys_pem`. Use it to check a captured webhook; the provider verifies deliveries by
/// itself.
///
/// # Errors
/// `Invalid` for a text without a key; `Unauthorized` for anything but a genuine signature.
///
/// ```
/// use pagos_conekta::verify;
/// use pagos_core::ErrorKind;
///
/// let key = "-----BEGIN PUBLIC KEY-----\n\
///     MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAudpFRIa5b2nPScmv/17G\n\
///     bJfW5mN9BVEMWy/PNf4dD/omqlMDsik43ufXYlE81j7W6pJYDzQxL1ySuWQHaJkI\n\
///     4IXF4bIg6D9kIwxQd8hjSbzPHn1d3s43ecgGoOUqJMeftTgOAehlgdGCbzVKt3iE\n\
///     unE57v4LY6bMz9utcnvBqqTCj4ZMPexAGrtPv+DBt9ZNz5NHwSlpXGdZCGd3+APx\n\
///     AcvYRXBKIRaRmAcHC/oB0mwKBIsF/PrMVbMS599mZIP/RMfZLCdSYYpJd0gfJ9No\n\
///     kmaWLP2z1o3Q3oXik9KTpsFTQXWD/pzjoXh7DRXtK+OEMJjim89OFw9WI1YJVgrH\n\
///     yQIDAQAB\n\
///     -----END PUBLIC KEY-----\n";
/// let refused = verify(b"{}", "bm8gc2lnbmF0dXJl", key).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::Unauthorized);
/// ```
pub fn verify(body: &[u8], digest: &str, keys_pem: &str) -> Result<Verified<Bytes>, Error> {
    let keys = PublicKey::parse_all(keys_pem)?;
    let proof = prove(&keys, body, digest)?;
    Ok(Verified::new(proof, Bytes::copy_from_slice(body)))
}

/// Proves that one of `keys` signed `body`. It is not published which of several active keys signs,
/// so each is tried.
pub(crate) fn prove(
    keys: &[PublicKey],
    body: &[u8],
    digest: &str,
) -> Result<SignatureMatch, Error> {
    let refused = |because: &str| Error::new(ErrorKind::Unauthorized, because);
    let signature =
        STANDARD.decode(bare(digest)).map_err(|_| refused("the signature is not base64"))?;
    keys.iter()
        .find_map(|key| SignatureMatch::of_rsa_sha256(key.der(), body, &signature))
        .ok_or_else(|| refused("it is no signature of this body by a known key"))
}

/// The digest without surrounding blanks, and without a prefix that some third-party code expects
/// and Conekta was never seen to send: `sha-256=..` and `sha-256=:..:`.
fn bare(digest: &str) -> &str {
    let digest = digest.trim_ascii();
    let Some(rest) = digest.strip_prefix("sha-256=") else { return digest };
    rest.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).unwrap_or(rest)
}

/// Replaces text that must not be shown.
pub(crate) const MASK: &str = "******";

/// The longest key. \[inferred\]
const KEY_LENGTH_MAX: usize = 128;

/// The private key, ready for use.
pub(crate) struct Credentials {
    api_key: Secret,
    basic: Secret,
    header: HeaderValue,
}

impl Credentials {
    /// # Errors
    /// `Invalid` for a key that cannot be a user name of HTTP Basic. The message does not contain
    /// the key.
    pub(crate) fn new(api_key: Secret) -> Result<Self, Error> {
        let text = api_key.expose();
        // A line end from a file would be sent as part of the key.
        let is_legal = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_legal || !(1..=KEY_LENGTH_MAX).contains(&text.len()) {
            return Err(Error::invalid("api_key").because(format!(
                "a key is 1 to {KEY_LENGTH_MAX} visible ASCII characters without \":\""
            )));
        }
        let basic = Secret::new(STANDARD.encode(format!("{text}:")));
        let header = sensitive(&format!("Basic {}", basic.expose()))?;
        Ok(Self { api_key, basic, header })
    }

    /// `Authorization`. Source: manual.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// `text` without the key, in either of its forms.
    pub(crate) fn hide(&self, text: &str) -> String {
        text.replace(self.api_key.expose(), MASK).replace(self.basic.expose(), MASK)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests;
