//! Rules for calls that make something: a payout, a payee, a payment's session.

use http::Uri;
use pagos_core::{Departure, Error, ErrorKind, Observation, Reached, Source};

use pagos_kit::{Call, Json, Kit};

use crate::reply::{Exchange, ReplayedCall, finish, seen};

/// A payout is sent at most once, and what comes back is no more than what was said.
pub(super) fn payout(call: &ReplayedCall) {
    let (Some(order), handle) = (call.payout_order(), call.handle()) else { return };
    let is_legal = call.provider.check(&order).is_ok();
    let outcome = finish(call.provider.create(&order, handle.as_ref(), Departure::Anytime));
    call.shows_no_secret(&outcome);
    let sent = call.sent();
    let money: Vec<&Exchange> = sent.iter().filter(|it| moves_money(call.kit, it)).collect();
    assert!(money.len() <= 1, "sent {} times in one attempt", money.len());
    assert!(is_legal || sent.is_empty(), "an order that the check refuses was sent");
    match money.first() {
        None => unsent(&outcome, is_legal),
        Some(exchange) => match (exchange.reached, exchange.json()) {
            (Some(Reached::No), _) => kind_is(&outcome, ErrorKind::Undelivered),
            (Some(Reached::Maybe), _) => kind_is(&outcome, ErrorKind::Unknown),
            (None, json) => answered(call, &order, exchange, json.as_ref(), outcome),
        },
    }
    call.script.sent.lock().unwrap().extend(sent);
}

/// A payee or an instruction: whatever is answered, another one can be made.
pub(super) fn prepare(call: &ReplayedCall) {
    let Some(order) = call.payout_order() else { return };
    let outcome = finish(call.provider.prepare(&order));
    call.shows_no_secret(&outcome);
    let sent = call.sent();
    assert!(!sent.iter().any(|it| moves_money(call.kit, it)), "prepare moves money");
    let last = sent.last();
    match &outcome {
        Ok(Some(handle)) if last.is_some() => {
            // The handle names what the provider made: its id was in the answer.
            let json = last.and_then(Exchange::json).expect("a handle without an answer in JSON");
            let text = handle.as_str();
            let is_told = json.values("id").any(|id| !id.is_empty() && text.contains(id));
            assert!(is_told, "a handle {text:?} that nobody told");
        }
        Ok(_) => {}
        Err(error) => {
            let kind = error.kind();
            assert!(kind != ErrorKind::Unknown, "nothing can be unknown: {error}");
            let is_answered = last.is_some_and(|it| it.json().is_some());
            assert!(kind != ErrorKind::Rejected || is_answered, "a no without a word: {error}");
        }
    }
    call.script.sent.lock().unwrap().extend(sent);
}

/// A session: its address is one, and a no is somebody's word.
pub(super) fn payment(call: &ReplayedCall) {
    let (Some(order), Some(payments)) = (call.payment_order(), call.provider.payments()) else {
        return;
    };
    let is_legal = payments.check(&order).is_ok();
    let outcome = finish(payments.create(&order));
    call.shows_no_secret(&outcome.as_ref().map(|session| &session.observation));
    let sent = call.sent();
    assert!(is_legal || sent.is_empty(), "an order that the check refuses was sent");
    match &outcome {
        Ok(session) => {
            let jsons: Vec<Json> = sent.iter().filter_map(Exchange::json).collect();
            assert!(!jsons.is_empty(), "a session that nobody told");
            if let Some(url) = &session.url {
                let uri: Uri = url.parse().expect("an address that is none");
                assert!(matches!(uri.scheme_str(), Some("https" | "http")), "{url}");
            }
            let status = session.observation.status;
            assert!(!status.is_final(), "a new session that is {status}");
        }
        Err(error) if error.kind() == ErrorKind::Rejected => {
            let is_told = sent.iter().any(|it| it.json().is_some());
            assert!(is_told, "a no without a word: {error}");
        }
        Err(_) => {}
    }
    call.script.sent.lock().unwrap().extend(sent);
}

/// Nothing that moves money has left, so nothing can have happened.
fn unsent(outcome: &Result<Observation, Error>, is_legal: bool) {
    match outcome {
        Ok(seen) => panic!("nothing was sent, and yet: {seen:?}"),
        Err(error) => {
            let kind = error.kind();
            assert!(kind != ErrorKind::Unknown, "nothing was sent: {error}");
            // A refused login is not the payout's: only our own input can end it here.
            assert!(kind != ErrorKind::Rejected, "nothing was sent: {error}");
            assert!(is_legal || kind == ErrorKind::Invalid, "refused by the check: {error}");
        }
    }
}

fn answered(
    call: &ReplayedCall,
    order: &pagos_core::PayoutOrder,
    exchange: &Exchange,
    json: Option<&Json>,
    outcome: Result<Observation, Error>,
) {
    let http = exchange.http();
    match outcome {
        Err(error) => {
            let may = may_mean(call.kit, error.kind(), http, json);
            assert!(may, "{:?} of HTTP {http}: {error}", error.kind());
        }
        Ok(seen) => {
            let json = json.expect("an answer that is no JSON was believed");
            assert!(!(500..600).contains(&http), "a success under HTTP {http}");
            assert_eq!(seen.source, Source::Reply);
            let reference = seen.reference.as_ref().expect("a success without an id").as_str();
            let is_told = json.scalars.iter().any(|(_, value)| value == reference);
            assert!(is_told, "an id {reference:?} that nobody told");
            seen::is_what_was_said(call, (&order.key, order.amount), &[json], &seen);
        }
    }
}

fn kind_is(outcome: &Result<Observation, Error>, kind: ErrorKind) {
    match outcome {
        Err(error) if error.kind() == kind => {}
        other => panic!("{other:?} instead of {kind:?}"),
    }
}

/// Is it the request that pays somebody?
fn moves_money(kit: Kit, exchange: &Exchange) -> bool {
    kit.call(&exchange.method, exchange.uri.path()) == Call::Create
}

/// May this answer to a new payout be taken for an error of this kind?
fn may_mean(kit: Kit, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool {
    match kind {
        ErrorKind::Unknown => true,
        // It has been answered: so it was delivered, and our input could be said.
        ErrorKind::Undelivered | ErrorKind::Invalid => false,
        ErrorKind::Rejected | ErrorKind::Throttled | ErrorKind::Unauthorized => {
            kit.may_mean(kind, http, json)
        }
    }
}
