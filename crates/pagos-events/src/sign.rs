//! The signature of an event, after Standard Webhooks: HMAC-SHA256 over the id, the time and the body.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>,
//! "Signature scheme" and "Multiple signatures".

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use pagos_core::{Error, ErrorKind, Secret, SignatureMatch, Timestamp, Verified};
use sha2::Sha256;

/// The header with the id of the event, the same at every try.
pub const ID_HEADER: &str = "webhook-id";

/// The header with the second of the try, which is fresh at every try.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";

/// The header with the signatures, separated by a space.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far the time of a try may be from the receiver's clock.
pub const TOLERANCE: Duration = Duration::from_secs(300);

const SECRET_PREFIX: &str = "whsec_";

const VERSION_PREFIX: &str = "v1,";

/// A signing key of 24 to 64 bytes, written `whsec_` and base64. `Debug` hides it.
#[derive(Debug, Clone)]
pub struct SigningSecret {
    secret: Secret,
}

impl SigningSecret {
    /// Checks the text of a secret.
    ///
    /// ```
    /// use pagos_core::Secret;
    /// use pagos_events::SigningSecret;
    ///
    /// let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// assert!(SigningSecret::parse(Secret::new(text)).is_ok());
    /// assert!(SigningSecret::parse(Secret::new("a password")).is_err());
    /// ```
    ///
    /// # Errors
    /// `Invalid` for another form or length, without any part of the text.
    pub fn parse(secret: Secret) -> Result<Self, Error> {
        match key_of(&secret) {
            Some(key) if (24..=64).contains(&key.len()) => Ok(Self { secret }),
            _ => Err(Error::invalid("secret")
                .because("a signing secret is `whsec_` and the base64 of 24 to 64 random bytes")),
        }
    }

    /// The signature of a text from [`string_to_sign`], as the header carries it (`v1,...`).
    ///
    /// ```
    /// use pagos_core::Secret;
    /// use pagos_events::{SigningSecret, string_to_sign};
    ///
    /// let secret = SigningSecret::parse(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))?;
    /// let signed = string_to_sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
    /// assert_eq!(secret.signature(&signed), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn signature(&self, string_to_sign: &str) -> String {
        format!("{VERSION_PREFIX}{}", STANDARD.encode(self.tag(string_to_sign)))
    }

    fn tag(&self, text: &str) -> Vec<u8> {
        // `parse` has decoded this very text, and HMAC takes a key of any length.
        let key = key_of(&self.secret).unwrap_or_default();
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else { return Vec::new() };
        mac.chain_update(text).finalize().into_bytes().to_vec()
    }
}

fn key_of(secret: &Secret) -> Option<Vec<u8>> {
    STANDARD.decode(secret.expose().strip_prefix(SECRET_PREFIX)?).ok()
}

/// What is signed: the id, the time of the try in whole seconds, and the body, joined by dots.
///
/// ```
/// assert_eq!(pagos_events::string_to_sign("evt_1", 1_700_000_000, "{}"), "evt_1.1700000000.{}");
/// ```
pub fn string_to_sign(id: &str, at_s: i64, body: &str) -> String {
    format!("{id}.{at_s}.{body}")
}

/// The value of the signature header: one signature for each secret.
pub(crate) fn signatures(secrets: &[SigningSecret], id: &str, at_s: i64, body: &str) -> String {
    let text = string_to_sign(id, at_s, body);
    let signed: Vec<_> = secrets.iter().map(|secret| secret.signature(&text)).collect();
    signed.join(" ")
}

/// For receivers: the body of a request, if one of its signatures is by one of `secrets` and its time is
/// within [`TOLERANCE`] of `now`. Keep the id, and ignore an id that was seen before: a delivery repeats.
///
/// ```
/// use pagos_core::{Secret, Timestamp};
/// use pagos_events::{SIGNATURE_HEADER, SigningSecret, string_to_sign, verify};
///
/// let secret = SigningSecret::parse(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))?;
/// let mut headers = http::HeaderMap::new();
/// headers.insert("webhook-id", http::HeaderValue::from_static("evt_1"));
/// headers.insert("webhook-timestamp", http::HeaderValue::from_static("1700000000"));
/// let signature = secret.signature(&string_to_sign("evt_1", 1_700_000_000, "{}"));
/// headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
/// let now = Timestamp::from_millis(1_700_000_007_000);
/// assert_eq!(&verify(&[secret], &headers, b"{}", now)?.value()[..], b"{}");
/// # Ok::<(), pagos_core::Error>(())
/// ```
///
/// # Errors
/// `Unauthorized` for anything else, without any part of the request.
pub fn verify(
    secrets: &[SigningSecret],
    headers: &http::HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Verified<Bytes>, Error> {
    let header = |name: &'static str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| refused(&format!("the header {name} is missing or not plain text")))
    };
    let (id, at) = (header(ID_HEADER)?, header(TIMESTAMP_HEADER)?);
    let at_s: i64 = at.parse().map_err(|_| refused("the time is not a number of seconds"))?;
    let sent = Timestamp::from_millis(at_s.saturating_mul(1000));
    if now.since(sent).max(sent.since(now)) > TOLERANCE {
        return Err(refused("the time is too far from the present"));
    }
    let body_text = std::str::from_utf8(body).map_err(|_| refused("the body is not UTF-8"))?;
    let text = string_to_sign(id, at_s, body_text);
    for presented in header(SIGNATURE_HEADER)?.split(' ') {
        let presented = presented.strip_prefix(VERSION_PREFIX).unwrap_or_default();
        let presented = STANDARD.decode(presented).unwrap_or_default();
        for secret in secrets {
            if let Some(proof) = SignatureMatch::of(&secret.tag(&text), &presented) {
                return Ok(Verified::new(proof, Bytes::copy_from_slice(body)));
            }
        }
    }
    Err(refused("no signature is by a known secret"))
}

