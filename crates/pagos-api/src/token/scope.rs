//! What tokens allow.

use std::{fmt, str::FromStr};

use pagos_core::Error;
use serde::{Deserialize, Serialize};

/// What a token allows. No scope includes another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See payouts, payments, runs, balances, events and the inbox.
    Read,
    /// Submit, release and withdraw orders, and open payments.
    Submit,
    /// Approve and reject runs.
    Approve,
    /// Decide about payouts and payments that call for a person, see full account numbers, apply
    /// webhooks again, and command the endpoints of events.
    Resolve,
    /// List and revoke tokens. Tokens are made at the command line only.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] =
        [Self::Read, Self::Submit, Self::Approve, Self::Resolve, Self::Admin];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Resolve => "resolve",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|scope| scope.word() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join(", ");
            Error::invalid("scope").because(format!("{text:?} is not one of {words}"))
        })
    }
}
