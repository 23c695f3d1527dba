//! Who may call the platform: the login, its tokens, and the header that carries them.
//! Not the payments API, which takes its credentials in every body.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use http::{StatusCode, header::AUTHORIZATION};
use pagos_core::Timestamp;
use serde_json::Value;

use super::{EtpayTwin, identifier, request::Refusal, wire};
use crate::{fields::Fields, twin::Reply};

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

    /// No token is good any more, whatever its holder was told.
    pub(super) fn expire(&mut self) {
        self.tokens.clear();
    }
}

impl EtpayTwin {
    /// `POST /v1/auth/login`. Source: `docs: D4, D5`.
    pub(super) fn log_in(&mut self, body: &[u8]) -> Reply {
        match self.check_login(body) {
            Ok(()) => self.ask_of_route("login", Self::grant),
            Err(refusal) => {
                self.logins.refused = self.logins.refused.saturating_add(1);
                wire::payout_refusal(&refusal)
            }
        }
    }

    fn check_login(&self, body: &[u8]) -> Result<(), Refusal> {
        let fields = Fields::open(body)?;
        let merchant = fields.value("merchant").and_then(Value::as_object);
        let of_merchant = |name: &str| merchant.and_then(|it| it.get(name)).and_then(Value::as_str);
        let settings = &self.settings;
        let is_right = fields.text("username", 254)? == Some(settings.username.as_str())
            && self.is_password(fields.text("password", 254)?)
            && of_merchant("code") == Some(settings.merchant_code.as_str())
            && self.is_api_token(of_merchant("api_token"));
        if is_right { Ok(()) } else { Err(unauthorized()) }
    }

    fn grant(&mut self) -> Reply {
        let nth = self.logins.granted;
        self.logins.granted = nth.saturating_add(1);
        let now = self.now;
        self.logins.tokens.retain(|_, expires_at| *expires_at > now);
        let token = identifier::authorization(self.faults.chance("authorization", "", nth));
        let expires_at = now.plus(self.settings.switches.token_life());
        let reply = wire::answer(
            StatusCode::OK,
            &wire::LoggedIn {
                msg: "ok",
                auth: wire::Auth { authorization: &token, token_exp: expires_at.as_millis() },
                user: wire::User {
                    name: "Sandbox",
                    lastnames: "Merchant",
                    email: &self.settings.username,
                },
            },
        );
        self.logins.tokens.insert(token, expires_at);
        reply
    }

    /// Whether the request carries a good token: bare, without `Bearer`. Source: `docs: D8, D9`.
    pub(super) fn check_token(&self, request: &http::Request<Bytes>) -> Result<(), Refusal> {
        let header = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let mut token = header.unwrap_or_default();
        if self.settings.switches.tolerate_bearer {
            token = token.strip_prefix("Bearer ").unwrap_or(token);
        }
        let expires_at = self.logins.tokens.get(token);
        if expires_at.is_some_and(|it| *it > self.now) { Ok(()) } else { Err(unauthorized()) }
    }
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
