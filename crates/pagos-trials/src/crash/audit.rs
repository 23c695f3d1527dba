//! The judge: the file, what the payer says, and what the bank's books say. Pure.
//!
//! Believes the books. The payer's words are right when they agree with them; a doubt is right only
//! where the books have nothing.

use std::{collections::BTreeMap, fmt};

use pagos_kit::people::Row;

use crate::{
    crash::outcome::{Books, Direction, Movement, Outcome, Report},
    trial::payer,
};

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Rows and amounts by currency and the payer's word for them.
    pub(super) sums: BTreeMap<(String, String), Sum>,
    /// What the payer lists as neither paid nor failed.
    pub(super) in_doubt: Vec<Doubt>,
    /// How many rows are paid or failed by the payer's word, and need a person all the same.
    pub(super) attention: usize,
    /// How many movements the ledger holds.
    pub(super) movements: usize,
    /// What is wrong.
    pub(super) violations: Vec<Violation>,
}

/// A row that is neither paid nor failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) key: String,
    /// The payer's word for it.
    pub(super) status: String,
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
    /// The payer speaks of another provider than the file.
    OutcomeProvider(String),
    /// The exit code is not the one that the outcomes amount to: what it is, what it should be.
    ExitCode(i32, i32),
    /// A word that is no status.
    StrangeStatus(String, String),
    /// The bank moved money under a key that the file does not have.
    StrangeMovement(String),
    /// The bank moved another amount or currency than the file says.
    MovedAmount(String),
    /// The bank paid into another account than the file says.
    MovedAccount(String),
    /// Money moved through another provider than the file says.
    MovedProvider(String),
    /// At some moment the beneficiary held the money twice.
    PaidTwice(String),
    /// Money came back that had not gone out.
    BackTooOften(String),
    /// The payer says succeeded, the money is not there.
    SucceededUnpaid(String),
    /// The payer says failed, the money is there.
    FailedPaid(String),
    /// The payer is in doubt about a payout that the bank has: it has only to ask.
    DoubtSettledByBank(String),
    /// A person has decided, and the row is in doubt all the same.
    StillInDoubt(String),
    /// Not one row succeeded: a run in which nothing was paid shows nothing.
    NothingPaid,
    /// The amounts of a currency do not add up to the file's.
    Sums(String, i64, i64),
}

impl Audit {
    /// The exit code that the outcomes amount to.
    fn exit_code(&self) -> i32 {
        match (self.in_doubt.len() + self.attention, self.rows("failed")) {
            (0, 0) => payer::SUCCEEDED,
            (0, _) => payer::SOME_FAILED,
            _ => payer::IN_DOUBT,
        }
    }

    /// How many rows the payer has a word for.
    pub(super) fn rows(&self, status: &str) -> usize {
        self.sums.iter().filter(|((_, word), _)| word == status).map(|(_, sum)| sum.rows).sum()
    }

    /// How many keys were paid twice at some moment.
    pub(super) fn paid_twice(&self) -> usize {
        self.violations.iter().filter(|it| matches!(it, Violation::PaidTwice(_))).count()
    }
}

impl Violation {
    /// Can this be something that the bank did after the payer had ended?
    pub(super) fn may_be_late(&self) -> bool {
        matches!(
            self,
            Violation::SucceededUnpaid(_)
                | Violation::FailedPaid(_)
                | Violation::DoubtSettledByBank(_)
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::NoOutcome(key) => write!(f, "{key}: no outcome"),
            Violation::TwoOutcomes(key) => write!(f, "{key}: more than one outcome"),
            Violation::StrangeOutcome(key) => write!(f, "{key}: an outcome without a row"),
            Violation::OutcomeAmount(key) => write!(f, "{key}: the outcome has another amount"),
            Violation::OutcomeProvider(key) => write!(f, "{key}: the outcome has another provider"),
            Violation::ExitCode(code, right) => write!(f, "exit code {code} instead of {right}"),
            Violation::StrangeStatus(key, word) => write!(f, "{key}: no status: {word:?}"),
            Violation::StrangeMovement(key) => write!(f, "{key}: money moved without a row"),
            Violation::MovedAmount(key) => write!(f, "{key}: another amount moved"),
            Violation::MovedAccount(key) => write!(f, "{key}: another account was paid"),
            Violation::MovedProvider(key) => write!(f, "{key}: another provider paid"),
            Violation::PaidTwice(key) => write!(f, "{key}: PAID TWICE"),
            Violation::BackTooOften(key) => write!(f, "{key}: more came back than went out"),
            Violation::SucceededUnpaid(key) => write!(f, "{key}: succeeded, but not paid"),
            Violation::FailedPaid(key) => write!(f, "{key}: failed, but paid"),
            Violation::DoubtSettledByBank(key) => write!(f, "{key}: in doubt, but the bank has it"),
            Violation::StillInDoubt(key) => write!(f, "{key}: decided, but in doubt all the same"),
            Violation::NothingPaid => write!(f, "no row succeeded; nothing was shown"),
            Violation::Sums(currency, plan, found) => {
                write!(
                    f,
                    "the file sums to {plan} {currency}, the outcomes to {found}, in minor units"
                )
            }
        }
    }
}

