//! The permission to send one attempt, and what becomes of one that has none.

use std::time::Duration;

use crate::witness::SentAttempt;

/// The witness let one attempt pass, or there is none. Only `witness` makes one.
#[derive(Debug)]
pub(crate) struct Passed(());

impl Passed {
    pub(super) fn new() -> Self {
        Self(())
    }
}

/// What becomes of an attempt that has begun and was not sent yet.
#[derive(Debug)]
pub(crate) enum Passage {
    Passed(Passed),
    /// It was sent before, and the store has forgotten that.
    Recalled(SentAttempt),
    /// It is not sent now.
    Held(String, Duration),
}
