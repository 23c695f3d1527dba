//! Who we are to Fintoc, the signature of a transfer, and whether a webhook is Fintoc's. Pure; no
//! requests. The PEM text of the private key is read in `sign/key.rs`.
//!
//! A transfer is signed with a detached JWS (RFC 7515, appendix F): a protected header, and the
//! RSASSA-PKCS1-v1_5 signature with SHA-256 of that header and the body. The body itself is not part
//! of the header `Fintoc-JWS-Signature`. Source: docs: guides/transfers/transfers-setup/setting-up-jws-keys;
//! sdk: py jws.py, node jws.ts, ruby jws.rb; a signature that Fintoc's server took is a test here.
//!
//! A webhook bears `Fintoc-Signature: t=<unix seconds>,v1=<hex>`, the HMAC-SHA256 of the time, a dot and
//! the raw body. Source: sdk: py webhook.py.

mod key;

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use ring::hmac;

use pagos_core::{Environment, Error, Secret, SignatureMatch, Timestamp};
use pagos_wire::{NOT_CONFIGURED, refused, sensitive};

use crate::contract::WEBHOOK_AGE_MAX;

pub use crate::sign::key::SigningKey;

/// The header with the signature of a transfer.
pub(crate) const JWS_HEADER: &str = "fintoc-jws-signature";

/// The header with the signature of a webhook.
pub(crate) const SIGN_HEADER: &str = "fintoc-signature";

/// What makes the signature of each request another one. Fintoc refuses a nonce that it has seen, and a
/// time that is far from its own. Source: sdk: ruby errors.rb (`jws_nonce_already_used`,
/// `invalid_jws_signature_timestamp`). How far is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// 16 fresh bytes.
    pub nonce: [u8; 16],
    /// The present moment; whole seconds are sent.
    pub at: Timestamp,
}

/// The text that is signed for `body`: the protected header, a dot and the body, each in base64url
/// without padding.
///
/// ```
/// use pagos_core::Timestamp;
/// use pagos_fintoc::{Stamp, string_to_sign};
///
/// let stamp = Stamp { nonce: [0; 16], at: Timestamp::from_millis(1_767_225_600_000) };
/// assert!(string_to_sign(b"{}", stamp).ends_with(".e30"));
/// ```
pub fn string_to_sign(body: &[u8], stamp: Stamp) -> String {
    let mut text = protected(stamp);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(body, &mut text);
    text
}

/// The value of the header `Fintoc-JWS-Signature` for `body`: the protected header, a dot and the
/// signature of [`string_to_sign`].
///
/// # Errors
/// `Invalid` for a key that was not configured, or whose parts do not belong together.
pub fn signature(body: &[u8], stamp: Stamp, key: &SigningKey) -> Result<String, Error> {
    let signed = key.sign(string_to_sign(body, stamp).as_bytes())?;
    let mut value = protected(stamp);
    value.push('.');
    URL_SAFE_NO_PAD.encode_string(signed, &mut value);
    Ok(value)
}

