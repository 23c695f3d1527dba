//! Everything in a file that looks odd and can be right. Holds no account number.

use std::fmt::Write;

use pagos_core::PayoutOrder;

use crate::input::BanksPaid;
use crate::input::Problem;
use crate::input::column::Column;
use crate::input::duplicate::Repeated;
use crate::input::duplicate::RowHashes;
use crate::input::encoding::Encoding;
use crate::input::length::AccountLengths;
use crate::input::rows::Format;
use crate::input::sheet::Sheet;

/// So many warnings are kept, and so many rows are named that pay the same; the rest is counted.
const KEPT_MAX: usize = 1_000;
const ROWS_NAMED_MAX: usize = 20;

/// The warnings of a pass.
pub(crate) struct Warnings {
    list: Vec<Problem>,
    more: u64,
    lengths: AccountLengths,
    /// Account, amount and currency of each row.
    payouts: RowHashes,
    /// Each key in small letters.
    keys: RowHashes,
    /// Used again for each row.
    payout: String,
}

impl Warnings {
    pub(crate) fn new() -> Self {
        Self {
            list: Vec::new(),
            more: 0,
            lengths: AccountLengths::default(),
            payouts: RowHashes::new(),
            keys: RowHashes::new(),
            payout: String::new(),
        }
    }

    pub(crate) fn add_format(&mut self, format: &Format) {
        if let Format::Text { encoding: Encoding::Windows1252, .. } = format {
            let because = "the file is not UTF-8 and was read as Windows-1252";
            self.push(Problem::of_line(1, because, "look at the names that have accents"));
        }
    }

    pub(crate) fn add_sheet(&mut self, sheet: &Sheet) {
        if let Some(shown) = &sheet.shown {
            let because = format!(
                "the workbook opens on its sheet {shown:?}, and {:?} is read, which is the first",
                sheet.name
            );
            self.push(Problem::of_line(1, because, "move the payroll to the first sheet"));
        }
        if let Some(first) = sheet.hidden.first() {
            let because = match sheet.hidden.len() {
                1 => "the row is hidden and is paid all the same".to_owned(),
                count => format!("{count} rows are hidden from here on and are paid all the same"),
            };
            let remedy = "delete what is not to be paid, or take the filter off";
            self.push(Problem::of_line(*first, because, remedy));
        }
    }

    /// A pipe ends within a line: whoever wrote it may have been cut off.
    pub(crate) fn add_cut(&mut self, line: u64) {
        let because = "the pipe ends within this line, so that it may have been cut off";
        self.push(Problem::of_line(line, because, "check that this is the last row, and whole"));
    }

    /// A bank that no table has. Once for each bank, not for each row.
    pub(crate) fn add_bank(&mut self, bank: &BanksPaid) {
        let because = format!(
            "bank {:?} is in no table of Pagos and is sent as it is ({})",
            bank.shown(),
            match bank.count {
                1 => "1 payout".to_owned(),
                count => format!("{count} payouts"),
            }
        );
        let remedy = "compare it with `pagos banks`";
        self.push(Problem::of_field(bank.line, Column::Bank, "", because, remedy));
    }

    pub(crate) fn add_empty(&mut self) {
        let because = "the file has a header and no rows";
        self.push(Problem::of_line(1, because, "check that it is the file you meant"));
    }

    /// Looks at a row that can be paid, beside all others.
    pub(crate) fn add(&mut self, order: &PayoutOrder, line: u64, doubts: Vec<Problem>) {
        doubts.into_iter().for_each(|doubt| self.push(doubt));
        self.lengths.add(order, line);
        self.keys.add(order.key.as_str().to_ascii_lowercase().as_bytes(), line);
        self.payout.clear();
        let account = order.beneficiary.account_number.as_str();
        // Writing to a string does not fail.
        let _ = write!(self.payout, "{account} {:?}", order.amount);
        self.payouts.add(self.payout.as_bytes(), line);
    }

    /// All warnings by line, and how many more there are. `equal_keys` are errors already.
    pub(crate) fn finish(mut self, equal_keys: &[Repeated]) -> (Vec<Problem>, u64) {
        let lengths = std::mem::take(&mut self.lengths);
        lengths.into_warnings().into_iter().for_each(|warning| self.push(warning));
        let is_error =
            |row: &Repeated| equal_keys.binary_search_by_key(&row.line, |it| it.line).is_ok();
        let keys = std::mem::replace(&mut self.keys, RowHashes::new()).into_repeated();
        for row in keys.iter().filter(|row| row.other < row.line && !is_error(row)) {
            let because = format!("is the key of line {} but for capital letters", row.other);
            let remedy = "check that it is not the same payout";
            self.push(Problem::of_field(row.line.into(), Column::Key, "", because, remedy));
        }
        let payouts = std::mem::replace(&mut self.payouts, RowHashes::new()).into_repeated();
        let later: Vec<&Repeated> =
            payouts.iter().filter(|row| row.other < row.line && !is_error(row)).collect();
        for row in later.iter().take(ROWS_NAMED_MAX) {
            self.push(same_payout(row));
        }
        if let Some(last) = later.last().filter(|_| later.len() > 1) {
            let because = format!("{} rows pay what an earlier row pays too", later.len());
            let remedy = "check that nobody is in the file twice";
            self.push(Problem::of_line(last.line.into(), because, remedy));
        }
        self.list.sort_by_key(|warning| warning.line);
        (self.list, self.more)
    }

    fn push(&mut self, warning: Problem) {
        match self.list.len() < KEPT_MAX {
            true => self.list.push(warning),
            false => self.more += 1,
        }
    }
}

fn same_payout(row: &Repeated) -> Problem {
    let because = format!("gets the same amount in line {}, under another key", row.other);
    let remedy = "check that this person is meant to be paid twice";
    Problem::of_field(row.line.into(), Column::Account, "", because, remedy)
}
