//! The one writer: every reply, answer, webhook and decision goes into the store through here.
//!
//! Read, decide, compare-and-set; on a conflict read and decide again.

use pagos_core::Change;
use pagos_core::Observation;
use pagos_core::OrderKey;

use crate::decide::Outcome;
use crate::decide::Rules;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::history::Entry;
use crate::point::Point;
use crate::progress::Progress;
use crate::store::Committed;
use crate::store::InboxId;
use crate::store::Lease;
use crate::store::Payout;
use crate::store::Step;

/// Under which conditions a step is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Writer {
    /// Evidence: always welcome. Another worker's claim is left alone.
    Anyone,
    /// The holder of this claim, which ends with the step.
    Holder {
        /// The claim's epoch.
        epoch: u64,
    },
    /// The inbox, which closes the delivery with the step.
    Inbox(InboxId),
}

impl Engine {
    /// Decides over the present payout and writes the outcome, as often as it takes.
    ///
    /// Returns the payout as it then is, or `None` if there was nothing to write or the claim of a
    /// [`Writer::Holder`] is gone.
    pub(crate) async fn write(
        &self,
        point: Point,
        key: &OrderKey,
        writer: Writer,
        decide: impl Fn(&Payout, &Rules<'_>) -> Option<Outcome> + Send + Sync,
    ) -> Result<Option<Payout>, EngineError> {
        loop {
            let mut payout = self.load(key).await?;
            let Some(step) = self.step(&payout, writer, &decide)? else {
                return Ok(None);
            };
            let (progress, due_at) = (step.progress.clone(), step.due_at);
            if let Committed::Done { version } = self.store.commit(point, step).await? {
                payout.progress = progress;
                payout.due_at = due_at;
                payout.version = version;
                return Ok(Some(payout));
            }
            // Someone else wrote in between. Each round means that another writer got on, so this
            // loop ends when they do.
        }
    }

    fn step(
        &self,
        payout: &Payout,
        writer: Writer,
        decide: &(impl Fn(&Payout, &Rules<'_>) -> Option<Outcome> + Send + Sync),
    ) -> Result<Option<Step>, EngineError> {
        let (fence, applies) = match writer {
            Writer::Anyone => (None, None),
            Writer::Holder { epoch } => (Some(epoch), None),
            Writer::Inbox(id) => (None, Some(id)),
        };
        if fence.is_some_and(|epoch| epoch != payout.epoch) {
            return Ok(None);
        }
        let provider = self.provider_of(payout)?;
        let rules = Rules {
            order: &payout.order,
            descriptor: provider.descriptor(),
            policy: &self.policy,
            now: self.timer.now(),
        };
        let Some(outcome) = decide(payout, &rules) else {
            return Ok(None);
        };
        Ok(Some(Step {
            key: payout.order.key.clone(),
            version: payout.version,
            fence,
            lease: if fence.is_some() { Lease::End } else { Lease::Keep },
            due_at: outcome.due_at,
            entries: worth_keeping(&payout.progress, &outcome.progress, outcome.entries),
            progress: outcome.progress,
            notices: outcome.notices,
            applies,
        }))
    }

    /// Records what was learned. The holder's claim ends with it, if it still holds; evidence is
    /// welcome even if it does not.
    pub(crate) async fn learn(
        &self,
        point: Point,
        key: &OrderKey,
        writer: Writer,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        let decide = |payout: &Payout, rules: &Rules<'_>| Some(rules.learn(&payout.progress, seen));
        let written = self.write(point, key, writer, decide).await?;
        if written.is_none() && matches!(writer, Writer::Holder { .. }) {
            self.write(point, key, Writer::Anyone, decide).await?;
        }
        Ok(())
    }
}

/// Drops the repetition of what we hold, word for word and from whatever source, so that a payout
/// that is watched for a month has a history that a person can read. A repetition that taught more
/// than that it still holds (a later provider time, a fee, the end of a doubt) stays: the history
/// folds to the standing.
fn worth_keeping(before: &Progress, after: &Progress, entries: Vec<Entry>) -> Vec<Entry> {
    let held = before.standing.held();
    let seen_later = Observation { seen_at: after.standing.held().seen_at, ..held.clone() };
    let taught_nothing = *after.standing.held() == seen_later
        && after.standing.confirm_since() == before.standing.confirm_since();
    let is_repetition = |entry: &Entry| match entry {
        Entry::Observed { observation, change: Change::Same } => {
            taught_nothing
                && observation.status == held.status
                && observation.provider_code == held.provider_code
                && observation.message == held.message
                && observation.returned == held.returned
        }
        _ => false,
    };
    entries.into_iter().filter(|entry| !is_repetition(entry)).collect()
}
