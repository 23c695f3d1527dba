//! What a provider states about itself, as constants.

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
    /// When answers of "no such payout" count as proof.
    pub absence: Absence,
    /// For how long after success a payout can still be returned; `None` if no limit is documented.
    pub return_window: Option<Duration>,
    /// How long a payout may stay pending before a person is called; `None` if no duration is
    /// documented.
    pub pending_max: Option<Duration>,
    /// How long the provider may take to answer, if longer than the default deadline; `None` if
    /// unknown.
    pub answer_max: Option<Duration>,
    /// The documented limit of requests per second and account; `None` if the provider states none.
    pub requests_per_second_max: Option<u32>,
    /// Whether the wire contract is published or assumed.
    pub contract: Contract,
}

/// What a repeated `create` with the same key does, which determines what may be done in doubt. The
/// rule is in [`crate::manual::unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deduplication {
    /// The provider refuses a repeated key. After enough answers of "no such payout", the same key
    /// is sent again.
    ByKey,
    /// The provider answers a repeated key with its first answer, whatever that was, for at least so
    /// long after the first request; afterwards a repeat may pay twice. After enough denials the same
    /// key is sent again while the provider certainly remembers it; later a person decides.
    ByKeyFor(Duration),
    /// A fresh object per payout makes the transfer identifiable. After enough answers of "no such
    /// payout", the payout is sent again to the same object, if its handle is stored.
    ByHandle,
    /// A repeat may pay twice. In doubt a person decides.
    None,
}

/// When answers of "no such payout" prove that nothing was created. [`crate::manual::unknown`] says
/// what the proof allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Absence {
    /// The minimum number of such answers in a row.
    pub answers_min: u32,
    /// The minimum time since the request may have left.
    pub grace: Duration,
}

/// Whether a provider's wire contract is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contract {
    /// The provider's own pages document every fact that moves money.
    Documented,
    /// Some facts are assumed. The provider is refused in [`Environment::Live`] until the
    /// configuration states that the contract was verified.
    Assumed,
}

impl Contract {
    /// Refuses to send real money over an assumed contract that nobody has verified.
    ///
    /// # Errors
    /// `Invalid` for the field `contract_verified`; the message says what is missing and what to
    /// do.
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

/// Whether the operator states that the assumed contract was compared with the provider's own
/// documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verification {
    /// `contract_verified` is missing or false.
    Missing,
    /// `contract_verified = true`.
    Stated,
}

/// Whether a configuration moves real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// No real money.
    Sandbox,
    /// Real money.
    Live,
}

/// Parses `sandbox` or `live`.
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
    /// Names a country. Meant for constants of provider crates.
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
