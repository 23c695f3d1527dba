//! What must hold of payouts that were submitted to a service that was killed.

use std::{collections::BTreeMap, fmt};

use crate::clients::{client::Answer, order::Order, service::Listed};

/// What was seen, by key.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The first 2xx of each payout, while the service was killed.
    pub(super) acknowledged: BTreeMap<String, Answer>,
    /// What was in the store right after the last kill.
    pub(super) stored: BTreeMap<String, Listed>,
    /// The same after a service that nobody killed and nobody asked.
    pub(super) settled: BTreeMap<String, Listed>,
    /// The answers to one more repeat of everything.
    pub(super) repeated: BTreeMap<String, Answer>,
    /// How often the bank has paid each key.
    pub(super) paid: BTreeMap<String, u64>,
}

impl Seen {
    /// How many payouts wait for a person.
    pub(super) fn waiting_for_person(&self) -> usize {
        self.settled.values().filter(|listed| listed.waits_for_person).count()
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Violation {
    NotAcknowledged(String),
    /// A 2xx, and the payout is not in the store.
    Lost(String),
    /// A 2xx, and the payout got stuck, or was never sent, although the service ran.
    Stuck(String),
    /// The repeat of a request stored its payout.
    StoredAgain(String),
    AnotherPayout(String),
    PaidTwice(String),
    /// The store says that it was paid, and the bank does not.
    NotPaid(String),
    NothingPaid,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAcknowledged(key) => write!(f, "{key} was not acknowledged"),
            Self::Lost(key) => write!(f, "{key} was acknowledged and is not in the store"),
            Self::Stuck(key) => write!(f, "{key} was acknowledged and got stuck"),
            Self::StoredAgain(key) => write!(f, "a repeat of {key} stored it again"),
            Self::AnotherPayout(key) => write!(f, "a repeat of {key} answers another payout"),
            Self::PaidTwice(key) => write!(f, "{key} was paid more than once"),
            Self::NotPaid(key) => write!(f, "{key} succeeded, and the bank has not paid it"),
            Self::NothingPaid => write!(f, "nothing was paid, so this shows nothing"),
        }
    }
}

/// Everything that is wrong.
pub(super) fn judge(orders: &[Order], seen: &Seen) -> Vec<Violation> {
    let mut violations: Vec<Violation> =
        orders.iter().flat_map(|order| judge_one(&order.key, seen)).collect();
    // Also what nobody ordered must not be paid twice.
    let twice = seen.paid.iter().filter(|(_, count)| **count > 1);
    violations.extend(twice.map(|(key, _)| Violation::PaidTwice(key.clone())));
    if seen.paid.is_empty() {
        violations.push(Violation::NothingPaid);
    }
    violations
}

fn judge_one(key: &str, seen: &Seen) -> Vec<Violation> {
    let Some(first) = seen.acknowledged.get(key) else {
        return vec![Violation::NotAcknowledged(key.to_owned())];
    };
    let mut violations = Vec::new();
    let mut note = |violation: fn(String) -> Violation| violations.push(violation(key.to_owned()));
    if !seen.stored.contains_key(key) {
        note(Violation::Lost);
    }
    let settled = seen.settled.get(key);
    if settled.is_some_and(|listed| !listed.is_at_rest()) {
        note(Violation::Stuck);
    }
    match seen.repeated.get(key) {
        Some(again) if again.is_new() => note(Violation::StoredAgain),
        Some(again) if again.payout == first.payout => {}
        _ => note(Violation::AnotherPayout),
    }
    if settled.is_some_and(|it| it.status == "succeeded") && !seen.paid.contains_key(key) {
        note(Violation::NotPaid);
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Seen {
        let answer = |status: u16| Answer { status, payout: vec!["a".to_owned()] };
        let one = |status: &str| {
            let listed = Listed { status: status.to_owned(), waits_for_person: false };
            BTreeMap::from([("a".to_owned(), listed)])
        };
        Seen {
            acknowledged: BTreeMap::from([("a".to_owned(), answer(201))]),
            stored: one("unknown"),
            settled: one("succeeded"),
            repeated: BTreeMap::from([("a".to_owned(), answer(200))]),
            paid: BTreeMap::from([("a".to_owned(), 1)]),
        }
    }

    #[test]
    fn every_demand_can_fail() {
        let check = |change: fn(&mut Seen), expected: &[fn(String) -> Violation]| {
            let mut seen = good();
            change(&mut seen);
            let order = Order { key: "a".to_owned(), body: Vec::new() };
            let expected: Vec<_> = expected.iter().map(|it| it("a".to_owned())).collect();
            assert_eq!(judge(&[order], &seen), expected);
        };
        check(|_| {}, &[]);
        check(|seen| seen.acknowledged.clear(), &[Violation::NotAcknowledged]);
        check(|seen| seen.stored.clear(), &[Violation::Lost]);
        check(
            |seen| seen.settled.values_mut().for_each(|it| it.status = "created".to_owned()),
            &[Violation::Stuck],
        );
        check(|seen| seen.repeated.clear(), &[Violation::AnotherPayout]);
        check(
            |seen| seen.repeated.values_mut().for_each(|it| it.status = 201),
            &[Violation::StoredAgain],
        );
        check(
            |seen| seen.repeated.values_mut().for_each(|it| it.payout.clear()),
            &[Violation::AnotherPayout],
        );
        check(|seen| seen.paid.values_mut().for_each(|it| *it = 2), &[Violation::PaidTwice]);
        let mut unpaid = good();
        unpaid.paid = BTreeMap::from([("b".to_owned(), 1)]);
        let order = Order { key: "a".to_owned(), body: Vec::new() };
        assert_eq!(judge(&[order], &unpaid), [Violation::NotPaid("a".to_owned())]);
        unpaid.paid.clear();
        assert!(judge(&[], &unpaid).contains(&Violation::NothingPaid));
    }
}
