//! How orders move on by themselves, and what that does to balance and ledger.
//! Not how they come into being, and not how the merchant hears of it.

use std::time::Duration;

use pagos_core::Timestamp;

use super::{
    CashyproTwin,
    order::{Draft, Kind, Order, OrderId, OrderStatus},
    settings::{Notices, Timing},
    webhook,
};
use crate::{balance::Payable, ledger::Direction, random::Span, scenario::Ending};

/// Something that happens by itself.
#[derive(Debug)]
pub enum Task {
    /// An order enters its next status.
    Step(OrderId),
    /// A request that was held up takes effect.
    Create(Box<Draft>),
}

/// Plans the next step of an order that entered its present status `at`.
pub(super) fn schedule_step(twin: &mut CashyproTwin, id: OrderId, at: Timestamp) {
    let Some(order) = twin.own.order(id) else {
        return;
    };
    if let Some((name, span)) = next_wait(order, &twin.settings.timing) {
        let wait = twin.faults.wait(name, &order.key, 0, span);
        twin.tasks.add(at.plus(wait), Task::Step(id));
    }
}

/// Plans the end of a payment: the payer pays, unless it expires before. A payer who is stuck
/// lets it expire.
pub(super) fn await_payer(
    twin: &mut CashyproTwin,
    id: OrderId,
    expires_after: Duration,
    at: Timestamp,
) {
    let Some(order) = twin.own.order(id) else {
        return;
    };
    let payer = twin.faults.wait("payer", &order.key, 0, twin.settings.timing.payer);
    let expires = order.is_stuck || payer > expires_after;
    let wait = if expires { expires_after } else { payer };
    if let Some(order) = twin.own.order_mut(id).filter(|_| expires) {
        order.ending = Ending::Fail;
        order.reason = None;
    }
    twin.tasks.add(at.plus(wait), Task::Step(id));
}

/// Lets an order enter its next status.
pub(super) fn step(twin: &mut CashyproTwin, id: OrderId, at: Timestamp) {
    let Some(order) = twin.own.order_mut(id) else {
        return;
    };
    let before = order.status;
    let Some(after) = next_status(order) else {
        return;
    };
    order.status = after;
    if after.is_final() {
        order.completed_at = Some(at);
        settle(twin, id, before, at);
    }
    if after.is_final() || twin.settings.notices == Notices::Every {
        webhook::notify(twin, id, at);
    }
    schedule_step(twin, id, at);
}

/// Books what entering a final status means. `[inferred]`: amount and fee are set aside at the
/// start, spent on success, given back on failure, and moved again by a reversal.
fn settle(twin: &mut CashyproTwin, id: OrderId, before: OrderStatus, at: Timestamp) {
    let Some(order) = twin.own.order(id) else {
        return;
    };
    let is_paid = order.status == OrderStatus::Success;
    let was_paid = before == OrderStatus::Success;
    let total_minor = order.total_minor();
    let is_held = order.is_covered && !before.is_final();
    let direction = match (was_paid, is_paid) {
        (false, true) => Some(Direction::Out),
        (true, false) => Some(Direction::Back),
        (true, true) | (false, false) => None,
    };
    let change_minor = match (id.kind, direction) {
        (Kind::Payout, Some(Direction::Out)) if is_held => 0,
        (Kind::Payout, Some(Direction::Out)) => -total_minor,
        (Kind::Payout, Some(Direction::Back)) => total_minor,
        (Kind::Payout, None) if is_held => total_minor,
        (Kind::Payment, Some(Direction::Out)) => order.amount_minor - order.fee_minor,
        (Kind::Payment, Some(Direction::Back)) => order.fee_minor - order.amount_minor,
        (_, None) => 0,
    };
    let movement = match (id.kind, direction) {
        (Kind::Payout, Some(direction)) => Some(CashyproTwin::movement(order, direction, at)),
        (Kind::Payout, None) | (Kind::Payment, _) => None,
    };
    twin.balance.left_minor = twin.balance.left_minor.saturating_add(change_minor);
    if is_held {
        twin.own.held_minor = twin.own.held_minor.saturating_sub(total_minor);
    }
    if let Some(movement) = movement {
        twin.ledger.record(movement);
    }
}

fn next_status(order: &Order) -> Option<OrderStatus> {
    match order.status {
        OrderStatus::Processing => Some(OrderStatus::Waiting),
        OrderStatus::Waiting => Some(OrderStatus::Paying),
        OrderStatus::Paying => Some(order.first()),
        reached @ (OrderStatus::Success | OrderStatus::Fail | OrderStatus::Cancel) => {
            order.second().filter(|second| *second != reached)
        }
    }
}

/// How long the order stays in its present status, and the name of that wait in the seed.
fn next_wait(order: &Order, timing: &Timing) -> Option<(&'static str, Span)> {
    next_status(order)?;
    Some(match order.status {
        OrderStatus::Processing => ("waiting", timing.waiting),
        OrderStatus::Waiting => ("paying", timing.paying),
        OrderStatus::Paying if order.is_stuck => ("stuck", Span::exactly(timing.stuck)),
        OrderStatus::Paying => ("settle", timing.settle),
        OrderStatus::Success | OrderStatus::Fail | OrderStatus::Cancel => {
            ("reversal", timing.reversal)
        }
    })
}
