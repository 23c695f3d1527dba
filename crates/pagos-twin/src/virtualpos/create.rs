//! From a signed create to a payout, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the payout; see `instruction` and `life`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    VirtualPosTwin,
    account::{self, Oddity},
    instruction::{Instruction, tef_of},
    life::{self, Task},
    payout::{self, Payout, PayoutDraft, PayoutStatus},
    request::{self, Caller, Refusal},
    settings::{Duplicates, Switches},
    wire,
};
use crate::{
    call::{Course, Funds},
    fields::Flaw,
    outcome::{self, Outcome},
    scenario,
    twin::{Reply, Request},
};

/// `POST /v3/payout`: creates the payout, or lets go wrong what has to go wrong. The path is inferred.
pub(super) fn create(twin: &mut VirtualPosTwin, request: &Request) -> Result<Reply, Refusal> {
    let caller = request::admit(request, &twin.settings.accounts, twin.now)?;
    let draft = read(&caller, request.body(), &twin.settings.switches)?;
    let key = &draft.instruction.merchant_id;
    let nth = twin.own.payouts.count_create(key);
    let scenario = draft.scenario.as_ref();
    let delays = twin.settings.timing.faults.delays(nth);
    let course = Course::of(&mut twin.faults, key, nth, scenario, delays);
    Ok(twin.create(draft, course, wire::ERRORS, apply, Task::CreatePayout))
}

/// Creates the payout and answers as if nothing went wrong.
///
/// What a `merchant_id` meets that was used before is a switch; usually it is paid again, since
/// that is the worst that a client can meet. `[sim]`
pub(super) fn apply(
    twin: &mut VirtualPosTwin,
    draft: &PayoutDraft,
    at: Timestamp,
    funds: Funds,
) -> Reply {
    let instruction = &draft.instruction;
    let switches = &twin.settings.switches;
    let first =
        payout::of_account(&twin.own.payouts, draft.account, &instruction.merchant_id).next();
    match (switches.duplicate, first) {
        (Duplicates::Reject, Some(_)) => return wire::refuse(&Refusal::duplicate(), switches),
        (Duplicates::ReturnExisting, Some((_, payout))) => return answer(payout, switches),
        (Duplicates::PayTwice, Some(_)) | (_, None) => {}
    }
    if draft.oddity == Some(Oddity::RefusedUnder200) {
        return wire::refuse(&Refusal::under_200(), switches);
    }
    if funds == Funds::Exhausted || !twin.balance.debit(instruction.amount_minor) {
        return wire::refuse(&Refusal::no_funds(), switches);
    }
    let payout = new_payout(twin, draft, at);
    let reply = answer(&payout, &twin.settings.switches);
    let Some(index) = twin.own.payouts.add(payout) else {
        return wire::internal_error();
    };
    life::schedule_step(twin, index, at);
    reply
}

fn new_payout(twin: &mut VirtualPosTwin, draft: &PayoutDraft, at: Timestamp) -> Payout {
    let key = &draft.instruction.merchant_id;
    let nth = twin.own.payouts.count_of(key);
    let outcome = Outcome::draw(&mut twin.faults, key, nth, draft.scenario.as_ref(), None);
    let lag = twin.settings.timing.faults.listing_lag;
    let mut chance = twin.faults.chance("payout", key, twin.own.payouts.count());
    Payout {
        id: format!("po_{:016x}", chance.next_u64()).into(),
        account: draft.account,
        instruction: Arc::clone(&draft.instruction),
        status: PayoutStatus::Pending,
        ending: outcome.ending,
        code: outcome.code(payout::decline, payout::CANCELLED).into(),
        oddity: draft.oddity,
        created_at: at,
        updated_at: at,
        found_at: at.plus(outcome::listing_lag(&mut twin.faults, key, nth, lag)),
        misses: if draft.oddity == Some(Oddity::FoundLate) { 2 } else { 0 },
        notices: 0,
        notified: outcome.notified,
        is_stuck: outcome.is_stuck,
        echoes_other_amount: outcome.echoes_other_amount,
    }
}

fn answer(payout: &Payout, switches: &Switches) -> Reply {
    let shown = payout.shown(payout.instruction.amount_minor);
    wire::Success::payout(shown).reply(switches.created())
}

/// Source: `virtualpos.md` 10, checks 6 to 8.
fn read(caller: &Caller, body: &[u8], switches: &Switches) -> Result<PayoutDraft, Refusal> {
    let tef = tef_of(body, caller.claims.value("api_key"))?;
    if !caller.signs_tef(&tef) {
        return Err(Refusal::signature("Signature de otra tef"));
    }
    let instruction = Instruction::read(&tef)?;
    instruction.check(switches)?;
    let asked = scenario::parse(&instruction.message).map_err(|_| Flaw::wrong("message"))?;
    let (scenario, oddity) = match asked {
        Some(scenario) => (Some(scenario), None),
        None => account::scenario(&instruction.account_number)
            .map_or((None, None), |(scenario, oddity)| (Some(scenario), oddity)),
    };
    Ok(PayoutDraft {
        account: caller.account,
        instruction: Arc::new(instruction),
        scenario,
        oddity,
    })
}
