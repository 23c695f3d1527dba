//! What submissions, claims and steps do to the tables.

use std::collections::{HashMap, hash_map};

use pagos_core::{OrderKey, Timestamp};

use super::{Members, Row, Tables};
use crate::{
    history::Notice,
    intent::{Digest, Intent, RunId, Submitted},
    progress::Progress,
    retention::Mark,
    store::{
        Begin, Claim, ClaimRequest, Committed, Lane, Lease, Payout, Share, Step, StoreError, Work,
        stride,
    },
    tally::TallyRow,
};

impl Tables {
    pub(super) fn submit(&mut self, run: &RunId, intents: Vec<Intent>) -> Vec<Submitted> {
        let mut batch: HashMap<OrderKey, Digest> = HashMap::new();
        let mut outcomes = Vec::with_capacity(intents.len());
        for intent in &intents {
            let digest = Digest::of(&intent.order);
            outcomes.push(self.outcome(run, intent, digest, &mut batch));
        }
        if !self.runs.contains_key(run) {
            self.runs_made += 1;
            let created_at = intents.iter().map(|intent| intent.created_at).min();
            let members = Members { id: self.runs_made, created_at, ..Members::default() };
            self.runs.insert(run.clone(), members);
        }
        if outcomes.iter().any(|outcome| outcome.is_refusal()) {
            return outcomes;
        }
        for intent in intents {
            self.join(run, &intent);
            self.store(intent);
        }
        outcomes
    }

    pub(super) fn outcome(
        &self,
        run: &RunId,
        intent: &Intent,
        digest: Digest,
        batch: &mut HashMap<OrderKey, Digest>,
    ) -> Submitted {
        let key = &intent.order.key;
        let known = self.payouts.get(key);
        if known.is_some_and(|row| row.payout.digest != digest) {
            return Submitted::Conflict;
        }
        let mark = Mark::of(key, digest);
        let sealed = self.seals.get(&mark.key);
        if sealed.is_some_and(|sealed| sealed.digest != mark.digest) {
            return Submitted::Conflict;
        }
        let is_closed = self.runs.get(run).is_some_and(|run| {
            let is_member = run.keys.contains(key) || run.archived.contains_key(&mark.key);
            run.closed_at.is_some() && !is_member
        });
        if is_closed {
            return Submitted::Closed;
        }
        if let Some(sealed) = sealed {
            return Submitted::Archived(sealed.seal);
        }
        if let Some(row) = known {
            return Submitted::Existing { status: row.payout.progress.status() };
        }
        match batch.entry(key.clone()) {
            hash_map::Entry::Vacant(entry) => {
                entry.insert(digest);
                Submitted::New
            }
            hash_map::Entry::Occupied(entry) if *entry.get() == digest => {
                Submitted::Existing { status: Progress::new(intent.created_at).status() }
            }
            hash_map::Entry::Occupied(_) => Submitted::Conflict,
        }
    }

    pub(super) fn store(&mut self, intent: Intent) {
        let key = &intent.order.key;
        if self.payouts.contains_key(key) || self.seals.contains_key(&Mark::of_key(key)) {
            return;
        }
        let payout = Payout {
            digest: Digest::of(&intent.order),
            created_at: intent.created_at,
            progress: Progress::new(intent.created_at),
            due_at: None,
            version: 1,
            epoch: 0,
            order: intent.order,
        };
        let key = payout.order.key.clone();
        self.inbox.match_key(&payout.order.account, &key);
        self.places += 1;
        let row = Row {
            place: self.places,
            payout,
            is_held: true,
            lease_until: None,
            asked_until: None,
            history: Vec::new(),
        };
        self.payouts.insert(key, row);
    }

    pub(super) fn claim(&mut self, request: &ClaimRequest, begin: &dyn Begin) -> Vec<Claim> {
        let mut claims = Vec::new();
        for share in &request.shares {
            claims.extend(self.claim_share(share, request.now, begin));
        }
        claims
    }

