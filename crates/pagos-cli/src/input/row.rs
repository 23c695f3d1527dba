//! Reads one row: it becomes an order, or a list of all its problems. The providers add their own
//! rules.

use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clabe, Currency, Document,
    DocumentType, Error, Money, OrderKey, PayoutOrder, Rut, Violation,
};

use crate::{
    input::{
        Accounts, Problem,
        column::Column,
        damage::{self, Damage},
        doubt, field,
        header::{self, Layout},
        look::{Look, Weight},
        problem::mask_digits,
        record::{CellKind, Record},
    },
    words::{Text, file},
};

/// A row that lacks more of the required values is no payout at all.
const ABSENT_MAX: usize = 3;

/// A payable row.
pub(crate) struct ReadRow {
    pub(crate) order: PayoutOrder,
    /// Odd values that may be right.
    pub(crate) warnings: Vec<Problem>,
}

/// Reads a row and has its account check it.
///
/// # Errors
/// All problems of the row, at once; never an empty list.
pub(crate) fn read(
    record: &Record,
    layout: &Layout,
    accounts: &dyn Accounts,
) -> Result<ReadRow, Vec<Problem>> {
    let mut row = Row { record, layout, problems: Vec::new() };
    if let Some(order) = row.order(accounts) {
        match accounts.check(&order) {
            Ok(()) if row.problems.is_empty() => {
                let warnings = row.warnings(&order);
                return Ok(ReadRow { order, warnings });
            }
            Ok(()) => {}
            Err(violations) => violations.iter().for_each(|violation| row.violated(violation)),
        }
    }
    row.hide_private();
    Err(row.problems)
}

struct Row<'a> {
    record: &'a Record,
    layout: &'a Layout,
    problems: Vec<Problem>,
}

impl<'a> Row<'a> {
    /// Reads every column, so that every problem is found, before it gives up.
    fn order(&mut self, accounts: &dyn Accounts) -> Option<PayoutOrder> {
        if let Some(stray) = self.record.stray_quote {
            let (because, remedy) = stray.kind.explain();
            let column = self.layout.column_at(stray.field).map(|column| column.name().to_owned());
            self.problems.push(Problem { column, ..Problem::of_line(stray.line, because, remedy) });
            return None;
        }
        if let Some(problem) = self.no_payout() {
            self.problems.push(problem);
            return None;
        }
        let (width, count) = (self.layout.width(), self.record.len());
        let is_sheet = self.record.cell(0).is_some();
        if width != count && !is_sheet {
            let because = match count {
                1 => file::has_one_field(width),
                _ => file::has_fields(count, width),
            };
            let remedy = match count > width {
                true => file::quote_the_value(),
                false => file::keep_separators(),
            };
            self.problems.push(Problem::of_line(self.record.line, because, remedy));
            return None;
        }
        let key = self.key();
        let account = self.account_name(accounts);
        let amount = self.amount();
        let name = self.required_text(Column::Name).map(str::to_owned);
        let document = self.document();
        let bank = self.bank();
        let account_type = self.account_type();
        let account_number = self.account_number(account_type);
        let email = self.email();
        let phone = self.phone();
        let description = self.optional_text(Column::Description).map(str::to_owned);
        self.refuse_looks(amount.map(|amount| amount.currency));
        let beneficiary = Beneficiary {
            name: name?,
            document,
            bank,
            account_type: account_type?,
            account_number: account_number?,
            email,
            phone,
        };
        // A bad key already has its problem. With a stand-in for it, the provider can still check
        // the rest of the row.
        Some(PayoutOrder {
            key: key.or_else(|| OrderKey::new("x").ok())?,
            account: account?,
            amount: amount?,
            beneficiary,
            description,
        })
    }

