//! What is wrong with a file or an order. All problems are reported at once.

use std::fmt;

/// One problem: where, what, and what to do. Without names, documents and account numbers.
///
/// ```
/// use pagos_bankfile::Problem;
///
/// let problem = Problem::new("k-1", "the name has 150 characters", "write at most 140");
/// assert_eq!(problem.to_string(), "k-1: the name has 150 characters; write at most 140");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: the key of an order, or a line of a file.
    pub place: String,
    /// What is wrong.
    pub because: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    /// A problem.
    pub fn new(
        place: impl Into<String>,
        because: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), because: because.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.because, self.remedy)
    }
}

/// A text of a file for a message, which may be anything.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).map(|it| if it.is_control() { ' ' } else { it }).collect()
}
