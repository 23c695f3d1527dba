//! How transfers move on by themselves, and what that does to balance and ledger.
//! Not how they come into being, and not what the merchant is told; see `transfers` and `notify`.

use pagos_core::Timestamp;

use super::{
    FintocTwin, notify,
    transfer::{Draft, Status},
};

/// Something that happens by itself.
#[derive(Debug)]
pub enum Task {
    /// A transfer enters its next status.
    Step(u32),
    /// A transfer that was held up takes effect.
    Create(Box<Draft>),
}

/// Plans the next status of a transfer, if there is one.
pub(super) fn schedule_step(twin: &mut FintocTwin, index: u32, at: Timestamp) {
    let Some(transfer) = twin.own.transfers.get(index).filter(|it| it.next_status().is_some())
    else {
        return;
    };
    let timing = twin.settings.timing;
    let wait = match transfer.status {
        Status::Pending if transfer.is_stuck => timing.stuck,
        Status::Pending => twin.settings.transit(),
        Status::Succeeded | Status::Rejected | Status::Failed | Status::Returned => {
            twin.faults.wait("reversal", &transfer.id, 0, timing.reversal)
        }
    };
    twin.tasks.add(at.plus(wait), Task::Step(index));
}

/// Lets a transfer enter its next status.
pub(super) fn step(twin: &mut FintocTwin, index: u32, at: Timestamp) {
    let Some(transfer) = twin.own.transfers.get_mut(index) else { return };
    let Some(after) = transfer.next_status() else { return };
    let before = transfer.status;
    let way = (before.whereabouts(), after.whereabouts());
    transfer.status = after;
    transfer.posted_at = Some(at);
    FintocTwin::settle(&mut twin.balance, &mut twin.ledger, transfer, way, at);
    notify::tell(twin, index, before, at);
    schedule_step(twin, index, at);
}
