//! The words of VirtualPOS that decide anything, and how words are compared. `status.rs` interprets
//! them in answers.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use pagos_core::{Error, Status};

/// The words of VirtualPOS that decide anything.
#[derive(Debug)]
pub(crate) struct Words {
    /// Folded: see [`fold`].
    pub(crate) states: Vec<(String, Status)>,
    pub(crate) auth_codes: Vec<String>,
    pub(crate) absent_codes: Vec<String>,
}

/// A word in lower case, without accents and surrounding blanks.
pub(crate) fn fold(word: &str) -> String {
    let bare = word.trim().nfd().filter(|letter| !is_combining_mark(*letter));
    bare.flat_map(char::to_lowercase).collect()
}

/// The state words, folded; none may have two meanings.
pub(super) fn fold_states(words: &[(String, Status)]) -> Result<Vec<(String, Status)>, Error> {
    let refused = |because: String| Err(Error::invalid("state_words").because(because));
    let mut folded: Vec<(String, Status)> = Vec::with_capacity(words.len());
    for (word, status) in words {
        if matches!(status, Status::Created | Status::Unknown) {
            return refused(format!("{word:?} cannot mean {status}"));
        }
        let word = fold(word);
        if folded.iter().any(|(known, meaning)| *known == word && meaning != status) {
            return refused(format!("{word:?} has two meanings"));
        }
        folded.push((word, *status));
    }
    Ok(folded)
}
