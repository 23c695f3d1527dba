//! The tokens of notifications: HS256 under the secret of one session. Pure. `webhook.rs` finds the
//! token in a body.
//!
//! The key is the `signature_token` as text, not decoded. A token has no `exp`, so an old one stays
//! genuine for ever: the receiver must recognise a repeat. Source: sdk, README and code.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;

use pagos_core::{Error, Secret, Timestamp, Verified};
use pagos_wire::{Hs256, refused};

use crate::wire::{Attempt, NamedClaims, SystemErrorClaims};

/// The content of a genuine notification. `Debug` hides the payer.
pub struct Claims {
    session_token: String,
    is_paid: bool,
    issued_at: Timestamp,
    attempt: Attempt,
}

/// How far `iat` may lie in the future of our clock. \[inferred\]
const AHEAD_MS_MAX: i64 = 300 * 1000;

/// The tolerance for `exp` and `nbf`, if they ever appear. \[inferred\]
const LEEWAY_MS: i64 = 60 * 1000;

impl Claims {
    /// The session that the payer paid in, or tried to.
    pub fn session_token(&self) -> &str {
        &self.session_token
    }

    /// Our key, as ETpay wrote it.
    pub fn order_id(&self) -> Option<&str> {
        Some(self.attempt.merchant_order_id.as_ref()?.as_str())
    }

    /// The amount in major units of [`Claims::currency`].
    pub fn amount(&self) -> Option<i64> {
        Some(self.attempt.merchant_amount?.value())
    }

    /// The currency's code.
    pub fn currency(&self) -> Option<&str> {
        Some(self.attempt.merchant_currency.as_ref()?.as_str())
    }

    /// ETpay's id of the payer's try.
    pub fn payment_token(&self) -> Option<&str> {
        Some(self.attempt.payment_token.as_ref()?.as_str())
    }

    /// Whether the payer paid.
    pub fn is_paid(&self) -> bool {
        self.is_paid
    }

    /// When ETpay signed it.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    pub(crate) fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    fn parse(payload: &[u8]) -> Result<Self, Error> {
        let unreadable = |because: &str| {
            Error::invalid("token").because(format!("the notification is genuine, but {because}"))
        };
        let attempt: Attempt = serde_json::from_slice(payload)
            .map_err(|_| unreadable("its claims have another form"))?;
        let session_token = attempt.session_token.as_ref().map(|token| token.as_str().to_owned());
        let (Some(session_token), Some(is_paid), Some(iat)) =
            (session_token, attempt.payment_status, attempt.iat)
        else {
            return Err(unreadable("it lacks session_token, payment_status or iat"));
        };
        if attempt.system_error == Some(true) {
            return Err(unreadable("it tells a system error and an outcome at once"));
        }
        let issued_at = Timestamp::from_millis(iat.saturating_mul(1000));
        Ok(Self { session_token, is_paid, issued_at, attempt })
    }

    fn check_time(&self, received_at: Timestamp) -> Result<(), Error> {
        let now_ms = received_at.as_millis();
        if self.issued_at.as_millis() > now_ms.saturating_add(AHEAD_MS_MAX) {
            return Err(refused("the token was issued in the future; compare the clocks"));
        }
        let to_ms = |seconds: i64| seconds.saturating_mul(1000);
        if self.attempt.exp.is_some_and(|exp| to_ms(exp) <= now_ms.saturating_sub(LEEWAY_MS)) {
            return Err(refused("the token has expired"));
        }
        if self.attempt.nbf.is_some_and(|nbf| to_ms(nbf) > now_ms.saturating_add(LEEWAY_MS)) {
            return Err(refused("the token is not valid yet"));
        }
        Ok(())
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("order_id", &self.order_id())
            .field("is_paid", &self.is_paid)
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}

