//! How orders move on by themselves, and what that does to balance and ledger.
//! Not how they come into being, and not how the merchant hears of it.

use std::{sync::Arc, time::Duration};

use pagos_core::Timestamp;

use super::{
    CashyproTwin,
    create::Draft,
    order::{Kind, Order, OrderId, OrderStatus},
    settings::{Notices, Timing},
};
use crate::{
    call::Funds,
    ledger::{Direction, Movement},
    random::Span,
    scenario::Ending,
};

/// Something that will happen by itself.
#[derive(Debug)]
pub(super) enum Coming {
    /// An order enters its next status.
    Step(OrderId),
    /// A request that was held up takes effect.
    Create(Box<Draft>),
}

/// The merchant's money with the provider, in centavos.
#[derive(Debug, Clone, Copy)]
pub(super) struct Balance {
    /// `balance`: can be spent. Below zero if a failure that was given back turns into a success.
    pub(super) available_minor: i64,
    /// `unBalance`: set aside for orders under way.
    pub(super) held_minor: i64,
}

impl CashyproTwin {
    /// Lets everything happen that is due by `now`, each thing at its own time.
    pub(super) fn move_on(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some((at, coming)) = self.agenda.take_due(self.now) {
            match coming {
                Coming::Step(id) => self.step(id, at),
                // The caller is long gone: a refused duplicate is refused in silence.
                Coming::Create(draft) => drop(self.apply(&draft, at, Funds::AsTheyAre)),
            }
        }
    }

    /// Plans the next step of an order that entered its present status `at`.
    pub(super) fn schedule_step(&mut self, id: OrderId, at: Timestamp) {
        let Some(order) = self.order(id) else {
            return;
        };
        if let Some((name, span)) = next_wait(order, &self.settings.timing) {
            let wait = self.wait(name, &order.key, span);
            self.agenda.add(at.plus(wait), Coming::Step(id));
        }
    }

    /// Plans the end of a payment: the payer pays, unless it expires before. A payer who is stuck
    /// lets it expire.
    pub(super) fn await_payer(&mut self, id: OrderId, expires_after: Duration, at: Timestamp) {
        let Some(order) = self.order(id) else {
            return;
        };
        let payer = self.wait("payer", &order.key, self.settings.timing.payer);
        let expires = order.is_stuck || payer > expires_after;
        let wait = if expires { expires_after } else { payer };
        if let Some(order) = self.order_mut(id).filter(|_| expires) {
            order.ending = Ending::Fail;
            order.reason = None;
        }
        self.agenda.add(at.plus(wait), Coming::Step(id));
    }

    fn step(&mut self, id: OrderId, at: Timestamp) {
        let Some(order) = self.order_mut(id) else {
            return;
        };
        let before = order.status;
        let Some(after) = next_status(order) else {
            return;
        };
        order.status = after;
        if after.is_final() {
            order.completed_at = Some(at);
            self.settle(id, before, at);
        }
        if after.is_final() || self.settings.notices == Notices::Every {
            self.notify(id, at);
        }
        self.schedule_step(id, at);
    }

    /// Books what entering a final status means. `[inferred]`: amount and fee are set aside at the
    /// start, spent on success, given back on failure, and moved again by a reversal.
    fn settle(&mut self, id: OrderId, before: OrderStatus, at: Timestamp) {
        let Some(order) = self.order(id) else {
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
            (Kind::Payout, Some(direction)) => Some(movement(order, direction, at)),
            (Kind::Payout, None) | (Kind::Payment, _) => None,
        };
        self.balance.available_minor = self.balance.available_minor.saturating_add(change_minor);
        if is_held {
            self.balance.held_minor = self.balance.held_minor.saturating_sub(total_minor);
        }
        if let Some(movement) = movement {
            self.ledger.record(movement);
        }
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

fn movement(order: &Order, direction: Direction, at: Timestamp) -> Movement {
    Movement {
        provider: super::PROVIDER,
        key: Arc::clone(&order.key),
        reference: Arc::clone(&order.reference),
        account: Arc::clone(&order.account),
        amount_minor: order.amount_minor,
        currency: super::CURRENCY,
        direction,
        at,
    }
}
