//! Decisions of a person. They are observations like others, with a note that stays.

use pagos_core::FailReason;
use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_core::Source;
use pagos_core::Status;

use crate::decide::Outcome;
use crate::decide::Rules;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::history::Entry;
use crate::history::Proof;
use crate::point::Point;
use crate::record::Writer;
use crate::store::Payout;

/// What a person decides about a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The bank statement shows it paid.
    Succeeded,
    /// The provider or the bank confirmed that it is not and will not be paid.
    Failed,
    /// Nothing is wrong: lift the quarantine, forget the doubt, ask the provider again.
    Ask,
    /// It is certain that the open attempt did not and cannot pay: send the same key once more.
    SendAgain,
}

impl Engine {
    /// Takes a person's decision, with a note of who decided on what evidence.
    ///
    /// # Errors
    /// Refuses an empty note, and a decision that does not fit: only a payout in doubt can be sent
    /// again. Neither that nor "failed" is taken before its attempt is older than lease and deadline
    /// together: until then a worker may be about to send it.
    pub async fn resolve(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
    ) -> Result<Payout, EngineError> {
        if note.trim().is_empty() {
            return Err(EngineError::Refused(
                "a decision needs a note: who decided, on what evidence".to_owned(),
            ));
        }
        let decide =
            |payout: &Payout, rules: &Rules<'_>| decided(payout, rules, decision, note.trim());
        let written = self.write(Point::RecordDecision, key, Writer::Anyone, decide).await?;
        written.ok_or_else(|| {
            let age_s = self.policy.time_on_the_way().as_millis().div_ceil(1_000);
            let young = format!(
                "its attempt is younger than {age_s} s and may still be on its way; wait, then decide"
            );
            EngineError::Refused(match decision {
                Decision::SendAgain => format!("{key} is not in doubt, or {young}"),
                Decision::Succeeded | Decision::Failed | Decision::Ask => format!("{key}: {young}"),
            })
        })
    }
}

fn decided(payout: &Payout, rules: &Rules<'_>, decision: Decision, note: &str) -> Option<Outcome> {
    let because = format!("operator: {note}");
    let mut progress = payout.progress.clone();
    progress.attention = None;
    progress.waiting = None;
    // A worker may be about to send it at this very moment, whatever a person has seen.
    let is_on_its_way = progress
        .open
        .is_some_and(|attempt| rules.now.since(attempt.begun_at) < rules.policy.time_on_the_way());
    let status = match decision {
        Decision::Succeeded => Status::Succeeded,
        Decision::Failed if is_on_its_way => return None,
        Decision::Failed => Status::Failed(FailReason::Declined),
        Decision::Ask => {
            progress.asking = crate::progress::Asking::default();
            progress.ahead_of = None;
            return Some(Outcome {
                progress,
                due_at: Some(rules.now),
                entries: vec![Entry::Attention { at: rules.now, because }],
                notices: Vec::new(),
            });
        }
        Decision::SendAgain => {
            let is_in_doubt = payout.progress.status() == Status::Unknown;
            let closed = rules.close(&progress, Proof::Operator, because, None);
            return closed.filter(|_| is_in_doubt && !is_on_its_way);
        }
    };
    let seen = Observation {
        message: Some(because),
        ..Observation::new(status, Source::Operator, rules.now)
    };
    Some(rules.learn(&progress, &seen))
}