    pub(super) fn claim_share(
        &mut self,
        share: &Share,
        now: Timestamp,
        begin: &dyn Begin,
    ) -> Vec<Claim> {
        let mut due: Vec<&mut Row> = self
            .payouts
            .values_mut()
            .filter(|row| row.is_of(&share.lane))
            .filter(|row| row.claimable_at().is_some_and(|at| at <= now))
            .collect();
        // The sort is stable: payouts that are due in the same millisecond stay sorted by key.
        due.sort_by_key(|row| row.payout.due_at);
        let (work, lease_until) = (share.lane.work, now.plus(share.lease));
        let claimed = due.into_iter().take(share.limit).map(|row| {
            if work == Work::Send {
                row.lease_until = Some(lease_until);
                row.asked_until = None;
                row.payout.epoch += stride();
                row.begin(begin);
            } else {
                row.asked_until = Some(lease_until);
            }
            Claim { payout: row.payout.clone(), work, lease_until }
        });
        claimed.collect()
    }

    pub(super) fn with_runs(&self, mut notice: Notice) -> Notice {
        if let Some(key) = notice.key().cloned() {
            let runs = self.runs.iter().filter(|(_, run)| run.keys.contains(&key));
            notice.set_runs(runs.map(|(name, _)| name.clone()).collect());
        }
        notice
    }

    pub(super) fn set_halted(&mut self, notice: Notice, is_halted: bool) -> bool {
        let row = self.accounts.entry(notice.account.clone()).or_default();
        if row.is_halted == is_halted {
            return false;
        }
        row.is_halted = is_halted;
        self.outbox.extend([notice]);
        true
    }

    pub(super) fn commit(&mut self, step: Step) -> Result<Committed, StoreError> {
        let Some(row) = self.payouts.get_mut(&step.key) else { return Ok(Committed::Conflict) };
        let is_fenced_off = step.fence.is_some_and(|epoch| epoch != row.payout.epoch);
        if row.payout.version != step.version || is_fenced_off {
            return Ok(Committed::Conflict);
        }
        if let Some(id) = step.applies {
            self.inbox.apply(id)?;
        }
        if let Some(reference) = step.progress.standing.reference()
            && row.payout.progress.standing.reference().is_none()
        {
            self.inbox.match_reference(&row.payout.order.account, reference);
        }
        row.payout.progress = step.progress;
        row.payout.due_at = step.due_at;
        row.payout.version += stride();
        match step.lease {
            Lease::Keep => {}
            Lease::End => (row.lease_until, row.asked_until) = (None, None),
        }
        row.history.extend(step.entries);
        self.outbox.extend(step.notices);
        Ok(Committed::Done { version: row.payout.version })
    }
}

impl Row {
    pub(super) fn begin(&mut self, begin: &dyn Begin) {
        let Some(begun) = begin.begin(&self.payout) else { return };
        self.payout.progress = begun.progress;
        self.payout.due_at = begun.due_at;
        self.payout.version += stride();
        self.history.extend(begun.entries);
    }

    /// The moment from which it can be claimed, if nothing changes before.
    pub(super) fn claimable_at(&self) -> Option<Timestamp> {
        let due_at = self.payout.due_at.filter(|_| !self.is_held)?;
        self.lease_until.into_iter().chain(self.asked_until).chain([due_at]).max()
    }

    /// What this payout adds to a tally.
    pub(super) fn counted(&self) -> TallyRow {
        let Payout { order, progress, .. } = &self.payout;
        TallyRow {
            account: order.account.clone(),
            currency: order.amount.currency,
            status: progress.word().to_owned(),
            count: 1,
            amount_minor: i128::from(order.amount.minor),
            at_rest: u64::from(self.is_at_rest()),
            attention: u64::from(progress.attention.is_some()),
        }
    }

    pub(super) fn is_at_rest(&self) -> bool {
        let is_done = !self.is_held && self.payout.due_at.is_none();
        is_done || self.payout.progress.attention.is_some()
    }

    pub(super) fn is_of(&self, lane: &Lane) -> bool {
        self.payout.order.account == lane.account && self.payout.progress.work() == lane.work
    }
}
