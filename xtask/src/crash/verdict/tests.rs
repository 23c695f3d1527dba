//! The judge against planted violations: each must be seen, and an honest run must pass.

use super::*;
use crate::trial::payroll;

/// An honest run over six rows: three paid, one refused, one reversed, one in doubt but paid.
struct Run {
    rows: Vec<Row>,
    outcomes: Vec<Outcome>,
    ledger: Vec<Movement>,
}

impl Run {
    fn honest() -> Self {
        let rows: Vec<Row> = payroll::rows(6, 3).collect();
        let words = ["succeeded", "succeeded", "succeeded", "failed", "failed", "unknown"];
        let outcome = |(row, word): (&Row, &str)| Outcome {
            key: row.key.clone(),
            status: word.to_owned(),
            amount_minor: row.amount_minor,
            currency: "COP".to_owned(),
        };
        let outcomes = rows.iter().zip(words).map(outcome).collect();
        let paid = [0, 1, 2, 4, 5].map(|at| movement(&rows[at], Direction::Out));
        let back = movement(&rows[4], Direction::Back);
        let ledger = paid.into_iter().chain([back]).collect();
        Self { rows, outcomes, ledger }
    }

    fn violations(&self) -> Vec<Violation> {
        judge(&self.rows, &self.outcomes, &self.ledger).violations
    }

    fn key(&self, at: usize) -> String {
        self.rows[at].key.clone()
    }
}

fn movement(row: &Row, direction: Direction) -> Movement {
    Movement {
        key: row.key.clone(),
        account: row.account.clone(),
        amount_minor: row.amount_minor,
        currency: "COP".to_owned(),
        direction,
    }
}

#[test]
fn an_honest_run_passes_and_its_doubt_is_listed() {
    let run = Run::honest();
    let verdict = judge(&run.rows, &run.outcomes, &run.ledger);
    assert_eq!(verdict.violations, []);
    assert_eq!(verdict.in_doubt, [run.key(5)]);
    assert_eq!(verdict.sums["succeeded"].rows, 3);
    let total: i64 = verdict.sums.values().map(|sum| sum.amount_minor).sum();
    assert_eq!(total, run.rows.iter().map(|row| row.amount_minor).sum::<i64>());
}

#[test]
fn a_second_payment_is_seen() {
    let mut run = Run::honest();
    run.ledger.push(movement(&run.rows[0], Direction::Out));
    assert_eq!(run.violations(), [Violation::PaidTwice(run.key(0))]);
}

#[test]
fn a_second_payment_that_came_back_later_is_seen_too() {
    let mut run = Run::honest();
    run.ledger.push(movement(&run.rows[0], Direction::Out));
    run.ledger.push(movement(&run.rows[0], Direction::Back));
    let verdict = judge(&run.rows, &run.outcomes, &run.ledger);
    assert_eq!(verdict.violations, [Violation::PaidTwice(run.key(0))]);
    assert_eq!(verdict.paid_twice(), 1);
}

#[test]
fn a_second_payment_of_a_row_in_doubt_is_seen() {
    let mut run = Run::honest();
    run.ledger.push(movement(&run.rows[5], Direction::Out));
    assert_eq!(run.violations(), [Violation::PaidTwice(run.key(5))]);
}

#[test]
fn money_that_comes_back_twice_is_seen() {
    let mut run = Run::honest();
    run.ledger.push(movement(&run.rows[4], Direction::Back));
    assert_eq!(run.violations(), [Violation::BackTooOften(run.key(4))]);
}

#[test]
fn another_amount_account_or_currency_is_seen() {
    let mut run = Run::honest();
    run.ledger[0].amount_minor += 1;
    assert_eq!(run.violations(), [Violation::MovedAmount(run.key(0))]);
    let mut run = Run::honest();
    run.ledger[0].currency = "USD".to_owned();
    assert_eq!(run.violations(), [Violation::MovedAmount(run.key(0))]);
    let mut run = Run::honest();
    run.ledger[1].account = run.rows[2].account.clone();
    assert_eq!(run.violations(), [Violation::MovedAccount(run.key(1))]);
    let mut run = Run::honest();
    run.outcomes[0].currency = "USD".to_owned();
    assert_eq!(run.violations(), [Violation::OutcomeAmount(run.key(0))]);
}

#[test]
fn a_missing_row_is_seen_and_breaks_the_sum() {
    let mut run = Run::honest();
    let lost = run.outcomes.remove(3);
    let plan: i64 = run.rows.iter().map(|row| row.amount_minor).sum();
    let expected =
        [Violation::NoOutcome(lost.key), Violation::Sums(plan, plan - lost.amount_minor)];
    assert_eq!(run.violations(), expected);
}

#[test]
fn two_outcomes_of_one_row_are_seen() {
    let mut run = Run::honest();
    run.outcomes.push(run.outcomes[3].clone());
    assert!(run.violations().contains(&Violation::TwoOutcomes(run.key(3))));
}

#[test]
fn a_cent_in_the_outcomes_is_seen() {
    let mut run = Run::honest();
    run.outcomes[2].amount_minor -= 1;
    let found = run.violations();
    assert!(found.contains(&Violation::OutcomeAmount(run.key(2))), "{found:?}");
    assert!(found.iter().any(|it| matches!(it, Violation::Sums(..))), "{found:?}");
}

#[test]
fn what_the_file_does_not_have_is_seen_on_both_sides() {
    let mut run = Run::honest();
    let stranger = payroll::rows(7, 3).nth(6).unwrap();
    run.ledger.push(movement(&stranger, Direction::Out));
    assert_eq!(run.violations(), [Violation::StrangeMovement(stranger.key.clone())]);
    let mut run = Run::honest();
    run.outcomes[0].key.clone_from(&stranger.key);
    let found = run.violations();
    assert!(found.contains(&Violation::StrangeOutcome(stranger.key)), "{found:?}");
    assert!(found.contains(&Violation::NoOutcome(run.key(0))), "{found:?}");
}

#[test]
fn paid_but_reported_failed_is_seen_and_may_be_late() {
    let mut run = Run::honest();
    run.outcomes[0].status = "failed".to_owned();
    assert_eq!(run.violations(), [Violation::FailedPaid(run.key(0))]);
    assert!(run.violations()[0].may_be_late());
}

#[test]
fn reported_paid_but_not_paid_is_seen() {
    let mut run = Run::honest();
    run.ledger.remove(0);
    assert_eq!(run.violations(), [Violation::SucceededUnpaid(run.key(0))]);
    let mut run = Run::honest();
    run.outcomes[4].status = "succeeded".to_owned();
    assert_eq!(run.violations(), [Violation::SucceededUnpaid(run.key(4))]);
}

#[test]
fn a_double_payment_is_never_taken_for_a_late_reversal() {
    let mut run = Run::honest();
    run.ledger.push(movement(&run.rows[0], Direction::Out));
    assert!(!run.violations()[0].may_be_late());
}

#[test]
fn a_word_that_is_no_status_is_seen() {
    let mut run = Run::honest();
    run.outcomes[0].status = "done".to_owned();
    assert_eq!(run.violations(), [Violation::StrangeStatus(run.key(0), "done".to_owned())]);
}

#[test]
fn a_run_in_which_nothing_was_paid_shows_nothing() {
    let mut run = Run::honest();
    run.ledger.clear();
    run.outcomes.iter_mut().for_each(|outcome| outcome.status = "unknown".to_owned());
    assert_eq!(run.violations(), [Violation::NothingPaid]);
}
