//! The payer's checkout: the page with its buttons, and what each click does.
//! Not how the page looks; see `page`.

use http::{Method, StatusCode};
use pagos_core::{Secret, Timestamp};

use super::{
    EtpayTwin, page,
    session::{Session, SessionState},
    sign,
    webhook::{self, NoticeMode},
    wire,
};
use crate::{
    scenario::Notified,
    twin::{Reply, Request},
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

impl Landing {
    /// The return address with the token. The name of the parameter is not documented. `[sim]`
    fn of(session: &Session, is_paid: bool, jwt: String) -> Self {
        let draft = &session.draft;
        let url = if is_paid { &draft.completed_url } else { &draft.cancellation_url };
        let location = url.as_ref().map(|url| format!("{url}{}jwt={jwt}", draft.concat));
        Self { location, jwt: Some(jwt) }
    }
}

/// `GET /session/{token}`, with `?auto=<click>` instead of a person. Source: `sdk` for the
/// path; the page and its parameters are `[sim]`.
pub(super) fn visit(twin: &mut EtpayTwin, token: &str, request: &Request) -> Reply {
    let sessions = &twin.own.sessions;
    let found = sessions.book.by_reference(token).filter(|_| request.method() == Method::GET);
    let Some((index, session)) = found.and_then(|it| Some((it, sessions.get(it)?))) else {
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
    let mode = NoticeMode::of(parameter(request, "notice").as_deref().unwrap_or_default());
    let (Some(clicked), Some(mode)) = (Click::of(&word), mode) else {
        return page::message(StatusCode::BAD_REQUEST, "There is no such button.");
    };
    let landing = click(twin, index, clicked, mode);
    match landing.and_then(|it| it.location) {
        // Addresses are visible ASCII, see `Fields::url`, and so are tokens.
        Some(location) => redirect(&location)
            .unwrap_or_else(|| page::message(StatusCode::OK, "The return address cannot be used.")),
        None => page::message(StatusCode::OK, outcome_of(clicked)),
    }
}

/// Does what a click does. `None` if the session is not open.
pub(super) fn click(
    twin: &mut EtpayTwin,
    index: u32,
    click: Click,
    mode: NoticeMode,
) -> Option<Landing> {
    let at = twin.now;
    let session = twin.own.sessions.get(index).filter(|it| it.state() == SessionState::Open)?;
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
            return Some(Landing::of(session, false, jwt));
        }
    };
    let attempt = twin.own.sessions.attempt(index, is_paid, at, &twin.faults)?;
    let session = twin.own.sessions.get(index)?;
    let claims = session.claims(Some(&attempt), wire::seconds(at));
    let jwt = sign::hs256(&claims, &session.signature_token);
    let landing = Landing::of(session, is_paid, jwt);
    webhook::tell_payment(twin, index, Some(attempt), mode, at);
    Some(landing)
}

/// The time of a session is over; an untouched one is told as a failure.
pub(super) fn expire(twin: &mut EtpayTwin, index: u32, at: Timestamp) {
    let Some(session) = twin.own.sessions.book.get_mut(index) else {
        return;
    };
    session.is_expired = true;
    let is_untouched = session.attempts.is_empty();
    if is_untouched && twin.settings.switches.notify_on_expiry {
        webhook::tell_payment(twin, index, None, NoticeMode::Valid(Notified::ByChance), at);
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
