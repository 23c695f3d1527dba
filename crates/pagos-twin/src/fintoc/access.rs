//! Who asks, and whether a request that moves money is signed: by the right key, once, and now.
//! Not what is asked for.

use std::collections::HashSet;

use http::header::AUTHORIZATION;
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    refusal::Refusal,
    settings::FintocSettings,
    sign::{self, Jws},
};
use crate::twin::Request;

/// What the signatures so far have told.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    nonces: HashSet<Box<str>>,
    /// The latest time that one of them named.
    newest_seconds: Option<i64>,
}

/// Refuses whoever does not have this key, bare or as a `Bearer`.
///
/// Source: skill fundamentals, run: py for the bare one; rec: transfers create for the other.
pub(super) fn check_key(request: &Request, settings: &FintocSettings) -> Result<(), Refusal> {
    let header = request.headers().get(AUTHORIZATION).ok_or_else(Refusal::missing_key)?;
    let header = header.to_str().unwrap_or_default();
    let key = header.strip_prefix("Bearer ").unwrap_or(header);
    if key == sign::shown(&settings.api_key) { Ok(()) } else { Err(Refusal::wrong_key()) }
}

impl Signatures {
    /// Takes in a signature, unless it is none: of another algorithm, old, about another body, used.
    ///
    /// Source: sdk: ruby errors.rb for what can be wrong with one; the order of the checks, and that 300
    /// seconds are too far from now, are `[sim]`.
    pub(super) fn take_in(
        &mut self,
        request: &Request,
        settings: &FintocSettings,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let header = request.headers().get(HEADER).ok_or_else(Refusal::missing_signature)?;
        let jws = header.to_str().ok().and_then(Jws::read).ok_or_else(Refusal::wrong_signature)?;
        if jws.field("alg").and_then(Value::as_str) != Some("RS256") {
            return Err(Refusal::wrong_algorithm());
        }
        let is_critical = |name: &str| {
            let names = jws.field("crit").and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|it| it == name))
        };
        if !is_critical("ts") || !is_critical("nonce") {
            return Err(Refusal::wrong_signature());
        }
        let nonce = jws.field("nonce").and_then(Value::as_str).filter(|it| !it.is_empty());
        let nonce = nonce.ok_or_else(Refusal::wrong_nonce)?;
        let seconds = jws.field("ts").and_then(Value::as_i64).ok_or_else(Refusal::no_timestamp)?;
        if !self.is_timely(seconds, settings, now) {
            return Err(Refusal::wrong_timestamp());
        }
        if !jws.is_of(request.body(), &settings.jws_public_key) {
            return Err(Refusal::wrong_signature());
        }
        if !self.nonces.insert(nonce.into()) {
            return Err(Refusal::used_nonce());
        }
        self.newest_seconds = self.newest_seconds.max(Some(seconds));
        Ok(())
    }

    /// How far the merchant's clock may have fallen behind the twin's, in seconds.
    pub(super) fn lag_seconds(&self, settings: &FintocSettings, now: Timestamp) -> i64 {
        let lag = self.newest_seconds.map(|newest| whole_seconds(now).saturating_sub(newest));
        lag.filter(|_| settings.pace > 1).unwrap_or(0).max(0)
    }

    /// A merchant whose clock goes slower is compared with himself.
    fn is_timely(&self, seconds: i64, settings: &FintocSettings, now: Timestamp) -> bool {
        let now = whole_seconds(now);
        let oldest = if settings.pace > 1 { self.newest_seconds } else { Some(now) };
        let is_recent = oldest.is_none_or(|it| it.saturating_sub(seconds) <= SKEW_MAX_SECONDS);
        is_recent && seconds.saturating_sub(now) <= SKEW_MAX_SECONDS
    }
}

/// Since 1970, rounded down.
pub(super) const fn whole_seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}

/// Source: docs: /guides/transfers/transfers-setup/setting-up-jws-keys.
const HEADER: &str = "fintoc-jws-signature";

/// `[sim]`
const SKEW_MAX_SECONDS: i64 = 300;
