//! How payouts move on by themselves, and what that does to balance and ledger.
//! Not how they come into being, and not how the merchant hears of it.

use pagos_core::Timestamp;

use super::{
    VirtualPosTwin,
    payment::PaymentDraft,
    payout::{PayoutDraft, PayoutStatus},
    webhook::{self, Subject},
};
use crate::{random::Span, scenario::Notified};

/// Something that happens by itself.
#[derive(Debug)]
pub enum Task {
    /// A payout enters its next state.
    Step(u32),
    /// A payout that was held up takes effect.
    CreatePayout(Box<PayoutDraft>),
    /// A payment that was held up takes effect.
    CreatePayment(Box<PaymentDraft>),
    /// The time of a payment is over.
    Expire(u32),
}

/// Plans the next step of a payout that entered its present state `at`.
pub(super) fn schedule_step(twin: &mut VirtualPosTwin, index: u32, at: Timestamp) {
    let Some(payout) = twin.own.payouts.get(index).filter(|it| it.next_status().is_some()) else {
        return;
    };
    let timing = twin.settings.timing;
    let (name, span) = match payout.status {
        PayoutStatus::Pending => ("processing", timing.processing),
        PayoutStatus::Processing | PayoutStatus::InReview if payout.is_stuck => {
            ("stuck", Span::exactly(timing.faults.stuck))
        }
        PayoutStatus::Processing | PayoutStatus::InReview => ("settle", timing.settle),
        PayoutStatus::Paid
        | PayoutStatus::Rejected
        | PayoutStatus::Cancelled
        | PayoutStatus::Returned => ("reversal", timing.faults.reversal),
    };
    let wait = twin.faults.wait(name, &payout.id, 0, span);
    twin.tasks.add(at.plus(wait), Task::Step(index));
}

/// Lets a payout enter its next state.
pub(super) fn step(twin: &mut VirtualPosTwin, index: u32, at: Timestamp) {
    let Some(payout) = twin.own.payouts.get_mut(index) else {
        return;
    };
    let Some(after) = payout.next_status() else {
        return;
    };
    let way = (payout.status.whereabouts(), after.whereabouts());
    payout.status = after;
    payout.updated_at = at;
    VirtualPosTwin::settle(&mut twin.balance, &mut twin.ledger, payout, way, at);
    webhook::tell(twin, Subject::Payout(index), Notified::ByChance, at);
    schedule_step(twin, index, at);
}
