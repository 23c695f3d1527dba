//! The header `Signature`: a compact token of three parts, read and checked.
//! Not shared with a provider crate, so that one mistake cannot hide in both.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use pagos_core::{Secret, Timestamp};
use serde_json::{Map, Value};
use sha2::Sha256;

/// What a token says, once its signature was found right.
pub(super) struct Claims(Map<String, Value>);

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distrust {
    /// It is not three parts of base64url, the first two of them JSON objects.
    Shape,
    /// It names another algorithm than HS256, or none.
    Algorithm,
    /// Another key signed it, or it was changed since.
    Mac,
    /// It is too late or too early for it.
    Time,
}

impl Claims {
    /// Checks a token and reads it. The code is computed over the first two parts as they came; they
    /// are never written anew, so that order, blanks and escapes are the sender's own.
    ///
    /// Source: RFC 7515 by way of the manual; HS256 and the key as text `virtualpos.md` 1.3. Claims
    /// that nobody knows are ignored, `exp` and `nbf` are honoured.
    pub(super) fn open(token: &str, key: &Secret, now: Timestamp) -> Result<Self, Distrust> {
        let (signed, tag) = token.rsplit_once('.').ok_or(Distrust::Shape)?;
        let (header, payload) = signed.split_once('.').ok_or(Distrust::Shape)?;
        if read(header)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(Distrust::Algorithm);
        }
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| Distrust::Shape)?;
        // HMAC takes keys of every length, and compares in constant time.
        let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes());
        let mac = mac.map_err(|_| Distrust::Mac)?.chain_update(signed);
        mac.verify_slice(&tag).map_err(|_| Distrust::Mac)?;
        let claims = Self(read(payload)?);
        if claims.is_timely(now) { Ok(claims) } else { Err(Distrust::Time) }
    }

    /// The claim, unless it is absent.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn is_timely(&self, now: Timestamp) -> bool {
        let now_seconds = now.as_millis().div_euclid(1_000);
        // A time that is no whole number is no time.
        let seconds = |name: &str| self.value(name).map(|it| it.as_i64());
        let is_over = seconds("exp").is_some_and(|it| it.is_none_or(|exp| now_seconds >= exp));
        let is_early = seconds("nbf").is_some_and(|it| it.is_none_or(|nbf| now_seconds < nbf));
        !is_over && !is_early
    }
}

/// Names only: the values are personal.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

/// The secret itself. A twin's secrets are invented, and clients have to learn them from somewhere.
pub(super) fn shown(secret: &Secret) -> &str {
    secret.expose()
}

/// Base64url without padding, and a JSON object in it. Source: RFC 7515, which forbids the padding.
fn read(part: &str) -> Result<Map<String, Value>, Distrust> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Distrust::Shape)?;
    serde_json::from_slice(&bytes).map_err(|_| Distrust::Shape)
}