/// The content of a notification that is signed with the secret of its session.
///
/// The algorithm is HS256 whatever the token says. `iat` may be old, and at most 300 s ahead of
/// `received_at`; `exp` and `nbf`, which ETpay does not send, are checked with 60 s of leeway. The
/// caller compares order and amount with those of the session.
///
/// # Errors
/// `Unauthorized` for anything that is not genuine, including a token under the session's public
/// token; `Invalid` for a genuine one that cannot be read. The message contains nothing of the
/// token.
///
/// ```
/// use pagos_core::{Secret, Timestamp};
/// use pagos_etpay::{sign, verify};
///
/// let key = Secret::new("an invented signature token of 64 characters");
/// let claims = br#"{"session_token":"s1","payment_status":true,"iat":1643663332}"#;
/// let token = sign(claims, &key)?;
/// let now = Timestamp::from_millis(1_643_663_335_000);
/// assert!(verify(&token, &key, now)?.value().is_paid());
/// assert!(verify(&token, &Secret::new("s1"), now).is_err());
/// # Ok::<(), pagos_core::Error>(())
/// ```
pub fn verify(
    token: &str,
    signature_token: &Secret,
    received_at: Timestamp,
) -> Result<Verified<Claims>, Error> {
    match open(token, signature_token, received_at)? {
        Opened::Genuine(claims) => Ok(*claims),
        Opened::SystemError { .. } => {
            Err(refused("the token is signed with what the payer knows, and tells no outcome"))
        }
    }
}

/// The token of `claims` under `key`, as ETpay makes it, for fixtures and tests. The claims are
/// signed byte for byte, without checks.
///
/// # Errors
/// `Invalid` for an empty key, with which anybody could sign.
///
/// ```
/// use pagos_core::Secret;
///
/// let token = pagos_etpay::sign(b"{}", &Secret::new("an invented signature token"))?;
/// assert_eq!(token.split('.').nth(1), Some("e30"));
/// # Ok::<(), pagos_core::Error>(())
/// ```
pub fn sign(claims: &[u8], key: &Secret) -> Result<String, Error> {
    Ok(Hs256::new(key.expose().as_bytes())?.sign(claims))
}

/// A token that one of the keys has signed.
pub(crate) enum Opened {
    /// Signed with the secret of the session.
    Genuine(Box<Verified<Claims>>),
    /// Signed with the session's public token, which the payer knows: it can only cause a query.
    SystemError { session_token: String },
}

/// Opens a token in a fixed order: algorithm, signature under the session's secret, and only if
/// that fails the one token that may be signed with the session's public token.
pub(crate) fn open(
    token: &str,
    signature_token: &Secret,
    received_at: Timestamp,
) -> Result<Opened, Error> {
    match prove(token, signature_token.expose()) {
        Ok(payload) => {
            let claims = payload.try_map(|payload| Claims::parse(&payload))?;
            claims.value().check_time(received_at)?;
            // If the secret is public, anybody who saw the payer's address could sign.
            if claims.value().session_token == signature_token.expose() {
                return Err(refused("the secret of the session is its public token"));
            }
            Ok(Opened::Genuine(Box::new(claims)))
        }
        Err(refusal) => open_system_error(token).ok_or(refusal),
    }
}

/// The payer knows this key, so whatever it signs proves nothing, and a token about an outcome is
/// refused. Source: sdk, README.
fn open_system_error(token: &str) -> Option<Opened> {
    let payload = payload(token)?;
    let claims: SystemErrorClaims<'_> = serde_json::from_slice(&payload).ok()?;
    if !claims.system_error || claims.payment_status.is_some() {
        return None;
    }
    prove(token, claims.session_token.as_str()).ok()?;
    Some(Opened::SystemError { session_token: claims.session_token.into_string() })
}

fn prove(token: &str, key: &str) -> Result<Verified<Bytes>, Error> {
    Hs256::new(key.as_bytes()).map_err(|_| refused("no key"))?.verify(token)
}

/// The session that an unverified token claims to be about. Used only to find a secret.
pub(crate) fn named(token: &str) -> Option<NamedClaims> {
    serde_json::from_slice(&payload(token)?).ok()
}

/// The payload of a token, unverified.
fn payload(token: &str) -> Option<Bytes> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    URL_SAFE_NO_PAD.decode(payload).ok().map(Bytes::from)
}

/// `text` without `secret` in it, for answers that repeat what they were asked with.
pub(crate) fn hide(text: &str, secret: &Secret) -> String {
    match secret.is_empty() {
        true => text.to_owned(),
        false => text.replace(secret.expose(), "******"),
    }
}
