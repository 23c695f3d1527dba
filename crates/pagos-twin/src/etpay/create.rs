//! From a valid create to a payout, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the payout; see `payout` and `life`.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::StatusCode;
use pagos_core::Timestamp;
use serde_json::json;

use super::{
    EtpayTwin, identifier,
    life::Coming,
    payout::{self, Payout, PayoutDraft, PayoutStatus},
    request::Refusal,
    settings::Duplicates,
    wire,
};
use crate::{
    call::{Course, Delays, Effect, Funds},
    fate::{self, Fate},
    scenario::Notified,
    twin::Reply,
};

impl EtpayTwin {
    /// `POST /v1/payouts`. `[sim]`
    pub(super) fn create_payout(&mut self, request: &http::Request<Bytes>) -> Reply {
        match self.read_payout(request.body()) {
            Ok(draft) => self.attempt_payout(draft),
            Err(refusal) => wire::payout_refusal(&refusal),
        }
    }

    /// Creates the payout, or lets go wrong what has to go wrong.
    fn attempt_payout(&mut self, draft: PayoutDraft) -> Reply {
        let now = self.now;
        let nth = self.payouts.count_create(&draft.key);
        let scenario = draft.scenario.as_ref();
        let timing = self.settings.timing;
        let delays = Delays { late_apply: timing.late_apply, slow_reply: timing.slow_reply };
        let course = Course::of(&mut self.faults, &draft.key, nth, scenario, delays);
        let answer = match course.effect {
            Effect::Now(funds) => Some(self.apply_payout(&draft, now, funds)),
            Effect::Late => {
                self.agenda.add(now.plus(course.late), Coming::CreatePayout(Box::new(draft)));
                None
            }
            Effect::Never => None,
        };
        course.reply(answer, wire::PAYOUT_COMPLAINTS)
    }

    /// Creates the payout and answers as if nothing went wrong.
    ///
    /// An order number that was used before is paid again: no rule against it is documented, and
    /// this is the worst that a client can meet. `[sim]`
    pub(super) fn apply_payout(
        &mut self,
        draft: &PayoutDraft,
        at: Timestamp,
        funds: Funds,
    ) -> Reply {
        if let Some(first) = self.refused_duplicate(&draft.key) {
            let (msg, first) = ("duplicate merchant_order_id", self.shown(first));
            return wire::answer(StatusCode::CONFLICT, &json!({"msg": msg, "payout": first}));
        }
        if funds == Funds::Exhausted || !self.purse.debit(draft.amount_minor) {
            return wire::payout_refusal(&Refusal::bad("insufficient balance"));
        }
        let payout = self.new_payout(draft, at);
        let Some(index) = self.payouts.add(payout) else {
            return wire::payout_error();
        };
        self.start(index, at);
        self.payouts
            .get(index)
            .map_or_else(wire::payout_error, |payout| wire::payout(&payout.accepted()))
    }

    fn refused_duplicate(&self, key: &str) -> Option<&Payout> {
        match self.settings.switches.duplicates {
            Duplicates::Execute => None,
            Duplicates::Refuse => self.payouts.get(*self.payouts.by_key(key).first()?),
        }
    }

    fn new_payout(&mut self, draft: &PayoutDraft, at: Timestamp) -> Payout {
        let key = &draft.key;
        let nth = u32::try_from(self.payouts.by_key(key).len()).unwrap_or(u32::MAX);
        let fate = Fate::settle(&mut self.faults, key, nth, draft.scenario.as_ref(), None);
        let is_batched = self.is_batched(at);
        let lag = self.settings.timing.listing_lag;
        let chance = self.faults.chance("payout", key, self.payouts.count());
        Payout {
            id: identifier::token(chance).into(),
            key: Arc::clone(key),
            account: Arc::clone(&draft.account),
            rut: Arc::clone(&draft.rut),
            amount_minor: draft.amount_minor,
            status: PayoutStatus::Pending,
            ending: fate.ending,
            code: fate.code(payout::decline, payout::CANCELLED).into(),
            created_at: at,
            updated_at: at,
            listed_at: at.plus(fate::listing_lag(&mut self.faults, key, nth, lag)),
            notices: 0,
            notified: if is_batched { Notified::Never } else { fate.notified },
            is_stuck: fate.is_stuck,
            echoes_other_amount: fate.echoes_other_amount,
        }
    }

    /// Whether it is told together with an earlier payout. Source: `docs: D6`, one notification for
    /// a batch; that a second makes a batch is `[sim]`.
    fn is_batched(&mut self, at: Timestamp) -> bool {
        let is_batched = self.settings.switches.batch_notifications
            && self.batch_began_at.is_some_and(|began_at| at.since(began_at) < BATCH);
        if !is_batched {
            self.batch_began_at = Some(at);
        }
        is_batched
    }
}

const BATCH: Duration = Duration::from_secs(1);
