//! Queries about payouts: by the twin's id, and by the merchant's own.
//! Not a list, not a balance: the manual names neither.

use std::sync::Arc;

use http::StatusCode;
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    VirtualPosTwin,
    instruction::{Instruction, tef_of},
    payout::{self, Payout},
    request::{self, Caller, Refusal},
    settings::Switches,
    wire,
};
use crate::{
    book::Book,
    twin::{Reply, Request},
    web::percent_decoded,
};

/// What a query names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Id(String),
    MerchantId(String),
}

impl Name {
    /// Reads what follows `/v3/payout/`. One segment is one value, percent-encoded.
    pub(super) fn of(path: &str) -> Option<Self> {
        let value = |segment: &str| {
            let is_one = !segment.is_empty() && !segment.contains('/');
            is_one.then(|| percent_decoded(segment)).flatten()
        };
        match path.strip_prefix("merchant/") {
            Some(segment) => value(segment).map(Self::MerchantId),
            None => value(path).map(Self::Id),
        }
    }
}

/// `GET` or `POST /v3/payout/{id}` and `/v3/payout/merchant/{merchant_id}`. Paths and methods are
/// inferred; that there are these two queries is of the manual.
pub(super) fn query(
    twin: &mut VirtualPosTwin,
    name: &Name,
    request: &Request,
) -> Result<Reply, Refusal> {
    let caller = request::admit(request, &twin.settings.accounts, twin.now)?;
    let found = check_body(request, &caller)
        .and_then(|()| find(&twin.own.payouts, name, &caller, &twin.settings.switches));
    let (index, key) = match found {
        Ok(found) => found,
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => return Err(refusal),
        Err(refusal) => {
            let nth = twin.own.payouts.count_query(UNKNOWN);
            return Ok(twin.ask(UNKNOWN, nth, wire::ERRORS, |twin| {
                wire::refuse(&refusal, &twin.settings.switches)
            }));
        }
    };
    let nth = twin.own.payouts.count_query(&key);
    Ok(twin.ask(&key, nth, wire::ERRORS, |twin| {
        let now = twin.now;
        let Some(payout) = twin.own.payouts.get_mut(index) else {
            return wire::internal_error();
        };
        if matches!(name, Name::MerchantId(_)) && is_missed(payout, now) {
            return wire::refuse(&Refusal::not_found(), &twin.settings.switches);
        }
        wire::Success::payout(payout.shown(payout.echoed_minor())).reply(StatusCode::OK)
    }))
}

/// The payout and its `merchant_id`, if it is the caller's and the query is signed for it. Of
/// several with one `merchant_id` it is the oldest that the signature fits: whoever was paid twice
/// does not see it here. `[sim]`
fn find(
    payouts: &Book<Payout>,
    name: &Name,
    caller: &Caller,
    switches: &Switches,
) -> Result<(u32, Arc<str>), Refusal> {
    let candidates: Vec<(u32, &Payout)> = match name {
        Name::Id(id) => payouts
            .by_reference(id)
            .and_then(|index| Some((index, payouts.get(index)?)))
            .filter(|(_, payout)| payout.account == caller.account)
            .into_iter()
            .collect(),
        Name::MerchantId(merchant_id) => {
            payout::of_account(payouts, caller.account, merchant_id).collect()
        }
    };
    let signed = candidates.iter().find(|(_, payout)| is_signed_for(payout, caller, switches));
    match signed {
        Some((index, payout)) => Ok((*index, Arc::clone(&payout.instruction.merchant_id))),
        None if candidates.is_empty() => Err(Refusal::not_found()),
        None => Err(Refusal::signature("Signature de otra tef")),
    }
}

/// Whether the token carries the stored instruction, or may go without one. Source: manual, the
/// same structure for all three methods; `virtualpos.md` 10, check 6.
fn is_signed_for(payout: &Payout, caller: &Caller, switches: &Switches) -> bool {
    match caller.claims.value("tef") {
        Some(tef) => Instruction::read(tef).is_ok_and(|it| it == *payout.instruction),
        None => !switches.strict_query_signature,
    }
}

/// Whether a search still misses the payout; each one that does is one less.
fn is_missed(payout: &mut Payout, now: Timestamp) -> bool {
    let is_missed = payout.misses > 0 || payout.found_at > now;
    if is_missed {
        payout.misses = payout.misses.saturating_sub(1);
    }
    is_missed
}

/// A query that is a POST says once more what is signed.
fn check_body(request: &Request, caller: &Caller) -> Result<(), Refusal> {
    if request.body().is_empty() {
        return Ok(());
    }
    let tef: Value = tef_of(request.body(), caller.claims.value("api_key"))?;
    // A query that is signed by the API key alone has nothing to say.
    let is_bare =
        caller.claims.value("tef").is_none() && tef.as_object().is_some_and(|it| it.is_empty());
    if is_bare || caller.signs_tef(&tef) {
        return Ok(());
    }
    Err(Refusal::signature("Signature de otra tef"))
}

/// What queries about no payout are counted under.
const UNKNOWN: &str = "unknown payout";
