//! The two countries: their currencies, and what an order needs in each. Reads no order;
//! `payout/check.rs` does.

use pagos_core::{AccountType, Currency};

/// Where the account at Fintoc is, and so which rail it pays over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Country {
    /// MXN over SPEI, to a CLABE.
    Mexico,
    /// CLP over TEF, to a bank's account. Sending from Chile is a private preview of Fintoc's.
    /// Source: docs: guides/business-accounts/overview.
    Chile,
}

/// The words of the setting `COUNTRY`.
pub(crate) const COUNTRIES: [(&str, Country); 2] =
    [("MEX", Country::Mexico), ("CHL", Country::Chile)];

impl Country {
    /// The currency of its accounts. Source: docs: reference/transfers-create.
    pub fn currency(self) -> Currency {
        match self {
            Country::Mexico => Currency::Mxn,
            Country::Chile => Currency::Clp,
        }
    }

    /// The wire's word for a type of account; `None` where no such account can be paid.
    ///
    /// Source: recorded: transfers/create (`clabe`); docs: reference/transfers-simulate-receive (the
    /// three of Chile).
    pub(crate) fn account_type(self, kind: AccountType) -> Option<&'static str> {
        match (self, kind) {
            (Country::Mexico, AccountType::Clabe) => Some("clabe"),
            (Country::Chile, AccountType::Checking) => Some("checking_account"),
            (Country::Chile, AccountType::Sight) => Some("sight_account"),
            (Country::Chile, AccountType::Savings) => Some("savings_account"),
            (Country::Mexico | Country::Chile, _) => None,
        }
    }
}
