//! How transfers move on, by themselves and by order, and what that does to balance and ledger.
//! Not how they come into being, and not how the merchant hears of it.

use std::{sync::Arc, time::Duration};

use pagos_core::Timestamp;

use super::{
    ConektaTwin, calendar,
    money::TransactionKind,
    transfer::{Order, Status, Transfer},
};
use crate::{
    call::Funds,
    ledger::{Direction, Movement},
    purse::Whereabouts,
    scenario::{Ending, Scenario},
};

/// Something that will happen by itself.
#[derive(Debug)]
pub(super) enum Coming {
    /// A transfer that has had so many statuses enters its next one.
    Step { index: u32, steps: u32 },
    /// A transfer that was held up takes effect.
    Create(Box<(Order, Option<Scenario>)>),
}

impl ConektaTwin {
    /// Lets everything happen that is due by `now`, each thing at its own time.
    pub(super) fn move_on(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.subscribe_by_hand();
        while let Some((at, coming)) = self.agenda.take_due(self.now) {
            match coming {
                Coming::Step { index, steps } => self.step(index, steps, at),
                // The caller is long gone: what it would have been answered is lost.
                Coming::Create(held_up) => {
                    let (order, scenario) = *held_up;
                    drop(self.apply(order, scenario, at, Funds::AsTheyAre));
                }
            }
        }
    }

    /// Sets a new transfer going.
    pub(super) fn start(&mut self, index: u32, at: Timestamp) {
        self.note_transaction(index, TransactionKind::Payout, at);
        self.tell_transfer(index, None, at);
        self.schedule_step(index, at);
    }

    /// Lets a transfer enter this status now, whatever was to become of it. `[sim]`
    pub(super) fn force(&mut self, index: u32, to: Status) -> Result<(), String> {
        let transfer = self.transfers.get_mut(index).ok_or("there is no such transfer")?;
        let ending = match (transfer.status, to) {
            (Status::Pending | Status::Retrying, Status::InTransit) => transfer.ending,
            (Status::Pending | Status::InTransit | Status::Retrying, Status::PaidOut)
                if !transfer.is_retried =>
            {
                Ending::Success
            }
            (Status::Pending | Status::InTransit, Status::Failed) => Ending::Fail,
            (Status::InTransit | Status::Failed, Status::Retrying)
            | (Status::Retrying | Status::InTransit | Status::Failed, Status::PaidOut) => {
                transfer.is_retried = true;
                Ending::FailThenSuccess
            }
            (Status::Retrying, Status::Failed) => Ending::Fail,
            (Status::PaidOut, Status::Failed) => Ending::SuccessThenFail,
            (from, to) => {
                return Err(format!("{} does not follow {}", to.word(), from.word()));
            }
        };
        transfer.ending = ending;
        self.enter(index, to, self.now);
        Ok(())
    }

    fn schedule_step(&mut self, index: u32, at: Timestamp) {
        let Some(transfer) = self.transfers.get(index).filter(|it| it.next_status().is_some())
        else {
            return;
        };
        let (timing, switches) = (self.settings.timing, &self.settings.switches);
        let transit = Duration::from_secs(switches.transit_seconds.into());
        let due = match transfer.status {
            Status::Pending => match switches.execution_delay_seconds {
                Some(seconds) => at.plus(Duration::from_secs(seconds.into())),
                None => {
                    let due = calendar::executed_at(at, &switches.holidays).unwrap_or(at);
                    at.plus(due.since(at) / self.settings.pace.max(1))
                }
            },
            Status::InTransit if transfer.is_stuck => at.plus(timing.stuck),
            Status::InTransit | Status::Retrying => at.plus(transit),
            Status::PaidOut | Status::Failed => {
                at.plus(self.faults.wait("reversal", &transfer.id, 0, timing.reversal))
            }
        };
        let steps = transfer.steps;
        self.agenda.add(due, Coming::Step { index, steps });
    }

    fn step(&mut self, index: u32, steps: u32, at: Timestamp) {
        let Some(transfer) = self.transfers.get_mut(index).filter(|it| it.steps == steps) else {
            return;
        };
        if let Some(after) = transfer.next_status() {
            transfer.is_retried |= after == Status::Retrying;
            self.enter(index, after, at);
        }
    }

    fn enter(&mut self, index: u32, after: Status, at: Timestamp) {
        let Some(transfer) = self.transfers.get_mut(index) else {
            return;
        };
        let before = transfer.status;
        transfer.status = after;
        transfer.steps = transfer.steps.saturating_add(1);
        self.settle(index, before, at);
        self.tell_transfer(index, Some(before), at);
        self.schedule_step(index, at);
    }

    /// Books what entering a status means. `[sim]`
    fn settle(&mut self, index: u32, before: Status, at: Timestamp) {
        let Some(transfer) = self.transfers.get(index) else {
            return;
        };
        let (from, to) = (before.whereabouts(), transfer.status.whereabouts());
        if let Some(direction) = self.purse.book(transfer.total_minor(), from, to) {
            self.ledger.record(movement(transfer, direction, at));
        }
        match (from == Whereabouts::Back, to == Whereabouts::Back) {
            (false, true) => self.note_transaction(index, TransactionKind::PayoutReversal, at),
            (true, false) => self.note_transaction(index, TransactionKind::Payout, at),
            (false, false) | (true, true) => {}
        }
    }
}

fn movement(transfer: &Transfer, direction: Direction, at: Timestamp) -> Movement {
    Movement {
        provider: super::PROVIDER,
        key: Arc::clone(&transfer.order.key),
        reference: Arc::clone(&transfer.id),
        account: Arc::clone(&transfer.order.account),
        amount_minor: transfer.order.amount_minor,
        currency: super::CURRENCY,
        direction,
        at,
    }
}
