//! PAB: the flat file in which Bancolombia takes payments to suppliers and payrolls in Colombia.
//!
//! Made from public descriptions and **not seen by the bank**: try it with the bank's own check
//! before you rely on it. Sources, read 2026-11-30: a field map of "Formato de pago Bancolombia PAB
//! V 2.0" of a reseller of Oracle (scribd.com, document 728724011, dated 2020-02-25: records, lengths,
//! alignment and ISO 8859-1), and the flat file of a public module for Odoo (`hr_payroll_flat_file`,
//! `generate_flat_file_pab`), which has the same fields with the same lengths: 264 characters a
//! record. They agree on all lengths. Records end with CR and LF. \[inferred\]
//!
//! Only credits to checking and savings accounts, applied at once, are written.

use pagos_core::{AccountType, Currency, Day, Money};

use crate::{Charset, Debtor, Problem, Transfer, Written, charset::Fitting, transfer::sum};

/// How long a record is, without its end.
pub const RECORD_LENGTH: usize = 264;

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Suppliers, code 220.
    Suppliers,
    /// A payroll, code 225.
    Payroll,
}

/// What a file says beside the orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is paid.
    pub kind: Kind,
    /// What for, at most 10 characters.
    pub purpose: String,
    /// The day on which the file is handed over.
    pub transmission: Day,
    /// The number of the file on that day, from 1 to 99.
    pub sequence: u8,
    /// The day on which the bank is to pay.
    pub execution: Day,
    /// Who pays; the document is needed.
    pub debtor: Debtor,
    /// The characters that the bank takes; [`Charset::Full`] is ISO 8859-1.
    pub charset: Charset,
}

/// Writes a file.
///
/// # Errors
/// Everything that keeps the file from being written.
pub fn write(options: &Options, transfers: &[Transfer]) -> Result<Written, Vec<Problem>> {
    let sum = sum(transfers).map_err(|problem| vec![problem])?;
    let mut file = File { options, fitting: Fitting::new(options.charset), bytes: Vec::new() };
    if sum.currency != Currency::Cop {
        let because = format!("the amounts are in {}", sum.currency);
        file.fitting.problem(FILE, because, "PAB is for Colombian pesos");
    }
    file.header(transfers.len(), sum);
    transfers.iter().for_each(|transfer| file.detail(transfer));
    let (bytes, Fitting { changes, problems, .. }) = (file.bytes, file.fitting);
    let count = transfers.len() as u64;
    match problems.is_empty() {
        true => Ok(Written { bytes, count, sum, changes }),
        false => Err(problems),
    }
}

const FILE: &str = "the file";

struct File<'a> {
    options: &'a Options,
    fitting: Fitting,
    bytes: Vec<u8>,
}

/// How a field is filled up.
#[derive(Debug, Clone, Copy)]
enum Pad {
    /// With zeros before the text.
    Zeros,
    /// With blanks behind it.
    Blanks,
}

