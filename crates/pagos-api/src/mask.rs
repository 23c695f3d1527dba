//! What an answer may show of an account: its last digits, and no longer run of digits in a text
//! that somebody else wrote.

use pagos_core::AccountNumber;

/// The last four characters, or none if that would be half of the number or more.
pub(crate) fn account(number: &AccountNumber) -> String {
    let text = number.as_str();
    // An account number is ASCII, so every place is between two characters.
    let shown = text.len().checked_sub(SHOWN).filter(|hidden| *hidden > SHOWN);
    let tail = shown.and_then(|hidden| text.get(hidden..)).unwrap_or_default();
    format!("****{tail}")
}

/// A text of the provider or of a person about an order, without the order's account number.
pub(crate) fn about(number: &AccountNumber, said: &str) -> String {
    match number.as_str() {
        short if short.len() < SHOWN => text(said),
        long => text(&said.replace(long, "****")),
    }
}

/// A text without runs of digits that could be an account, a document or a telephone number.
pub(crate) fn text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut run = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            run.push(letter);
            continue;
        }
        flush(&mut masked, &mut run);
        masked.push(letter);
    }
    flush(&mut masked, &mut run);
    masked
}

fn flush(masked: &mut String, run: &mut String) {
    match run.len() > DIGITS_SHOWN_MAX {
        true => masked.push_str("****"),
        false => masked.push_str(run),
    }
    run.clear();
}

const SHOWN: usize = 4;
const DIGITS_SHOWN_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_of_a_number_is_shown() {
        let cases = [
            ("0012345678", "****5678"),
            ("123456789", "****6789"),
            ("12345678", "****"),
            ("1", "****"),
        ];
        for (number, shown) in cases {
            assert_eq!(account(&AccountNumber::new(number).unwrap()), shown);
        }
    }

    #[test]
    fn texts_lose_what_could_be_a_number() {
        let number = AccountNumber::new("AB-77").unwrap();
        assert_eq!(about(&number, "AB-77 is closed since 2026"), "**** is closed since 2026");
        assert_eq!(text("document 1012345678, code 12345"), "document ****, code 12345");
    }
}
