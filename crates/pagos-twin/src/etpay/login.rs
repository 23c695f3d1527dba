//! Who may call the platform: the login, its tokens, and the header that carries them.
//! Not the payments API, which takes its credentials in every body.

use std::{collections::BTreeMap, fmt};

use http::{StatusCode, header::AUTHORIZATION};
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    EtpayTwin, identifier,
    request::Refusal,
    settings::{EtpaySettings, Switches},
    wire,
};
use crate::{
    fault::Faults,
    fields::Fields,
    twin::{Reply, Request},
};

/// The tokens that were handed out, and how often.
#[derive(Default)]
pub(super) struct Logins {
    /// Until when each token is good.
    tokens: BTreeMap<String, Timestamp>,
    pub(super) granted: u32,
    pub(super) refused: u32,
}

impl Logins {
    /// How many tokens are good at this moment.
    pub(super) fn live(&self, now: Timestamp) -> usize {
        self.tokens.values().filter(|expires_at| **expires_at > now).count()
    }

    /// Hands out a token.
    fn grant(&mut self, settings: &EtpaySettings, faults: &Faults, now: Timestamp) -> Reply {
        let nth = self.granted;
        self.granted = nth.saturating_add(1);
        self.tokens.retain(|_, expires_at| *expires_at > now);
        let token = identifier::authorization(faults.chance("authorization", "", nth));
        let expires_at = now.plus(settings.switches.token_life());
        let user = wire::User { name: "Sandbox", lastnames: "Merchant", email: &settings.username };
        let auth = wire::Auth { authorization: &token, token_exp: expires_at.as_millis() };
        let reply = wire::answer(StatusCode::OK, &wire::LoggedIn { msg: "ok", auth, user });
        self.tokens.insert(token, expires_at);
        reply
    }

    /// Whether the request carries a good token: bare, without `Bearer`. Source: `docs: D8, D9`.
    pub(super) fn check(
        &self,
        request: &Request,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let header = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let mut token = header.unwrap_or_default();
        if switches.tolerate_bearer {
            token = token.strip_prefix("Bearer ").unwrap_or(token);
        }
        let expires_at = self.tokens.get(token);
        if expires_at.is_some_and(|it| *it > now) { Ok(()) } else { Err(unauthorized()) }
    }

    /// No token is good any more, whatever its holder was told.
    pub(super) fn expire(&mut self) {
        self.tokens.clear();
    }
}

/// `POST /v1/auth/login`. Source: `docs: D4, D5`.
pub(super) fn log_in(twin: &mut EtpayTwin, body: &[u8]) -> Reply {
    match check(&twin.settings, body) {
        Ok(()) => twin.ask_of_route("login", wire::PAYOUT_ERRORS, |twin| {
            twin.own.logins.grant(&twin.settings, &twin.faults, twin.now)
        }),
        Err(refusal) => {
            twin.own.logins.refused = twin.own.logins.refused.saturating_add(1);
            wire::payout_refusal(&refusal)
        }
    }
}

fn check(settings: &EtpaySettings, body: &[u8]) -> Result<(), Refusal> {
    let fields = Fields::open(body)?;
    let merchant = fields.value("merchant").and_then(Value::as_object);
    let of_merchant = |name: &str| merchant.and_then(|it| it.get(name)).and_then(Value::as_str);
    let is_right = fields.text("username", 254)? == Some(settings.username.as_str())
        && settings.is_password(fields.text("password", 254)?)
        && of_merchant("code") == Some(settings.merchant_code.as_str())
        && settings.is_api_token(of_merchant("api_token"));
    if is_right { Ok(()) } else { Err(unauthorized()) }
}

/// Source: none; the words are those of the working contract. `[sim]`
fn unauthorized() -> Refusal {
    Refusal::unauthorized("Unauthorized")
}

/// Without the tokens.
impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins")
            .field("granted", &self.granted)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}
