//! From a valid create to an order, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the order; see `payout` and `life`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    CashyproTwin, answer,
    life::{self, Task},
    order::{self, Draft, Kind, Order, OrderId, OrderStatus, Product},
    reason,
    request::Refusal,
    settings::NoFunds,
    wire,
};
use crate::{
    call::{Course, Delays, Funds},
    fault::Faults,
    outcome::{Outcome, Reason},
    scenario::Ending,
    twin::Reply,
};

/// Creates the order, or lets go wrong what has to go wrong.
pub(super) fn create(twin: &mut CashyproTwin, draft: Draft) -> Reply {
    let nth = twin.own.book_mut(draft.product.kind()).count_create(&draft.key);
    let timing = &twin.settings.timing;
    // However often a key is repeated, what is late or slow about it takes as long as at first.
    let delays = Delays { nth: 0, late_apply: timing.late_apply, slow_reply: timing.slow_reply };
    let scenario = draft.scenario.as_ref();
    let course = Course::of(&mut twin.faults, &draft.key, nth, scenario, delays);
    twin.create(draft, course, wire::ERRORS, apply, Task::Create)
}

/// Creates the order unless its key has one, and answers as if nothing went wrong.
///
/// A repeated number is refused and pays nothing. Source: manual "Request Parameters", unique
/// `mchOrderNo`; the words of the refusal are not documented.
pub(super) fn apply(twin: &mut CashyproTwin, draft: &Draft, at: Timestamp, funds: Funds) -> Reply {
    let kind = draft.product.kind();
    if twin.own.book(kind).first_of(&draft.key).is_some() {
        return wire::refusal(&Refusal::of(&twin.settings.duplicate_msg));
    }
    let fee_minor = twin.settings.fee.of(draft.amount_minor);
    let total_minor = draft.amount_minor.saturating_add(fee_minor);
    let has_funds = funds == Funds::AsTheyAre && twin.balance.left_minor >= total_minor;
    let (mut outcome, mut reason) = draw_outcome(&mut twin.faults, draft);
    if kind == Kind::Payout && !has_funds {
        if let NoFunds::Refuse(msg) = &twin.settings.no_funds {
            return wire::refusal(&Refusal::of(msg));
        }
        outcome.ending = Ending::Fail;
        reason = Some("MERCHANT_BALANCE_NOT_ENOUGH".into());
    }
    let is_covered = kind == Kind::Payout && has_funds;
    if is_covered {
        twin.balance.left_minor -= total_minor;
        twin.own.held_minor += total_minor;
    }
    let order = Order {
        key: draft.key.as_str().into(),
        reference: order::reference(draft.product, twin.own.book(kind).count()),
        account: draft.account.as_str().into(),
        notify_url: shared(&mut twin.own.last_url, &draft.notify_url),
        amount_minor: draft.amount_minor,
        fee_minor,
        status: match kind {
            Kind::Payout => OrderStatus::Processing,
            Kind::Payment => OrderStatus::Paying,
        },
        ending: outcome.ending,
        reason,
        completed_at: None,
        pay_type: draft.pay_type,
        notices: 0,
        notified: outcome.notified,
        is_stuck: outcome.is_stuck,
        is_covered,
        echoes_other_amount: outcome.echoes_other_amount,
        is_desk: draft.product == Product::Desk,
    };
    let Some(index) = twin.own.book_mut(kind).add(order) else {
        return wire::system_error();
    };
    let id = OrderId { kind, index };
    match kind {
        Kind::Payout => life::schedule_step(twin, id, at),
        Kind::Payment => life::await_payer(twin, id, draft.expires_after, at),
    }
    twin.own.order(id).map_or_else(wire::system_error, |order| {
        answer::created(&twin.settings, draft.product, order, at.plus(draft.expires_after))
    })
}

fn draw_outcome(faults: &mut Faults, draft: &Draft) -> (Outcome, Option<Arc<str>>) {
    let scenario = draft.scenario.as_ref();
    let outcome = Outcome::draw(faults, &draft.key, 0, scenario, draft.forced);
    let reason = match &outcome.reason {
        Reason::Given(reason) => Some(reason.as_str()),
        Reason::Drawn(drawn) => Some(reason::decline(*drawn)),
        Reason::Usual => match outcome.ending {
            Ending::Success | Ending::SuccessThenFail => None,
            Ending::Fail | Ending::FailThenSuccess => Some("ACCOUNT NOT EXITS"),
            Ending::Cancel => Some("SYSTEM_REJECTION"),
        },
    };
    let reason = reason.map(Arc::from);
    (outcome, reason)
}

/// Most orders of a merchant share one address: it is kept once as long as it does not change.
fn shared(last: &mut Arc<str>, url: &str) -> Arc<str> {
    if **last != *url {
        *last = url.into();
    }
    Arc::clone(last)
}
