//! `pagos conekta payees`: shows and deletes payees. Payouts make their own.

mod orphan;

use std::path::Path;

use pagos_conekta::Payee;
use pagos_core::Timestamp;
use serde::Serialize;

use crate::{
    accounts::conekta::listing,
    arguments::conekta::PayeesCommand,
    command::conekta::{ManagedAccount, Shown, cell},
    exit::{Exit, Failure},
    output::{Column, Kind},
};

pub(super) const LOOK: &str = "pagos conekta payees list";

pub(super) async fn run(command: &PayeesCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    match command {
        PayeesCommand::List(at) => {
            let managed = ManagedAccount::open(at, config).await?;
            let payees = all(&managed).await?;
            managed.print_all(&payees.iter().map(Row::from).collect::<Vec<_>>())
        }
        PayeesCommand::Get(one) => {
            let managed = ManagedAccount::open(&one.at, config).await?;
            managed.print(&Row::from(&managed.conekta.payee(&one.id).await?))
        }
        PayeesCommand::Delete(one) => {
            let managed = ManagedAccount::open(&one.at, config).await?;
            let deleted = managed.conekta.delete_payee(&one.id).await;
            managed.print_changed(deleted.map(|payee| Row::from(&payee)), "deleted", LOOK)
        }
        PayeesCommand::Orphans(arguments) => orphan::run(arguments, config).await,
    }
}

/// Every payee of the account.
pub(super) async fn all(managed: &ManagedAccount) -> Result<Vec<Payee>, Failure> {
    let page = async |cursor: Option<&str>| managed.conekta.payees(cursor).await;
    Ok(listing::all(page).await?)
}

/// A payee without personal data.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) id: String,
    accounts: Vec<Account>,
    created_at: Option<Timestamp>,
    pub(super) deleted: bool,
}

#[derive(Serialize)]
struct Account {
    id: String,
    last4: Option<String>,
    bank: Option<String>,
}

impl From<&Payee> for Row {
    fn from(payee: &Payee) -> Self {
        let account = |destination: &pagos_conekta::Destination| Account {
            id: destination.id.clone(),
            last4: destination.last4.as_deref().map(last_four),
            bank: destination.bank.clone(),
        };
        Self {
            id: payee.id.clone(),
            accounts: payee.destinations.iter().map(account).collect(),
            created_at: payee.created_at,
            deleted: payee.is_deleted,
        }
    }
}

impl Shown for Row {
    const COLUMNS: &'static [Column] = &[
        Column::new("ID", Kind::Whole),
        Column::new("ACCOUNT", Kind::Whole),
        Column::new("BANK", Kind::Note),
        Column::new("CREATED", Kind::Whole),
    ];

    fn cells(&self) -> Vec<String> {
        let account = self.accounts.first();
        let last4 = account.and_then(|account| account.last4.as_ref());
        let last4 = last4.map(|digits| format!("…{digits}"));
        let bank = account.and_then(|account| account.bank.as_ref());
        vec![self.id.clone(), cell(last4.as_ref()), cell(bank), cell(self.created_at.as_ref())]
    }
}

/// The last digits, whatever Conekta returns as such.
fn last_four(digits: &str) -> String {
    let count = digits.chars().count();
    digits.chars().skip(count.saturating_sub(4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_account_four_digits_are_shown() {
        for (told, shown) in [("6674", "6674"), ("072225008217746674", "6674"), ("74", "74")] {
            assert_eq!(last_four(told), shown);
        }
    }
}
