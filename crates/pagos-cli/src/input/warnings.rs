//! Collects the odd values of a file that may be right. It contains no account numbers.

use std::fmt::Write;

use pagos_core::PayoutOrder;

use crate::{
    input::{
        BanksPaid, Problem,
        column::Column,
        duplicate::{Repeated, Repeats, RowHashes},
        encoding::Encoding,
        header::Layout,
        length::AccountLengths,
        look::Look,
        record::Record,
        rows::Format,
        sheet::Sheet,
    },
    words::{Text, file, payout},
};

/// The maximum number of warnings that are kept, and of rows that are named for the same payment;
/// the rest is counted.
const KEPT_MAX: usize = 1_000;
const ROWS_NAMED_MAX: usize = 20;

/// The warnings of one pass.
pub(crate) struct Warnings {
    list: Vec<Problem>,
    more: u64,
    lengths: AccountLengths,
    /// Account and amount of each row: the kind is without leading zeros, the form with them.
    payouts: RowHashes,
    /// Person and amount of each row; the form is the account.
    persons: RowHashes,
    /// Reused for each row.
    text: String,
}

impl Warnings {
    pub(crate) fn new() -> Self {
        Self {
            list: Vec::new(),
            more: 0,
            lengths: AccountLengths::default(),
            payouts: RowHashes::new(),
            persons: RowHashes::new(),
            text: String::new(),
        }
    }

    pub(crate) fn add_format(&mut self, format: &Format) {
        if let Format::Text { encoding: Encoding::Windows1252, .. } = format {
            self.push(Problem::of_line(1, file::was_read_as_1252(), file::look_at_accents()));
        }
    }

    pub(crate) fn add_sheet(&mut self, sheet: &Sheet) {
        if let Some(shown) = &sheet.shown {
            let because = file::opens_on_another_sheet(shown, &sheet.name);
            self.push(Problem::of_line(1, because, file::move_to_first_sheet()));
        }
        if let Some(first) = sheet.hidden.first() {
            let because = match sheet.hidden.len() {
                1 => file::row_is_hidden(),
                count => file::rows_are_hidden(count),
            };
            self.push(Problem::of_line(*first, because, file::delete_or_unfilter()));
        }
        if sheet.strikes_by_condition {
            let (because, remedy) = (file::condition_strikes(), file::delete_or_remove_condition());
            self.push(Problem::of_line(1, because, remedy));
        }
    }

    /// Warns about columns that are read although nobody sees them, or whose name is struck
    /// through.
    pub(crate) fn add_columns(&mut self, sheet: &Sheet, header: &Record, layout: &Layout) {
        let placed = |column: &Column| Some((layout.place(*column)?, *column));
        for (place, column) in Column::ALL.iter().filter_map(placed) {
            let mut told = Vec::new();
            if sheet.hidden_columns.get(place).is_some_and(|is_hidden| *is_hidden) {
                told.push((file::column_is_hidden(), file::show_column()));
            }
            let is_struck = |look: &Look| matches!(look, Look::Struck | Look::PartStruck);
            if header.looks().iter().any(|(there, look)| *there == place && is_struck(look)) {
                told.push((file::column_is_struck(), file::delete_column_or_unstrike()));
            }
            for (because, remedy) in told {
                let cell = header.cell(place).map(|(_, address)| address.into());
                let problem = Problem::of_field(header.line, column, "", because, remedy);
                self.push(Problem { cell, ..problem });
            }
        }
    }

    /// Warns about a pipe that ended within a line: its writer may have been interrupted.
    pub(crate) fn add_cut(&mut self, line: u64) {
        self.push(Problem::of_line(line, file::pipe_is_cut(), file::is_it_the_last_row()));
    }

    /// Warns about a bank that no table has, once for each bank and not for each row.
    pub(crate) fn add_bank(&mut self, bank: &BanksPaid) {
        let because = file::bank_is_in_no_table(bank.shown(), payout::payouts_of(bank.count));
        let remedy = file::compare_with_banks();
        self.push(Problem::of_field(bank.line, Column::Bank, "", because, remedy));
    }

    pub(crate) fn add_empty(&mut self) {
        self.push(Problem::of_line(1, file::has_no_rows(), file::is_it_the_file()));
    }

