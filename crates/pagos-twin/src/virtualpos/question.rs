//! Questions about payouts: by the twin's id, and by the merchant's own.
//! Not a list, not a balance: the manual names neither.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::{
    VirtualPosTwin,
    instruction::{Instruction, tef_of},
    payout::Payout,
    request::{Caller, Refusal},
    wire,
};
use crate::{call, fault::Occasion, twin::Reply, web::percent_decoded};

/// What a question names.
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

impl VirtualPosTwin {
    /// `GET` or `POST /v3/payout/{id}` and `/v3/payout/merchant/{merchant_id}`. Paths and methods are
    /// inferred; that there are these two questions is of the manual.
    pub(super) fn question(&mut self, name: &Name, request: &http::Request<Bytes>) -> Reply {
        let found = self.admit_to_payouts(request).and_then(|caller| {
            check_body(request, &caller)?;
            self.find(name, &caller)
        });
        let index = match found {
            Ok(index) => index,
            Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
                return self.refuse(&refusal);
            }
            Err(refusal) => return self.ask("unknown payout", |twin| twin.refuse(&refusal)),
        };
        let Some(key) = self.payouts.get(index).map(|it| it.instruction.merchant_id.clone()) else {
            return wire::internal_error();
        };
        let is_search = matches!(name, Name::MerchantId(_));
        self.ask(&key, |twin| if is_search { twin.search(index) } else { twin.show(index) })
    }

    /// The payouts of an account with this `merchant_id`, oldest first.
    pub(super) fn payouts_named(
        &self,
        account: usize,
        merchant_id: &str,
    ) -> impl Iterator<Item = u32> {
        let is_own = move |index: &u32| {
            self.payouts.get(*index).is_some_and(|payout| payout.account == account)
        };
        self.payouts.by_key(merchant_id).iter().copied().filter(is_own)
    }

    /// The payout, if it is the caller's and the question is signed for it. Of several with one
    /// `merchant_id` it is the oldest that the signature fits: whoever was paid twice does not see it
    /// here. `[sim]`
    fn find(&self, name: &Name, caller: &Caller) -> Result<u32, Refusal> {
        let candidates: Vec<u32> = match name {
            Name::Id(id) => self.payouts.by_reference(id).into_iter().collect(),
            Name::MerchantId(merchant_id) => {
                self.payouts_named(caller.account, merchant_id).collect()
            }
        };
        let is_own = |payout: &&Payout| payout.account == caller.account;
        let payouts = candidates.iter().filter_map(|index| {
            self.payouts.get(*index).filter(is_own).map(|payout| (*index, payout))
        });
        let mut is_known = false;
        for (index, payout) in payouts {
            is_known = true;
            if self.is_signed_for(payout, caller) {
                return Ok(index);
            }
        }
        Err(if is_known {
            Refusal::signature("Signature de otra tef")
        } else {
            Refusal::not_found()
        })
    }

    /// Whether the token carries the stored instruction, or may go without one. Source: manual, the
    /// same structure for all three methods; `virtualpos.md` 10, check 6.
    fn is_signed_for(&self, payout: &Payout, caller: &Caller) -> bool {
        match caller.claims.value("tef") {
            Some(tef) => Instruction::read(tef).is_ok_and(|it| it == *payout.instruction),
            None => !self.settings.switches.strict_query_signature,
        }
    }

    /// Shows the payout unless a search still misses it.
    fn search(&mut self, index: u32) -> Reply {
        let now = self.now;
        let Some(payout) = self.payouts.get_mut(index) else {
            return wire::internal_error();
        };
        if payout.misses > 0 || payout.found_at > now {
            payout.misses = payout.misses.saturating_sub(1);
            return self.refuse(&Refusal::not_found());
        }
        self.show(index)
    }

    fn show(&self, index: u32) -> Reply {
        self.payouts.get(index).map_or_else(wire::internal_error, |payout| {
            wire::Success::payout(payout.shown(payout.echoed_minor())).reply(StatusCode::OK)
        })
    }

    /// Answers a question about a payout, unless that goes wrong.
    fn ask(&mut self, key: &str, answer: impl FnOnce(&mut Self) -> Reply) -> Reply {
        let nth = self.payouts.count_query(key);
        let fault = self.faults.meet(Occasion::Query, key, nth);
        call::question(fault, wire::COMPLAINTS, || answer(self))
    }
}

/// A question that is a POST says once more what is signed.
fn check_body(request: &http::Request<Bytes>, caller: &Caller) -> Result<(), Refusal> {
    if request.body().is_empty() {
        return Ok(());
    }
    let tef: Value = tef_of(request.body(), caller.claims.value("api_key"))?;
    // A question that is signed by the API key alone has nothing to say.
    let is_bare =
        caller.claims.value("tef").is_none() && tef.as_object().is_some_and(|it| it.is_empty());
    if is_bare || caller.signs_tef(&tef) {
        return Ok(());
    }
    Err(Refusal::signature("Signature de otra tef"))
}
