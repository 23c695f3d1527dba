//! What an unverified sender can cause: one early query, which counts for nothing else.
//!
//! Unless the provider reports news, everything goes on as if the hint had not come: the schedule,
//! the number of queries, the proof of absence, the history.

use pagos_core::Timestamp;

use super::{Outcome, Rules, Task, task};
use crate::progress::Progress;

impl Rules<'_> {
    /// Brings the next query forward. `None` if no query is planned, or none later than that: a
    /// payout that waits to be sent is sent at its time, whatever the hint says.
    pub(crate) fn hinted(&self, progress: &Progress, due_at: Option<Timestamp>) -> Option<Outcome> {
        if task(progress) != Task::Ask {
            return None;
        }
        let ask_at = self.now.plus(self.policy.confirm_delay);
        if due_at.is_some_and(|due_at| due_at <= ask_at) {
            return None;
        }
        let mut progress = progress.clone();
        // A watch that is over has no schedule to return to.
        progress.ahead_of = progress.ahead_of.or(due_at);
        Some(Outcome { progress, due_at: Some(ask_at), entries: Vec::new(), notices: Vec::new() })
    }

    /// The current query brought no observation. If a hint brought it forward, that counts for
    /// nothing.
    pub(super) fn asked_ahead(&self, progress: &Progress) -> Option<Outcome> {
        let mut progress = progress.clone();
        let due_at = progress.ahead_of.take()?;
        Some(Outcome { progress, due_at: Some(due_at), entries: Vec::new(), notices: Vec::new() })
    }
}
