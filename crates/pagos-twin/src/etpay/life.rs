//! How payouts move on by themselves, what that does to balance and ledger, and how sessions end.
//! Not how they come into being, and not how the merchant hears of it.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    EtpayTwin,
    payout::{Payout, PayoutDraft, PayoutStatus},
    session::SessionDraft,
};
use crate::{
    call::Funds,
    ledger::{Direction, Movement},
};

/// Something that will happen by itself.
#[derive(Debug)]
pub(super) enum Coming {
    /// A payout enters its next status.
    Step(u32),
    /// A payout that was held up takes effect.
    CreatePayout(Box<PayoutDraft>),
    /// A session that was held up takes effect.
    CreateSession(Box<SessionDraft>),
    /// The time of a session is over.
    Expire(u32),
}

impl EtpayTwin {
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
                Coming::CreateSession(draft) => drop(self.apply_session(&draft, at)),
                Coming::Expire(index) => self.expire(index, at),
            }
        }
    }

    /// Sets a new payout going, or lets it wait for the merchant's webhook.
    pub(super) fn start(&mut self, index: u32, at: Timestamp) {
        if self.settings.switches.approval_gate && !self.is_approved {
            self.unapproved.push(index);
            return self.tell_payout(index, at);
        }
        self.schedule_step(index, at);
    }

    /// The merchant's webhook was heard: what waited for it goes on. `[sim]`
    pub(super) fn approve(&mut self) {
        self.is_approved = true;
        self.release();
    }

    /// Lets go on what waits for the merchant's webhook.
    pub(super) fn release(&mut self) {
        let now = self.now;
        for index in std::mem::take(&mut self.unapproved) {
            self.schedule_step(index, now);
        }
    }

    fn schedule_step(&mut self, index: u32, at: Timestamp) {
        let Some(payout) = self.payouts.get(index).filter(|it| it.next_status().is_some()) else {
            return;
        };
        let timing = self.settings.timing;
        let wait = match payout.status {
            PayoutStatus::Pending if payout.is_stuck => timing.stuck,
            PayoutStatus::Pending => self.settings.switches.finality_delay(),
            PayoutStatus::Completed | PayoutStatus::Rejected | PayoutStatus::Returned => {
                self.faults.wait("reversal", &payout.id, 0, timing.reversal)
            }
        };
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
        self.tell_payout(index, at);
        self.schedule_step(index, at);
    }

    /// Books what entering a status means. `[sim]`
    fn settle(&mut self, index: u32, before: PayoutStatus, at: Timestamp) {
        let Some(payout) = self.payouts.get(index) else {
            return;
        };
        let (from, to) = (before.whereabouts(), payout.status.whereabouts());
        if let Some(direction) = self.purse.book(payout.amount_minor, from, to) {
            self.ledger.record(movement(payout, direction, at));
        }
    }
}

fn movement(payout: &Payout, direction: Direction, at: Timestamp) -> Movement {
    Movement {
        provider: super::PROVIDER,
        key: Arc::clone(&payout.key),
        reference: Arc::clone(&payout.id),
        account: Arc::clone(&payout.account),
        amount_minor: payout.amount_minor,
        currency: super::CURRENCY,
        direction,
        at,
    }
}
