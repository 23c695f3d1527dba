//! The money of a merchant who pays beforehand: debited when an order comes into being, given back
//! when the order comes to nothing. Not the beneficiaries' side; that is the ledger.

use std::sync::Arc;

use crate::{book::Entry, ledger::Direction};

/// What a merchant has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Balance {
    /// Below zero if a failure that was given back turns into a success.
    pub(crate) left_minor: i64,
}

/// Where an order's money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// With the provider.
    UnderWay,
    /// With the beneficiary.
    Paid,
    /// With the merchant, because the order failed or came back.
    Back,
}

/// An order that pays somebody.
pub(crate) trait Payable: Entry {
    /// The beneficiary's account.
    fn account(&self) -> &Arc<str>;
    /// What the beneficiary gets, in minor units.
    fn amount_minor(&self) -> i64;
    /// What the merchant pays for it, in minor units.
    fn total_minor(&self) -> i64;
}

impl Balance {
    /// Debits a new order, if the balance covers it.
    pub(crate) fn debit(&mut self, amount_minor: i64) -> bool {
        let is_covered = self.left_minor >= amount_minor;
        if is_covered {
            self.left_minor -= amount_minor;
        }
        is_covered
    }

    /// Books that an order's money went from here to there, and tells what the bank sees of it.
    pub(crate) fn book(
        &mut self,
        amount_minor: i64,
        from: Whereabouts,
        to: Whereabouts,
    ) -> Option<Direction> {
        let was_back = from == Whereabouts::Back;
        let is_back = to == Whereabouts::Back;
        self.left_minor = match (was_back, is_back) {
            (false, true) => self.left_minor.saturating_add(amount_minor),
            (true, false) => self.left_minor.saturating_sub(amount_minor),
            (false, false) | (true, true) => self.left_minor,
        };
        match (from == Whereabouts::Paid, to == Whereabouts::Paid) {
            (false, true) => Some(Direction::Out),
            (true, false) => Some(Direction::Back),
            (false, false) | (true, true) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_in_one_place() {
        use Whereabouts::{Back, Paid, UnderWay};
        for (from, to, left_minor, direction) in [
            (UnderWay, UnderWay, 0, None),
            (UnderWay, Paid, 0, Some(Direction::Out)),
            (UnderWay, Back, 7, None),
            (Paid, Back, 7, Some(Direction::Back)),
            (Back, Paid, -7, Some(Direction::Out)),
        ] {
            let mut balance = Balance { left_minor: 0 };
            assert_eq!(balance.book(7, from, to), direction, "{from:?} {to:?}");
            assert_eq!(balance.left_minor, left_minor, "{from:?} {to:?}");
        }
        let mut balance = Balance { left_minor: 7 };
        assert!(!balance.debit(8) && balance.debit(7) && !balance.debit(1));
        assert_eq!(balance.left_minor, 0);
    }
}