    /// Recognises a row of another kind, which would fail in each of its columns: a total, a note,
    /// a repeated header, or something beside the table.
    fn no_payout(&self) -> Option<Problem> {
        let line = self.record.line;
        if header::is_header(self.record) {
            return Some(Problem::of_line(line, file::is_header_again(), file::remove_row()));
        }
        let is_empty = |column: &Column| self.layout.bytes(self.record, *column).is_empty();
        let required = Column::ALL.into_iter().filter(|column| column.is_required());
        let absent: Vec<&str> = required.filter(is_empty).map(Column::name).collect();
        if absent.len() > ABSENT_MAX {
            let because = file::has_no(Text::joined(&absent, ", ", ", no "));
            return Some(Problem::of_line(line, because, file::remove_row_or_fill_in()));
        }
        // Only a sheet has cells after its table; in a text another field is a stray separator.
        let is_sheet = self.record.cell(0).is_some();
        let behind = (self.layout.width()..self.record.len()).filter(|_| is_sheet);
        let mut places = self.layout.unnamed().iter().copied().chain(behind);
        let stray = places.find(|place| !self.record.field(*place).trim_ascii().is_empty())?;
        let because = file::has_value_beside(stray + 1);
        let cell = self.record.cell(stray).map(|(_, address)| address.into());
        let remedy = file::remove_value_or_name();
        Some(Problem { cell, ..Problem::of_line(line, because, remedy) })
    }

    fn key(&mut self) -> Option<OrderKey> {
        let text = self.undamaged(Column::Key)?;
        let key = OrderKey::new(text).ok();
        self.or_refuse(key, Column::Key, file::is_no_key(), file::choose_another_key())
    }

    fn account_name(&mut self, accounts: &dyn Accounts) -> Option<AccountName> {
        let text = self.required(Column::Provider)?;
        let name = AccountName::new(text).ok().filter(|name| accounts.contains(name));
        if name.is_none() {
            let remedy = file::write_one_of_accounts(accounts.names().join(", "));
            self.refuse(Column::Provider, file::is_no_account_configured(), remedy);
        }
        name
    }

    fn amount(&mut self) -> Option<Money> {
        let currency = self.currency();
        let text = self.required_text(Column::Amount)?;
        // Without a currency the digits can still be checked, with the usual two decimals.
        match Money::parse(text, currency.unwrap_or(Currency::Usd)) {
            Ok(amount) if amount.minor == 0 => {
                self.refuse(Column::Amount, file::is_zero(), file::remove_row_or_write_amount());
                None
            }
            Ok(amount) => currency.map(|_| amount),
            Err(error) => {
                let because = match (amount_style(text), currency) {
                    (Some(style), _) => style,
                    (None, Some(currency)) => amount_text(text, currency, &error),
                    (None, None) => file::is_no_amount(),
                };
                let remedy = match self.record.cell(self.layout.place(Column::Amount)?) {
                    Some((CellKind::Number, _)) if text.contains(['.', 'e']) => {
                        file::round_in_sheet()
                    }
                    _ => file::write_major_units(),
                };
                self.refuse(Column::Amount, because, remedy);
                None
            }
        }
    }

    fn currency(&mut self) -> Option<Currency> {
        let text = self.required(Column::Currency)?;
        let remedy = match text.to_ascii_uppercase().parse::<Currency>() {
            Ok(upper) => file::write(upper),
            Err(_) => file::write_a_currency(),
        };
        let currency = text.parse().ok();
        self.or_refuse(currency, Column::Currency, file::is_no_currency(), remedy)
    }

    fn document(&mut self) -> Option<Document> {
        let kind = self.document_type();
        let number = self.undamaged(Column::Document);
        let has = |column| !self.layout.bytes(self.record, column).is_empty();
        match (has(Column::DocumentType), has(Column::Document)) {
            (true, false) => {
                self.refuse(Column::Document, file::is_empty(), file::write_number_or_no_type());
                return None;
            }
            (false, true) => {
                self.refuse(Column::DocumentType, file::is_empty(), file::write_document_type());
                return None;
            }
            _ => {}
        }
        let (kind, number) = (kind?, number?);
        let document = Document::new(kind, number).ok();
        let is_rut = |text: &str| text.parse::<Rut>().is_ok();
        let (because, remedy) = match kind {
            DocumentType::Rut if is_rut(number.trim_start_matches('0')) => {
                (file::is_rut_with_zero(), file::write_without_zero())
            }
            DocumentType::Rut => (file::is_no_rut(), file::compare_rut()),
            _ => (file::is_no_document(), file::compare_with_document()),
        };
        self.or_refuse(document, Column::Document, because, remedy)
    }

    fn document_type(&mut self) -> Option<DocumentType> {
        let kind = self.optional(Column::DocumentType)?.parse().ok();
        let (because, remedy) = (file::is_no_document_type(), file::write_a_document_type());
        self.or_refuse(kind, Column::DocumentType, because, remedy)
    }

