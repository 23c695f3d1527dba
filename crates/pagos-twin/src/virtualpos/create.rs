//! From a signed create to a payout, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the payout; see `instruction` and `life`.

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Timestamp;

use super::{
    VirtualPosTwin,
    account::{self, Oddity},
    instruction::{Instruction, tef_of},
    life::Coming,
    payout::{self, Payout, PayoutDraft, PayoutStatus},
    request::{Caller, Refusal},
    settings::Duplicates,
    wire,
};
use crate::{
    call::{Course, Delays, Effect, Funds},
    fate::{self, Fate},
    fields::Flaw,
    scenario,
    twin::Reply,
};

impl VirtualPosTwin {
    /// `POST /v3/payout`. The path is inferred.
    pub(super) fn create_payout(&mut self, request: &http::Request<Bytes>) -> Reply {
        match self.read_payout(request) {
            Ok(draft) => self.attempt_payout(draft),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// Source: `virtualpos.md` 10, checks 1 to 8.
    fn read_payout(&self, request: &http::Request<Bytes>) -> Result<PayoutDraft, Refusal> {
        let caller = self.admit_to_payouts(request)?;
        let tef = tef_of(request.body(), caller.claims.value("api_key"))?;
        if !caller.signs_tef(&tef) {
            return Err(Refusal::signature("Signature de otra tef"));
        }
        let instruction = Instruction::read(&tef)?;
        instruction.check(&self.settings.switches)?;
        draft(&caller, instruction)
    }

    /// Creates the payout, or lets go wrong what has to go wrong.
    fn attempt_payout(&mut self, draft: PayoutDraft) -> Reply {
        let now = self.now;
        let key = Arc::clone(&draft.instruction.merchant_id);
        let nth = self.payouts.count_create(&key);
        let scenario = draft.scenario.as_ref();
        let timing = self.settings.timing;
        let delays = Delays { late_apply: timing.late_apply, slow_reply: timing.slow_reply };
        let course = Course::of(&mut self.faults, &key, nth, scenario, delays);
        let answer = match course.effect {
            Effect::Now(funds) => Some(self.apply_payout(&draft, now, funds)),
            Effect::Late => {
                self.agenda.add(now.plus(course.late), Coming::CreatePayout(Box::new(draft)));
                None
            }
            Effect::Never => None,
        };
        course.reply(answer, wire::COMPLAINTS)
    }

    /// Creates the payout and answers as if nothing went wrong.
    ///
    /// What a `merchant_id` meets that was used before is a switch; usually it is paid again, since
    /// that is the worst that a client can meet. `[sim]`
    pub(super) fn apply_payout(
        &mut self,
        draft: &PayoutDraft,
        at: Timestamp,
        funds: Funds,
    ) -> Reply {
        let instruction = &draft.instruction;
        let first = self.payouts_named(draft.account, &instruction.merchant_id).next();
        match (self.settings.switches.duplicate, first) {
            (Duplicates::Reject, Some(_)) => return self.refuse(&Refusal::duplicate()),
            (Duplicates::ReturnExisting, Some(index)) => return self.answer_create(index),
            (Duplicates::PayTwice, Some(_)) | (_, None) => {}
        }
        if draft.oddity == Some(Oddity::RefusedUnder200) {
            return self.refuse(&Refusal::under_200());
        }
        if funds == Funds::Exhausted || !self.purse.debit(instruction.amount_minor) {
            return self.refuse(&Refusal::no_funds());
        }
        let payout = self.new_payout(draft, at);
        let Some(index) = self.payouts.add(payout) else {
            return wire::internal_error();
        };
        self.schedule_step(index, at);
        self.answer_create(index)
    }

    fn new_payout(&mut self, draft: &PayoutDraft, at: Timestamp) -> Payout {
        let key = &draft.instruction.merchant_id;
        let nth = u32::try_from(self.payouts.by_key(key).len()).unwrap_or(u32::MAX);
        let fate = Fate::settle(&mut self.faults, key, nth, draft.scenario.as_ref(), None);
        let lag = self.settings.timing.listing_lag;
        let mut chance = self.faults.chance("payout", key, self.payouts.count());
        Payout {
            id: format!("po_{:016x}", chance.next_u64()).into(),
            account: draft.account,
            instruction: Arc::clone(&draft.instruction),
            status: PayoutStatus::Pending,
            ending: fate.ending,
            code: fate.code(payout::decline, payout::CANCELLED).into(),
            oddity: draft.oddity,
            created_at: at,
            updated_at: at,
            found_at: at.plus(fate::listing_lag(&mut self.faults, key, nth, lag)),
            misses: if draft.oddity == Some(Oddity::FoundLate) { 2 } else { 0 },
            notices: 0,
            notified: fate.notified,
            is_stuck: fate.is_stuck,
            echoes_other_amount: fate.echoes_other_amount,
        }
    }

    fn answer_create(&self, index: u32) -> Reply {
        self.payouts.get(index).map_or_else(wire::internal_error, |payout| {
            let shown = payout.shown(payout.instruction.amount_minor);
            wire::Success::payout(shown).reply(self.settings.switches.created())
        })
    }
}

fn draft(caller: &Caller, instruction: Instruction) -> Result<PayoutDraft, Refusal> {
    let asked = scenario::parse(&instruction.message).map_err(|_| Flaw::wrong("message"))?;
    let (scenario, oddity) = match asked {
        Some(scenario) => (Some(scenario), None),
        None => account::wont(&instruction.account_number)
            .map_or((None, None), |(scenario, oddity)| (Some(scenario), oddity)),
    };
    Ok(PayoutDraft {
        account: caller.account,
        instruction: Arc::new(instruction),
        scenario,
        oddity,
    })
}
