//! `check_payment_status`: the attempts of a session, of an order, or of one payment token.
//! Not signed; the merchant's own token is what protects it.

use http::StatusCode;

use super::{
    EtpayTwin,
    request::Refusal,
    session::{Attempt, Session, Sessions},
    settings::{EtpaySettings, Switches},
    wire,
};
use crate::{fields::Fields, twin::Reply};

/// What is asked for; all that is given must fit.
#[derive(Debug)]
struct Query {
    session_token: Option<String>,
    order_id: Option<String>,
    payment_token: Option<String>,
}

/// `POST /merchant/check_payment_status`. Source: `sdk`.
pub(super) fn check_payment(twin: &mut EtpayTwin, body: &[u8]) -> Reply {
    let query = match read(&twin.settings, body) {
        Ok(query) => query,
        Err(refusal) => return wire::payment_refusal(&refusal),
    };
    let found = asked_for(&twin.own.sessions, &query);
    let session = found.first().and_then(|index| twin.own.sessions.get(*index));
    let key = session.map(|it| it.draft.order_id.clone()).unwrap_or_default();
    let nth = twin.own.sessions.book.count_query(&key);
    twin.ask(&key, nth, wire::PAYMENT_ERRORS, |twin| {
        let token = query.payment_token.as_deref();
        answer_attempts(&twin.own.sessions, &found, token, &twin.settings.switches)
    })
}

/// The official client sends no `merchant_code`; another sends it, and then it has to be right.
fn read(settings: &EtpaySettings, body: &[u8]) -> Result<Query, Refusal> {
    let fields = Fields::open(body)?;
    let api_token = fields.required("merchant_api_token", 254)?;
    let code = fields.text("merchant_code", 254)?;
    let is_merchant = code.is_none_or(|it| it == settings.merchant_code);
    if !is_merchant || !settings.is_api_token(Some(api_token)) {
        return Err(Refusal::wrong_credentials());
    }
    let text = |name: &str| fields.text(name, 254).map(|it| it.map(str::to_owned));
    let query = Query {
        session_token: text("session_token")?,
        order_id: text("merchant_order_id")?,
        payment_token: text("payment_token")?,
    };
    let names = [&query.session_token, &query.order_id, &query.payment_token];
    if names.iter().all(|it| it.is_none()) {
        return Err(Refusal::required("session_token"));
    }
    Ok(query)
}

fn asked_for(sessions: &Sessions, query: &Query) -> Vec<u32> {
    let Query { session_token, order_id, payment_token } = query;
    let candidates: Vec<u32> = match (session_token, payment_token, order_id) {
        (Some(token), _, _) => sessions.book.by_reference(token).into_iter().collect(),
        (None, Some(token), _) => sessions.by_payment_token(token).into_iter().collect(),
        (None, None, Some(order_id)) => sessions.book.by_key(order_id).to_vec(),
        (None, None, None) => Vec::new(),
    };
    let is_of_order = |session: &Session| {
        order_id.as_deref().is_none_or(|order_id| *order_id == *session.draft.order_id)
    };
    let fits = |index: &u32| sessions.get(*index).is_some_and(is_of_order);
    candidates.into_iter().filter(fits).collect()
}

/// Oldest first. That there is one item an attempt is inferred, the order is `[sim]`.
fn answer_attempts(
    sessions: &Sessions,
    found: &[u32],
    payment_token: Option<&str>,
    switches: &Switches,
) -> Reply {
    let is_asked_for =
        |attempt: &Attempt| payment_token.is_none_or(|it| *it == *attempt.payment_token);
    let mut attempts: Vec<(&Session, &Attempt)> = found
        .iter()
        .filter_map(|index| sessions.get(*index))
        .flat_map(|session| session.attempts.iter().map(move |it| (session, it)))
        .filter(|(_, attempt)| is_asked_for(attempt))
        .collect();
    attempts.sort_by_key(|(_, attempt)| attempt.at);
    let claims: Vec<wire::Claims<'_>> = attempts
        .into_iter()
        .map(|(session, attempt)| session.claims(Some(attempt), wire::seconds(attempt.at)))
        .collect();
    match (switches.single_object, claims.last()) {
        (false, _) => wire::answer(StatusCode::OK, &claims),
        (true, Some(latest)) => wire::answer(StatusCode::OK, latest),
        (true, None) => wire::payment_refusal(&Refusal::not_found("session not found")),
    }
}