    fn bank(&mut self) -> Option<BankCode> {
        let text = self.optional(Column::Bank)?;
        if matches!(damage::find(text), Some(found) if found != Damage::Thousands)
            || self.is_number(Column::Bank)
        {
            return self.undamaged(Column::Bank).and(None);
        }
        let bank = BankCode::new(text).ok();
        self.or_refuse(bank, Column::Bank, file::bank_is_too_long(), file::write_bank_id())
    }

    fn account_type(&mut self) -> Option<AccountType> {
        let kind = self.required(Column::AccountType)?.parse().ok();
        let (because, remedy) = (file::is_no_account_type(), file::write_an_account_type());
        self.or_refuse(kind, Column::AccountType, because, remedy)
    }

    fn account_number(&mut self, kind: Option<AccountType>) -> Option<AccountNumber> {
        let text = self.undamaged(Column::Account)?;
        if text.is_empty() {
            return None;
        }
        if kind == Some(AccountType::Clabe) && text.parse::<Clabe>().is_err() {
            let (because, remedy) = match text.len() {
                16 if is_card(text) => (file::is_a_card(), file::write_clabe()),
                15..=17 => (file::is_a_short_clabe(), file::zeros_were_removed()),
                _ => (file::is_no_clabe(), file::compare_it()),
            };
            self.refuse(Column::Account, because, remedy);
            return None;
        }
        let number = AccountNumber::new(text).ok();
        let (because, remedy) = (file::is_no_account_number(), file::write_without_spaces());
        self.or_refuse(number, Column::Account, because, remedy)
    }

    fn email(&mut self) -> Option<String> {
        let text = self.optional_text(Column::Email)?;
        let is_address = |(local, host): (&str, &str)| {
            !local.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(' ')
        };
        let email =
            text.split_once('@').filter(|parts| is_address(*parts)).map(|_| text.to_owned());
        let (because, remedy) = (file::is_no_email(), file::correct_or_leave_empty());
        self.or_refuse(email, Column::Email, because, remedy)
    }

    fn phone(&mut self) -> Option<String> {
        let text = self.undamaged(Column::Phone)?;
        if text.is_empty() {
            return None;
        }
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let phone = (is_number && (6..=15).contains(&digits.len())).then(|| text.to_owned());
        self.or_refuse(phone, Column::Phone, file::is_no_phone(), file::write_a_phone())
    }

