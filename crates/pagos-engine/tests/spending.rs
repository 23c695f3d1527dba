//! Limits, and sums of a day: counted before anything is released, once per run, given back by a
//! withdrawal.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeSet, time::Duration};

use pagos_core::{AccountNumber, Currency, Money};
use pagos_engine::*;

mod guarded;
use guarded::*;

fn day_limit(most: i64) -> Merchant {
    let limits = Limits { account_day_max: vec![clp(most)], ..Limits::default() };
    Merchant::of(Vec::new(), limits)
}

async fn release(merchant: &Merchant, name: &str, amounts: &[i64]) -> Result<u64, EngineError> {
    let engine = merchant.engine().await;
    submit(&engine, name, amounts).await;
    engine.release(&run(name), amounts.len() as u64).await
}

fn over(answer: Result<u64, EngineError>) -> String {
    match answer {
        Err(EngineError::OverLimit { because, .. }) => because,
        other => panic!("it is not over a limit: {other:?}"),
    }
}

#[tokio::test]
async fn a_day_has_a_limit_and_the_next_one_has_its_own() {
    let merchant = day_limit(1_000);
    assert_eq!(release(&merchant, "a", &[400, 400]).await.unwrap(), 2);
    let told = over(release(&merchant, "b", &[201]).await);
    assert_eq!(
        told,
        "account acme may pay 1000 CLP a day to all beneficiaries; 800 CLP of it is spent, and this \
         run is 201 CLP"
    );
    assert_eq!(release(&merchant, "c", &[200]).await.unwrap(), 1);
    assert_eq!(merchant.paid().await, ["a-0", "a-1", "c-0"]);
    // It is eight in the morning of UTC.
    merchant.clock.pass(Duration::from_secs(16 * 3_600 - 1));
    over(merchant.engine().await.release(&run("b"), 1).await);
    merchant.clock.pass(Duration::from_secs(1));
    assert_eq!(merchant.engine().await.release(&run("b"), 1).await.unwrap(), 1);
}

/// A preview, for whoever is about to submit.
#[tokio::test]
async fn what_other_runs_released_today_is_told() {
    let merchant = day_limit(1_000);
    release(&merchant, "a", &[400, 100]).await.unwrap();
    let engine = merchant.engine().await;
    let spent =
        async |name, own| engine.spent_today(&run(name), &account(), clp(own)).await.unwrap();
    assert_eq!((spent("a", 500).await, spent("b", 7).await), (0, 500));
    merchant.clock.pass(Duration::from_secs(24 * 3_600));
    assert_eq!(spent("b", 7).await, 0);
}

