//! What spreadsheets do to numbers that are names: accounts, documents, telephones, keys. Points
//! the damage out; never repairs it, because the lost digits cannot be known.

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// `1.23E+11`: the spreadsheet kept some digits and threw the others away.
    Scientific,
    /// `12345678.0`: read as a number and written back.
    DecimalEnding,
    /// `12,345,678`: shown with thousands separators.
    Thousands,
    /// `'0012`, `="0012"`: the marks of a text cell were exported with it.
    TextMark,
    /// `#REF!`, `#########`: the cell shows an error or was too narrow.
    CellError,
}

const AS_TEXT: &str = "format the column as text in the spreadsheet, enter the value again, export";

impl Damage {
    /// What is wrong, and what to do.
    pub(crate) fn explain(self) -> (&'static str, &'static str) {
        match self {
            Damage::Scientific => (
                "was turned into scientific notation (E+) by a spreadsheet, which lost digits",
                AS_TEXT,
            ),
            Damage::DecimalEnding => (
                "ends in .0, so a spreadsheet read it as a number; leading zeros may be lost too",
                AS_TEXT,
            ),
            Damage::Thousands => ("has thousands separators", AS_TEXT),
            Damage::TextMark => (
                "still has the marks of a spreadsheet's text cell (' or =\"...\")",
                "export the values without the marks",
            ),
            Damage::CellError => ("is a spreadsheet's error text", "repair the cell and export"),
        }
    }
}

/// The damage that `text` shows, if it does.
pub(crate) fn find(text: &str) -> Option<Damage> {
    if text.starts_with('\'') || text.starts_with("=\"") {
        return Some(Damage::TextMark);
    }
    if text.starts_with('#') {
        return Some(Damage::CellError);
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

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'.' | b',')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Groups of three behind the first, with one and the same mark: `1.234.567`.
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
