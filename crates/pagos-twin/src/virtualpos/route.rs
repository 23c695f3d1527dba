//! Which call answers which path, and how often each was made. Not what the calls do.

use http::{Method, StatusCode};

use super::{
    VirtualPosTwin, checkout, create, payment_calls,
    query::{self, Name},
    request::Refusal,
    wire,
};
use crate::{
    page,
    twin::{Reply, Request},
};

/// Answers a request to one of the two surfaces, or to the payer's page.
pub(super) fn answer(twin: &mut VirtualPosTwin, path: &str, request: &Request) -> Reply {
    // `/pay` begins like the other two, so what follows has to be nothing or a slash.
    let below =
        |base: &str| path.strip_prefix(base).filter(|it| it.is_empty() || it.starts_with('/'));
    let answer = match (below(PAYOUTS), below(PAYMENTS), below(checkout::PATH)) {
        (Some(rest), _, _) => answer_payouts(twin, rest, request),
        (None, Some(rest), _) => answer_payments(twin, rest, request),
        (None, None, rest) => Ok(match rest.and_then(|rest| rest.strip_prefix('/')) {
            Some(uuid) => checkout::visit(twin, uuid, request),
            None => no_such_path(),
        }),
    };
    answer.unwrap_or_else(|refusal| wire::refuse(&refusal, &twin.settings.switches))
}

/// What follows the address of payouts.
fn answer_payouts(
    twin: &mut VirtualPosTwin,
    path: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let method = request.method();
    if let ("" | "/" | "/v3" | "/v3/", &Method::GET) = (path, method) {
        return Ok(wire::banner());
    }
    if let ("/v3/payout", &Method::POST) = (path, method) {
        count(twin, "create");
        return create::create(twin, request);
    }
    let name = path.strip_prefix("/v3/payout/").and_then(Name::of);
    let (Some(name), &Method::GET | &Method::POST) = (name, method) else {
        return Ok(no_such_path());
    };
    count(
        twin,
        match name {
            Name::Id(_) => "by_id",
            Name::MerchantId(_) => "by_merchant_id",
        },
    );
    query::query(twin, &name, request)
}

/// What follows the address of payments.
fn answer_payments(
    twin: &mut VirtualPosTwin,
    path: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let method = request.method();
    let rest = path.strip_prefix("/v3/payment").and_then(|it| match it {
        "" => Some(it),
        rest => rest.strip_prefix('/'),
    });
    let rest = rest.map(|it| it.split_once('/').unwrap_or((it, "")));
    match (rest, method) {
        (Some(("", "")), &Method::POST) => {
            count(twin, "payment");
            payment_calls::create(twin, request)
        }
        (Some((uuid, "webcheckout")), &Method::POST) => {
            count(twin, "webcheckout");
            payment_calls::link(twin, uuid, request)
        }
        (Some((uuid, "")), &Method::GET) if !uuid.is_empty() => {
            count(twin, "by_uuid");
            payment_calls::show(twin, uuid, request)
        }
        _ => Ok(no_such_path()),
    }
}

fn count(twin: &mut VirtualPosTwin, call: &'static str) {
    *twin.own.calls.entry(call).or_insert(0) += 1;
}

/// A page, so that nobody takes a wrong path for "there is no such payout".
fn no_such_path() -> Reply {
    page::message(StatusCode::NOT_FOUND, "VirtualPOS", "There is no such path.")
}

/// Where the two surfaces lie below the provider's segment. `[sim]`
pub(super) const PAYOUTS: &str = "/payout";
pub(super) const PAYMENTS: &str = "/payments";
