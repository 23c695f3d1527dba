//! What a provider says of itself, as constants. No credentials and no state.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Currency, Error};

/// A provider's constant properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The provider's name: lower case, as in crate names and CSV files.
    pub provider: &'static str,
    /// The countries whose configuration the crate knows.
    pub countries: &'static [Country],
    /// The currencies of those countries.
    pub currencies: &'static [Currency],
    /// What a repeated `create` with the same key does.
    pub deduplication: Deduplication,
    /// When "no such payout" is proof.
    pub absence: Absence,
    /// For how long after success a payout can come back; `None` where nobody states a limit.
    pub return_window: Option<Duration>,
    /// How long a payout may be under way before a person is called; `None` where nobody states how
    /// long it takes.
    pub pending_max: Option<Duration>,
    /// How long an answer may take, where that is longer than callers wait by default; `None` where
    /// nothing is known of it.
    pub answer_max: Option<Duration>,
    /// Is the wire contract published, or do we assume it?
    pub contract: Contract,
}

/// What a repeated `create` with the same key does, and so what may be done in doubt:
/// [`crate::manual::unknown`] has the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deduplication {
    /// The provider refuses a repeated key. After enough denials the same key is sent again.
    ByKey,
    /// The provider answers a repeated key with its first answer, whatever that was, for at least so
    /// long after the first request; afterwards a repeat may pay twice. After enough denials the same
    /// key is sent again while the provider certainly remembers it; later a person decides.
    ByKeyFor(Duration),
    /// A fresh object per payout makes the transfer identifiable. After enough denials it is sent
    /// again to the same object, if its handle is stored.
    ByHandle,
    /// A repeat may pay twice. In doubt a person decides.
    None,
}

/// When answers of the form "no such payout" prove that nothing was created. What follows from the
/// proof is in [`crate::manual::unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Absence {
    /// At least so many answers in a row ...
    pub answers_min: u32,
    /// ... over at least so long since the request may have left.
    pub grace: Duration,
}

/// Whether a provider's wire contract is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contract {
    /// Every money-moving fact has a page of the provider's behind it.
    Documented,
    /// Some are assumed: refused in [`Environment::Live`] until the configuration says that the
    /// contract was verified.
    Assumed,
}

impl Contract {
    /// Refuses to send real money over an assumed contract that nobody has verified.
    ///
    /// # Errors
    /// `Invalid` for the field `contract_verified`, with what is missing and what to do.
    ///
    /// ```
    /// use pagos_core::{Contract, Environment, Verification};
    ///
    /// let refused = Contract::Assumed.admit(Environment::Live, Verification::Missing);
    /// assert_eq!(refused.unwrap_err().field(), Some("contract_verified"));
    /// assert!(Contract::Assumed.admit(Environment::Live, Verification::Stated).is_ok());
    /// assert!(Contract::Assumed.admit(Environment::Sandbox, Verification::Missing).is_ok());
    /// ```
    pub fn admit(self, environment: Environment, verification: Verification) -> Result<(), Error> {
        match (self, environment, verification) {
            (Contract::Assumed, Environment::Live, Verification::Missing) => Err(Error::invalid(
                "contract_verified",
            )
            .because(
                "the provider does not publish how its payouts are called, so paths, fields and \
                     status words are assumed and real money must not rest on them; compare \
                     the page about this provider in docs/providers with the documents that the \
                     provider gave you, then set contract_verified = true",
            )),
            _ => Ok(()),
        }
    }
}

/// Whether an operator states that an assumed contract was compared with the provider's own
/// documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verification {
    /// `contract_verified` is missing or false.
    Missing,
    /// `contract_verified = true`.
    Stated,
}

/// Which world a configuration belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// No real money.
    Sandbox,
    /// Real money.
    Live,
}

/// `sandbox` or `live`.
impl FromStr for Environment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sandbox" => Ok(Environment::Sandbox),
            "live" => Ok(Environment::Live),
            _ => Err(Error::invalid("environment")
                .because(format!("{text:?} is neither \"sandbox\" nor \"live\""))),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Environment::Sandbox => "sandbox",
            Environment::Live => "live",
        })
    }
}

/// A country by its ISO 3166-1 alpha-3 code, upper case: `COL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// Names a country; for constants of provider crates.
    pub const fn new(alpha3: &'static str) -> Self {
        Self(alpha3)
    }

    /// The code.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
