//! Keeps track of which lanes have room, and when the loop has to look again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use pagos_core::{AccountName, Timestamp};

use crate::{
    payment::Payment,
    place::Freed,
    sending::OnItsWay,
    store::{Claim, Lane, Share, Work},
    witness::passed::Passage,
};

/// The result of a claim.
#[derive(Debug)]
pub(crate) struct Found<T> {
    /// The shares that were requested.
    pub(crate) shares: Vec<Share>,
    /// What was claimed.
    pub(crate) claims: Vec<T>,
    /// If nothing was claimed: when something will be due.
    pub(crate) next_at: Option<Timestamp>,
}

/// A claimed payout.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) claim: Claim,
    /// Set if an attempt has begun with the claim.
    pub(crate) on_its_way: Option<OnItsWay>,
    /// What becomes of that attempt.
    pub(crate) passage: Option<Passage>,
}

impl Held {
    pub(crate) fn lane(&self) -> Lane {
        Lane { account: self.claim.payout.order.account.clone(), work: self.claim.work }
    }
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { shares: Vec::new(), claims: Vec::new(), next_at: None }
    }
}

/// The state of the loop.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    pub(crate) is_claiming: bool,
    pub(crate) is_following: bool,
    pub(crate) is_applying: bool,
    pub(crate) is_heeding: bool,
    pub(crate) is_payments_turn: bool,
    /// Accounts whose lists are being read.
    pub(crate) sweeping: BTreeSet<AccountName>,
    /// How many claims of each lane are not done.
    in_flight: BTreeMap<Lane, usize>,
    /// How many of them have left their places: their provider's answer is being recorded.
    answered: BTreeMap<Lane, usize>,
    pub(crate) freed: Freed,
    /// Lanes in which nothing is due, as far as is known.
    empty: BTreeSet<Lane>,
    has_empty_inbox: bool,
    has_no_hints: bool,
    /// When something will be due.
    due_at: Option<Timestamp>,
    /// When a waiting lane may go on: its next turn, or the next trial of its account.
    waits_until: Option<Timestamp>,
}

impl Lanes {
    pub(crate) fn may_claim_payouts(&self) -> bool {
        !self.is_claiming
    }

    pub(crate) fn may_claim_payments(&self) -> bool {
        !self.is_following
    }

    pub(crate) fn may_apply(&self) -> bool {
        !self.is_applying && !self.has_empty_inbox
    }

    pub(crate) fn may_heed(&self) -> bool {
        !self.is_heeding && !self.has_no_hints
    }

    /// How many more claims a lane with `most` places takes: none while more than half of its
    /// places are taken, because claims come in batches (a transaction per payout would be
    /// wasteful). At most as many answers as there are places wait to be recorded.
    pub(crate) fn room(&self, lane: &Lane, most: usize) -> usize {
        let (in_flight, answered) = (count(&self.in_flight, lane), count(&self.answered, lane));
        let free = most.saturating_sub(in_flight.saturating_sub(answered.min(most)));
        if self.empty.contains(lane) || free * 2 < most { 0 } else { free }
    }

    /// One, if no work of the lane's account is under way.
    pub(crate) fn room_for_one(&self, lane: &Lane) -> usize {
        let is_of_account = |other: &&Lane| other.account == lane.account;
        let is_busy = self.in_flight.keys().filter(is_of_account).any(is_of_payouts);
        if is_busy || self.empty.contains(lane) { 0 } else { 1 }
    }

    pub(crate) fn claimed(&mut self, found: &Found<Held>) {
        self.is_claiming = false;
        // The due times of other lanes stay until all lanes are looked at again.
        self.due_at = self.due_at.into_iter().chain(found.next_at).min();
        self.take(&found.shares, found.claims.iter().map(Held::lane));
    }

    pub(crate) fn claimed_payments(&mut self, found: &Found<Payment>) {
        self.is_following = false;
        let lane =
            |payment: &Payment| Lane { account: payment.order.account.clone(), work: Work::Follow };
        self.take(&found.shares, found.claims.iter().map(lane));
    }