/// Blanks are free, so these are the bytes of Node's and Ruby's package. Source: sdk: node, ruby.
fn protected(stamp: Stamp) -> String {
    let nonce = hex(&stamp.nonce);
    let ts = stamp.at.as_millis().div_euclid(1_000);
    let json = format!(r#"{{"alg":"RS256","nonce":"{nonce}","ts":{ts},"crit":["ts","nonce"]}}"#);
    URL_SAFE_NO_PAD.encode(json)
}

/// The proof that `header`, the value of `Fintoc-Signature`, is that of `body`, and not much older than
/// five minutes. For checking a captured webhook; a provider does it by itself.
///
/// # Errors
/// `Unauthorized` for anything else; `Invalid` for a text that is no secret of an endpoint.
///
/// ```
/// use pagos_core::{ErrorKind, Secret, Timestamp};
/// use pagos_fintoc::verify;
///
/// let (secret, now) = (Secret::new("whsec_test_secret"), Timestamp::from_millis(1_743_890_251_000));
/// let refused = verify(b"{}", "t=1743890251,v1=0f", &secret, now).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::Unauthorized);
/// ```
pub fn verify(
    body: &[u8],
    header: &str,
    secret: &Secret,
    received_at: Timestamp,
) -> Result<SignatureMatch, Error> {
    WebhookSecret::new(secret.clone())?.verify(body, header, received_at)
}

/// The secret of a webhook endpoint, ready for use.
pub(crate) struct WebhookSecret {
    key: hmac::Key,
}

impl WebhookSecret {
    /// # Errors
    /// `Invalid` for a text that is no such secret, without the text.
    pub(crate) fn new(secret: Secret) -> Result<Self, Error> {
        let text = secret.expose();
        let is_secret = text.strip_prefix("whsec_").is_some_and(|rest| !rest.is_empty());
        // A line end that came along from a file would be part of the secret.
        if !is_secret || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let because =
                "the secret of a webhook endpoint is whsec_ and visible characters behind it";
            return Err(Error::invalid("webhook_secret").because(because));
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()) })
    }

    /// Only what is too old is refused, as in Fintoc's packages: nobody but Fintoc can sign a time that
    /// is still to come. Source: sdk: py webhook.py.
    pub(crate) fn verify(
        &self,
        body: &[u8],
        header: &str,
        received_at: Timestamp,
    ) -> Result<SignatureMatch, Error> {
        let signed = SignedAt::read(header)
            .ok_or_else(|| refused("the header Fintoc-Signature has no time or no v1"))?;
        let tag = self.tag(signed.time, body);
        let proof = SignatureMatch::of(tag.as_bytes(), signed.tag.as_bytes())
            .ok_or_else(|| refused("the header Fintoc-Signature is not that of this body"))?;
        match received_at.since(signed.at) > WEBHOOK_AGE_MAX {
            true => {
                Err(refused("the signature is right, but it was made more than five minutes ago"))
            }
            false => Ok(proof),
        }
    }

    fn tag(&self, time: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(time.as_bytes());
        context.update(b".");
        context.update(body);
        hex(context.sign().as_ref())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// The fields of `Fintoc-Signature`. Further ones are ignored, as in Fintoc's packages.
struct SignedAt<'a> {
    time: &'a str,
    at: Timestamp,
    tag: &'a str,
}

impl<'a> SignedAt<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let time = only(header, "t=")?;
        let seconds: u32 = time.parse().ok()?;
        let at = Timestamp::from_millis(i64::from(seconds) * 1_000);
        Some(Self { time, at, tag: only(header, "v1=")? })
    }
}

/// The one value of a field; none where it comes twice.
fn only<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut values = header.split(',').filter_map(|field| field.trim().strip_prefix(name));
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What takes the place of something that must not be shown.
pub(crate) const MASK: &str = "******";

/// The secret key, ready for use.
pub(crate) struct Credentials {
    api_key: Secret,
    header: HeaderValue,
}

impl Credentials {
    /// # Errors
    /// `Invalid` for a text that is no secret key of this environment, without the text.
    pub(crate) fn new(api_key: Secret, environment: Environment) -> Result<Self, Error> {
        let (prefix, other) = match environment {
            Environment::Sandbox => ("sk_test_", "sk_live_"),
            Environment::Live => ("sk_live_", "sk_test_"),
        };
        let text = api_key.expose();
        let wrong = |because: String| Err(Error::invalid("api_key").because(because));
        if text.starts_with(other) {
            return wrong(format!(
                "the key begins with {other} and belongs to the other environment; {environment} wants \
                 {prefix}"
            ));
        }
        let is_key = text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
        // What the table of settings puts in its place is never sent.
        let is_known = is_key || text == NOT_CONFIGURED;
        if !is_known || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return wrong(format!(
                "the secret key of {environment} begins with {prefix}, with visible characters behind it"
            ));
        }
        Ok(Self { header: sensitive(text)?, api_key })
    }

    /// `Authorization`: the bare key. Source: skill fundamentals; sdk: py.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// `text` without the key.
    pub(crate) fn hide(&self, text: &str) -> String {
        text.replace(self.api_key.expose(), MASK)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests;
