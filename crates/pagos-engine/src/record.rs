//! The one writer: every reply, answer, webhook and decision is written to the store here.
//!
//! It decides over the payout in hand and writes with compare-and-set; after a conflict it reads
//! the payout and decides again.

use pagos_core::{AccountName, Change, Observation};

use crate::{
    decide::{Outcome, Rules},
    delivery::InboxId,
    engine::{Engine, EngineError},
    history::Entry,
    instrumented::InstrumentedProvider,
    point::Point,
    progress::Progress,
    store::{Committed, Lease, Payout, Step},
};

/// The condition under which a step is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Writer {
    /// Evidence, which anyone may write. Another worker's claim is left alone.
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
    /// Decides over the payout and writes the outcome, repeatedly if need be: if another writer
    /// changed the payout since it was read, it is read again.
    ///
    /// Returns the payout after the write, or `None` if there was nothing to write, or the payout or
    /// the claim of a [`Writer::Holder`] is gone.
    pub(crate) async fn write(
        &self,
        point: Point,
        mut payout: Payout,
        writer: Writer,
        decide: impl Fn(&Payout, &Rules<'_>) -> Option<Outcome> + Send + Sync,
    ) -> Result<Option<Payout>, EngineError> {
        loop {
            let Some(step) = self.step(&payout, writer, &decide)? else {
                return Ok(None);
            };
            let (progress, due_at) = (step.progress.clone(), step.due_at);
            if let Committed::Done { version } = self.store.commit(point, step).await? {
                payout.progress = progress;
                payout.due_at = due_at;
                payout.version = version;
                self.agenda.note(&payout);
                return Ok(Some(payout));
            }
            // Each round means that another writer succeeded, so this loop ends when they do.
            // A store that went back, or a payout that was archived: nothing is left to write to.
            let Some(present) = self.store.payout(&payout.order.key).await? else {
                return Ok(None);
            };
            payout = present;
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
        let rules = self.rules(payout, provider);
        let Some(outcome) = decide(payout, &rules) else {
            return Ok(None);
        };
        let outcome = hold_repetition(&payout.progress, outcome);
        Ok(Some(Step {
            key: payout.order.key.clone(),
            version: payout.version,
            fence,
            lease: if fence.is_some() { Lease::End } else { Lease::Keep },
            due_at: outcome.due_at,
            entries: outcome.entries,
            progress: outcome.progress,
            notices: outcome.notices,
            applies,
        }))
    }

    /// The rules for a decision about a payout at this moment.
    pub(crate) fn rules<'a>(
        &'a self,
        payout: &'a Payout,
        provider: InstrumentedProvider<'_>,
    ) -> Rules<'a> {
        Rules {
            order: &payout.order,
            descriptor: provider.descriptor(),
            policy: self.policy_of(&payout.order.account),
            is_swept: self.is_swept(&payout.order.account, provider),
            now: self.timer.now(),
        }
    }

    /// Whether the list of this account's provider shows its settled payouts.
    pub(crate) fn is_swept(
        &self,
        account: &AccountName,
        provider: InstrumentedProvider<'_>,
    ) -> bool {
        provider.has_list() && !self.policy_of(account).sweeps.is_empty()
    }

    /// Records an observation. The holder's claim ends with it, if it still holds; the evidence is
    /// written even if it does not.
    pub(crate) async fn learn(
        &self,
        point: Point,
        payout: Payout,
        writer: Writer,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        let key = payout.order.key.clone();
        let decide = |payout: &Payout, rules: &Rules<'_>| Some(rules.learn(&payout.progress, seen));
        let written = self.write(point, payout, writer, decide).await?;
        if written.is_none() && matches!(writer, Writer::Holder { .. }) {
            let Some(payout) = self.store.payout(&key).await? else { return Ok(()) };
            self.write(point, payout, Writer::Anyone, decide).await?;
        }
        Ok(())
    }
}

/// Holds back an observation that only repeats what is known, so that a payout that is watched for
/// a month has a readable history. Only the last of several repetitions is kept. It is written
/// before the next entry about an observation, because that may be judged by when we last heard,
/// and because the history folds to the standing.
fn hold_repetition(before: &Progress, mut after: Outcome) -> Outcome {
    let (held, holds) = (before.standing.held(), after.progress.standing.held());
    let seen_later = Observation { seen_at: holds.seen_at, ..held.clone() };
    let is_unchanged = before.standing == after.progress.standing;
    let taught_nothing = *holds == seen_later
        && after.progress.standing.not_understood() == before.standing.not_understood()
        && after.progress.standing.confirm_since() == before.standing.confirm_since();
    let is_repetition = |seen: &Observation, change| {
        taught_nothing
            && change == Change::Same
            && seen.status == held.status
            && seen.provider_code == held.provider_code
            && seen.message == held.message
            && seen.returned == held.returned
    };
    let mut entries = Vec::with_capacity(after.entries.len());
    for entry in after.entries {
        if let Entry::Observed { observation, change } = &entry {
            if is_repetition(observation, *change) {
                if held.seen_at != holds.seen_at {
                    after.progress.repeated = Some(observation.clone());
                }
                continue;
            }
            // The same undocumented word again.
            if observation.not_understood && is_unchanged {
                continue;
            }
            if let Some(observation) = after.progress.repeated.take() {
                entries.push(Entry::Observed { observation, change: Change::Same });
            }
        }
        entries.push(entry);
    }
    Outcome { entries, ..after }
}