/// Judges a run that came to its end.
pub(super) fn judge(rows: &[Row], report: &Report, books: &Books) -> Audit {
    let by_key: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.key.as_str(), row)).collect();
    let mut audit = Audit { movements: books.ledger.len(), ..Audit::default() };
    let net = judge_ledger(&by_key, &books.ledger, &mut audit.violations);
    judge_outcomes(&by_key, &report.outcomes, &mut audit);
    for outcome in report.outcomes.iter().filter(|it| by_key.contains_key(it.key.as_str())) {
        let held = net.get(outcome.key.as_str()).copied();
        let (key, status) = (outcome.key.clone(), outcome.status.clone());
        let is_settled = matches!(status.as_str(), "succeeded" | "failed");
        audit.attention += usize::from(is_settled && outcome.attention);
        match status.as_str() {
            "succeeded" if held.unwrap_or(0) < 1 => {
                audit.violations.push(Violation::SucceededUnpaid(key));
            }
            "failed" if held.unwrap_or(0) > 0 => {
                audit.violations.push(Violation::FailedPaid(key));
            }
            "succeeded" | "failed" => {}
            "created" | "unknown" | "pending" | "quarantined" => {
                if held.is_some() || books.keys.contains(&key) {
                    audit.violations.push(Violation::DoubtSettledByBank(key.clone()));
                }
                audit.in_doubt.push(Doubt { key, status });
            }
            _ => audit.violations.push(Violation::StrangeStatus(key, status)),
        }
    }
    let right = audit.exit_code();
    if report.code != right {
        audit.violations.push(Violation::ExitCode(report.code, right));
    }
    if !rows.is_empty() && audit.rows("succeeded") == 0 {
        audit.violations.push(Violation::NothingPaid);
    }
    audit
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
        if !is_amount_of(row, movement.amount_minor, &movement.currency) {
            violations.push(Violation::MovedAmount(movement.key.clone()));
        }
        if movement.account != row.account() {
            violations.push(Violation::MovedAccount(movement.key.clone()));
        }
        if movement.provider != row.provider.name() {
            violations.push(Violation::MovedProvider(movement.key.clone()));
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
fn judge_outcomes(rows: &BTreeMap<&str, &Row>, outcomes: &[Outcome], audit: &mut Audit) {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for outcome in outcomes {
        let times = seen.entry(&outcome.key).or_insert(0);
        *times += 1;
        if *times == 2 {
            audit.violations.push(Violation::TwoOutcomes(outcome.key.clone()));
        }
        audit.violations.extend(match rows.get(outcome.key.as_str()) {
            None => Some(Violation::StrangeOutcome(outcome.key.clone())),
            Some(row) if !is_amount_of(row, outcome.amount_minor, &outcome.currency) => {
                Some(Violation::OutcomeAmount(outcome.key.clone()))
            }
            Some(row) if outcome.provider != row.provider.name() => {
                Some(Violation::OutcomeProvider(outcome.key.clone()))
            }
            Some(_) => None,
        });
        let name = (outcome.currency.clone(), outcome.status.clone());
        let sum = audit.sums.entry(name).or_default();
        sum.rows += 1;
        sum.amount_minor = sum.amount_minor.saturating_add(outcome.amount_minor);
    }
    let missing = rows.keys().filter(|key| !seen.contains_key(**key));
    audit.violations.extend(missing.map(|key| Violation::NoOutcome((*key).to_owned())));
    judge_sums(rows, outcomes, &mut audit.violations);
}

/// The amounts of each currency add up to the file's.
fn judge_sums(rows: &BTreeMap<&str, &Row>, outcomes: &[Outcome], violations: &mut Vec<Violation>) {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows.values() {
        let plan = &mut sums.entry(row.provider.currency().code()).or_default().0;
        *plan = plan.saturating_add(row.amount_minor());
    }
    for outcome in outcomes {
        let found = &mut sums.entry(&outcome.currency).or_default().1;
        *found = found.saturating_add(outcome.amount_minor);
    }
    let wrong = sums.into_iter().filter(|(_, (plan, found))| plan != found);
    violations.extend(
        wrong.map(|(currency, (plan, found))| Violation::Sums(currency.to_owned(), plan, found)),
    );
}

fn is_amount_of(row: &Row, amount_minor: i64, currency: &str) -> bool {
    row.amount_minor() == amount_minor && row.provider.currency().code() == currency
}

#[cfg(test)]
mod tests;
