//! The judge against planted violations: each must be seen, and an honest run must pass.

use super::*;
use pagos_kit::{
    KITS,
    people::{self, Row},
};

/// Gives six rows every provider.
const SEED: u64 = 6;

/// An honest run over six rows of all providers: three paid, one refused, one reversed, one lost on
/// its way and rightly in doubt.
struct Run {
    rows: Vec<Row>,
    report: Report,
    books: Books,
}

impl Run {
    fn honest() -> Self {
        let rows: Vec<Row> = people::rows(6, SEED, KITS.to_vec()).collect();
        let words = ["succeeded", "succeeded", "succeeded", "failed", "failed", "unknown"];
        let outcome = |(row, word): (&Row, &str)| Outcome {
            provider: row.provider.name().to_owned(),
            key: row.key.clone(),
            status: word.to_owned(),
            attention: false,
            amount_minor: row.amount_minor(),
            currency: row.provider.currency().code().to_owned(),
        };
        let outcomes = rows.iter().zip(words).map(outcome).collect();
        let paid = [0, 1, 2, 4].map(|at| movement(&rows[at], Direction::Out));
        let back = movement(&rows[4], Direction::Back);
        let ledger = paid.into_iter().chain([back]).collect();
        let keys = rows.iter().take(5).map(|row| row.key.clone()).collect();
        let report = Report { code: payer::IN_DOUBT, outcomes };
        Self { rows, report, books: Books { ledger, keys, moving: 0 } }
    }

    fn audit(&self) -> Audit {
        judge(&self.rows, &self.report, &self.books)
    }

    fn violations(&self) -> Vec<Violation> {
        self.audit().violations
    }

    fn key(&self, at: usize) -> String {
        self.rows[at].key.clone()
    }

    fn say(&mut self, at: usize, word: &str) {
        self.report.outcomes[at].status = word.to_owned();
    }

    fn pay(&mut self, at: usize) {
        self.books.ledger.push(movement(&self.rows[at], Direction::Out));
        self.books.keys.insert(self.key(at));
    }

    fn take_back(&mut self, at: usize) {
        self.books.ledger.push(movement(&self.rows[at], Direction::Back));
    }
}

fn movement(row: &Row, direction: Direction) -> Movement {
    Movement {
        provider: row.provider.name().to_owned(),
        key: row.key.clone(),
        account: row.account().to_owned(),
        amount_minor: row.amount_minor(),
        currency: row.provider.currency().code().to_owned(),
        direction,
    }
}

#[test]
fn an_honest_run_passes_and_its_doubt_is_listed() {
    let run = Run::honest();
    for provider in KITS.iter().copied() {
        assert!(run.rows.iter().any(|row| row.provider == provider), "{provider:?}");
    }
    let audit = run.audit();
    assert_eq!(audit.violations, []);
    assert_eq!(audit.in_doubt, [Doubt { key: run.key(5), status: "unknown".to_owned() }]);
    assert_eq!(audit.rows("succeeded"), 3);
    let total: i64 = audit.sums.values().map(|sum| sum.amount_minor).sum();
    assert_eq!(total, run.rows.iter().map(Row::amount_minor).sum::<i64>());
}

#[test]
fn a_second_payment_is_seen() {
    let mut run = Run::honest();
    run.pay(0);
    assert_eq!(run.violations(), [Violation::PaidTwice(run.key(0))]);
}

#[test]
fn a_second_payment_that_came_back_later_is_seen_too() {
    let mut run = Run::honest();
    run.pay(0);
    run.take_back(0);
    let audit = run.audit();
    assert_eq!(audit.violations, [Violation::PaidTwice(run.key(0))]);
    assert_eq!(audit.paid_twice(), 1);
}

#[test]
fn a_doubt_whose_money_moved_is_seen_and_may_be_late() {
    let mut run = Run::honest();
    run.pay(5);
    assert_eq!(run.violations(), [Violation::DoubtSettledByBank(run.key(5))]);
    assert!(run.violations()[0].may_be_late());
    // Money that came back had moved all the same.
    run.take_back(5);
    assert_eq!(run.violations(), [Violation::DoubtSettledByBank(run.key(5))]);
}

#[test]
fn a_doubt_about_a_payout_that_the_bank_refused_is_seen() {
    for word in ["unknown", "pending", "created", "quarantined"] {
        let mut run = Run::honest();
        run.say(3, word);
        assert_eq!(run.violations(), [Violation::DoubtSettledByBank(run.key(3))], "{word}");
    }
}

#[test]
fn a_second_payment_of_a_row_in_doubt_is_seen_and_is_not_late() {
    let mut run = Run::honest();
    run.pay(5);
    run.pay(5);
    let found = run.violations();
    assert!(found.contains(&Violation::PaidTwice(run.key(5))), "{found:?}");
    assert!(!found.iter().all(Violation::may_be_late), "{found:?}");
}

#[test]
fn money_that_comes_back_twice_is_seen() {
    let mut run = Run::honest();
    run.take_back(4);
    assert_eq!(run.violations(), [Violation::BackTooOften(run.key(4))]);
}

