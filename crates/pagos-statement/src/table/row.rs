//! One row of a table as a line.

use pagos_core::{Day, Money};

use crate::{
    Counterparty, Line, Mapping, Problem, Row, Side, Text, Transaction,
    fold::fold,
    mapping::{Amounts, Column, Sided, Source},
    problem::quote,
    text::{Words, references},
};

use super::columns::Columns;

/// A row that is read.
pub(super) struct Reader<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) columns: &'a Columns<'a>,
    pub(super) row: &'a Row,
}

impl<'a> Reader<'a> {
    /// The line, and the balance behind it.
    pub(super) fn line(&self) -> Result<(Line, Option<Money>), Problem> {
        let mapping = self.mapping;
        if let Some(column) = &mapping.currency_column
            && self.cell(column).trim() != mapping.currency.code()
        {
            let because = format!("the currency is not {}", mapping.currency);
            return Err(self.refused(column, because));
        }
        let day = self.day(&mapping.date)?;
        let value_day = mapping.value_date.as_ref().filter(|it| !self.cell(it).trim().is_empty());
        let value_day = value_day.map(|column| self.day(column)).transpose()?;
        let (side, amount) = self.amount()?;
        let mut text = Words::default();
        mapping.text.iter().for_each(|source| text.add(self.find(source)));
        let text = text.finish();
        let kind = mapping.kind_of(text.as_str());
        let one = |source: &Option<Source>| {
            source.as_ref().and_then(|it| references([self.find(it)]).pop())
        };
        let party = |sided: &Sided| match side {
            Side::Debit => one(&sided.debit),
            Side::Credit => one(&sided.credit),
        };
        let transaction = Transaction {
            amount,
            bank_reference: one(&mapping.bank_reference),
            references: references(mapping.references.iter().map(|it| self.find(it))),
            tracking: one(&mapping.tracking),
            counterparty: Counterparty {
                name: party(&mapping.name),
                account: party(&mapping.account),
                document: party(&mapping.document),
            },
            text,
            returned_because: None,
            charges: Vec::new(),
        };
        let transactions = vec![transaction];
        let place = self.row.place;
        let line = Line { place, day, value_day, side, amount, kind, balance: None, transactions };
        Ok((line, self.balance()?))
    }

    /// Whose account the row is about.
    pub(super) fn own_account(&self) -> Option<Text> {
        Text::some(self.find(self.mapping.own_account.as_ref()?))
    }

    fn cell(&self, column: &Column) -> &'a str {
        self.columns.cell(self.row, column)
    }

    fn find(&self, source: &Source) -> &'a str {
        source.find(self.cell(&source.column))
    }

    fn refused(&self, column: &Column, because: String) -> Problem {
        Problem::new(self.row.place, because, CORRECT).of(column.label())
    }

    fn day(&self, column: &Column) -> Result<Day, Problem> {
        let text = self.cell(column).trim();
        let day = self.mapping.date_format.read(text);
        day.ok_or_else(|| self.refused(column, format!("{} is no day of this form", quote(text))))
    }

    fn signed(&self, column: &Column) -> Result<(bool, Money), Problem> {
        let read = self.mapping.parse_amount(self.cell(column));
        read.map_err(|because| self.refused(column, because))
    }

    fn amount(&self) -> Result<(Side, Money), Problem> {
        match &self.mapping.amounts {
            Amounts::Columns { debit, credit, are_debits_negative } => {
                self.of_columns(debit, credit, *are_debits_negative)
            }
            Amounts::Signed { column, is_negative_debit } => {
                let (is_negative, amount) = self.signed(column)?;
                let is_debit = is_negative == *is_negative_debit;
                Ok((if is_debit { Side::Debit } else { Side::Credit }, amount))
            }
            Amounts::Marked { column, mark, debit, credit, are_debits_negative } => {
                let (is_negative, amount) = self.signed(column)?;
                let word = fold(self.cell(mark));
                let side = match (debit.contains(&word), credit.contains(&word)) {
                    (true, false) => Side::Debit,
                    (false, true) => Side::Credit,
                    _ => {
                        let because = "its word means neither a debit nor a credit".to_owned();
                        return Err(self.refused(mark, because));
                    }
                };
                if is_negative && !(*are_debits_negative && side == Side::Debit) {
                    let because = "it is negative, and another column says its side".to_owned();
                    return Err(self.refused(column, because));
                }
                Ok((side, amount))
            }
        }
    }

    /// One of the two columns has an amount; the other is empty, a dash or zero.
    fn of_columns(
        &self,
        debit: &Column,
        credit: &Column,
        are_debits_negative: bool,
    ) -> Result<(Side, Money), Problem> {
        let read = |column: &Column, may_be_negative: bool| {
            if matches!(self.cell(column).trim(), "" | "-" | "$" | "$ -" | "$-") {
                return Ok(None);
            }
            let (is_negative, amount) = self.signed(column)?;
            if is_negative && amount.minor > 0 && !may_be_negative {
                let because = "it is negative, and its column says its side".to_owned();
                return Err(self.refused(column, because));
            }
            Ok(Some(amount).filter(|amount| amount.minor > 0))
        };
        match (read(debit, are_debits_negative)?, read(credit, false)?) {
            (Some(amount), None) => Ok((Side::Debit, amount)),
            (None, Some(amount)) => Ok((Side::Credit, amount)),
            (Some(_), Some(_)) => {
                Err(self.refused(credit, "a row with a debit and a credit".to_owned()))
            }
            (None, None) => {
                let because = "a row with neither a debit nor a credit".to_owned();
                Err(Problem::new(self.row.place, because, SKIP).of(debit.label()))
            }
        }
    }

    fn balance(&self) -> Result<Option<Money>, Problem> {
        let Some((column, _)) = &self.mapping.balance else { return Ok(None) };
        if self.cell(column).trim().is_empty() {
            return Ok(None);
        }
        let (is_negative, amount) = self.signed(column)?;
        let minor = if is_negative { -amount.minor } else { amount.minor };
        Ok(Some(Money::new(minor, amount.currency)))
    }
}

const CORRECT: &str = "correct the mapping, or get the file from the bank again";
const SKIP: &str = "if such rows are no lines, name them in \"skip\" or \"end\" of the mapping";
