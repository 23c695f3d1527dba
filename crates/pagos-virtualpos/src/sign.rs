//! The signature: an HS256 token over `{"api_key": .., "tef": ..}` in the header `Signature`. Pure.
//! `payout.rs` builds the instruction.
//!
//! The three payout calls sign one structure, including the two queries. Source: manual. HS256, the
//! key as text and the bare `Authorization` are the rules of the payment API of the same provider.
//! Source: docs: autenticación y firma; public code of three integrations.
//!
//! A token has no time claim, so a captured one can be sent again for ever. It contains names,
//! RUTs, account numbers and the API key in plain base64: it is marked sensitive and never shown.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION},
};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use pagos_core::{Error, ErrorKind, Secret, Verified};
use pagos_wire::{Hs256, sensitive};

/// What is signed besides the API key. The bytes are JSON objects, and are signed as they are.
#[derive(Clone, Copy)]
pub enum Claims<'a> {
    /// `{"api_key": ..}`: the payment API's queries. Source: docs: autenticación y firma.
    ApiKeyOnly,
    /// `{"api_key": .., "tef": ..}`: every payout call. Source: manual.
    Tef(&'a [u8]),
    /// `{"api_key": .., ..}` with the attributes of a body: the payment API's other calls.
    /// Source: docs: autenticación y firma.
    Attributes(&'a [u8]),
}

/// The payload of the token, byte for byte: compact JSON, `api_key` first, raw UTF-8.
///
/// # Errors
/// `Invalid` if the bytes are not a JSON object.
///
/// ```
/// use pagos_core::Secret;
/// use pagos_virtualpos::{Claims, payload};
///
/// let payload = payload(Claims::Tef(br#"{"amount":990}"#), &Secret::new("k"))?;
/// assert_eq!(payload, br#"{"api_key":"k","tef":{"amount":990}}"#);
/// # Ok::<(), pagos_core::Error>(())
/// ```
pub fn payload(claims: Claims<'_>, api_key: &Secret) -> Result<Vec<u8>, Error> {
    let (tef, attributes) = match claims {
        Claims::ApiKeyOnly => (None, None),
        Claims::Tef(tef) => (Some(object(tef)?), None),
        Claims::Attributes(attributes) => (None, Some(object(attributes)?)),
    };
    let dictionary = Dictionary { api_key: api_key.expose(), tef };
    let mut payload = serde_json::to_vec(&dictionary).map_err(|cause| {
        Error::invalid("body").because("it has no JSON form").with_source(cause)
    })?;
    let members = attributes.and_then(|object| object.get().strip_prefix('{'));
    if let Some(members) = members.filter(|members| members.trim() != "}") {
        payload.pop();
        payload.push(b',');
        payload.extend_from_slice(members.as_bytes());
    }
    Ok(payload)
}

/// The text that is hashed: header and payload in base64url, with a dot between.
///
/// It contains the API key: use it to show how a signature is made, never in a log.
///
/// # Errors
/// The same as [`payload`].
///
/// ```
/// use pagos_core::Secret;
/// use pagos_virtualpos::{Claims, string_to_sign};
///
/// let text = string_to_sign(Claims::ApiKeyOnly, &Secret::new("k"))?;
/// assert_eq!(text, "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiayJ9");
/// # Ok::<(), pagos_core::Error>(())
/// ```
pub fn string_to_sign(claims: Claims<'_>, api_key: &Secret) -> Result<String, Error> {
    let payload = payload(claims, api_key)?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(payload)))
}

