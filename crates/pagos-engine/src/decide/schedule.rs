//! When a payout is due next: a doubt is queried soon and then less and less often, a settled payout
//! until its window closes.

use std::time::Duration;

use pagos_core::{Status, Timestamp};

use super::Rules;
use crate::progress::Progress;

impl Rules<'_> {
    /// When something is to be done about the payout next, if nothing is learned before.
    pub(crate) fn next_due(&self, progress: &Progress) -> Option<Timestamp> {
        if progress.is_quarantined() {
            return None;
        }
        if progress.standing.confirm_since().is_some() {
            let delay = match progress.asking.queries {
                0 => self.policy.confirm_delay,
                asked => self.policy.query_delay(asked),
            };
            return Some(self.now.plus(delay));
        }
        let queries = progress.asking.queries;
        if progress.standing.not_understood().is_some()
            && !self.is_window_closed(progress, self.now)
        {
            let delay = match queries {
                0 => self.policy.confirm_delay,
                asked => self.policy.query_delay(asked),
            };
            return Some(self.now.plus(delay));
        }
        let delay = match progress.status() {
            Status::Created => self.policy.retry_delay(progress.refusals),
            Status::Unknown => self.policy.query_delay(queries),
            Status::Pending => self.policy.poll_delay(queries),
            Status::Succeeded | Status::Failed(_) => return self.next_watch(progress),
        };
        Some(self.now.plus(delay))
    }

    /// Settled payouts are queried until the window closes, and once more when it does.
    fn next_watch(&self, progress: &Progress) -> Option<Timestamp> {
        if self.is_refused_at_once(progress) {
            return None;
        }
        let closes_at = progress.settled_at?.plus(self.window());
        if self.now >= closes_at {
            return None;
        }
        if self.is_swept {
            return Some(closes_at);
        }
        let queries = progress.asking.queries;
        let delay = self.policy.watch_delay(queries);
        let next = self.now.plus(delay.saturating_sub(self.spread(delay, queries)));
        // A query shortly before the closing one adds nothing.
        let is_nearly_closed = next.plus(delay / 4) >= closes_at;
        Some(if is_nearly_closed { closes_at } else { next })
    }

    /// A part of a delay, up to an eighth, that differs by payout and query, so that a payroll that
    /// was settled within a minute is not queried within one minute for a month.
    fn spread(&self, delay: Duration, queries: u32) -> Duration {
        const PARTS: u32 = 1_024;
        let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
        let part = self.order.key.as_str().bytes().fold(queries, mix) % PARTS;
        delay / 8 * part / PARTS
    }

    /// When to repeat the query that was to close the watch. It is given up after a second window
    /// and after as many queries as a doubt gets. Time alone closes no watch: otherwise an engine
    /// that was down for both windows would miss a reversal after a single failed query.
    pub(super) fn next_try(&self, progress: &Progress) -> Option<Timestamp> {
        let settled_at = progress.settled_at.filter(|_| !progress.is_quarantined())?;
        let given_up_at = settled_at.plus(self.window()).plus(self.window());
        let queries = progress.asking.queries;
        let is_worth_it = self.now < given_up_at || queries < self.policy.queries_max;
        is_worth_it.then(|| self.now.plus(self.policy.query_delay(queries)))
    }

    /// Whether the watch was over at that moment, with nothing left to confirm.
    pub(super) fn is_window_closed(&self, progress: &Progress, at: Timestamp) -> bool {
        let closes_at = progress.settled_at.map(|settled_at| settled_at.plus(self.window()));
        progress.standing.confirm_since().is_none() && closes_at.is_some_and(|end| at >= end)
    }

    pub(super) fn window(&self) -> Duration {
        self.descriptor.return_window.unwrap_or(self.policy.watch_for)
    }
}
