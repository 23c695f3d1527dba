//! Why a command failed, in words for the person who started it. No kinds: nobody matches on it.

use std::fmt::{self, Display};

/// Why a command failed.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    message: String,
}

impl Failure {
    /// A failure in one sentence, lower case, without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// A failure of which everything was said already.
    pub fn told() -> Self {
        Self::new("")
    }

    /// Is there anything left to say?
    pub fn is_told(&self) -> bool {
        self.message.is_empty()
    }

    /// Puts what was being done before the cause; for `map_err`.
    pub fn while_doing<E: Display>(what: impl Display) -> impl FnOnce(E) -> Failure {
        move |cause| Failure::new(format!("{what}: {cause}"))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_not_told_again() {
        assert!(Failure::told().is_told());
        assert!(!Failure::new("no such file").is_told());
    }

    #[test]
    fn the_cause_comes_last() {
        let failure = Failure::while_doing("reading a.toml")("no such file");
        assert_eq!(failure.to_string(), "reading a.toml: no such file");
    }
}
