//! Makes a provider's free text fit for errors, observations and logs.

/// A run of digits of this length or more may be an account, a document or a telephone number.
const DIGITS_MIN: usize = 6;
const LENGTH_MAX: usize = 200;

/// `text`, cut to 200 characters, with every run of six or more digits masked and control
/// characters replaced by blanks.
///
/// Dots, dashes and single blanks inside a run do not hide it: `1.012.345.678` is masked too.
///
/// ```
/// assert_eq!(pagos_wire::redact("account 3023612345 of bank 33"), "account ****** of bank 33");
/// ```
pub fn redact(text: &str) -> String {
    let characters: Vec<char> = text.chars().take(LENGTH_MAX).collect();
    let mut redacted = String::with_capacity(characters.len());
    let mut rest = characters.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        let run = digit_run(rest);
        let (masked, beyond) = rest.split_at_checked(run.length).unwrap_or((rest, &[]));
        if run.digits >= DIGITS_MIN {
            redacted.push_str("******");
            rest = beyond;
        } else if run.digits > 0 {
            redacted.extend(masked);
            rest = beyond;
        } else {
            redacted.push(if first.is_control() { ' ' } else { first });
            rest = after;
        }
    }
    redacted
}

/// How many characters at the start belong to one number, and how many of them are digits.
struct DigitRun {
    length: usize,
    digits: usize,
}

fn digit_run(characters: &[char]) -> DigitRun {
    let mut run = DigitRun { length: 0, digits: 0 };
    for (position, character) in characters.iter().enumerate() {
        if character.is_numeric() {
            run.digits += 1;
            run.length = position + 1;
            continue;
        }
        let is_separator = matches!(character, '.' | '-' | ' ');
        if run.digits == 0 || !is_separator || position > run.length {
            break;
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_numbers_are_masked_and_short_ones_stay() {
        let cases = [
            ("ACCOUNT NOT EXITS", "ACCOUNT NOT EXITS"),
            ("code 12345", "code 12345"),
            ("id 123456", "id ******"),
            ("1.012.345.678 is wrong", "****** is wrong"),
            ("302 361-2345", "******"),
            ("12  34  56", "12  34  56"),
            ("a1b2c3d4e5f6", "a1b2c3d4e5f6"),
            ("٣٠٢٣٦١", "******"),
            ("line\nbreak\u{1b}[31m", "line break [31m"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(redact(text), expected);
        }
        assert_eq!(redact(&"x".repeat(500)).len(), 200);
    }

    proptest! {
        #[test]
        fn no_six_digits_in_a_row_survive(text in "[0-9 a.-]{0,60}") {
            let redacted = redact(&text);
            let longest = redacted
                .split(|character: char| !character.is_ascii_digit())
                .map(str::len)
                .max();
            prop_assert!(longest.unwrap_or(0) < 6, "{}", redacted);
        }
    }
}
