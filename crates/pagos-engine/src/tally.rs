//! Exact counts and sums of payouts by account, currency and status.

use pagos_core::{AccountName, Currency};

/// Counts and sums, one row per account, currency and status word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The rows, sorted by account, currency and status word.
    pub rows: Vec<TallyRow>,
}

/// One row of a [`Tally`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyRow {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The status word, as in [`crate::Progress::word`].
    pub status: String,
    /// How many payouts.
    pub count: u64,
    /// Their amounts in minor units; wide enough for any number of payouts.
    pub amount_minor: i128,
    /// How many of them are at rest: nothing is due, or a person must look.
    pub at_rest: u64,
    /// How many of them wait for a person.
    pub attention: u64,
}

impl Tally {
    /// How many payouts have the status word.
    ///
    /// ```
    /// use pagos_engine::Tally;
    ///
    /// let tally = Tally::default(); // a store fills it in: `Store::tally`
    /// assert_eq!(tally.count("succeeded"), 0);
    /// assert!(tally.at_rest() == tally.total(), "nothing more happens by itself");
    /// ```
    pub fn count(&self, status: &str) -> u64 {
        self.rows.iter().filter(|row| row.status == status).map(|row| row.count).sum()
    }

    /// The number of all payouts.
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|row| row.count).sum()
    }

    /// How many payouts are at rest.
    pub fn at_rest(&self) -> u64 {
        self.rows.iter().map(|row| row.at_rest).sum()
    }
}
