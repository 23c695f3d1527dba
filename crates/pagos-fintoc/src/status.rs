//! What the provider's words mean: statuses and refusals, as tables, each row with its source. No
//! requests and no orders.

use pagos_core::{ErrorKind, Status};

/// The words of a payout's status. A word that is not here is no status, not even one that is not
/// final.
const STATUSES: &[(&str, Status)] = &[];

/// The codes with which a new payout is refused. What is not here is `Unknown`.
const REFUSALS: &[(&str, ErrorKind)] = &[];

/// The status that a word says; `None` for a word that nobody documented.
pub(crate) fn status(word: &str) -> Option<Status> {
    STATUSES.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
}

/// What a code means for the caller of a new payout.
pub(crate) fn refusal(code: &str) -> ErrorKind {
    let row = REFUSALS.iter().find(|(known, _)| *known == code);
    row.map_or(ErrorKind::Unknown, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_word_has_its_status() {
        STATUSES.first().expect("write a row into STATUSES in crates/pagos-fintoc/src/status.rs");
        assert!(STATUSES.iter().all(|(word, expected)| status(word) == Some(*expected)));
        assert_eq!(status("a word of nobody"), None);
    }

    #[test]
    fn every_documented_refusal_has_its_kind() {
        REFUSALS.first().expect("write a row into REFUSALS in crates/pagos-fintoc/src/status.rs");
        assert!(REFUSALS.iter().all(|(code, expected)| refusal(code) == *expected));
        assert_eq!(refusal("a code of nobody"), ErrorKind::Unknown);
    }
}
