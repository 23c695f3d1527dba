//! Finds accounts that are shorter than the others of their bank, since a spreadsheet may have
//! removed leading zeros. It guesses from the file itself, so it warns and never refuses.

use std::collections::HashMap;

use pagos_core::PayoutOrder;

use crate::{
    input::{Problem, column::Column, problem},
    words::file,
};

/// The maximum number of banks that are watched, and of lines that are named per length.
const BANKS_MAX: usize = 512;
const LINES_NAMED_MAX: usize = 5;
/// Fewer accounts of a length say nothing about a bank.
const USUAL_COUNT_MIN: u64 = 5;

/// The lengths of the account numbers of each bank.
#[derive(Default)]
pub(crate) struct AccountLengths {
    banks: HashMap<String, Vec<Length>>,
}

struct Length {
    digits: usize,
    count: u64,
    has_leading_zeros: bool,
    lines: Vec<u64>,
}

impl AccountLengths {
    pub(crate) fn add(&mut self, order: &PayoutOrder, line: u64) {
        let number = order.beneficiary.account_number.as_str();
        let Some(bank) = &order.beneficiary.bank else {
            return;
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        let Some(lengths) = self.lengths_of(bank.as_str()) else {
            return;
        };
        let digits = number.len();
        if !lengths.iter().any(|length| length.digits == digits) {
            let (count, has_leading_zeros, lines) = (0, false, Vec::new());
            lengths.push(Length { digits, count, has_leading_zeros, lines });
        }
        for length in lengths.iter_mut().filter(|length| length.digits == digits) {
            length.count += 1;
            length.has_leading_zeros |= number.starts_with('0');
            if length.lines.len() < LINES_NAMED_MAX && !number.starts_with('0') {
                length.lines.push(line);
            }
        }
    }

    /// One warning for each named line whose account is shorter than nine in ten of its bank's.
    pub(crate) fn into_warnings(self) -> Vec<Problem> {
        let mut warnings = Vec::new();
        for (bank, lengths) in &self.banks {
            let all: u64 = lengths.iter().map(|length| length.count).sum();
            let Some(usual) = lengths.iter().max_by_key(|length| length.count) else {
                continue;
            };
            if usual.count < USUAL_COUNT_MIN || usual.count * 10 < all * 9 {
                continue;
            }
            let shorter = lengths.iter().filter(|length| length.digits < usual.digits);
            for length in shorter {
                let lines = length.lines.iter();
                warnings.extend(lines.map(|line| warning(*line, bank, length.digits, usual)));
            }
        }
        warnings.sort_by_key(|warning| warning.line);
        warnings
    }

    fn lengths_of(&mut self, bank: &str) -> Option<&mut Vec<Length>> {
        if !self.banks.contains_key(bank) {
            if self.banks.len() >= BANKS_MAX {
                return None;
            }
            self.banks.insert(bank.to_owned(), Vec::new());
        }
        self.banks.get_mut(bank)
    }
}

fn warning(line: u64, bank: &str, digits: usize, usual: &Length) -> Problem {
    let bank = problem::shown(Column::Bank, bank).unwrap_or_else(|| "...".to_owned());
    let because = match usual.has_leading_zeros {
        true => file::account_lacks_zeros(digits, bank, usual.digits),
        false => file::account_is_short(digits, bank, usual.digits),
    };
    Problem::of_field(line, Column::Account, "", because, file::were_zeros_removed())
}
