//! Runs in memory: closed, released and withdrawn.

use pagos_core::{OrderKey, Timestamp};

use super::{Members, Tables, count};
use crate::{
    intent::{Closed, Permit, Released, Run, RunId},
    store::stride,
};

impl Tables {
    pub(super) fn close(&mut self, run: &RunId, expected: u64, now: Timestamp) -> Closed {
        let Some(members) = self.runs.get_mut(run) else {
            return Closed::Incomplete { members: 0 };
        };
        let there = count(members.keys.len() + members.archived.len());
        if there != expected {
            return Closed::Incomplete { members: there };
        }
        members.expected = Some(expected);
        members.closed_at.get_or_insert(now);
        Closed::Done { id: members.id }
    }

    pub(super) fn release(&mut self, run: &RunId, permit: Permit, now: Timestamp) -> Released {
        let Some(members) = self.runs.get_mut(run) else {
            return Released::Incomplete { members: 0 };
        };
        if permit.id().is_some_and(|id| id != members.id) {
            return Released::AnotherRun;
        }
        let there = count(members.keys.len() + members.archived.len());
        if there != permit.expected() {
            return Released::Incomplete { members: there };
        }
        members.expected = Some(there);
        members.closed_at.get_or_insert(now);
        members.released_at.get_or_insert(now);
        let mut made_due = 0;
        for key in &members.keys {
            if let Some(row) = self.payouts.get_mut(key).filter(|row| row.is_held) {
                row.is_held = false;
                row.payout.due_at = Some(now);
                row.payout.version += stride();
                made_due += 1;
            }
        }
        Released::Done { made_due }
    }

    pub(super) fn withdraw(&mut self, run: &RunId) -> u64 {
        let is_open = self.runs.get(run).is_some_and(|run| run.released_at.is_none());
        if !is_open {
            return 0;
        }
        self.runs.remove(run);
        let before = self.payouts.len();
        let runs = &self.runs;
        let has_a_run = |key: &OrderKey| runs.values().any(|other| other.keys.contains(key));
        self.payouts.retain(|key, row| !row.is_held || has_a_run(key) || !row.history.is_empty());
        count(before - self.payouts.len())
    }
}

impl Members {
    pub(super) fn to_run(&self) -> Run {
        Run {
            id: self.id,
            members: count(self.keys.len() + self.archived.len()),
            archived: count(self.archived.len()),
            expected: self.expected,
            created_at: self.created_at,
            closed_at: self.closed_at,
            released_at: self.released_at,
            submitted_by: self.submitted_by.iter().cloned().collect(),
        }
    }
}
