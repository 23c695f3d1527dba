//! How texts of banks are compared: cut into words once, and in the bank's capitals.

/// The pieces of a text that could be a name of ours: whatever stands between white space and
/// punctuation that no key and no reference has at its border.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_border =
        |it: char| it.is_whitespace() || matches!(it, ',' | ';' | '|' | '(' | ')' | '"');
    text.split(is_border)
        .map(|it| it.trim_matches(['.', ':', '*', '#']))
        .filter(|it| !it.is_empty())
}

/// The parts of a piece that could be a key: letters, digits, `_` and `-`. A key inside a longer
/// key is no part of its own.
pub(crate) fn keys(piece: &str) -> impl Iterator<Item = &str> {
    let is_of_key = |it: char| it.is_alphanumeric() || it == '_' || it == '-';
    piece.split(move |it| !is_of_key(it)).filter(|it| !it.is_empty())
}

/// Capitals and digits only, without accents and punctuation, as banks write.
pub(crate) fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).filter_map(plain).collect()
}

fn plain(letter: char) -> Option<char> {
    Some(match letter {
        'Á' | 'À' | 'Ä' => 'A',
        'É' | 'È' | 'Ë' => 'E',
        'Í' | 'Ì' | 'Ï' => 'I',
        'Ó' | 'Ò' | 'Ö' => 'O',
        'Ú' | 'Ù' | 'Ü' => 'U',
        'Ñ' => 'N',
        other if other.is_ascii_alphanumeric() => other,
        _ => return None,
    })
}

/// A number without punctuation and leading zeros, since banks write `0012-3456` and `123456`.
pub(crate) fn number(text: &str) -> String {
    let folded = folded(text);
    folded.trim_start_matches('0').to_owned()
}

/// The last digits of a number that a bank masks, such as `****1234`; at least four.
pub(crate) fn tail(text: &str) -> Option<&str> {
    let digits = text.trim_start_matches(['*', 'X', 'x', '.', '•']);
    let is_masked = digits.len() < text.len();
    let is_tail = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_masked && is_tail).then_some(digits)
}

/// Whether a name is so distinct that it means something wherever it stands: an amount, a date or
/// the number of an account is no key.
pub(crate) fn is_telling(name: &str) -> bool {
    let has_letter = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    (has_letter && name.len() >= 5) || name.len() >= 16
}

/// Whether a name means something in a field of its own, or in a text together with the amount.
pub(crate) fn is_long(name: &str) -> bool {
    name.len() >= 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_the_borders_of_keys() {
        let text = "TRANSF. pay-10, (pay-1): REF/pay_2 *pay-3-x*";
        let found: Vec<&str> = pieces(text).flat_map(keys).collect();
        assert_eq!(found, ["TRANSF", "pay-10", "pay-1", "REF", "pay_2", "pay-3-x"]);
    }

    #[test]
    fn banks_write_capitals_without_accents() {
        assert_eq!(folded("salary-2026_Ñandú é"), "SALARY2026NANDUE");
        assert_eq!(number("00-12.345 6"), "123456");
    }

    #[test]
    fn a_masked_tail_has_four_digits() {
        let table = [
            ("****1234", Some("1234")),
            ("XXXX56789", Some("56789")),
            ("...1234", Some("1234")),
            ("***123", None),
            ("1234", None),
            ("**12A4", None),
        ];
        for (text, expected) in table {
            assert_eq!(tail(text), expected, "{text}");
        }
    }

    #[test]
    fn amounts_and_dates_are_no_names() {
        for text in ["pay-1", "nomina", "8510123456789012"] {
            assert!(is_telling(text), "{text}");
        }
        for text in ["p-1", "20260131", "150000", "1", "12345678901"] {
            assert!(!is_telling(text), "{text}");
        }
    }
}
