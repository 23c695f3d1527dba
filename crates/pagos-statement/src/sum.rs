//! What holds for a statement of any format: it adds up, and it is in its file once.

use std::{
    collections::HashSet,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
};

use pagos_core::Money;

use crate::Problem;

/// Whether a statement adds up.
pub(crate) fn check_sum(
    place: u64,
    opening: Money,
    change_minor: i128,
    closing: Money,
) -> Result<(), Problem> {
    let expected = i128::from(opening.minor) + change_minor;
    if expected == i128::from(closing.minor) {
        return Ok(());
    }
    let expected = i64::try_from(expected).map(|it| Money::new(it, closing.currency).to_string());
    let expected = expected.unwrap_or_else(|_| "a sum beyond all amounts".to_owned());
    let because = format!(
        "the statement does not add up: from {opening} its lines lead to {expected}, and it closes \
         with {closing}"
    );
    Err(Problem::new(
        place,
        because,
        "a line is missing or twice: get the file from the bank again",
    ))
}

/// The balance after some lines; `None` beyond all amounts.
pub(crate) fn balance_after(opening: Money, change_minor: i128) -> Option<Money> {
    let minor = i64::try_from(i128::from(opening.minor) + change_minor).ok()?;
    Some(Money::new(minor, opening.currency))
}

/// Statements that were seen in the file, by their hashes.
#[derive(Debug, Default)]
pub(crate) struct Once {
    hasher: BuildHasherDefault<DefaultHasher>,
    seen: HashSet<u64>,
}

impl Once {
    /// Whether a statement of that account, number and balances is here for the first time. Two
    /// lines of a bank can be the same; two statements with lines cannot.
    pub(crate) fn check(&mut self, place: u64, statement: &impl Hash) -> Result<(), Problem> {
        if self.seen.insert(self.hasher.hash_one(statement)) {
            return Ok(());
        }
        let because = "a statement that is in the file twice";
        Err(Problem::new(place, because, "take one of the two out of the file"))
    }
}
