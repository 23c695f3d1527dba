//! What a definite refusal says about a payout: that of an attempt, and that of its preparation.

use pagos_core::{Deduplication, Observation, Status};

use super::{Outcome, Rules};
use crate::progress::Progress;

impl Rules<'_> {
    /// The provider refused attempt `number` for good. That ends the payout only if it is the open
    /// attempt, if no earlier one may be paid, and if no other source says that the payout exists.
    /// Otherwise it is one more query. What the store has forgotten of earlier attempts, nobody knows.
    pub(crate) fn refused(&self, progress: &Progress, number: u32, seen: &Observation) -> Outcome {
        let is_this = progress.open.is_some_and(|open| open.number == number);
        let is_in_doubt = matches!(progress.status(), Status::Created | Status::Unknown);
        if is_this && is_in_doubt && !self.may_be_paid(progress) {
            return self.learn(progress, seen);
        }
        let code = seen.provider_code.as_deref().unwrap_or("without a code");
        let about = "which says nothing about the other attempts";
        self.asked(progress, format!("the provider refused attempt {number} ({code}), {about}"))
    }

    /// Whether an earlier attempt may be paid although denials closed it. Where a key stands between a
    /// wrong denial and a second payment, the denials were never relied on, and a provider may refuse a
    /// repeat before it looks at the key. Where a transfer is found by its handle, they were: a wrong
    /// denial would have paid the repeat as well. And here a doubt would send the payout once more, with
    /// nothing but denials to prevent a second payment. The rule is [`pagos_core::manual::unknown`].
    fn may_be_paid(&self, progress: &Progress) -> bool {
        let relies_on_denials = match self.descriptor.deduplication {
            Deduplication::ByHandle => true,
            Deduplication::ByKey | Deduplication::ByKeyFor(_) | Deduplication::None => false,
        };
        progress.is_recalled || (progress.lost > 0 && !relies_on_denials)
    }

    /// The order cannot be prepared, for good. That ends a payout of which nothing was ever sent;
    /// for any other it is one more query.
    pub(crate) fn unprepared(&self, progress: &Progress, seen: &Observation) -> Outcome {
        if progress.status() == Status::Created && progress.attempts == 0 {
            return self.learn(progress, seen);
        }
        self.asked(progress, "it cannot be prepared, and may have been sent before".to_owned())
    }
}