    /// The text of a column that a spreadsheet can damage; `None` after a problem. Empty only for
    /// optional columns.
    fn undamaged(&mut self, column: Column) -> Option<&'a str> {
        let text = match column.is_required() {
            true => self.required(column)?,
            false => self.clean(column)?,
        };
        if self.is_number(column) {
            self.refuse(column, file::is_a_number_in_sheet(), file::format_as_text());
            return None;
        }
        let is_none = column != Column::Key && damage::is_zeros(text);
        let found = damage::find(text).or(is_none.then_some(Damage::NoValue));
        // Documents in Colombia and Chile are written with dots.
        let is_usual = column == Column::Document && !text.contains(',');
        if let Some(damage) = found.filter(|found| !(is_usual && *found == Damage::Thousands)) {
            let (because, remedy) = damage.explain();
            self.refuse(column, because, remedy);
            return None;
        }
        Some(text)
    }

    /// Whether a cell contains a number where digits are an identifier. That includes keys: a
    /// format of the sheet can show a key differently, and then the same payroll saved as CSV has
    /// other keys, and is paid again.
    fn is_number(&self, column: Column) -> bool {
        let cell = self.layout.place(column).and_then(|place| self.record.cell(place));
        match column {
            Column::Key | Column::Document | Column::Bank | Column::Account | Column::Phone => {
                matches!(cell, Some((CellKind::Number, _)))
            }
            _ => false,
        }
    }

    fn required_text(&mut self, column: Column) -> Option<&'a str> {
        let text = self.required(column)?;
        self.or_no_value(column, text)
    }

    fn optional_text(&mut self, column: Column) -> Option<&'a str> {
        let text = self.optional(column)?;
        self.or_no_value(column, text)
    }

    fn or_no_value(&mut self, column: Column, text: &'a str) -> Option<&'a str> {
        if let Some(damage) = damage::find_no_value(text) {
            let (because, remedy) = damage.explain();
            self.refuse(column, because, remedy);
            return None;
        }
        Some(text)
    }

    fn required(&mut self, column: Column) -> Option<&'a str> {
        let text = self.clean(column)?;
        if text.is_empty() {
            self.refuse(column, file::is_empty(), file::fill_it_in());
            return None;
        }
        Some(text)
    }

    fn optional(&mut self, column: Column) -> Option<&'a str> {
        self.clean(column).filter(|text| !text.is_empty())
    }

    fn clean(&mut self, column: Column) -> Option<&'a str> {
        let cell = self.layout.place(column).and_then(|place| self.record.cell(place));
        if matches!(cell, Some((CellKind::Other, _))) {
            self.refuse(column, file::is_a_date_in_sheet(), file::write_as_text());
            return None;
        }
        match field::read(self.layout.bytes(self.record, column)) {
            Ok(text) => Some(text),
            Err(unclean) => {
                let (because, remedy) = unclean.explain();
                self.refuse(column, because, remedy);
                None
            }
        }
    }

    fn or_refuse<T>(
        &mut self,
        value: Option<T>,
        column: Column,
        because: Text,
        remedy: Text,
    ) -> Option<T> {
        if value.is_none() {
            self.refuse(column, because, remedy);
        }
        value
    }

    fn refuse(&mut self, column: Column, because: Text, remedy: Text) {
        let text = self.shown(column);
        let problem = Problem::of_field(self.record.line, column, &text, because, remedy);
        self.problems.push(self.placed(problem, column));
    }

    /// Adds the cell to the problem, in a sheet.
    fn placed(&self, problem: Problem, column: Column) -> Problem {
        let cell = self.layout.place(column).and_then(|place| self.record.cell(place));
        Problem { cell: cell.map(|(_, address)| address.into()), ..problem }
    }

    /// Problems of cells that show something else than they contain, in the columns that are read.
    fn looks(&self, wanted: Weight, currency: Option<Currency>) -> Vec<(Column, Text, Text)> {
        let told = |(place, look): &(usize, Look)| {
            let column = self.layout.column_at(*place)?;
            let (weight, because, remedy) = look.explain(column, currency)?;
            (weight == wanted).then_some((column, because, remedy))
        };
        self.record.looks().iter().filter_map(told).collect()
    }

    fn refuse_looks(&mut self, currency: Option<Currency>) {
        for (column, because, remedy) in self.looks(Weight::Error, currency) {
            // A value that is bad anyway already has its problem.
            if !self.problems.iter().any(|it| it.column.as_deref() == Some(column.name())) {
                self.refuse(column, because, remedy);
            }
        }
    }

    fn look_warnings(&self, order: &PayoutOrder) -> Vec<Problem> {
        let line = self.record.line;
        let struck = self.record.looks().iter().find(|(_, look)| *look == Look::Struck);
        let struck = struck.map(|(place, _)| {
            let (because, remedy) = (file::row_is_struck(), file::delete_row_or_unstrike());
            let cell = self.record.cell(*place).map(|(_, address)| address.into());
            Problem { cell, ..Problem::of_line(line, because, remedy) }
        });
        let looks = self.looks(Weight::Warning, Some(order.amount.currency));
        let others = looks.into_iter().map(|(column, because, remedy)| {
            self.placed(Problem::of_field(line, column, "", because, remedy), column)
        });
        struck.into_iter().chain(others).collect()
    }

    fn warnings(&self, order: &PayoutOrder) -> Vec<Problem> {
        let found = doubt::of_order(order);
        let place = |doubt: doubt::Doubt| {
            let (because, remedy) = (doubt.because, doubt.remedy);
            let problem = Problem::of_field(self.record.line, doubt.column, "", because, remedy);
            self.placed(problem, doubt.column)
        };
        found.into_iter().map(place).chain(self.look_warnings(order)).collect()
    }

    /// Adds a provider's violation, in the provider's words. A column that could not be read looks
    /// empty to the provider; its own problem says more.
    fn violated(&mut self, violation: &Violation) {
        let is_told = |problem: &Problem| problem.column.as_deref() == Some(violation.field);
        if self.problems.iter().any(is_told) {
            return;
        }
        let is_number_expected = matches!(violation.field, "key" | "amount");
        let (because, remedy) = Text::of_violation(violation);
        let because = if is_number_expected { because } else { because.map(mask_digits) };
        let column = Column::from_name(violation.field);
        let mut problem = Problem::of_line(self.record.line, because, remedy);
        if let Some(column) = column {
            let text = self.shown(column);
            problem =
                Problem::of_field(self.record.line, column, &text, problem.because, problem.remedy);
            problem = self.placed(problem, column);
        }
        problem.column = Some(violation.field.to_owned());
        self.problems.push(problem);
    }

    fn shown(&self, column: Column) -> String {
        let text = String::from_utf8_lossy(self.layout.bytes(self.record, column));
        field::printable(&text, 64)
    }

    fn hide_private(&mut self) {
        for column in Column::ALL.into_iter().filter(|column| column.is_private()) {
            let private = self.shown(column);
            self.problems.iter_mut().for_each(|problem| problem.hide(&private));
        }
    }
}

