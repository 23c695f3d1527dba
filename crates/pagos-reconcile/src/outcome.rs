//! What a book says about one payout, as a pure function of what Pagos knows, what was booked, and
//! which days the statements cover.

use pagos_core::{Day, OrderKey};
use serde::{Deserialize, Serialize};

use crate::{
    expected::{Belief, Expected},
    rule::Rules,
};

/// What the bank's book says about a payout, or about a line that no payout explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Pagos and the bank agree that it was paid.
    Matched,
    /// Pagos says that it was paid or is under way, and statements that should show it do not.
    MissingThere,
    /// A line that names no payout of ours and is no fee.
    MissingHere,
    /// The bank booked another amount.
    AmountDiffers,
    /// The bank paid what Pagos does not call paid, or money came back and Pagos does not say so.
    StatusDiffers,
    /// Pagos and the bank agree that it came back, in whole or in part.
    Returned,
    /// The bank paid it more than once.
    DuplicateThere,
    /// No statement that must show it was imported yet.
    NotDueYet,
    /// Pagos and the bank agree that no money left.
    NotPaid,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 9] = [
        Self::Matched,
        Self::MissingThere,
        Self::MissingHere,
        Self::AmountDiffers,
        Self::StatusDiffers,
        Self::Returned,
        Self::DuplicateThere,
        Self::NotDueYet,
        Self::NotPaid,
    ];

    /// The stable word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::MissingThere => "missing_there",
            Self::MissingHere => "missing_here",
            Self::AmountDiffers => "amount_differs",
            Self::StatusDiffers => "status_differs",
            Self::Returned => "returned",
            Self::DuplicateThere => "duplicate_there",
            Self::NotDueYet => "not_due_yet",
            Self::NotPaid => "not_paid",
        }
    }

    /// Whether Pagos and the bank say different things about a payout.
    pub fn is_difference(self) -> bool {
        match self {
            Self::MissingThere
            | Self::AmountDiffers
            | Self::StatusDiffers
            | Self::DuplicateThere => true,
            Self::Matched
            | Self::MissingHere
            | Self::Returned
            | Self::NotDueYet
            | Self::NotPaid => false,
        }
    }

    /// Whether nobody has to look at it.
    pub fn is_agreed(self) -> bool {
        matches!(self, Self::Matched | Self::NotPaid)
    }
}

/// The days that the statements of a book cover, as spans that neither touch nor overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    spans: Vec<(Day, Day)>,
}

impl Covered {
    /// The union of these spans, each with its first and its last day.
    ///
    /// ```
    /// use pagos_reconcile::Covered;
    ///
    /// let day = |text: &str| text.parse::<pagos_core::Day>();
    /// let may = (day("2026-05-01")?, day("2026-05-31")?);
    /// let covered = Covered::of([(day("2026-06-01")?, day("2026-06-30")?), may]);
    /// assert!(covered.contains(day("2026-05-30")?, day("2026-06-02")?));
    /// assert!(!covered.contains(day("2026-06-30")?, day("2026-07-01")?));
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn of(spans: impl IntoIterator<Item = (Day, Day)>) -> Self {
        let mut spans: Vec<(Day, Day)> = spans.into_iter().collect();
        spans.sort();
        spans.dedup_by(|later, kept| {
            let is_joined = later.0 <= kept.1.plus(1);
            if is_joined {
                kept.1 = kept.1.max(later.1);
            }
            is_joined
        });
        Self { spans }
    }

    /// Whether statements cover every day from `from` through `through`.
    pub fn contains(&self, from: Day, through: Day) -> bool {
        self.spans.iter().any(|span| span.0 <= from && through <= span.1)
    }

    /// The first and the last day; `None` if nothing is covered.
    pub fn hull(&self) -> Option<(Day, Day)> {
        Some((self.spans.first()?.0, self.spans.last()?.1))
    }
}

/// What the book says about a payout.
///
/// ```
/// use pagos_reconcile::{Covered, Expected, Outcome, Rules, outcome};
///
/// fn is_lost(payout: &Expected, covered: &Covered) -> bool {
///     outcome(payout, covered, &Rules::default()) == Outcome::MissingThere
/// }
/// ```
pub fn outcome(it: &Expected, covered: &Covered, rules: &Rules) -> Outcome {
    let (amount, booked) = (it.amount.minor, it.booked);
    let left = booked.left();
    let is_shown = covered.contains(it.begins(), it.due().plus(rules.after_days));
    if booked.lines == 0 {
        return match it.belief() {
            Belief::Paid | Belief::UnderWay if is_shown => Outcome::MissingThere,
            Belief::Paid | Belief::UnderWay => Outcome::NotDueYet,
            Belief::CameBack | Belief::NotPaid | Belief::NotSent => Outcome::NotPaid,
        };
    }
    if booked.whole > 1 && left > amount {
        return Outcome::DuplicateThere;
    }
    let told = it.returned.map_or(0, |it| it.minor);
    match it.belief() {
        Belief::Paid if booked.came_back == 0 && told == 0 => differs(left, amount),
        Belief::Paid if booked.whole > 1 && left == amount => Outcome::Matched,
        Belief::Paid if booked.came_back == told => Outcome::Returned,
        Belief::Paid => Outcome::StatusDiffers,
        Belief::CameBack => match (left, told) {
            (left, told) if told > 0 && amount.checked_sub(told) == Some(left) => Outcome::Returned,
            (0, _) => Outcome::Returned,
            _ if left == amount && !is_shown => Outcome::NotDueYet,
            _ if left == amount => Outcome::StatusDiffers,
            _ => Outcome::AmountDiffers,
        },
        Belief::NotPaid | Belief::NotSent if left == 0 => Outcome::Returned,
        Belief::UnderWay | Belief::NotPaid | Belief::NotSent => Outcome::StatusDiffers,
    }
}

