//! How transfers move on, by themselves and by order, and what that does to balance and ledger.
//! Not how they come into being, and not how the merchant hears of it.

use std::time::Duration;

use pagos_core::Timestamp;

use super::{
    ConektaTwin, calendar,
    money::{self, TransactionKind},
    notify,
    transfer::{Draft, Status},
};
use crate::{balance::Whereabouts, scenario::Ending};

/// Something that happens by itself.
#[derive(Debug)]
pub enum Task {
    /// A transfer that has had so many statuses enters its next one.
    Step { index: u32, steps: u32 },
    /// A transfer that was held up takes effect.
    Create(Box<Draft>),
}

/// Sets a new transfer going.
pub(super) fn start(twin: &mut ConektaTwin, index: u32, at: Timestamp) {
    note(twin, index, TransactionKind::Payout, at);
    notify::tell_transfer(twin, index, None, at);
    schedule_step(twin, index, at);
}

/// Lets a transfer enter this status now, whatever was to become of it. `[sim]`
pub(super) fn force(twin: &mut ConektaTwin, index: u32, to: Status) -> Result<(), String> {
    let transfer = twin.own.transfers.get_mut(index).ok_or("there is no such transfer")?;
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
    enter(twin, index, to, twin.now);
    Ok(())
}

fn schedule_step(twin: &mut ConektaTwin, index: u32, at: Timestamp) {
    let Some(transfer) = twin.own.transfers.get(index).filter(|it| it.next_status().is_some())
    else {
        return;
    };
    let (timing, switches) = (twin.settings.timing, &twin.settings.switches);
    let transit = Duration::from_secs(switches.transit_seconds.into());
    let due = match transfer.status {
        Status::Pending => match switches.execution_delay_seconds {
            Some(seconds) => at.plus(Duration::from_secs(seconds.into())),
            None => {
                let due = calendar::executed_at(at, &switches.holidays).unwrap_or(at);
                at.plus(due.since(at) / twin.settings.pace.max(1))
            }
        },
        Status::InTransit if transfer.is_stuck => at.plus(timing.stuck),
        Status::InTransit | Status::Retrying => at.plus(transit),
        Status::PaidOut | Status::Failed => {
            at.plus(twin.faults.wait("reversal", &transfer.id, 0, timing.reversal))
        }
    };
    let steps = transfer.steps;
    twin.tasks.add(due, Task::Step { index, steps });
}

/// Lets a transfer enter its next status, if it has had no other since that was planned.
pub(super) fn step(twin: &mut ConektaTwin, index: u32, steps: u32, at: Timestamp) {
    let Some(transfer) = twin.own.transfers.get_mut(index).filter(|it| it.steps == steps) else {
        return;
    };
    if let Some(after) = transfer.next_status() {
        transfer.is_retried |= after == Status::Retrying;
        enter(twin, index, after, at);
    }
}

fn enter(twin: &mut ConektaTwin, index: u32, after: Status, at: Timestamp) {
    let Some(transfer) = twin.own.transfers.get_mut(index) else {
        return;
    };
    let before = transfer.status;
    let way = (before.whereabouts(), after.whereabouts());
    transfer.status = after;
    transfer.steps = transfer.steps.saturating_add(1);
    ConektaTwin::settle(&mut twin.balance, &mut twin.ledger, transfer, way, at);
    match way {
        (Whereabouts::Back, Whereabouts::Back) => {}
        (_, Whereabouts::Back) => note(twin, index, TransactionKind::PayoutReversal, at),
        (Whereabouts::Back, _) => note(twin, index, TransactionKind::Payout, at),
        (Whereabouts::UnderWay | Whereabouts::Paid, Whereabouts::UnderWay | Whereabouts::Paid) => {}
    }
    notify::tell_transfer(twin, index, Some(before), at);
    schedule_step(twin, index, at);
}

fn note(twin: &mut ConektaTwin, index: u32, kind: TransactionKind, at: Timestamp) {
    if let Some(transfer) = twin.own.transfers.get(index) {
        money::note_transaction(&mut twin.own.transactions, transfer, kind, at, &twin.faults);
    }
}