    fn take(&mut self, shares: &[Share], claimed: impl Iterator<Item = Lane>) {
        let mut counts: BTreeMap<Lane, usize> = BTreeMap::new();
        for lane in claimed {
            *counts.entry(lane).or_default() += 1;
        }
        for share in shares {
            if counts.get(&share.lane).copied().unwrap_or(0) < share.limit {
                self.empty.insert(share.lane.clone());
            }
        }
        for (lane, count) in counts {
            *self.in_flight.entry(lane).or_default() += count;
        }
    }

    /// Notes what has become due meanwhile.
    pub(crate) fn note(&mut self, earliest: BTreeMap<Lane, Timestamp>, now: Timestamp) {
        for (lane, due_at) in earliest {
            match due_at <= now {
                true => drop(self.empty.remove(&lane)),
                false => self.due_at = Some(self.due_at.map_or(due_at, |other| other.min(due_at))),
            }
        }
    }

    /// Notes which places were freed.
    pub(crate) fn leave(&mut self) {
        for lane in self.freed.take() {
            *self.answered.entry(lane).or_default() += 1;
        }
    }

    pub(crate) fn handled(&mut self, lane: &Lane) {
        // Whatever is done has left its place.
        self.leave();
        for counts in [&mut self.in_flight, &mut self.answered] {
            match counts.get_mut(lane) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(counts.remove(lane)),
            }
        }
    }

    pub(crate) fn applied(&mut self, count: usize) {
        self.is_applying = false;
        self.has_empty_inbox = count == 0;
        if count > 0 {
            // Applied deliveries may have made something due.
            self.empty.clear();
        }
    }

    pub(crate) fn heeded(&mut self, count: usize) {
        self.is_heeding = false;
        self.has_no_hints = count == 0;
        if count > 0 {
            self.empty.clear();
        }
    }

    pub(crate) fn forget_waits(&mut self) {
        self.waits_until = None;
    }

    pub(crate) fn wait_until(&mut self, moment: Timestamp) {
        self.waits_until = Some(self.waits_until.map_or(moment, |other| other.min(moment)));
    }

    /// How long to wait before looking again: until something is due or a lane may go on, but only
    /// briefly while work is under way (it may become due again), and never longer than a second
    /// (another process may write to the store).
    pub(crate) fn nap(&self, now: Timestamp) -> Duration {
        const SHORTEST: Duration = Duration::from_millis(5);
        const BEAT: Duration = Duration::from_millis(50);
        const LONGEST: Duration = Duration::from_secs(1);
        let longest = if self.in_flight.is_empty() { LONGEST } else { BEAT };
        let next = self.due_at.into_iter().chain(self.waits_until).min();
        next.map_or(longest, |next| next.since(now)).clamp(SHORTEST, longest)
    }

    pub(crate) fn look_again(&mut self) {
        self.empty.clear();
        self.has_empty_inbox = false;
        self.has_no_hints = false;
        self.due_at = None;
    }
}

fn count(counts: &BTreeMap<Lane, usize>, lane: &Lane) -> usize {
    counts.get(lane).copied().unwrap_or(0)
}

fn is_of_payouts(lane: &Lane) -> bool {
    Work::OF_PAYOUTS.contains(&lane.work)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a slow store still has to record takes places too, once it is as much as there are places.
    #[test]
    fn as_many_answers_wait_as_there_are_places_and_no_more() {
        let lane = Lane { account: AccountName::new("bank").unwrap(), work: Work::Send };
        // Claims that are not done, those of them that are answered, and the room of four places.
        let table = [(0, 0, 4), (2, 0, 2), (3, 0, 0), (4, 4, 4), (6, 4, 2), (8, 4, 0), (8, 8, 0)];
        for (in_flight, answered, room) in table {
            let of_lane = |count| BTreeMap::from([(lane.clone(), count)]);
            let lanes = Lanes {
                in_flight: of_lane(in_flight),
                answered: of_lane(answered),
                ..Lanes::default()
            };
            assert_eq!(lanes.room(&lane, 4), room, "{in_flight} under way, {answered} answered");
        }
    }
}
