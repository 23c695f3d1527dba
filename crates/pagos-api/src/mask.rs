//! What an answer may show of an account: its last digits, and no longer run of digits in a text
//! that somebody else wrote.

use pagos_core::{AccountNumber, Currency};

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

/// A text without runs of digits that could be an account, a document or a telephone number. An amount
/// with its currency stays: whoever decides about a contradiction must see it.
pub(crate) fn text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begins) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(begins);
        let ends = from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(ends);
        masked.push_str(before);
        match digits.len() > DIGITS_SHOWN_MAX && !is_of_amount(after) {
            true => masked.push_str("****"),
            false => masked.push_str(digits),
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// Whether digits are those of an amount, by what follows them: `.00 COP`, ` CLP`.
fn is_of_amount(after: &str) -> bool {
    let decimals =
        after.strip_prefix('.').map(|it| it.trim_start_matches(|d: char| d.is_ascii_digit()));
    let code = decimals.unwrap_or(after).strip_prefix(' ').unwrap_or_default();
    let code = code.split(|letter: char| !letter.is_ascii_alphanumeric()).next();
    code.is_some_and(|code| code.parse::<Currency>().is_ok())
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
        let amounts = "speaks of 1500100.00 COP, ordered are 1500000 CLP and 999999";
        assert_eq!(text(amounts), "speaks of 1500100.00 COP, ordered are 1500000 CLP and ****");
    }
}
