//! What looks odd in one order and can be right all the same: it is told, and never refused. Nothing
//! that takes two rows to see.

use encoding_rs::WINDOWS_1252;
use pagos_core::PayoutOrder;

use crate::input::column::Column;

/// The digits that a spreadsheet keeps of a number.
const SHEET_DIGITS: usize = 15;

/// Something odd in one field. Holds nothing of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub(crate) column: Column,
    pub(crate) because: &'static str,
    pub(crate) remedy: &'static str,
}

/// Everything odd in an order.
pub(crate) fn of_order(order: &PayoutOrder) -> Vec<Doubt> {
    let beneficiary = &order.beneficiary;
    let mut doubts = Vec::new();
    let texts = [
        (Column::Name, Some(&beneficiary.name)),
        (Column::Description, order.description.as_ref()),
    ];
    for (column, text) in texts {
        if text.is_some_and(|text| is_decoded_twice(text)) {
            let because = "looks like an accent that was decoded wrongly (JosÃ© for José)";
            let remedy = "open the file as UTF-8 where it was made, and save it again";
            doubts.push(Doubt { column, because, remedy });
        }
    }
    if !beneficiary.name.chars().any(char::is_alphabetic) {
        let (because, remedy) = ("has no letter in it", "check that the columns are in order");
        doubts.push(Doubt { column: Column::Name, because, remedy });
    }
    if is_cut(beneficiary.account_number.as_str()) {
        let because = "has only zeros behind its fifteenth digit, as when a spreadsheet took it for \
                       a number";
        let remedy = "compare it with the document that it comes from";
        doubts.push(Doubt { column: Column::Account, because, remedy });
    }
    doubts
}

/// UTF-8 that was read as Windows-1252 is valid UTF-8 again when that is undone.
fn is_decoded_twice(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(text);
    !has_others && std::str::from_utf8(&bytes).is_ok()
}

fn is_cut(number: &str) -> bool {
    let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let rest = number.as_bytes().get(SHEET_DIGITS..).unwrap_or(&[]);
    is_digits && !rest.is_empty() && rest.iter().all(|byte| *byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_9_accents_that_were_decoded_twice_are_seen() {
        for text in ["JosÃ©", "PeÃ±a", "Ã‘uble", "Â¿SÃ\u{AD}?", "Bogotâ€œ"] {
            assert!(is_decoded_twice(text), "{text}");
        }
        for text in ["José", "Ñuble", "João São", "Ã", "Ana", "Łukasz", "GARCÍA Ó"] {
            assert!(!is_decoded_twice(text), "{text}");
        }
    }

    #[test]
    fn world_10_long_numbers_that_end_in_zeros_are_seen() {
        for (number, expected) in [
            ("1234567890123450", true),
            ("123456789012345000", true),
            ("123456789012345", false),
            ("123456789012345100", false),
            ("123456789012340", false),
            ("12345678901234AB", false),
        ] {
            assert_eq!(is_cut(number), expected, "{number}");
        }
    }
}
