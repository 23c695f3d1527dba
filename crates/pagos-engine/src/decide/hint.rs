//! What somebody who proved nothing can cause: one query, ahead of its time, that spends nothing.
//!
//! Without news from the provider everything goes on as if nobody had said anything: the schedule, the
//! queries that were counted, the proof of absence, the history.

use pagos_core::Timestamp;

use super::{Outcome, Rules, Task, task};
use crate::progress::Progress;

impl Rules<'_> {
    /// Brings the next query forward. `None` where there is none to ask, or none sooner: what waits
    /// to be sent is sent at its time, whatever is said.
    pub(crate) fn hinted(&self, progress: &Progress, due_at: Option<Timestamp>) -> Option<Outcome> {
        if task(progress) != Task::Ask {
            return None;
        }
        let ask_at = self.now.plus(self.policy.confirm_delay);
        if due_at.is_some_and(|due_at| due_at <= ask_at) {
            return None;
        }
        let mut progress = progress.clone();
        // A watch that is over has no schedule to go back to.
        progress.ahead_of = progress.ahead_of.or(due_at);
        Some(Outcome { progress, due_at: Some(ask_at), entries: Vec::new(), notices: Vec::new() })
    }

    /// The query at hand brought no observation. If it was ahead of its time, that says nothing.
    pub(super) fn asked_ahead(&self, progress: &Progress) -> Option<Outcome> {
        let mut progress = progress.clone();
        let due_at = progress.ahead_of.take()?;
        Some(Outcome { progress, due_at: Some(due_at), entries: Vec::new(), notices: Vec::new() })
    }
}
