//! The operator's turn, after the run: what stays in doubt is looked up in the bank's books and
//! then decided, as a person would do it. Knows nothing that a person with a bank statement does
//! not.

use std::time::Duration;

use crate::{
    crash::{
        Figures, Harness,
        audit::{Audit, Doubt, Violation},
        outcome::Books,
        settle,
    },
    failure::Failure,
    trial::payer::Decision,
};

/// What is sent again can be lost again; each round leaves a few in a hundred.
const ROUNDS_MAX: u32 = 12;

/// A request that the bank applies late, and a reversal, take minutes of its time: an hour is more
/// than both together.
const REST: Duration = Duration::from_secs(3_600);
const RESTS_MAX: u32 = 5;

/// Decides about every doubt and runs to the end again, until none is left.
pub(super) fn decide(
    harness: &Harness,
    mut audit: Audit,
    figures: &mut Figures,
) -> Result<Audit, Failure> {
    while audit.violations.is_empty() && !audit.in_doubt.is_empty() {
        if figures.rounds == ROUNDS_MAX {
            let keys = audit.in_doubt.iter().map(|doubt| doubt.key.clone());
            audit.violations = keys.map(Violation::StillInDoubt).collect();
            break;
        }
        figures.rounds += 1;
        let books = let_rest(harness)?;
        for doubt in &audit.in_doubt {
            match decision(doubt, &books) {
                Decision::Resend => {
                    harness.payer.decide(
                        &doubt.key,
                        Decision::Resend,
                        "crash: not in the books",
                    )?;
                    figures.resent += 1;
                }
                Decision::Ask => {
                    harness.payer.decide(&doubt.key, Decision::Ask, "crash: ask the bank again")?;
                    figures.asked += 1;
                }
            }
        }
        audit = settle(harness, figures)?;
    }
    Ok(audit)
}

/// Sends again only what was lost for certain: the books have nothing under its key.
fn decision(doubt: &Doubt, books: &Books) -> Decision {
    match (doubt.status.as_str(), books.keys.contains(&doubt.key)) {
        ("unknown", false) => Decision::Resend,
        _ => Decision::Ask,
    }
}

/// Lets the bank do everything that it has under way, requests that it applies late included, and
/// reads its books. A request that is under way shows nowhere before it is applied; so an hour goes
/// by, and then another one that changes nothing.
fn let_rest(harness: &Harness) -> Result<Books, Failure> {
    let mut books = harness.read_books()?;
    for _ in 0..RESTS_MAX {
        harness.bank.skip(REST)?;
        let later = harness.read_books()?;
        if later == books && later.moving == 0 {
            return Ok(later);
        }
        books = later;
    }
    Err(Failure::new(format!("the bank is not at rest; {} payouts are moving", books.moving)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_books_do_not_have_is_sent_again() {
        let mut books = Books::default();
        books.keys.insert("paid".to_owned());
        let decide = |key: &str, status: &str| {
            decision(&Doubt { key: key.to_owned(), status: status.to_owned() }, &books)
        };
        assert_eq!(decide("lost", "unknown"), Decision::Resend);
        assert_eq!(decide("paid", "unknown"), Decision::Ask);
        for status in ["pending", "created", "quarantined"] {
            assert_eq!(decide("lost", status), Decision::Ask, "{status}");
        }
    }
}
