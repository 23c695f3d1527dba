//! The judge: the file, what the payer says, and what the bank's ledger says. Pure.
//!
//! Believes the ledger. The payer's words are right when they agree with it.

use std::collections::BTreeMap;
use std::fmt;

use crate::crash::outcome::Direction;
use crate::crash::outcome::Movement;
use crate::crash::outcome::Outcome;
use crate::trial::payroll::Row;

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Rows and amounts by the payer's word for them.
    pub(super) sums: BTreeMap<String, Sum>,
    /// Keys that the payer lists as neither paid nor failed.
    pub(super) in_doubt: Vec<String>,
    /// How many movements the ledger holds.
    pub(super) movements: usize,
    /// What is wrong.
    pub(super) violations: Vec<Violation>,
}

/// Rows and their amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: usize,
    pub(super) amount_minor: i64,
}

/// One thing that must not be. Names keys; account numbers stay out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Violation {
    /// The payer says nothing of this row.
    NoOutcome(String),
    /// The payer says more than one thing of this row.
    TwoOutcomes(String),
    /// The payer speaks of a row that the file does not have.
    StrangeOutcome(String),
    /// The payer's amount or currency is not the file's.
    OutcomeAmount(String),
    /// A word that is no status.
    StrangeStatus(String, String),
    /// The bank moved money under a key that the file does not have.
    StrangeMovement(String),
    /// The bank moved another amount or currency than the file says.
    MovedAmount(String),
    /// The bank paid into another account than the file says.
    MovedAccount(String),
    /// At some moment the beneficiary held the money twice.
    PaidTwice(String),
    /// Money came back that had not gone out.
    BackTooOften(String),
    /// The payer says succeeded, the money is not there.
    SucceededUnpaid(String),
    /// The payer says failed, the money is there.
    FailedPaid(String),
    /// Not one row succeeded: a run in which nothing was paid shows nothing.
    NothingPaid,
    /// The amounts by status do not add up to the file's.
    Sums(i64, i64),
}

impl Verdict {
    /// How many keys were paid twice at some moment.
    pub(super) fn paid_twice(&self) -> usize {
        self.violations.iter().filter(|it| matches!(it, Violation::PaidTwice(_))).count()
    }
}

impl Violation {
    /// Can this be a reversal that the bank decided after the payer had ended?
    pub(super) fn may_be_late(&self) -> bool {
        matches!(self, Violation::SucceededUnpaid(_) | Violation::FailedPaid(_))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::NoOutcome(key) => write!(f, "{key}: no outcome"),
            Violation::TwoOutcomes(key) => write!(f, "{key}: more than one outcome"),
            Violation::StrangeOutcome(key) => write!(f, "{key}: an outcome without a row"),
            Violation::OutcomeAmount(key) => write!(f, "{key}: the outcome has another amount"),
            Violation::StrangeStatus(key, word) => write!(f, "{key}: no status: {word:?}"),
            Violation::StrangeMovement(key) => write!(f, "{key}: money moved without a row"),
            Violation::MovedAmount(key) => write!(f, "{key}: another amount moved"),
            Violation::MovedAccount(key) => write!(f, "{key}: another account was paid"),
            Violation::PaidTwice(key) => write!(f, "{key}: PAID TWICE"),
            Violation::BackTooOften(key) => write!(f, "{key}: more came back than went out"),
            Violation::SucceededUnpaid(key) => write!(f, "{key}: succeeded, but not paid"),
            Violation::FailedPaid(key) => write!(f, "{key}: failed, but paid"),
            Violation::NothingPaid => write!(f, "no row succeeded; nothing was shown"),
            Violation::Sums(plan, found) => {
                write!(f, "the file sums to {plan}, the outcomes to {found} minor units")
            }
        }
    }
}

