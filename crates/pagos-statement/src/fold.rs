//! Words that are compared without case, accents and double spaces.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// `"  N°  DE Operación "` is `"n° de operacion"`.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split(|letter: char| letter.is_whitespace() || letter == '\u{feff}') {
        if !word.is_empty() && !folded.is_empty() {
            folded.push(' ');
        }
        let letters = word.nfd().filter(|letter| !is_combining_mark(*letter));
        folded.extend(letters.flat_map(char::to_lowercase));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_spaces_do_not_count() {
        assert_eq!(fold("  N°  DE\u{a0}Operación\n"), "n° de operacion");
        assert_eq!(fold("DESCRIPCIO\u{301}N"), fold("descripción"));
        assert_eq!(fold(""), "");
    }
}