/// What is wrong with an amount, in the order in which `Money::parse` looks at it.
fn amount_text(text: &str, currency: Currency, error: &Error) -> Text {
    if text.contains(',') {
        return file::has_comma();
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return file::is_no_such_amount();
    }
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let exponent = u32::from(currency.exponent());
    match decimals {
        1 if exponent < 1 => file::has_one_decimal(currency, exponent),
        _ if decimals > usize::from(currency.exponent()) => {
            file::has_decimals(decimals, currency, exponent)
        }
        _ => error.message().to_owned().into(),
    }
}

/// The notation of an amount that a spreadsheet shows in a Spanish-speaking country.
fn amount_style(text: &str) -> Option<Text> {
    if text.chars().any(|letter| matches!(letter, '\u{FF10}'..='\u{FF19}')) {
        return Some(file::has_full_width_digits());
    }
    if text.chars().any(|letter| !letter.is_ascii() && letter.is_numeric()) {
        return Some(file::has_other_digits());
    }
    let bare = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let is_number = bare.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte));
    if bare.is_empty() || !is_number {
        return None;
    }
    if bare.len() < text.len() {
        return (!text.starts_with(['-', '+'])).then_some(file::has_sign_in_front());
    }
    let groups: Vec<&str> = bare.split(['.', ',']).collect();
    let is_grouped = groups.iter().skip(1).all(|group| group.len() == 3);
    match (bare.contains(','), bare.contains('.'), groups.len()) {
        (true, true, _) => Some(file::has_two_marks()),
        (_, _, 3..) if is_grouped => Some(file::has_thousands()),
        (true, false, 2) if !is_grouped => Some(file::has_decimal_comma()),
        (true, false, 2) => Some(file::has_ambiguous_comma()),
        _ => None,
    }
}

/// Whether the digits end in the check digit of a payment card (Luhn). Source: ISO/IEC 7812-1.
fn is_card(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|letter| letter.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let doubled = |(place, digit): (usize, &u32)| match place % 2 {
        0 => *digit,
        _ if *digit > 4 => digit * 2 - 9,
        _ => digit * 2,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_15_cards_are_told_from_other_numbers() {
        for (number, expected) in [
            ("4111111111111111", true),
            ("5555555555554444", true),
            ("4111111111111112", false),
            ("411111111111111x", false),
        ] {
            assert_eq!(is_card(number), expected, "{number}");
        }
    }

    #[test]
    fn world_13_amounts_of_spreadsheets_are_named() {
        for (text, expected) in [
            ("1.234.567", Some("has thousands separators")),
            ("1,234,567", Some("has thousands separators")),
            ("1.234,56", Some("has thousands separators and a decimal mark of another kind")),
            ("1250,50", Some("has a decimal comma")),
            ("$ 150000", Some("has a currency sign or a word in front")),
            ("１５００００", Some("has full-width digits, as an Asian keyboard writes them")),
            ("15000０", Some("has full-width digits, as an Asian keyboard writes them")),
            ("١٥٠", Some("has digits of another script than 0 to 9")),
            ("150000", None),
            ("-5", None),
            ("1.5E+05", None),
        ] {
            let style = amount_style(text);
            assert_eq!(style.as_ref().map(Text::english), expected, "{text}");
        }
    }
}
