//! Which call answers which path.
//! Not what the calls do.

use http::Method;

use super::{
    EtpayTwin, check, checkout, create, initialize, listing, login, request::Refusal, wire,
};
use crate::twin::{Reply, Request};

/// Answers a request to one of the three surfaces.
pub(super) fn answer(twin: &mut EtpayTwin, path: &str, request: &Request) -> Reply {
    // The official client makes two slashes of a base address that ends in one.
    let below =
        |base: &str| Some(path.strip_prefix(base)?.strip_prefix('/')?.trim_start_matches('/'));
    if let Some(rest) = below(API) {
        return answer_payments(twin, rest, request);
    }
    if let Some(rest) = below(PLATFORM) {
        return answer_platform(twin, rest, request);
    }
    match below(CHECKOUT).and_then(|rest| rest.strip_prefix("session/")) {
        Some(token) => checkout::visit(twin, token, request),
        None => wire::payment_refusal(&Refusal::not_found("not found")),
    }
}

fn answer_payments(twin: &mut EtpayTwin, path: &str, request: &Request) -> Reply {
    match (request.method(), path) {
        (&Method::POST, "session/initialize") => initialize::initialize(twin, request.body()),
        (&Method::POST, "merchant/check_payment_status") => {
            check::check_payment(twin, request.body())
        }
        _ => wire::payment_refusal(&Refusal::not_found("not found")),
    }
}

fn answer_platform(twin: &mut EtpayTwin, path: &str, request: &Request) -> Reply {
    if (request.method(), path) == (&Method::POST, "v1/auth/login") {
        return login::log_in(twin, request.body());
    }
    if let Err(refusal) = twin.own.logins.check(request, &twin.settings.switches, twin.now) {
        return wire::payout_refusal(&refusal);
    }
    match (request.method(), path) {
        (&Method::POST, "v1/payouts") => create::create(twin, request),
        (&Method::GET, "v1/payouts") => listing::list_payouts(twin, request),
        (&Method::GET, "v1/payouts/balance") => listing::show_balance(twin),
        (&Method::GET, path) => match path.strip_prefix("v1/payouts/") {
            Some(id) if !id.is_empty() => listing::show_payout(twin, id),
            Some(_) | None => wire::payout_refusal(&Refusal::not_found("not found")),
        },
        _ => wire::payout_refusal(&Refusal::not_found("not found")),
    }
}

/// Where each of the three surfaces lies below the provider's segment. `[sim]`
pub(super) const API: &str = "/api";
pub(super) const CHECKOUT: &str = "/pmt";
pub(super) const PLATFORM: &str = "/platform";
