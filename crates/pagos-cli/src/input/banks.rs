//! The banks of a file, as their providers understand them: `7` is one bank to a clearing house and
//! another to a provider, and only a person can see which one was meant.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Bank, PayoutOrder};
use serde::Serialize;

use crate::input::{Accounts, column::Column, problem};

/// The maximum number of banks that are shown.
const BANKS_MAX: usize = 512;

/// The rows of one bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BanksPaid {
    /// The configured account that pays.
    pub(crate) account: AccountName,
    /// The text in the file.
    #[serde(serialize_with = "serialize_shown")]
    pub(crate) written: String,
    /// The id that is sent, if the provider's table has the bank.
    pub(crate) id: Option<String>,
    /// The bank's name, if the provider's table has it.
    pub(crate) name: Option<String>,
    /// The number of rows.
    pub(crate) count: u64,
    /// The first of these rows.
    #[serde(skip)]
    pub(crate) line: u64,
}

impl BanksPaid {
    /// The text in the file, unless it is probably an account or a document in the wrong column.
    pub(crate) fn shown(&self) -> String {
        problem::shown(Column::Bank, &self.written).unwrap_or_else(|| "...".to_owned())
    }
}

fn serialize_shown<S: serde::Serializer>(written: &str, to: S) -> Result<S::Ok, S::Error> {
    problem::shown(Column::Bank, written).serialize(to)
}

/// Counts the banks of one pass.
#[derive(Debug, Default)]
pub(super) struct BankTally {
    banks: BTreeMap<(AccountName, String), Counted>,
}

#[derive(Debug)]
struct Counted {
    bank: Option<Bank>,
    count: u64,
    line: u64,
}

impl BankTally {
    /// Counts a payable row. A row without a bank counts by its account number.
    pub(super) fn add(&mut self, order: &PayoutOrder, line: u64, accounts: &dyn Accounts) {
        let written = order.beneficiary.bank.as_ref().map(|bank| bank.as_str().to_owned());
        let understood = match &written {
            // A known bank is not searched for again, which matters for a million rows.
            Some(written) => {
                let key = (order.account.clone(), written.clone());
                if let Some(counted) = self.banks.get_mut(&key) {
                    counted.count += 1;
                    return;
                }
                accounts.bank(order)
            }
            None => accounts.bank(order),
        };
        let by_number = || understood.as_ref().map(|bank| bank.id.clone());
        let Some(written) = written.or_else(by_number) else { return };
        let key = (order.account.clone(), written);
        if self.banks.len() < BANKS_MAX || self.banks.contains_key(&key) {
            let counted = Counted { bank: understood, count: 0, line };
            self.banks.entry(key).or_insert(counted).count += 1;
        }
    }

    /// Removes a row that was counted.
    pub(super) fn remove(&mut self, order: &PayoutOrder, accounts: &dyn Accounts) {
        let written = order.beneficiary.bank.as_ref().map(|bank| bank.as_str().to_owned());
        let Some(written) = written.or_else(|| accounts.bank(order).map(|bank| bank.id)) else {
            return;
        };
        let key = (order.account.clone(), written);
        if let Some(counted) = self.banks.get_mut(&key) {
            counted.count -= 1;
            if counted.count == 0 {
                self.banks.remove(&key);
            }
        }
    }

    /// The banks that no table has.
    pub(super) fn unknown(&self) -> Vec<BanksPaid> {
        let banks = self.banks.iter().filter(|(_, counted)| counted.bank.is_none());
        banks.map(|(key, counted)| paid(key.clone(), counted)).collect()
    }

    pub(super) fn finish(self) -> Vec<BanksPaid> {
        self.banks.into_iter().map(|(key, counted)| paid(key, &counted)).collect()
    }
}

fn paid((account, written): (AccountName, String), counted: &Counted) -> BanksPaid {
    let (id, name) = counted.bank.clone().map(|bank| (bank.id, bank.name)).unzip();
    BanksPaid { account, written, id, name, count: counted.count, line: counted.line }
}
