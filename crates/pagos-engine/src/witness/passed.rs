//! The permission to send one attempt.

/// The witness let one attempt pass, or there is none. Only `witness` makes one.
#[derive(Debug)]
pub(crate) struct Passed(());

impl Passed {
    pub(super) fn new() -> Self {
        Self(())
    }
}
