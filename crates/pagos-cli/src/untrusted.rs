//! The readers of untrusted bytes, with one function each, for fuzz targets that check the results.
//! The command itself does not use them.

use std::{io, path::Path};

use pagos_core::{AccountName, Bank, PayoutOrder, Violation};

use crate::{
    accounts,
    config::Configuration,
    input::{self, Accounts, Orders, RowError, plan},
};

/// The results of both passes over a CSV file.
#[derive(Debug)]
pub struct Payroll {
    /// The rows that the plan calls good.
    pub rows: u64,
    /// The rows that it calls bad.
    pub rows_bad: u64,
    /// The sum of the good rows in minor units, whatever their currency.
    pub amount_minor: i128,
    /// All messages about rows, as people see them.
    pub problems: Vec<String>,
    /// The orders of the second pass.
    pub orders: Vec<PayoutOrder>,
    /// The rows that the second pass leaves out.
    pub left_out: u64,
    /// Why the second pass could not be made or completed.
    pub refused: Option<String>,
}

/// Plans a file and reads its orders, for accounts that have a provider's name and accept any
/// order.
///
/// # Errors
/// If the file cannot be read.
pub fn read_payroll(path: &Path) -> io::Result<Payroll> {
    let mut problems = Vec::new();
    let file = input::Payroll::open(path).map_err(io::Error::other)?;
    let planned = plan(&file, &NamedAccounts, &mut |problem| {
        problems.push(problem.to_string());
        Ok(())
    });
    let planned = planned.map_err(io::Error::other)?;
    problems.extend(planned.warnings.iter().map(ToString::to_string));
    let mut payroll = Payroll {
        rows: planned.rows,
        rows_bad: planned.rows_bad,
        amount_minor: planned.totals.iter().map(|total| total.amount_minor).sum(),
        problems,
        orders: Vec::new(),
        left_out: 0,
        refused: None,
    };
    match Orders::open(&file, &planned, &NamedAccounts) {
        Ok(orders) => orders.for_each(|row| payroll.take(row)),
        Err(error) => payroll.refused = Some(error.to_string()),
    }
    Ok(payroll)
}

/// The names of the accounts in a configuration file, or all of its problems, as people see them.
///
/// # Errors
/// The problems, one text each.
pub fn read_configuration(path: &Path) -> Result<Vec<String>, Vec<String>> {
    let providers: Vec<&str> = accounts::providers().map(|known| known.name).collect();
    match Configuration::load(Some(path), [], &providers) {
        Ok(read) => Ok(read.accounts.iter().map(|account| account.name.to_string()).collect()),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

impl Payroll {
    fn take(&mut self, row: Result<input::NumberedOrder, RowError>) {
        match row {
            Ok(numbered) => self.orders.push(numbered.order),
            Err(RowError::Bad) => self.left_out += 1,
            Err(RowError::File(error)) => self.refused = Some(error.to_string()),
        }
    }
}

struct NamedAccounts;

impl Accounts for NamedAccounts {
    fn contains(&self, name: &AccountName) -> bool {
        accounts::providers().any(|known| known.name == name.as_str())
    }

    fn names(&self) -> Vec<String> {
        accounts::providers().map(|known| known.name.to_owned()).collect()
    }

    fn check(&self, _order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }
}
