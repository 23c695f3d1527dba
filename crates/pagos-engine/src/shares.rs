//! Computes what may be claimed now: the free places of each lane, limited by the rates of its
//! account.

use std::sync::{MutexGuard, PoisonError};

use pagos_core::AccountName;

use crate::{
    engine::{Engine, EngineError},
    lanes::Lanes,
    payment::follow::PAYMENTS_BATCH,
    rate::{Limited, Rates},
    service::Admission,
    store::{Lane, Share, Work},
    witness::guard::Gate,
    work::INBOX_BATCH,
};

impl Engine {
    /// What may be claimed now. Every account has a share to query, one to query settled payouts,
    /// and one to send, as far as its rates allow. An account on trial gets one payout of each.
    pub(crate) fn shares_of_payouts(&self, most: usize, lanes: &mut Lanes) -> Vec<Share> {
        if !self.has_turn() || most == 0 {
            return Vec::new();
        }
        let now = self.timer.now();
        let closed_until = self.closed_until(now);
        let mut shares = Vec::new();
        for account in self.providers.names() {
            let admission = self.admission(account, now);
            if let Admission::NotBefore(retry_at) = admission {
                lanes.wait_until(retry_at);
                continue;
            }
            for work in Work::OF_PAYOUTS {
                if let Some(closed_until) = closed_until
                    && work == Work::Send
                {
                    lanes.wait_until(closed_until);
                    continue;
                }
                let lane = Lane { account: account.clone(), work };
                let room = match admission {
                    Admission::One => lanes.room_for_one(&lane),
                    Admission::Open | Admission::NotBefore(_) => lanes.room(&lane, most),
                };
                let limit = self.take_turns(&lane, room, lanes);
                if limit > 0 {
                    let lease = self.policy_of(account).lease;
                    shares.push(Share { lane, limit, lease });
                }
            }
        }
        shares
    }

    fn take_turns(&self, lane: &Lane, room: usize, lanes: &mut Lanes) -> usize {
        let Some(what) = limited(lane.work).filter(|_| room > 0) else { return room };
        let (now, rate_max) = (self.timer.now(), self.policy_of(&lane.account).rate_of(what));
        let mut rates = self.rates();
        let taken = rates.take(&lane.account, what, rate_max, now, room);
        if taken == 0
            && let Some(next_at) = rates.next_at(&lane.account, what, now)
        {
            lanes.wait_until(next_at);
        }
        taken
    }

    /// Leaves out what may not be sent at present.
    pub(crate) async fn leave_closed(
        &self,
        mut shares: Vec<Share>,
    ) -> Result<Vec<Share>, EngineError> {
        let is_to_send = |share: &Share| share.lane.work == Work::Send;
        if !shares.iter().any(is_to_send) {
            return Ok(shares);
        }
        let mut left = match self.gate().await? {
            Gate::Open => return Ok(shares),
            Gate::One => 1,
            Gate::Closed(_) => 0,
        };
        for share in shares.iter_mut().filter(|share| share.lane.work == Work::Send) {
            let limit = share.limit.min(left);
            let unused = Share { limit: share.limit - limit, ..share.clone() };
            self.give_back_turns(&[unused], &[]);
            (share.limit, left) = (limit, left - limit);
        }
        shares.retain(|share| share.limit > 0);
        Ok(shares)
    }

    /// Whether the lane has a turn now. If it has to wait for one, the loop wakes for it.
    pub(crate) fn has_turn_for(&self, lane: &Lane) -> bool {
        let Some(what) = limited(lane.work) else { return true };
        let now = self.timer.now();
        self.rates().next_at(&lane.account, what, now).is_none_or(|next_at| next_at <= now)
    }

    /// Returns the turns of shares in which nothing was found. `used` are the lanes of what was
    /// found.
    pub(crate) fn give_back_turns(&self, shares: &[Share], used: &[Lane]) {
        for Share { lane, limit, .. } in shares {
            let unused = limit.saturating_sub(used.iter().filter(|used| *used == lane).count());
            if let Some(what) = limited(lane.work) {
                let rate_max = self.policy_of(&lane.account).rate_of(what);
                self.rates().give_back(&lane.account, what, rate_max, unused);
            }
        }
    }

    pub(crate) fn rates(&self) -> MutexGuard<'_, Rates> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shares_of_hints(&self, lanes: &mut Lanes) -> Vec<Share> {
        let share = |account: &AccountName| {
            let lane = Lane { account: account.clone(), work: Work::Hint };
            let limit = self.take_turns(&lane, INBOX_BATCH, lanes);
            Share { lane, limit, lease: self.policy_of(account).lease }
        };
        self.providers.names().map(share).filter(|share| share.limit > 0).collect()
    }

    pub(crate) fn shares_of_payments(&self, lanes: &mut Lanes) -> Vec<Share> {
        let share = |account: &AccountName| {
            let lane = Lane { account: account.clone(), work: Work::Follow };
            let room = lanes.room(&lane, PAYMENTS_BATCH);
            let limit = self.take_turns(&lane, room, lanes);
            Share { lane, limit, lease: self.policy_of(account).lease }
        };
        let takes_payments = |account: &&AccountName| {
            self.providers.to(account).is_some_and(|it| it.payments().is_some())
        };
        let shares = self.providers.names().filter(takes_payments).map(share);
        shares.filter(|share| share.limit > 0).collect()
    }
}

/// The rate that limits this work.
fn limited(work: Work) -> Option<Limited> {
    match work {
        Work::Send => Some(Limited::Sends),
        Work::Ask | Work::Watch | Work::Follow => Some(Limited::Queries),
        Work::Hint => Some(Limited::Hints),
        Work::Apply => None,
    }
}
