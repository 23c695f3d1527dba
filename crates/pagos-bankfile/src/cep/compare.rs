//! Compares a CEP with the payout that it is said to prove.

use std::fmt;

use pagos_core::{Day, Money};

use crate::cep::Cep;

/// SPEI works at all times, and from the evening on it books the next banking day. No row of days
/// without banks is longer in Mexico. \[inferred\]
const DAYS_LATER_MAX: i32 = 5;

/// What is known of a payout. `Debug` shows nothing of the account.
#[derive(Clone, PartialEq, Eq)]
pub struct Expected {
    /// The amount.
    pub amount: Money,
    /// The account of the beneficiary.
    pub account: String,
    /// The first and the last day, in Mexico, on which it can have been sent.
    pub days: (Day, Day),
    /// The tracking key, if the provider told it.
    pub tracking_key: Option<String>,
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected").field("days", &self.days).finish_non_exhaustive()
    }
}

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Both say the same.
    Same,
    /// They differ; in words without account numbers.
    Differs(String),
    /// One of the two does not say it.
    NotSaid,
}

/// The four comparisons, each told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The amount.
    pub amount: Found,
    /// The account of the beneficiary.
    pub account: Found,
    /// The day.
    pub date: Found,
    /// The tracking key.
    pub tracking_key: Found,
}

impl Comparison {
    /// The comparisons with their names.
    pub fn fields(&self) -> [(&'static str, &Found); 4] {
        [
            ("amount", &self.amount),
            ("account", &self.account),
            ("date", &self.date),
            ("tracking key", &self.tracking_key),
        ]
    }

    /// Whether the CEP can be this payout's: nothing differs.
    pub fn agrees(&self) -> bool {
        self.fields().iter().all(|(_, found)| !matches!(found, Found::Differs(_)))
    }
}

impl Cep {
    /// Compares it with a payout.
    pub fn compare(&self, expected: &Expected) -> Comparison {
        let differs = |is_same: bool, because: String| match is_same {
            true => Found::Same,
            false => Found::Differs(because),
        };
        let (first, last) = (expected.days.0, expected.days.1.plus(DAYS_LATER_MAX));
        let tracking_key = match (&self.tracking_key, &expected.tracking_key) {
            (Some(theirs), Some(ours)) => {
                differs(theirs == ours, format!("the CEP has {theirs}, the provider told {ours}"))
            }
            _ => Found::NotSaid,
        };
        Comparison {
            amount: differs(
                self.amount == expected.amount,
                format!("the CEP has {}, the order {}", self.amount, expected.amount),
            ),
            account: differs(
                self.beneficiary.account.as_deref() == Some(expected.account.as_str()),
                "the CEP has another account of the beneficiary than the order".to_owned(),
            ),
            date: differs(
                (first..=last).contains(&self.date),
                format!("the CEP has {}, the payout is of {first} or up to {last}", self.date),
            ),
            tracking_key,
        }
    }
}
