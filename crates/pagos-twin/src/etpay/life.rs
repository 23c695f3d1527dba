//! How payouts move on by themselves, and what that does to balance and ledger.
//! Not how they come into being, and not how the merchant hears of it.

use pagos_core::Timestamp;

use super::{
    EtpayTwin,
    payout::{PayoutDraft, PayoutStatus},
    session::SessionDraft,
    webhook,
};

/// Something that happens by itself.
#[derive(Debug)]
pub enum Task {
    /// A payout enters its next status.
    Step(u32),
    /// A payout that was held up takes effect.
    CreatePayout(Box<PayoutDraft>),
    /// A session that was held up takes effect.
    CreateSession(Box<SessionDraft>),
    /// The time of a session is over.
    Expire(u32),
}

/// Sets a new payout going, or lets it wait for the merchant's webhook.
pub(super) fn start(twin: &mut EtpayTwin, index: u32, at: Timestamp) {
    if twin.settings.switches.approval_gate && !twin.own.is_approved {
        twin.own.unapproved.push(index);
        return webhook::tell_payout(twin, index, at);
    }
    schedule_step(twin, index, at);
}

/// Lets go on what waits for the merchant's webhook.
pub(super) fn release(twin: &mut EtpayTwin) {
    let now = twin.now;
    for index in std::mem::take(&mut twin.own.unapproved) {
        schedule_step(twin, index, now);
    }
}

fn schedule_step(twin: &mut EtpayTwin, index: u32, at: Timestamp) {
    let Some(payout) = twin.own.payouts.get(index).filter(|it| it.next_status().is_some()) else {
        return;
    };
    let timing = twin.settings.timing;
    let wait = match payout.status {
        PayoutStatus::Pending if payout.is_stuck => timing.stuck,
        PayoutStatus::Pending => twin.settings.switches.finality_delay(),
        PayoutStatus::Completed | PayoutStatus::Rejected | PayoutStatus::Returned => {
            twin.faults.wait("reversal", &payout.id, 0, timing.reversal)
        }
    };
    twin.tasks.add(at.plus(wait), Task::Step(index));
}

/// Lets a payout enter its next status.
pub(super) fn step(twin: &mut EtpayTwin, index: u32, at: Timestamp) {
    let Some(payout) = twin.own.payouts.get_mut(index) else {
        return;
    };
    let Some(after) = payout.next_status() else {
        return;
    };
    let way = (payout.status.whereabouts(), after.whereabouts());
    payout.status = after;
    payout.updated_at = at;
    EtpayTwin::settle(&mut twin.balance, &mut twin.ledger, payout, way, at);
    webhook::tell_payout(twin, index, at);
    schedule_step(twin, index, at);
}