impl File<'_> {
    fn header(&mut self, count: usize, sum: Money) {
        let (options, debtor) = (self.options, &self.options.debtor);
        let kind = match options.kind {
            Kind::Suppliers => "220",
            Kind::Payroll => "225",
        };
        let document = debtor.document.as_ref().map(|document| digits(document.number()));
        let document = document.unwrap_or_default();
        if document.is_empty() {
            let because = "the document of who pays is missing";
            self.fitting.problem(FILE, because, "give the NIT of the company");
        }
        if !(1..=99).contains(&options.sequence) {
            let because = "the number of the file on its day is not 1 to 99";
            self.fitting.problem(FILE, because, "count the files of a day from 1");
        }
        let account = match debtor.account_type {
            AccountType::Savings => "S",
            AccountType::Checking => "D",
            _ => {
                let because = "the account that pays is neither a checking nor a savings account";
                self.fitting.problem(FILE, because, "name another account");
                ""
            }
        };
        let purpose = self.fitting.text(FILE, "the purpose", &options.purpose, 10);
        let fields = [
            ("1", 1, Pad::Blanks),
            (&document, 15, Pad::Zeros),
            ("I", 1, Pad::Blanks),
            ("", 15, Pad::Blanks),
            (kind, 3, Pad::Zeros),
            (&purpose, 10, Pad::Blanks),
            (&day(options.transmission), 8, Pad::Zeros),
            (&options.sequence.to_string(), 2, Pad::Zeros),
            (&day(options.execution), 8, Pad::Zeros),
            (&count.to_string(), 6, Pad::Zeros),
            ("0", 17, Pad::Zeros),
            (&sum.minor.to_string(), 17, Pad::Zeros),
            (&self.account(FILE, debtor.account.as_str()), 11, Pad::Zeros),
            (account, 1, Pad::Blanks),
            ("", 149, Pad::Blanks),
        ];
        self.record(FILE, &fields);
    }

    fn detail(&mut self, transfer: &Transfer) {
        let (order, person) = (&transfer.order, &transfer.order.beneficiary);
        let key = order.key.as_str();
        let kind = match person.account_type {
            AccountType::Checking => "27",
            AccountType::Savings => "37",
            other => {
                let because = format!("an account of type {other} has no known code in PAB");
                self.fitting.problem(key, because, "pay it by other means");
                ""
            }
        };
        let document = person.document.as_ref().map(|document| digits(document.number()));
        let document = document.unwrap_or_default();
        if document.is_empty() {
            self.fitting.problem(key, "the document is missing", "write it into the row");
        }
        let bank = transfer.bank.code.clone().unwrap_or_default();
        if bank.is_empty() || !bank.bytes().all(|byte| byte.is_ascii_digit()) {
            let because = "the national code of the bank is not known";
            self.fitting.problem(key, because, "write its four digits as the row's bank");
        }
        if order.amount.minor <= 0 {
            self.fitting.problem(key, "the amount is not more than zero", "leave the row out");
        }
        let fields = [
            ("6", 1, Pad::Blanks),
            (&document, 15, Pad::Blanks),
            (&self.fitting.text(key, "the name", &person.name, 30), 30, Pad::Blanks),
            (&bank, 9, Pad::Zeros),
            (&self.account(key, person.account_number.as_str()), 17, Pad::Blanks),
            ("S", 1, Pad::Blanks),
            (kind, 2, Pad::Zeros),
            (&order.amount.minor.to_string(), 17, Pad::Zeros),
            (&day(self.options.execution), 8, Pad::Zeros),
            (&self.fitting.exact(key, "the key", key, 21), 21, Pad::Blanks),
            ("", 1, Pad::Blanks),
            ("0", 5, Pad::Zeros),
            ("", 15, Pad::Blanks),
            // No e-mail address: the bank needs none to pay.
            ("", 80, Pad::Blanks),
            ("", 15, Pad::Blanks),
            ("", 27, Pad::Blanks),
        ];
        self.record(key, &fields);
    }

    fn account(&mut self, place: &str, number: &str) -> String {
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            let because = "the account number has other characters than digits";
            self.fitting.problem(place, because, "write the digits alone");
        }
        number.to_owned()
    }

    fn record(&mut self, place: &str, fields: &[(&str, usize, Pad)]) {
        for (text, length, pad) in fields {
            let missing = match length.checked_sub(text.chars().count()) {
                Some(missing) => missing,
                None => {
                    let because = format!("a field of {length} characters has more");
                    self.fitting.problem(place, because, "no field of PAB is cut");
                    0
                }
            };
            let padded = match pad {
                Pad::Zeros => "0".repeat(missing) + text,
                Pad::Blanks => (*text).to_owned() + &" ".repeat(missing),
            };
            for character in padded.chars() {
                match u8::try_from(u32::from(character)) {
                    Ok(byte) => self.bytes.push(byte),
                    Err(_) => {
                        let because = format!("ISO 8859-1 has no {character:?}");
                        self.fitting.problem(place, because, "write it with other letters");
                    }
                }
            }
        }
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// A document without dots and dashes.
fn digits(number: &str) -> String {
    number.chars().filter(|it| !matches!(it, '.' | '-')).collect()
}

fn day(day: Day) -> String {
    day.to_string().replace('-', "")
}

#[cfg(test)]
mod tests;