#[tokio::test]
async fn a_day_begins_where_the_accounts_say() {
    let mut merchant = day_limit(100);
    merchant.accounts = merchant.accounts.clone().with_days_at("-09:00".parse().unwrap());
    release(&merchant, "a", &[100]).await.unwrap();
    over(release(&merchant, "b", &[1]).await);
    merchant.clock.pass(Duration::from_secs(3_600)); // it was eleven at night there
    assert_eq!(merchant.engine().await.release(&run("b"), 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_run_is_counted_once_however_often_it_is_released() {
    let merchant = day_limit(1_000);
    for (point, phase) in [
        (Point::KeepSpending, Phase::Before),
        (Point::KeepSpending, Phase::After),
        (Point::Release, Phase::Before),
        (Point::Release, Phase::After),
    ] {
        let engine = merchant.engine().await;
        if engine.accounts().limits(&account()).is_some() {
            submit(&engine, "a", &[600]).await;
        }
        let a = run("a");
        if merchant.store.run(&a).await.unwrap().unwrap().released_at.is_none() {
            merchant.ends_at(point, phase, engine.release(&a, 1)).await;
        }
    }
    for _ in 0..3 {
        merchant.engine().await.release(&run("a"), 1).await.unwrap();
    }
    over(release(&merchant, "b", &[401]).await);
    assert_eq!(release(&merchant, "c", &[400]).await.unwrap(), 1);
}

/// A process that ends between counting and releasing counts too much, never too little.
#[tokio::test]
async fn what_is_about_to_leave_is_counted_already() {
    let merchant = day_limit(1_000);
    let engine = merchant.engine().await;
    submit(&engine, "a", &[600]).await;
    let a = run("a");
    merchant.ends_at(Point::Release, Phase::Before, engine.release(&a, 1)).await;
    over(release(&merchant, "b", &[600]).await);
    // Taken back, it does not count any more.
    assert_eq!(merchant.engine().await.withdraw(&a).await.unwrap(), 1);
    assert_eq!(merchant.engine().await.release(&run("b"), 1).await.unwrap(), 1);
    assert_eq!(merchant.paid().await, ["b-0"]);
}

#[tokio::test]
async fn a_day_of_many_runs_is_summed_exactly_and_its_counter_stays_small() {
    let merchant = day_limit(200);
    for number in 0..200 {
        release(&merchant, &format!("r{number}"), &[1]).await.unwrap();
    }
    assert!(over(release(&merchant, "last", &[1]).await).contains("200 CLP of it is spent"));
    // An early run whose number the counter has forgotten is not counted again.
    merchant.engine().await.release(&run("r0"), 1).await.unwrap();
    let counter = merchant.store.record(RecordKind::Spending, "2027-01-15/acme/CLP").await.unwrap();
    let counter = counter.unwrap().body;
    assert!(counter.contains("\"minor\":200") && counter.len() < 500, "{counter}");
}

#[tokio::test]
async fn a_beneficiary_has_a_limit_whatever_form_the_account_has() {
    let limits = Limits { beneficiary_day_max: vec![clp(500)], ..Limits::default() };
    let merchant = Merchant::of(Vec::new(), limits);
    let engine = merchant.engine().await;
    let pay = |key: &'static str, minor| engine.pay_by(order(key, clp(minor)), &ANA);
    pay("123_a", 300).await.unwrap();
    pay("456_a", 300).await.unwrap();
    let told = over(pay("00123_b", 201).await.map(|_| 0));
    assert!(told.contains("one beneficiary") && !told.contains("123"), "{told}");
    pay("1-23_c", 200).await.unwrap();
    // Within one run, too.
    let orders = vec![order("789_a", clp(300)), order("789_b", clp(300))];
    engine.submit(&run("two"), orders).await.unwrap();
    over(engine.release(&run("two"), 2).await);
}

static ANA: std::sync::LazyLock<Actor> = std::sync::LazyLock::new(|| actor("ana"));

#[tokio::test]
async fn an_order_over_a_limit_is_refused_before_it_is_stored_and_when_it_leaves() {
    let limits = Limits {
        payout_max: vec![clp(100)],
        refused: BTreeSet::from([Payee::of(&AccountNumber::new("666").unwrap())]),
        ..Limits::default()
    };
    let merchant = Merchant::of(Vec::new(), limits.clone());
    let engine = merchant.engine().await;
    for bad in [order("k", clp(101)), order("0666_a", clp(1))] {
        let told = engine.submit(&run("a"), vec![bad.clone()]).await;
        assert!(matches!(told, Err(EngineError::Unsendable(_))), "{told:?}");
        assert!(engine.check(&[bad]).is_err());
    }
    // The limit came after the order.
    let free = merchant.accounts.clone().with_limits(account(), Limits::default());
    merchant.engine_with(free).await.submit(&run("a"), vec![order("k", clp(101))]).await.unwrap();
    assert!(over(engine.release(&run("a"), 1).await).contains("payout k"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_sum_of_a_day_needs_approval_however_small_its_runs() {
    let merchant = Merchant::of(vec![rule(Measure::Day, 1_000, 1)], Limits::default());
    for name in ["a", "b"] {
        release(&merchant, name, &[500]).await.unwrap();
    }
    let waits = merchant.waiting("c", &[1]).await;
    assert_eq!(waits.needed, 1);
    assert_eq!(merchant.paid().await, ["a-0", "b-0"]);
    let engine = merchant.engine().await;
    engine.approve(&run("c"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!(merchant.paid().await, ["a-0", "b-0", "c-0"]);
}

#[tokio::test]
async fn an_approved_run_over_the_limit_of_a_day_leaves_on_another_day() {
    let limits = Limits { account_day_max: vec![clp(1_000)], ..Limits::default() };
    let merchant = Merchant::of(vec![rule(Measure::Payout, 400, 1)], limits);
    let waits = merchant.waiting("big", &[900]).await;
    release(&merchant, "small", &[200]).await.unwrap();
    let engine = merchant.engine().await;
    let told = engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await;
    assert!(matches!(told, Err(EngineError::OverLimit { .. })), "{told:?}");
    merchant.clock.pass(Duration::from_secs(24 * 3_600));
    let released = engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!(released.state, ApprovalState::Released);
    assert_eq!(released.approvals.len(), 1);
}

#[tokio::test]
async fn currencies_are_counted_apart() {
    let merchant = day_limit(1_000);
    release(&merchant, "a", &[1_000]).await.unwrap();
    let engine = merchant.engine().await;
    let cop = Money::new(5_000, Currency::Cop);
    engine.pay_by(order("k", cop), &actor("ana")).await.unwrap();
    over(release(&merchant, "b", &[1]).await);
}