/// Judges a run that came to its end.
pub(super) fn judge(rows: &[Row], outcomes: &[Outcome], ledger: &[Movement]) -> Verdict {
    let by_key: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.key.as_str(), row)).collect();
    let mut verdict = Verdict { movements: ledger.len(), ..Verdict::default() };
    let net = judge_ledger(&by_key, ledger, &mut verdict.violations);
    judge_outcomes(&by_key, outcomes, &mut verdict);
    for outcome in outcomes.iter().filter(|it| by_key.contains_key(it.key.as_str())) {
        let held = net.get(outcome.key.as_str()).copied().unwrap_or(0);
        let key = outcome.key.clone();
        match outcome.status.as_str() {
            "succeeded" if held < 1 => verdict.violations.push(Violation::SucceededUnpaid(key)),
            "failed" if held > 0 => verdict.violations.push(Violation::FailedPaid(key)),
            "succeeded" | "failed" => {}
            "created" | "unknown" | "pending" | "quarantined" => verdict.in_doubt.push(key),
            word => verdict.violations.push(Violation::StrangeStatus(key, word.to_owned())),
        }
    }
    if !rows.is_empty() && !outcomes.iter().any(|outcome| outcome.status == "succeeded") {
        verdict.violations.push(Violation::NothingPaid);
    }
    verdict
}

/// Walks the ledger in its order, so that a moment of double payment is seen even if the money
/// came back later. Returns how many payments each key's beneficiary holds in the end.
fn judge_ledger<'a>(
    rows: &BTreeMap<&str, &Row>,
    ledger: &'a [Movement],
    violations: &mut Vec<Violation>,
) -> BTreeMap<&'a str, i64> {
    let mut net: BTreeMap<&str, i64> = BTreeMap::new();
    for movement in ledger {
        let Some(row) = rows.get(movement.key.as_str()) else {
            violations.push(Violation::StrangeMovement(movement.key.clone()));
            continue;
        };
        if movement.amount_minor != row.amount_minor || movement.currency != "COP" {
            violations.push(Violation::MovedAmount(movement.key.clone()));
        }
        if movement.account != row.account {
            violations.push(Violation::MovedAccount(movement.key.clone()));
        }
        let held = net.entry(&movement.key).or_insert(0);
        match movement.direction {
            Direction::Out => *held += 1,
            Direction::Back => *held -= 1,
        }
        match *held {
            ..0 => violations.push(Violation::BackTooOften(movement.key.clone())),
            0 | 1 => {}
            2.. => violations.push(Violation::PaidTwice(movement.key.clone())),
        }
    }
    net
}

/// Every row has exactly one outcome, with the file's amount, and the sums agree.
fn judge_outcomes(rows: &BTreeMap<&str, &Row>, outcomes: &[Outcome], verdict: &mut Verdict) {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for outcome in outcomes {
        let times = seen.entry(&outcome.key).or_insert(0);
        *times += 1;
        if *times == 2 {
            verdict.violations.push(Violation::TwoOutcomes(outcome.key.clone()));
        }
        match rows.get(outcome.key.as_str()) {
            None => verdict.violations.push(Violation::StrangeOutcome(outcome.key.clone())),
            Some(row) if row.amount_minor != outcome.amount_minor || outcome.currency != "COP" => {
                verdict.violations.push(Violation::OutcomeAmount(outcome.key.clone()));
            }
            Some(_) => {}
        }
        let sum = verdict.sums.entry(outcome.status.clone()).or_default();
        sum.rows += 1;
        sum.amount_minor = sum.amount_minor.saturating_add(outcome.amount_minor);
    }
    let missing = rows.keys().filter(|key| !seen.contains_key(**key));
    verdict.violations.extend(missing.map(|key| Violation::NoOutcome((*key).to_owned())));
    let plan: i64 = rows.values().map(|row| row.amount_minor).sum();
    let found: i64 = verdict.sums.values().map(|sum| sum.amount_minor).sum();
    if plan != found {
        verdict.violations.push(Violation::Sums(plan, found));
    }
}

#[cfg(test)]
mod tests;
