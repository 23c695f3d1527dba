//! From a valid create to a payout, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the payout; see `payout` and `life`.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use pagos_core::Timestamp;
use serde_json::json;

use super::{
    Etpay, EtpayTwin, identifier,
    life::{self, Task},
    payout::{self, Payout, PayoutDraft, PayoutStatus},
    request::Refusal,
    settings::{Duplicates, Switches},
    wire,
};
use crate::{
    call::{Course, Funds},
    outcome::{self, Outcome},
    scenario::Notified,
    twin::{Reply, Request},
};

/// `POST /v1/payouts`: creates the payout, or lets go wrong what has to go wrong. `[sim]`
pub(super) fn create(twin: &mut EtpayTwin, request: &Request) -> Reply {
    let draft = match PayoutDraft::read(&twin.settings, request.body()) {
        Ok(draft) => draft,
        Err(refusal) => return wire::payout_refusal(&refusal),
    };
    let nth = twin.own.payouts.count_create(&draft.key);
    let scenario = draft.scenario.as_ref();
    let delays = twin.settings.timing.delays(nth);
    let course = Course::of(&mut twin.faults, &draft.key, nth, scenario, delays);
    twin.create(draft, course, wire::PAYOUT_ERRORS, apply, Task::CreatePayout)
}

/// Creates the payout and answers as if nothing went wrong.
///
/// An order number that was used before is paid again: no rule against it is documented, and
/// this is the worst that a client can meet. `[sim]`
pub(super) fn apply(
    twin: &mut EtpayTwin,
    draft: &PayoutDraft,
    at: Timestamp,
    funds: Funds,
) -> Reply {
    let switches = &twin.settings.switches;
    if switches.duplicates == Duplicates::Refuse
        && let Some(first) = twin.own.payouts.first_of(&draft.key)
    {
        let (msg, first) = ("duplicate merchant_order_id", first.shown(switches));
        return wire::answer(StatusCode::CONFLICT, &json!({"msg": msg, "payout": first}));
    }
    if funds == Funds::Exhausted || !twin.balance.debit(draft.amount_minor) {
        return wire::payout_refusal(&Refusal::bad("insufficient balance"));
    }
    let payout = new_payout(twin, draft, at);
    let Some(index) = twin.own.payouts.add(payout) else {
        return wire::payout_error();
    };
    life::start(twin, index, at);
    twin.own
        .payouts
        .get(index)
        .map_or_else(wire::payout_error, |payout| wire::payout(&payout.accepted()))
}

fn new_payout(twin: &mut EtpayTwin, draft: &PayoutDraft, at: Timestamp) -> Payout {
    let key = &draft.key;
    let nth = twin.own.payouts.count_of(key);
    let outcome = Outcome::draw(&mut twin.faults, key, nth, draft.scenario.as_ref(), None);
    let is_batched = is_batched(&mut twin.own, &twin.settings.switches, at);
    let lag = twin.settings.timing.listing_lag;
    let chance = twin.faults.chance("payout", key, twin.own.payouts.count());
    Payout {
        id: identifier::token(chance).into(),
        key: Arc::clone(key),
        account: Arc::clone(&draft.account),
        rut: Arc::clone(&draft.rut),
        amount_minor: draft.amount_minor,
        status: PayoutStatus::Pending,
        ending: outcome.ending,
        code: outcome.code(payout::decline, payout::CANCELLED).into(),
        created_at: at,
        updated_at: at,
        listed_at: at.plus(outcome::listing_lag(&mut twin.faults, key, nth, lag)),
        notices: 0,
        notified: if is_batched { Notified::Never } else { outcome.notified },
        is_stuck: outcome.is_stuck,
        echoes_other_amount: outcome.echoes_other_amount,
    }
}

/// Whether it is told together with an earlier payout. Source: `docs: D6`, one notification for a
/// batch; that a second makes a batch is `[sim]`.
fn is_batched(own: &mut Etpay, switches: &Switches, at: Timestamp) -> bool {
    let is_batched = switches.batch_notifications
        && own.batch_began_at.is_some_and(|began_at| at.since(began_at) < BATCH);
    if !is_batched {
        own.batch_began_at = Some(at);
    }
    is_batched
}

const BATCH: Duration = Duration::from_secs(1);
