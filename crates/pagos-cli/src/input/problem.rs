//! A problem of a file, with its place and its remedy. It hides private values.

use std::fmt;

use serde::Serialize;

use crate::{
    input::column::Column,
    words::{Text, file},
};

/// One problem: where, what, and what to do. It contains no account number, document, email address
/// or telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The line of the file, from 1. A row that spans several lines counts from its first.
    pub(crate) line: u64,
    /// The cell, in a spreadsheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cell: Option<Box<str>>,
    /// The name of the column; `None` for the whole row or the file.
    pub(crate) column: Option<String>,
    /// The value, if it may be shown.
    pub(crate) value: Option<String>,
    /// What is wrong, as the rest of a sentence that begins with the value.
    pub(crate) because: Text,
    /// What to do.
    pub(crate) remedy: Text,
}

const SHOWN_CHARS_MAX: usize = 40;
const DIGITS_SHOWN_MAX: usize = 5;

impl Problem {
    /// A problem of the whole row or file.
    pub(crate) fn of_line(line: u64, because: impl Into<Text>, remedy: impl Into<Text>) -> Self {
        let (because, remedy) = (because.into(), remedy.into());
        Self { line, cell: None, column: None, value: None, because, remedy }
    }

    /// A problem of one field. It shows `text` if the column allows that.
    pub(crate) fn of_field(
        line: u64,
        column: Column,
        text: &str,
        because: impl Into<Text>,
        remedy: impl Into<Text>,
    ) -> Self {
        Self {
            column: Some(column.name().to_owned()),
            value: shown(column, text),
            ..Self::of_line(line, because, remedy)
        }
    }

    /// Removes the values of a row's private fields, in case another field repeats them.
    pub(crate) fn hide(&mut self, private: &str) {
        // A short word is not private: in a repeated header, the account is "account".
        if private.chars().count() < 4
            || !private.contains(|it: char| it.is_ascii_digit() || it == '@')
        {
            return;
        }
        if self.value.as_ref().is_some_and(|value| value.contains(private)) {
            self.value = None;
        }
        for text in [&mut self.because, &mut self.remedy] {
            text.hide(private);
        }
    }
}

/// Prints `line 12, amount "14,82": has a comma; write 14.82`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cell {
            Some(cell) => write!(f, "{}", file::cell(cell.as_ref()))?,
            None => write!(f, "{}", file::line(self.line))?,
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        if let Some(value) = &self.value {
            write!(f, " {value:?}")?;
        }
        write!(f, ": {}; {}", self.because, self.remedy)
    }
}

/// The value as it may be shown. A long run of digits outside key and amount is probably an account
/// or a document in the wrong column.
pub(super) fn shown(column: Column, text: &str) -> Option<String> {
    if column.is_private() || text.is_empty() {
        return None;
    }
    let is_number_expected = matches!(column, Column::Key | Column::Amount);
    if text.contains('@') || (has_many_digits(text) && !is_number_expected) {
        return None;
    }
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return Some(text.to_owned());
    }
    Some(text.chars().take(SHOWN_CHARS_MAX).chain("...".chars()).collect())
}

/// Whether it has as many digits as an account or a document.
pub(super) fn has_many_digits(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() > DIGITS_SHOWN_MAX
}

/// Masks each run of more than five digits, for texts that others wrote about a field.
pub(crate) fn mask_digits(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut run = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            run.push(letter);
            continue;
        }
        match run.len() > DIGITS_SHOWN_MAX {
            true => masked.push_str("..."),
            false => masked.push_str(&run),
        }
        run.clear();
        if letter != '\0' {
            masked.push(letter);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_values_are_not_shown_wherever_they_stand() {
        for column in [Column::Account, Column::Document, Column::Email, Column::Phone] {
            assert_eq!(shown(column, "x"), None);
        }
        assert_eq!(shown(Column::Bank, "1012345678"), None);
        assert_eq!(shown(Column::Bank, "ana@example.com"), None);
        assert_eq!(shown(Column::Bank, "1007"), Some("1007".to_owned()));
        assert_eq!(shown(Column::Amount, "150000000"), Some("150000000".to_owned()));
        assert_eq!(
            mask_digits("\"1012345678\" is not a bank, 20 is"),
            "\"...\" is not a bank, 20 is"
        );
        let mut problem = Problem::of_field(3, Column::Name, "Ana 3991", "has 3991 in it", "3991");
        problem.hide("3991");
        assert_eq!(problem.to_string(), "line 3, name: has ... in it; ...");
    }
}
