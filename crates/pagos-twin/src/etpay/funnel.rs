//! The payer's way through the funnel: the page with its buttons, and what each click does.
//! Not how the page looks; see `page`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use pagos_core::{Secret, Timestamp};

use super::{
    EtpayTwin, identifier, page,
    session::{Attempt, SessionState},
    sign,
    webhook::Wish,
    wire,
};
use crate::{
    telling,
    twin::Reply,
    web::{parameter, redirect},
};

/// What a payer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Click {
    Pay,
    Fail,
    SystemError,
    Abandon,
}

impl Click {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "paid" => Self::Pay,
            "failed" => Self::Fail,
            "system_error" => Self::SystemError,
            "abandon" => Self::Abandon,
            _ => return None,
        })
    }
}

/// Where a click leads.
#[derive(Debug)]
pub(super) struct Landing {
    /// The return address with the token appended, if there is one.
    pub(super) location: Option<String>,
    /// The token; none for those who walk away.
    pub(super) jwt: Option<String>,
}

impl EtpayTwin {
    /// `GET /session/{token}`, with `?auto=<click>` instead of a person. Source: `sdk` for the
    /// path; the page and its parameters are `[sim]`.
    pub(super) fn visit(&mut self, token: &str, request: &http::Request<Bytes>) -> Reply {
        let Some(index) =
            self.sessions.by_reference(token).filter(|_| request.method() == Method::GET)
        else {
            return page::message(StatusCode::NOT_FOUND, "There is no such session.");
        };
        let Some(session) = self.sessions.get(index) else {
            return page::message(StatusCode::NOT_FOUND, "There is no such session.");
        };
        match session.state() {
            SessionState::Paid => return page::message(StatusCode::OK, "This order is paid."),
            SessionState::Expired => {
                return page::message(StatusCode::GONE, "This session has expired.");
            }
            SessionState::Open => {}
        }
        let wanted = parameter(request, "auto").or_else(|| parameter(request, "action"));
        let Some(word) = wanted else {
            return page::buttons(session);
        };
        let wish = Wish::of(parameter(request, "notice").as_deref().unwrap_or_default());
        let (Some(click), Some(wish)) = (Click::of(&word), wish) else {
            return page::message(StatusCode::BAD_REQUEST, "There is no such button.");
        };
        let landing = self.click(index, click, wish);
        match landing.and_then(|it| it.location) {
            // Addresses are visible ASCII, see `Fields::url`, and so are tokens.
            Some(location) => redirect(&location).unwrap_or_else(|| {
                page::message(StatusCode::OK, "The return address cannot be used.")
            }),
            None => page::message(StatusCode::OK, outcome_of(click)),
        }
    }

    /// Does what a click does. `None` if the session is not open.
    pub(super) fn click(&mut self, index: u32, click: Click, wish: Wish) -> Option<Landing> {
        let at = self.now;
        let session = self.sessions.get(index).filter(|it| it.state() == SessionState::Open)?;
        let is_paid = match click {
            Click::Pay => true,
            Click::Fail => false,
            Click::Abandon => return Some(Landing { location: None, jwt: None }),
            Click::SystemError => {
                // Signed with what the payer knows: it proves nothing. Source: `sdk`.
                let key = Secret::new(&*session.token);
                let claims = wire::SystemErrorClaims {
                    session_token: &session.token,
                    system_error: true,
                    iat: wire::seconds(at),
                };
                let jwt = sign::hs256(&claims, &key);
                return Some(self.landing(index, false, jwt));
            }
        };
        let attempt = self.add_attempt(index, is_paid, at)?;
        let session = self.sessions.get(index)?;
        let claims = session.claims(Some(&attempt), wire::seconds(at));
        let jwt = sign::hs256(&claims, &session.signature_token);
        self.tell_payment(index, Some(attempt), wish, at);
        Some(self.landing(index, is_paid, jwt))
    }

    pub(super) fn add_attempt(
        &mut self,
        index: u32,
        is_paid: bool,
        at: Timestamp,
    ) -> Option<Attempt> {
        let payment_token = self.new_payment_token(index)?;
        let attempt = Attempt { payment_token: Arc::clone(&payment_token), is_paid, at };
        self.sessions.get_mut(index)?.attempts.push(attempt.clone());
        self.attempts.insert(payment_token, index);
        Some(attempt)
    }

    /// A payment token that nobody has.
    pub(super) fn new_payment_token(&mut self, index: u32) -> Option<Arc<str>> {
        let session = self.sessions.get(index)?;
        let nth = self.payment_tokens;
        self.payment_tokens = nth.saturating_add(1);
        Some(identifier::token(self.faults.chance("payment_token", &session.token, nth)).into())
    }

    /// The return address with the token. The name of the parameter is not documented. `[sim]`
    fn landing(&self, index: u32, is_paid: bool, jwt: String) -> Landing {
        let location = self.sessions.get(index).and_then(|session| {
            let draft = &session.draft;
            let url = if is_paid { &draft.completed_url } else { &draft.cancellation_url };
            url.as_ref().map(|url| format!("{url}{}jwt={jwt}", draft.concat))
        });
        Landing { location, jwt: Some(jwt) }
    }

    /// The time of a session is over; an untouched one is told as a failure.
    pub(super) fn expire(&mut self, index: u32, at: Timestamp) {
        let Some(session) = self.sessions.get_mut(index) else {
            return;
        };
        session.is_expired = true;
        let is_untouched = session.attempts.is_empty();
        if is_untouched && self.settings.switches.notify_on_expiry {
            self.tell_payment(index, None, Wish::Genuine(telling::Wish::ByChance), at);
        }
    }
}

const fn outcome_of(click: Click) -> &'static str {
    match click {
        Click::Pay => "The payment was made.",
        Click::Fail => "The payment failed.",
        Click::SystemError => "Something went wrong. Nobody knows whether you paid.",
        Click::Abandon => "You walked away. The session stays open until it expires.",
    }
}
