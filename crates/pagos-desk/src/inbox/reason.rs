//! Why the receiver refused something: what it means and what to do, by the text that it counts it under.

use crate::words::Words;

/// A reason in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason<'a> {
    pub(crate) title: &'a str,
    pub(crate) meaning: &'a str,
    pub(crate) remedy: &'a str,
}

impl<'a> Reason<'a> {
    /// A text that the table lacks, which another version counted, is shown as it is.
    pub(crate) fn of(words: &Words, text: &'a str) -> Self {
        Self::known(words, text).unwrap_or(Self { title: text, meaning: "", remedy: "" })
    }

    fn known(words: &Words, text: &str) -> Option<Self> {
        let w = words;
        let (title, meaning, remedy) = match text {
            "signature missing or wrong" => {
                (w.refused_forged, w.refused_forged_meaning, w.refused_forged_remedy)
            }
            "unsigned, and names no order of this account" => {
                (w.refused_foreign, w.refused_foreign_meaning, w.refused_foreign_remedy)
            }
            "unsigned, and more than the account takes a second" => {
                (w.refused_over_budget, w.refused_over_budget_meaning, w.refused_over_budget_remedy)
            }
            "a path that is no account's" => {
                (w.refused_misdirected, w.refused_misdirected_meaning, w.refused_misdirected_remedy)
            }
            "not a POST" => (w.refused_method, w.refused_method_meaning, w.refused_method_remedy),
            "a body longer than the limit" => {
                (w.refused_large, w.refused_large_meaning, w.refused_large_remedy)
            }
            "a body that did not arrive whole in time" => {
                (w.refused_unfinished, w.refused_unfinished_meaning, w.refused_unfinished_remedy)
            }
            "closed to make room for a newer one" => {
                (w.refused_evicted, w.refused_evicted_meaning, w.refused_evicted_remedy)
            }
            "idle, slow, or not reading" => {
                (w.refused_slow, w.refused_slow_meaning, w.refused_slow_remedy)
            }
            "no place, or not accepted by the system" => {
                (w.refused_unaccepted, w.refused_unaccepted_meaning, w.refused_unaccepted_remedy)
            }
            "the database did not take it in time" => {
                (w.refused_not_stored, w.refused_not_stored_meaning, w.refused_not_stored_remedy)
            }
            _ => return None,
        };
        Some(Self { title, meaning, remedy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{EN, ES};

    #[test]
    fn every_reason_of_the_receiver_has_words() {
        // The receiver's constants are its own, so this reads their text.
        let counters = include_str!("../../../pagos-webhook/src/counters.rs");
        let constants = counters.split("pub(crate) const ").skip(1);
        let texts: Vec<&str> = constants.filter_map(|one| one.split('"').nth(1)).collect();
        assert!(texts.contains(&"signature missing or wrong"), "{texts:?}");
        for text in texts {
            for words in [&ES, &EN] {
                assert!(Reason::known(words, text).is_some(), "{text}");
            }
        }
    }

    #[test]
    fn a_reason_that_nobody_knows_is_shown_as_it_is() {
        assert_eq!(Reason::of(&EN, "cosmic rays").title, "cosmic rays");
    }
}
