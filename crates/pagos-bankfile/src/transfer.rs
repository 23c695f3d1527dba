//! What is exported: orders with the banks that they name, and the account that pays.

use std::fmt;

use pagos_core::{AccountNumber, AccountType, Document, Money, PayoutOrder};

use crate::{Change, Problem};

/// One order to export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The order. Its key becomes the end-to-end id.
    pub order: PayoutOrder,
    /// The bank of the beneficiary.
    pub bank: Agent,
}

/// A bank, by what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// The business identifier code, 8 or 11 characters.
    pub bic: Option<String>,
    /// The code of the country's clearing house.
    pub code: Option<String>,
    /// The name.
    pub name: Option<String>,
}

impl Agent {
    /// A bank by the code of its country's clearing house.
    ///
    /// ```
    /// use pagos_bankfile::Agent;
    ///
    /// assert_eq!(Agent::of_code("1007").code.as_deref(), Some("1007"));
    /// ```
    pub fn of_code(code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..Self::default() }
    }
}

/// Who pays, and from which account. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Debtor {
    /// The name of the company.
    pub name: String,
    /// Its document, such as a NIT.
    pub document: Option<Document>,
    /// The account that is debited.
    pub account: AccountNumber,
    /// The type of the account.
    pub account_type: AccountType,
    /// The bank of the account.
    pub bank: Agent,
}

impl fmt::Debug for Debtor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Debtor(..)")
    }
}

/// A file that was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many orders are in it.
    pub count: u64,
    /// The sum of their amounts, which the file says too.
    pub sum: Money,
    /// What the character set changed.
    pub changes: Vec<Change>,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Written");
        shown.field("count", &self.count).field("sum", &self.sum).finish_non_exhaustive()
    }
}

/// The sum of the amounts, all of one currency.
pub(crate) fn sum(transfers: &[Transfer]) -> Result<Money, Problem> {
    let refused = |because: &str, remedy: &str| Err(Problem::new("the file", because, remedy));
    let mut amounts = transfers.iter().map(|transfer| transfer.order.amount);
    let Some(first) = amounts.next() else {
        return refused("there is no order to export", "export a file with rows");
    };
    let mut sum = first;
    for amount in amounts {
        if amount.currency != first.currency {
            let because = format!("it has amounts in {} and {}", first.currency, amount.currency);
            return refused(&because, "export the rows of each currency as a file of their own");
        }
        match sum.checked_add(amount) {
            Some(more) => sum = more,
            None => return refused("the sum is too large", "split the file"),
        }
    }
    Ok(sum)
}
