//! Recognises what spreadsheets do to identifiers that look like numbers: accounts, documents,
//! telephones, keys. Damage is reported and never repaired, because the lost digits cannot be
//! known.

use crate::words::{Text, file};

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// `1.23E+11`: the spreadsheet kept some digits and dropped the others.
    Scientific,
    /// `12345678.0`: read as a number and written back.
    DecimalEnding,
    /// `12,345,678`: shown with thousands separators.
    Thousands,
    /// `'0012`, `="0012"`: the marks of a text cell were exported too.
    TextMark,
    /// `#REF!`, `#########`: the cell shows an error or was too narrow.
    CellError,
    /// `12-ene`, `ene-26`: a key such as `12-1` that was taken for a date.
    Date,
    /// `null`, `N/A`, `???`: what programs write for a missing value.
    NoValue,
}

/// In Spanish, English and Portuguese.
const MONTHS: [&str; 22] = [
    "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "sept", "oct", "nov", "dic",
    "jan", "apr", "aug", "dec", "fev", "mai", "set", "out", "dez",
];

/// What programs write for a missing value, in any case.
const NO_VALUES: [&str; 16] = [
    "null",
    "(null)",
    "\\n",
    "nil",
    "none",
    "nan",
    "na",
    "n/a",
    "n/d",
    "nd",
    "s/d",
    "undefined",
    "vacio",
    "vacío",
    "sin dato",
    "sin datos",
];

impl Damage {
    /// What is wrong, and what to do.
    pub(crate) fn explain(self) -> (Text, Text) {
        let as_text = file::format_and_export();
        match self {
            Damage::Scientific => (file::is_scientific(), as_text),
            Damage::DecimalEnding => (file::ends_in_decimals(), as_text),
            Damage::Thousands => (file::has_thousands(), as_text),
            Damage::TextMark => (file::has_text_marks(), file::export_without_marks()),
            Damage::CellError => (file::is_a_cell_error(), file::repair_cell()),
            Damage::Date => (file::was_made_a_date(), as_text),
            Damage::NoValue => (file::says_no_value(), file::write_value_or_leave_empty()),
        }
    }
}

/// Finds a text that means "no value" in any column, so it cannot be a name either.
pub(crate) fn find_no_value(text: &str) -> Option<Damage> {
    if text.starts_with('#') && text.chars().skip(1).all(|letter| !letter.is_lowercase()) {
        return Some(Damage::CellError);
    }
    let lower = text.to_lowercase();
    let is_marks = !text.is_empty() && text.bytes().all(|byte| b"?-._*/".contains(&byte));
    (is_marks || NO_VALUES.contains(&lower.as_str())).then_some(Damage::NoValue)
}

/// The damage in an identifier that looks like a number: an account, a document, a key.
pub(crate) fn find(text: &str) -> Option<Damage> {
    if let Some(found) = find_no_value(text) {
        return Some(found);
    }
    if text.starts_with('\'') || text.starts_with("=\"") {
        return Some(Damage::TextMark);
    }
    if text.starts_with('#') {
        return Some(Damage::CellError);
    }
    if is_date(text) {
        return Some(Damage::Date);
    }
    if !text.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Some((mantissa, power)) = text.split_once(['E', 'e']) {
        let power = power.strip_prefix(['+', '-']).unwrap_or(power);
        let is_number = mantissa.bytes().all(|byte| byte.is_ascii_digit() || is_mark(byte));
        let has_sign = text.contains('+') || mantissa.bytes().any(is_mark);
        return (is_number && has_sign && is_digits(power)).then_some(Damage::Scientific);
    }
    let decimals = text.split_once(['.', ',']);
    if decimals.is_some_and(|(whole, zeros)| is_digits(whole) && matches!(zeros, "0" | "00")) {
        return Some(Damage::DecimalEnding);
    }
    is_grouped(text).then_some(Damage::Thousands)
}

/// A day or a year and the name of a month, as a spreadsheet shows `12-1`: `12-ene`, `Jan-26`.
fn is_date(text: &str) -> bool {
    let is_number = |text: &str| (1..=2).contains(&text.len()) && is_digits(text);
    let is_month = |text: &str| {
        let lower = text.to_ascii_lowercase();
        MONTHS.contains(&lower.trim_end_matches('.'))
    };
    let parts = text.split_once(['-', '/']);
    parts.is_some_and(|(one, other)| {
        (is_number(one) && is_month(other)) || (is_month(one) && is_number(other))
    })
}

/// An account or a document that consists of zeros: `0000`, `0-0`.
pub(crate) fn is_zeros(text: &str) -> bool {
    text.contains('0') && text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'.'))
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'.' | b',')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Groups of three after the first, all with the same mark: `1.234.567`.
fn is_grouped(text: &str) -> bool {
    let Some(mark) = text.bytes().find(|byte| is_mark(*byte)) else {
        return false;
    };
    let mut groups = text.split(char::from(mark));
    let is_first_good = groups.next().is_some_and(|group| is_digits(group) && group.len() <= 3);
    is_first_good && groups.all(|group| is_digits(group) && group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_9_a_name_is_a_name_and_not_what_stands_for_none() {
        let none = ["#N/A", "#¡VALOR!", "NULL", "Null", "nan", "S/D", "-", "???", "sin datos"];
        for text in none {
            assert!(find_no_value(text).is_some(), "{text}");
        }
        for (text, expected) in [("00000000", true), ("0-0", true), ("00-7", false), ("-", false)] {
            assert_eq!(is_zeros(text), expected, "{text}");
        }
        for text in ["Ana Null", "Nana", "#1 Ferretería", "0", "7", "Nande", "D'Angelo"] {
            assert_eq!(find_no_value(text), None, "{text}");
        }
    }

    #[test]
    fn damage_is_recognised_and_whole_values_are_not() {
        let cases = [
            ("1.23E+11", Some(Damage::Scientific)),
            ("1,23457E+11", Some(Damage::Scientific)),
            ("3E+09", Some(Damage::Scientific)),
            ("1012345678.0", Some(Damage::DecimalEnding)),
            ("1012345678,00", Some(Damage::DecimalEnding)),
            ("12,345,678", Some(Damage::Thousands)),
            ("1.012.345.678", Some(Damage::Thousands)),
            ("'00123", Some(Damage::TextMark)),
            ("=\"00123\"", Some(Damage::TextMark)),
            ("#REF!", Some(Damage::CellError)),
            ("########", Some(Damage::CellError)),
            ("#¿NOMBRE?", Some(Damage::CellError)),
            ("#N/D", Some(Damage::CellError)),
            ("12-ene", Some(Damage::Date)),
            ("Jan-26", Some(Damage::Date)),
            ("1-sept.", Some(Damage::Date)),
            ("12-enero-1", None),
            ("n-mar", None),
            ("2026-nov", None),
            ("null", Some(Damage::NoValue)),
            ("N/A", Some(Damage::NoValue)),
            ("NaN", Some(Damage::NoValue)),
            ("???", Some(Damage::NoValue)),
            ("00123456789", None),
            ("3E5", None),
            ("AB123456", None),
            ("900123456-7", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(find(text), expected, "{text}");
        }
    }
}
