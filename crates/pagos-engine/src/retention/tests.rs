//! What stays and what may leave, as tables.

use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Currency, FailReason, Money, OrderKey,
    PayoutOrder, Source,
};

use super::*;
use crate::{
    intent::{Digest, RunId},
    progress::{Attention, Progress},
    store::Payout,
};

const DAY_MS: i64 = 86_400_000;

fn day(number: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + number * DAY_MS)
}

fn horizon() -> Horizon {
    Horizon::new(day(100), day(200)).unwrap()
}

fn order() -> PayoutOrder {
    let number = AccountNumber::new("0012345678").unwrap();
    let beneficiary = Beneficiary::new("Ana", AccountType::Savings, number);
    PayoutOrder::new(
        OrderKey::new("k-1").unwrap(),
        AccountName::new("bank").unwrap(),
        Money::new(15_000_000, Currency::Cop),
        beneficiary,
    )
}

/// Submitted on day 1, paid on day 2, left alone since then.
fn candidate() -> Candidate {
    let order = order();
    let mut progress = Progress::new(day(1));
    progress.standing.apply(&Observation::new(Status::Succeeded, Source::Query, day(2)));
    progress.settled_at = Some(day(2));
    let digest = Digest::of(&order);
    Candidate {
        place: 1,
        payout: Payout {
            order,
            digest,
            progress,
            due_at: None,
            version: 9,
            epoch: 1,
            created_at: day(1),
        },
        is_held: false,
        lease_until: None,
        runs: vec![RunId("a".to_owned())],
        has_open_run: false,
    }
}

fn after(change: impl FnOnce(&mut Candidate)) -> Option<Stay> {
    let mut candidate = candidate();
    change(&mut candidate);
    stay(&candidate, &[], horizon())
}

#[test]
fn only_what_is_settled_and_left_alone_may_leave() {
    assert_eq!(after(|_| ()), None);
    let because = || "look".to_owned();
    let cases = [
        (Stay::Held, after(|it| it.is_held = true)),
        (Stay::Due, after(|it| it.payout.due_at = Some(day(50)))),
        (Stay::Due, after(|it| it.payout.progress.ahead_of = Some(day(50)))),
        (Stay::Claimed, after(|it| it.lease_until = Some(day(201)))),
        (Stay::OpenRun, after(|it| it.has_open_run = true)),
        (Stay::Recent, after(|it| it.payout.created_at = day(100))),
        (Stay::Recent, after(|it| it.payout.progress.settled_at = Some(day(100)))),
        (
            Stay::Attention,
            after(|it| it.payout.progress.attention = Some(Attention::Quarantine(because()))),
        ),
        (
            Stay::Attention,
            after(|it| it.payout.progress.attention = Some(Attention::Doubt(because()))),
        ),
        (Stay::Unfinished, after(|it| it.payout.progress = Progress::new(day(1)))),
    ];
    for (number, (expected, found)) in cases.into_iter().enumerate() {
        assert_eq!(found, Some(expected), "case {number}");
    }
    // A claim that has run out keeps nothing back, and the millisecond before the horizon is before it.
    assert_eq!(after(|it| it.lease_until = Some(day(200))), None);
    let just_before = Timestamp::from_millis(day(100).as_millis() - 1);
    assert_eq!(after(|it| it.payout.progress.settled_at = Some(just_before)), None);
}

#[test]
fn what_was_told_and_is_not_answered_keeps_a_payout() {
    let mut contradicted = candidate();
    let failed = Status::Failed(FailReason::Returned);
    let seen = Observation::new(failed, Source::VerifiedEvent, day(2));
    contradicted.payout.progress.standing.apply(&seen);
    assert!(contradicted.payout.progress.standing.confirm_since().is_some());
    assert_eq!(stay(&contradicted, &[], horizon()), Some(Stay::Contradicted));

    let mut odd = candidate();
    let mut seen = Observation::new(Status::Unknown, Source::Query, day(3));
    seen.asked_at = Some(day(3));
    seen.not_understood = true;
    seen.provider_code = Some("RESTING".to_owned());
    odd.payout.progress.standing.apply(&seen);
    assert!(odd.payout.progress.standing.not_understood().is_some());
    assert_eq!(stay(&odd, &[], horizon()), Some(Stay::Contradicted));
}

#[test]
fn every_line_of_the_history_counts_as_a_change() {
    let seen = Observation::new(Status::Succeeded, Source::Query, day(100));
    let because = || "in words".to_owned();
    let proof = crate::history::Proof::Absent;
    let lines = [
        Entry::AttemptBegun { number: 1, at: day(100), epoch: 0 },
        Entry::AttemptClosed { number: 1, proof, at: day(100), because: because() },
        Entry::Observed { observation: seen.clone(), change: pagos_core::Change::Same },
        Entry::Contradicted { observation: seen, because: because() },
        Entry::Asked { at: day(100), answer: because() },
        Entry::Attention { at: day(100), because: because() },
    ];
    for line in lines {
        let history = [line, Entry::Asked { at: day(3), answer: because() }];
        assert_eq!(stay(&candidate(), &history, horizon()), Some(Stay::Recent), "{history:?}");
        assert_eq!(changed_at(&candidate(), &history), day(100));
    }
    let old = [Entry::Asked { at: day(99), answer: because() }];
    assert_eq!(stay(&candidate(), &old, horizon()), None);
}

#[test]
fn a_horizon_lies_an_hour_back() {
    let now = day(1);
    let ago = |wait: Duration| {
        Timestamp::from_millis(now.as_millis() - i64::try_from(wait.as_millis()).unwrap())
    };
    assert!(Horizon::new(ago(Horizon::MARGIN), now).is_ok());
    assert!(Horizon::new(ago(Horizon::MARGIN - Duration::from_millis(1)), now).is_err());
    assert!(Horizon::new(day(2), now).is_err());
}

#[test]
fn a_day_is_kept_as_its_number() {
    let noon = Timestamp::from_millis(1_767_225_600_000 + DAY_MS / 2);
    let seal = Seal::on_day(SealedAs::Failed, Seal::day_of(noon));
    assert_eq!(seal.archived_on, Timestamp::from_millis(1_767_225_600_000));
    assert_eq!(seal.day_text(), "2026-01-01");
}