    /// Compares a payable row with all others.
    pub(crate) fn add(&mut self, order: &PayoutOrder, line: u64, doubts: Vec<Problem>) {
        doubts.into_iter().for_each(|doubt| self.push(doubt));
        self.lengths.add(order, line);
        let account = order.beneficiary.account_number.as_str();
        let bare = account.trim_start_matches('0');
        self.text.clear();
        // Writing to a string does not fail.
        let _ = write!(self.text, "{bare} {:?}", order.amount);
        self.payouts.add(self.text.as_bytes(), account.as_bytes(), line);
        self.text.clear();
        write_person(&mut self.text, order);
        let _ = write!(self.text, " {:?}", order.amount);
        self.persons.add(self.text.as_bytes(), bare.as_bytes(), line);
    }

    /// All warnings sorted by line, and the number of further ones. Equal keys are errors already.
    pub(crate) fn finish(mut self, keys: &Repeats) -> (Vec<Problem>, u64) {
        let lengths = std::mem::take(&mut self.lengths);
        lengths.into_warnings().into_iter().for_each(|warning| self.push(warning));
        let is_error =
            |row: &Repeated| keys.equal.binary_search_by_key(&row.line, |it| it.line).is_ok();
        for row in keys.alike.iter().filter(|row| !is_error(row)) {
            let because = file::is_key_but_for_case(row.other);
            let remedy = file::is_it_the_same_payout();
            self.push(Problem::of_field(row.line.into(), Column::Key, "", because, remedy));
        }
        let payouts = std::mem::replace(&mut self.payouts, RowHashes::new()).into_repeats();
        let persons = std::mem::replace(&mut self.persons, RowHashes::new()).into_repeats();
        let is_later = |row: &&Repeated| row.other < row.line && !is_error(row);
        let equal = payouts.equal.iter().filter(is_later).map(same_payout);
        let alike = payouts.alike.iter().filter(is_later).map(same_but_for_zeros);
        let persons = persons.alike.iter().filter(is_later).map(same_person);
        self.push_repeated(equal, file::rows_pay_the_same);
        self.push_repeated(alike, file::rows_pay_the_same_but_for_zeros);
        self.push_repeated(persons, file::rows_pay_persons_again);
        self.list.sort_by_key(|warning| warning.line);
        (self.list, self.more)
    }

    /// Names the first rows of a kind, and counts the rest.
    fn push_repeated(
        &mut self,
        warnings: impl Iterator<Item = Problem>,
        because: impl Fn(usize) -> Text,
    ) {
        let (mut count, mut last) = (0, 0);
        for warning in warnings {
            (count, last) = (count + 1, warning.line);
            if count <= ROWS_NAMED_MAX {
                self.push(warning);
            }
        }
        if count > 1 {
            self.push(Problem::of_line(last, because(count), file::is_nobody_twice()));
        }
    }

    fn push(&mut self, warning: Problem) {
        match self.list.len() < KEPT_MAX {
            true => self.list.push(warning),
            false => self.more += 1,
        }
    }
}

/// The person that a row pays: the digits and letters of the document, or else the name.
fn write_person(text: &mut String, order: &PayoutOrder) {
    let beneficiary = &order.beneficiary;
    if let Some(document) = &beneficiary.document {
        let letters = document.number().chars().filter(char::is_ascii_alphanumeric);
        let letters = letters.skip_while(|letter| *letter == '0');
        text.extend(letters.map(|letter| letter.to_ascii_uppercase()));
        return;
    }
    for word in beneficiary.name.split_whitespace() {
        text.push(' ');
        text.extend(word.chars().flat_map(char::to_lowercase).map(without_accent));
    }
}

/// Removes accents, because capitals are often written without them. Both are in lower case here.
fn without_accent(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ã' => 'a',
        'é' | 'ê' => 'e',
        'í' => 'i',
        'ó' | 'ô' | 'õ' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        letter => letter,
    }
}

fn same_payout(row: &Repeated) -> Problem {
    let (because, remedy) = (file::gets_the_same(row.other), file::is_paid_twice());
    Problem::of_field(row.line.into(), Column::Account, "", because, remedy)
}

fn same_but_for_zeros(row: &Repeated) -> Problem {
    let because = file::gets_the_same_but_for_zeros(row.other);
    let remedy = file::is_paid_twice_and_where();
    Problem::of_field(row.line.into(), Column::Account, "", because, remedy)
}

fn same_person(row: &Repeated) -> Problem {
    let because = file::pays_the_person_again(row.other);
    Problem::of_line(row.line.into(), because, file::is_paid_twice())
}