/// The value of the header `Signature`: the bare token. The secret key is used as text, even if it
/// looks like hexadecimal digits.
///
/// # Errors
/// The same as [`payload`]; `Invalid` for an empty secret key.
///
/// ```
/// use pagos_core::Secret;
/// use pagos_virtualpos::{Claims, signature, verify};
///
/// let (api_key, secret_key) = (Secret::new("k"), Secret::new("an invented secret"));
/// let claims = Claims::Tef(br#"{"amount":990}"#);
/// let token = signature(claims, &api_key, &secret_key)?;
/// assert!(verify(&token, claims, &api_key, &secret_key).is_ok());
/// let changed = Claims::Tef(br#"{"amount":991}"#);
/// assert!(verify(&token, changed, &api_key, &secret_key).is_err());
/// # Ok::<(), pagos_core::Error>(())
/// ```
pub fn signature(
    claims: Claims<'_>,
    api_key: &Secret,
    secret_key: &Secret,
) -> Result<String, Error> {
    Ok(Hs256::new(secret_key.expose().as_bytes())?.sign(&payload(claims, api_key)?))
}

/// The payload of a token that is genuine and says `claims`, compared as JSON values: the order of
/// keys and escapes do not count, and further claims are ignored. Use it to inspect a captured
/// request; VirtualPOS itself signs nothing that we receive.
///
/// # Errors
/// `Unauthorized` for a token that is not genuine or says something else. The message contains
/// nothing of the token.
pub fn verify(
    token: &str,
    claims: Claims<'_>,
    api_key: &Secret,
    secret_key: &Secret,
) -> Result<Verified<Bytes>, Error> {
    let refused = |because: &str| Error::new(ErrorKind::Unauthorized, because);
    let genuine = Hs256::new(secret_key.expose().as_bytes())?.verify(token)?;
    let said = serde_json::from_slice::<Value>(genuine.value()).ok();
    let meant = serde_json::from_slice::<Value>(&payload(claims, api_key)?).ok();
    let (Some(Value::Object(said)), Some(Value::Object(meant))) = (said, meant) else {
        return Err(refused("the token says no JSON object"));
    };
    match meant.iter().all(|(name, value)| said.get(name) == Some(value)) {
        true => Ok(genuine),
        false => Err(refused("the token is genuine and says something else")),
    }
}

/// A pair of keys. `Debug` hides both.
pub(crate) struct Credentials {
    api_key: Secret,
    secret_key: Secret,
    /// The secret key, prepared once.
    signer: Hs256,
}

impl Credentials {
    /// # Errors
    /// `Invalid` if one of the keys is empty.
    pub(crate) fn new(api_key: Secret, secret_key: Secret) -> Result<Self, Error> {
        if api_key.is_empty() {
            return Err(Error::invalid("api_key").because("the API key is empty"));
        }
        let signer = Hs256::new(secret_key.expose().as_bytes())?;
        Ok(Self { api_key, secret_key, signer })
    }

    /// The headers of every call. The two with secrets are marked sensitive.
    pub(crate) fn headers(
        &self,
        claims: Claims<'_>,
    ) -> Result<[(HeaderName, HeaderValue); 3], Error> {
        let token = self.signer.sign(&payload(claims, &self.api_key)?);
        Ok([
            // Bare: a prefix such as `Bearer` is refused. Source: public code; the header itself:
            // manual.
            (AUTHORIZATION, sensitive(self.api_key.expose())?),
            (HeaderName::from_static("signature"), sensitive(&token)?),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ])
    }

    /// The signed content, for the one form of body that repeats it.
    pub(crate) fn payload(&self, claims: Claims<'_>) -> Result<Bytes, Error> {
        payload(claims, &self.api_key).map(Bytes::from)
    }

    /// `text` without the keys in it, for answers that repeat what they were asked with.
    pub(crate) fn hide(&self, text: &str) -> String {
        text.replace(self.api_key.expose(), MASK).replace(self.secret_key.expose(), MASK)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(..)")
    }
}

/// The fields are in the order of the manual's structure.
#[derive(Serialize)]
struct Dictionary<'a> {
    api_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tef: Option<&'a RawValue>,
}

fn object(json: &[u8]) -> Result<&RawValue, Error> {
    let refused = || Error::invalid("body").because("it is no JSON object");
    let json: &RawValue = serde_json::from_slice(json).map_err(|_| refused())?;
    match json.get().starts_with('{') {
        true => Ok(json),
        false => Err(refused()),
    }
}

/// Source: public code; a verifier does not care about the order.
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

pub(crate) const MASK: &str = "******";