fn refused(because: &str) -> Error {
    Error::new(ErrorKind::Unauthorized, because)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "evt_1a2b3c4d_17";
    const AT_S: i64 = 1_700_000_000;
    const BODY: &str = r#"{"type":"payout.succeeded"}"#;

    fn secret(byte: u8) -> SigningSecret {
        let text = format!("whsec_{}", STANDARD.encode([byte; 32]));
        SigningSecret::parse(Secret::new(text)).unwrap()
    }

    fn headers(id: &str, at: &str, signatures: &str) -> http::HeaderMap {
        let named = [(ID_HEADER, id), (TIMESTAMP_HEADER, at), (SIGNATURE_HEADER, signatures)];
        named
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn now(after_s: i64) -> Timestamp {
        Timestamp::from_millis((AT_S + after_s) * 1000)
    }

    #[test]
    fn an_event_verifies_under_either_secret_during_rotation() {
        let (old, new) = (secret(1), secret(2));
        let signed = signatures(&[new.clone(), old.clone()], ID, AT_S, BODY);
        assert_eq!(signed.split(' ').count(), 2);
        let headers = headers(ID, "1700000000", &signed);
        for known in [old, new] {
            let verified = verify(&[known], &headers, BODY.as_bytes(), now(0)).unwrap();
            assert_eq!(verified.value(), BODY.as_bytes());
        }
        assert!(verify(&[secret(3)], &headers, BODY.as_bytes(), now(0)).is_err());
    }

    #[test]
    fn whatever_was_changed_is_refused() {
        let secrets = [secret(1)];
        let signed = signatures(&secrets, ID, AT_S, BODY);
        let other_version = signed.replace("v1,", "v2,");
        let late = (AT_S + 1).to_string();
        let cases = [
            (ID, "1700000000", signed.as_str(), BODY, 0, true),
            (ID, "1700000000", signed.as_str(), BODY, 300, true),
            (ID, "1700000000", signed.as_str(), BODY, -300, true),
            (ID, "1700000000", signed.as_str(), BODY, 301, false),
            (ID, "1700000000", signed.as_str(), BODY, -301, false),
            ("evt_1a2b3c4d_18", "1700000000", signed.as_str(), BODY, 0, false),
            (ID, late.as_str(), signed.as_str(), BODY, 0, false),
            (ID, "soon", signed.as_str(), BODY, 0, false),
            (ID, "1700000000", signed.as_str(), "{}", 0, false),
            (ID, "1700000000", other_version.as_str(), BODY, 0, false),
            (ID, "1700000000", "", BODY, 0, false),
            (ID, "1700000000", "v1,", BODY, 0, false),
        ];
        for (id, at, signatures, body, after_s, expected) in cases {
            let headers = headers(id, at, signatures);
            let verified = verify(&secrets, &headers, body.as_bytes(), now(after_s));
            assert_eq!(verified.is_ok(), expected, "{id} {at} {signatures} {body} {after_s}");
        }
        assert!(verify(&secrets, &http::HeaderMap::new(), BODY.as_bytes(), now(0)).is_err());
    }

    #[test]
    fn a_weak_or_shapeless_secret_is_refused_without_showing_it() {
        let short = format!("whsec_{}", STANDARD.encode([7_u8; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7_u8; 65]));
        let bare = STANDARD.encode([7_u8; 32]);
        for text in [short.as_str(), &long, &bare, "whsec_", "whsec_!!!", ""] {
            let error = SigningSecret::parse(Secret::new(text)).unwrap_err().to_string();
            assert!(text.is_empty() || !error.contains(text) || text == "whsec_", "{error}");
        }
        assert_eq!(format!("{:?}", secret(1)), "SigningSecret { secret: Secret(..) }");
    }
}