#[test]
fn another_amount_account_provider_or_currency_is_seen() {
    for at in 0..2 {
        let mut run = Run::honest();
        run.books.ledger[at].amount_minor += 1;
        assert_eq!(run.violations(), [Violation::MovedAmount(run.key(at))]);
        let mut run = Run::honest();
        run.books.ledger[at].currency = other(&run.books.ledger[at].currency);
        assert_eq!(run.violations(), [Violation::MovedAmount(run.key(at))]);
        let mut run = Run::honest();
        run.books.ledger[at].account = run.rows[2].account().to_owned();
        assert_eq!(run.violations(), [Violation::MovedAccount(run.key(at))]);
        let mut run = Run::honest();
        run.books.ledger[at].provider = "nobody".to_owned();
        assert_eq!(run.violations(), [Violation::MovedProvider(run.key(at))]);
        let mut run = Run::honest();
        run.report.outcomes[at].provider = "nobody".to_owned();
        assert_eq!(run.violations(), [Violation::OutcomeProvider(run.key(at))]);
    }
}

/// Each of the two currencies, where the other one belongs.
fn other(currency: &str) -> String {
    if currency == "COP" { "CLP".to_owned() } else { "COP".to_owned() }
}

#[test]
fn pesos_of_one_country_are_not_those_of_another() {
    let mut run = Run::honest();
    let currency = other(&run.report.outcomes[0].currency);
    run.report.outcomes[0].currency = currency;
    let found = run.violations();
    assert_eq!(found[0], Violation::OutcomeAmount(run.key(0)));
    let sums = found.iter().filter(|it| matches!(it, Violation::Sums(..))).count();
    assert_eq!((found.len(), sums), (3, 2), "{found:?}");
}

#[test]
fn a_missing_row_is_seen_and_breaks_the_sum() {
    let mut run = Run::honest();
    let lost = run.report.outcomes.remove(3);
    let found = run.violations();
    assert!(found.contains(&Violation::NoOutcome(lost.key)), "{found:?}");
    let is_short = |it: &Violation| match it {
        Violation::Sums(currency, plan, sum) => {
            *currency == lost.currency && plan - sum == lost.amount_minor
        }
        _ => false,
    };
    assert!(found.len() == 2 && found.iter().any(is_short), "{found:?}");
}

#[test]
fn two_outcomes_of_one_row_are_seen() {
    let mut run = Run::honest();
    run.report.outcomes.push(run.report.outcomes[3].clone());
    assert!(run.violations().contains(&Violation::TwoOutcomes(run.key(3))));
}

#[test]
fn a_cent_in_the_outcomes_is_seen() {
    let mut run = Run::honest();
    run.report.outcomes[2].amount_minor -= 1;
    let found = run.violations();
    assert!(found.contains(&Violation::OutcomeAmount(run.key(2))), "{found:?}");
    assert!(found.iter().any(|it| matches!(it, Violation::Sums(..))), "{found:?}");
}

#[test]
fn what_the_file_does_not_have_is_seen_on_both_sides() {
    let mut run = Run::honest();
    let stranger = people::rows(7, SEED, KITS.to_vec()).nth(6).unwrap();
    run.books.ledger.push(movement(&stranger, Direction::Out));
    assert_eq!(run.violations(), [Violation::StrangeMovement(stranger.key.clone())]);
    let mut run = Run::honest();
    run.report.outcomes[0].key.clone_from(&stranger.key);
    let found = run.violations();
    assert!(found.contains(&Violation::StrangeOutcome(stranger.key)), "{found:?}");
    assert!(found.contains(&Violation::NoOutcome(run.key(0))), "{found:?}");
}

#[test]
fn paid_but_reported_failed_is_seen_and_may_be_late() {
    let mut run = Run::honest();
    run.say(0, "failed");
    assert_eq!(run.violations(), [Violation::FailedPaid(run.key(0))]);
    assert!(run.violations()[0].may_be_late());
}

#[test]
fn reported_paid_but_not_paid_is_seen() {
    let mut run = Run::honest();
    run.books.ledger.remove(0);
    assert_eq!(run.violations(), [Violation::SucceededUnpaid(run.key(0))]);
    let mut run = Run::honest();
    run.say(4, "succeeded");
    assert_eq!(run.violations(), [Violation::SucceededUnpaid(run.key(4))]);
}

#[test]
fn a_double_payment_is_never_taken_for_a_late_reversal() {
    let mut run = Run::honest();
    run.pay(0);
    assert!(!run.violations()[0].may_be_late());
}

#[test]
fn a_word_that_is_no_status_is_seen() {
    let mut run = Run::honest();
    run.say(0, "done");
    assert_eq!(run.violations(), [Violation::StrangeStatus(run.key(0), "done".to_owned())]);
}

#[test]
fn the_exit_code_says_the_worst() {
    let mut run = Run::honest();
    for wrong in [payer::SUCCEEDED, payer::SOME_FAILED] {
        run.report.code = wrong;
        assert_eq!(run.violations(), [Violation::ExitCode(wrong, payer::IN_DOUBT)]);
    }
    run.pay(5);
    run.say(5, "succeeded");
    run.report.code = payer::SOME_FAILED;
    assert_eq!(run.violations(), []);
    run.report.code = payer::IN_DOUBT;
    assert_eq!(run.violations(), [Violation::ExitCode(payer::IN_DOUBT, payer::SOME_FAILED)]);
    assert!(!run.violations()[0].may_be_late());
    run.report.outcomes[0].attention = true;
    assert_eq!(run.violations(), []);
    run.report.code = payer::SOME_FAILED;
    assert_eq!(run.violations(), [Violation::ExitCode(payer::SOME_FAILED, payer::IN_DOUBT)]);
}

#[test]
fn a_run_in_which_nothing_was_paid_shows_nothing() {
    let mut run = Run::honest();
    run.books = Books::default();
    run.report.outcomes.iter_mut().for_each(|outcome| outcome.status = "unknown".to_owned());
    assert_eq!(run.violations(), [Violation::NothingPaid]);
}