fn differs(left: i64, amount: i64) -> Outcome {
    match left == amount {
        true => Outcome::Matched,
        false => Outcome::AmountDiffers,
    }
}

/// What somebody must know at once: money left that should not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alarm {
    /// The payout.
    pub key: OrderKey,
    /// What the bank did. The text stays the same as long as that is so, so that whoever tells it
    /// can tell it once.
    pub because: String,
}

/// The alarm about a payout, if there is one.
pub fn alarm(it: &Expected, outcome: Outcome) -> Option<Alarm> {
    let because = match (outcome, it.belief()) {
        (Outcome::DuplicateThere, _) => {
            format!("the bank booked {} times the whole amount", it.booked.whole)
        }
        (Outcome::StatusDiffers, Belief::NotPaid) => {
            "the bank paid what Pagos calls failed".to_owned()
        }
        (Outcome::StatusDiffers, Belief::NotSent) => {
            "the bank paid what Pagos never sent".to_owned()
        }
        (Outcome::StatusDiffers | Outcome::AmountDiffers, _)
            if it.booked.left() > it.amount.minor =>
        {
            "the bank paid more than the amount of the payout".to_owned()
        }
        _ => return None,
    };
    Some(Alarm { key: it.key.clone(), because })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{day, expected, failed};
    use pagos_core::{Currency, FailReason, Money, Status};

    fn booked(mut it: Expected, changes: &[i64]) -> Expected {
        for change in changes {
            it.booked.add(Money::new(*change, Currency::Clp), it.amount);
        }
        it
    }

    fn with(status: Status, changes: &[i64]) -> Expected {
        booked(Expected { status, ..expected("pay-1", 1_000) }, changes)
    }

    #[test]
    fn each_outcome_has_its_cases() {
        let covered = Covered::of([(day("2026-05-01"), day("2026-05-31"))]);
        let (paid, unknown) = (Status::Succeeded, Status::Unknown);
        let back = Status::Failed(FailReason::Returned);
        let table = [
            (with(paid, &[-1_000]), Outcome::Matched, false),
            (with(paid, &[-400, -600]), Outcome::Matched, false),
            (with(paid, &[-1_000, -1_000, 1_000]), Outcome::Matched, false),
            (with(paid, &[]), Outcome::MissingThere, false),
            (with(unknown, &[]), Outcome::MissingThere, false),
            (with(failed(), &[]), Outcome::NotPaid, false),
            (with(back, &[]), Outcome::NotPaid, false),
            (with(paid, &[-900]), Outcome::AmountDiffers, false),
            (with(paid, &[-1_001]), Outcome::AmountDiffers, true),
            (with(paid, &[-1_000, 1_000]), Outcome::StatusDiffers, false),
            (with(paid, &[-1_000, 300]), Outcome::StatusDiffers, false),
            (with(unknown, &[-1_000]), Outcome::StatusDiffers, false),
            (with(failed(), &[-1_000]), Outcome::StatusDiffers, true),
            (with(failed(), &[-1]), Outcome::StatusDiffers, true),
            (with(failed(), &[-1_000, 1_000]), Outcome::Returned, false),
            (with(back, &[-1_000, 1_000]), Outcome::Returned, false),
            (with(back, &[-1_000]), Outcome::StatusDiffers, false),
            (with(paid, &[-1_000, -1_000]), Outcome::DuplicateThere, true),
            (with(failed(), &[-1_000, -1_000]), Outcome::DuplicateThere, true),
        ];
        for (it, expected, is_alarm) in table {
            let found = outcome(&it, &covered, &Rules::default());
            assert_eq!(found, expected, "{:?} {:?}", it.status, it.booked);
            assert_eq!(alarm(&it, found).is_some(), is_alarm, "{:?} {:?}", it.status, it.booked);
        }
        let never_sent = Expected { sent: None, settled: None, ..with(Status::Created, &[]) };
        assert_eq!(outcome(&never_sent, &covered, &Rules::default()), Outcome::NotPaid);
        let never_sent = booked(never_sent, &[-1_000]);
        let found = outcome(&never_sent, &covered, &Rules::default());
        assert!(alarm(&never_sent, found).is_some());
    }

    #[test]
    fn a_part_that_came_back_agrees_if_the_provider_says_it() {
        let told = |returned| Expected {
            returned: Some(Money::new(returned, Currency::Clp)),
            ..with(Status::Succeeded, &[-1_000, 300])
        };
        let covered = Covered::default();
        assert_eq!(outcome(&told(300), &covered, &Rules::default()), Outcome::Returned);
        assert_eq!(outcome(&told(200), &covered, &Rules::default()), Outcome::StatusDiffers);
    }

    #[test]
    fn nothing_is_missing_before_statements_must_show_it() {
        let it = with(Status::Succeeded, &[]);
        let table = [
            ("2026-05-01", "2026-05-14", Outcome::NotDueYet),
            ("2026-05-01", "2026-05-15", Outcome::MissingThere),
            ("2026-05-11", "2026-05-31", Outcome::NotDueYet),
        ];
        for (from, through, expected) in table {
            let covered = Covered::of([(day(from), day(through))]);
            assert_eq!(outcome(&it, &covered, &Rules::default()), expected, "{from} {through}");
        }
        let gap = Covered::of([
            (day("2026-05-01"), day("2026-05-11")),
            (day("2026-05-13"), day("2026-05-31")),
        ]);
        assert_eq!(outcome(&it, &gap, &Rules::default()), Outcome::NotDueYet);
    }
}
