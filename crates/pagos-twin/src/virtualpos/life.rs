//! How payouts move on by themselves, what that does to balance and ledger, and how payments end.
//! Not how they come into being, and not how the merchant hears of it.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    VirtualPosTwin,
    payment::{PaymentDraft, PaymentStatus},
    payout::{Payout, PayoutDraft, PayoutStatus},
    webhook::About,
};
use crate::{
    call::Funds,
    ledger::{Direction, Movement},
    random::Span,
    telling::Wish,
};

/// Something that will happen by itself.
#[derive(Debug)]
pub(super) enum Coming {
    /// A payout enters its next state.
    Step(u32),
    /// A payout that was held up takes effect.
    CreatePayout(Box<PayoutDraft>),
    /// A payment that was held up takes effect.
    CreatePayment(Box<PaymentDraft>),
    /// The time of a payment is over.
    Expire(u32),
}

impl VirtualPosTwin {
    /// Lets everything happen that is due by `now`, each thing at its own time.
    pub(super) fn move_on(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some((at, coming)) = self.agenda.take_due(self.now) {
            match coming {
                Coming::Step(index) => self.step(index, at),
                // The caller is long gone: what it would have been answered is lost.
                Coming::CreatePayout(draft) => {
                    drop(self.apply_payout(&draft, at, Funds::AsTheyAre));
                }
                Coming::CreatePayment(draft) => drop(self.apply_payment(&draft, at)),
                Coming::Expire(index) => {
                    self.end_payment(index, PaymentStatus::Expired, Wish::ByChance, at);
                }
            }
        }
    }

    /// Plans the next step of a payout that entered its present state `at`.
    pub(super) fn schedule_step(&mut self, index: u32, at: Timestamp) {
        let Some(payout) = self.payouts.get(index).filter(|it| it.next_status().is_some()) else {
            return;
        };
        let timing = self.settings.timing;
        let (name, span) = match payout.status {
            PayoutStatus::Pending => ("processing", timing.processing),
            PayoutStatus::Processing | PayoutStatus::InReview if payout.is_stuck => {
                ("stuck", Span::exactly(timing.stuck))
            }
            PayoutStatus::Processing | PayoutStatus::InReview => ("settle", timing.settle),
            PayoutStatus::Paid
            | PayoutStatus::Rejected
            | PayoutStatus::Cancelled
            | PayoutStatus::Returned => ("reversal", timing.reversal),
        };
        let wait = self.faults.wait(name, &payout.id, 0, span);
        self.agenda.add(at.plus(wait), Coming::Step(index));
    }

    fn step(&mut self, index: u32, at: Timestamp) {
        let Some(payout) = self.payouts.get_mut(index) else {
            return;
        };
        let Some(after) = payout.next_status() else {
            return;
        };
        let before = payout.status;
        payout.status = after;
        payout.updated_at = at;
        self.settle(index, before, at);
        self.tell(About::Payout(index), Wish::ByChance, at);
        self.schedule_step(index, at);
    }

    /// Books what entering a state means. `[sim]`
    fn settle(&mut self, index: u32, before: PayoutStatus, at: Timestamp) {
        let Some(payout) = self.payouts.get(index) else {
            return;
        };
        let amount_minor = payout.instruction.amount_minor;
        let (from, to) = (before.whereabouts(), payout.status.whereabouts());
        if let Some(direction) = self.purse.book(amount_minor, from, to) {
            self.ledger.record(movement(payout, direction, at));
        }
    }
}

fn movement(payout: &Payout, direction: Direction, at: Timestamp) -> Movement {
    Movement {
        provider: super::PROVIDER,
        key: Arc::clone(&payout.instruction.merchant_id),
        reference: Arc::clone(&payout.id),
        account: Arc::clone(&payout.instruction.account_number),
        amount_minor: payout.instruction.amount_minor,
        currency: super::CURRENCY,
        direction,
        at,
    }
}
