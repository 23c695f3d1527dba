//! Payouts: from an order to the shape of a request, from an answer to an observation. Sends
//! nothing; `lib.rs` does.

use bytes::Bytes;
use http::Response;

use pagos_core::{
    Error, Lookup, Observation, PayoutOrder, PayoutRef, ProviderRef, Source, Timestamp, Violation,
};
use pagos_wire::redact;

use crate::{
    status,
    wire::{NewPayout, PayoutAnswer},
};

/// The path of a new payout. Guess: no document was read yet.
pub(crate) const PATH: &str = "/payouts";

/// Why nothing can be asked.
pub(crate) const NO_QUERY: &str =
    "no payout can be asked about: fill in `query_path` in crates/pagos-fintoc/src/payout.rs";

/// The request of a payout, or everything that is wrong with the order.
pub(crate) fn request(order: &PayoutOrder) -> Result<NewPayout<'_>, Vec<Violation>> {
    let body = NewPayout { key: order.key.as_str() };
    match check(order) {
        violations if violations.is_empty() => Ok(body),
        violations => Err(violations),
    }
}

/// Everything that the provider would refuse or not carry exactly. It refuses every order as long as
/// the request does not say whom to pay, and how much.
fn check(_order: &PayoutOrder) -> Vec<Violation> {
    vec![Violation::new(
        "provider",
        "fintoc pays nobody yet",
        "fill in `request` and `check` in crates/pagos-fintoc/src/payout.rs",
    )]
}

/// The path of a query about a payout. `None` where it cannot be asked about.
pub(crate) fn query_path(_payout: &PayoutRef<'_>) -> Option<String> {
    None
}

/// What the answer to a new payout says. Whatever cannot be read leaves the payout `Unknown`: the
/// request was sent.
pub(crate) fn read_reply(
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, Error> {
    let seen = observe(response, Source::Reply, seen_at).map_err(|because| {
        let code = response.status().as_u16().to_string();
        Error::new(status::refusal(&code), because)
    })?;
    Ok(Observation { asked_at: Some(asked_at), ..seen })
}

/// What the answer to a query about a payout says. Nothing proves that there is no such payout
/// until a document says how the provider tells that.
pub(crate) fn read_lookup(
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Lookup {
    match observe(response, Source::Query, seen_at) {
        Ok(seen) => Lookup::Found(Observation { asked_at: Some(asked_at), ..seen }),
        Err(because) => Lookup::CannotTell(because.to_owned()),
    }
}

/// What one payout of the provider tells, whoever brought it.
fn observe(
    response: &Response<Bytes>,
    source: Source,
    seen_at: Timestamp,
) -> Result<Observation, &'static str> {
    if !response.status().is_success() {
        return Err("the answer is no success");
    }
    let answer = serde_json::from_slice::<PayoutAnswer>(response.body());
    let answer = answer.map_err(|_| "the answer has another shape")?;
    let reference = answer.id.as_ref().ok_or("the answer has no id")?.as_str();
    let reference = ProviderRef::new(reference).map_err(|_| "the id is not a reference")?;
    let word = answer.status.as_ref().ok_or("the answer has no status")?.as_str();
    let status = status::status(word).ok_or("the status is a word that nobody documented")?;
    Ok(Observation {
        reference: Some(reference),
        provider_code: Some(redact(word)),
        ..Observation::new(status, source, seen_at)
    })
}

/// The first violation as the error of a call that was not made.
pub(crate) fn invalid(violations: Vec<Violation>) -> Error {
    match violations.into_iter().next() {
        Some(first) => {
            Error::invalid(first.field).because(format!("{}; {}", first.because, first.remedy))
        }
        None => Error::invalid("order"),
    }
}
