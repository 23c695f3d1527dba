//! Seeded schedules: payouts under faults of the provider, crashes and stalls of two workers,
//! failing stores and clock jumps. The judge is what the provider really paid.
//!
//! `PAGOS_SCHEDULES=10000` runs more of them, `PAGOS_SEED=7` begins at another seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pagos_core::Clock;
use pagos_core::Descriptor;
use pagos_core::FailReason;
use pagos_core::Status;
use pagos_engine::Entry;
use pagos_engine::NoticeKind;
use pagos_engine::Payout;
use pagos_tests::CAREFUL;
use pagos_tests::CashyproHouse;
use pagos_tests::Chaos;
use pagos_tests::ConektaHouse;
use pagos_tests::EtpayHouse;
use pagos_tests::ForgetfulBank;
use pagos_tests::Gate;
use pagos_tests::House;
use pagos_tests::KEYED;
use pagos_tests::Scene;
use pagos_tests::Stage;
use pagos_tests::VirtualPosHouse;
use pagos_tests::attempts_one_at_a_time;
use pagos_tests::finish;
use pagos_tests::key;
use pagos_tests::live_payments_max;
use pagos_tests::refold;
use pagos_tests::start;
use pagos_twin::Profile;
use pagos_twin::SplitMix64;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

fn seeds(otherwise: u64) -> std::ops::Range<u64> {
    let first = number("PAGOS_SEED", 0);
    first..first + number("PAGOS_SCHEDULES", otherwise)
}

fn names(seed: u64, least: u64, most: u64) -> Vec<String> {
    let count = least + SplitMix64::for_occasion(seed, "count", "", 0).below(most - least + 1);
    (0..count).map(|nth| format!("s{seed}n{nth:02}")).collect()
}

#[derive(Debug, Default)]
struct Totals {
    schedules: u64,
    payouts: u64,
    attempts: u64,
    faults: u64,
    crashes: u64,
    stalls: u64,
    store_failures: u64,
    clock_jumps: u64,
    reversals: u64,
    duplicates: u64,
    in_doubt: u64,
    in_doubt_although_there: u64,
}

impl Totals {
    fn add(&mut self, toll: pagos_tests::Toll) {
        self.schedules += 1;
        self.crashes += toll.crashes;
        self.stalls += toll.stalls;
        self.store_failures += toll.failures;
        self.clock_jumps += toll.jumps;
    }
}

/// What must hold of every payout, whatever happened.
fn check_history(payout: &Payout, history: &[Entry], case: &str) -> u64 {
    let begun =
        attempts_one_at_a_time(history).unwrap_or_else(|because| panic!("{case}: {because}"));
    assert_eq!(begun, payout.progress.attempts, "{case}: attempts");
    let refolded = refold(history, start());
    assert_eq!(refolded.status(), payout.progress.status(), "{case}: the fold of its history");
    assert_eq!(refolded.reversals(), payout.progress.standing.reversals(), "{case}: reversals");
    u64::from(begun)
}

/// Runs on for so many days, until everything rests and no reversal can come any more.
fn hostile_schedule(house: &'static dyn House, days: u64, seed: u64, totals: &mut Totals) {
    let stage = Stage::of(house, seed, Profile::Hostile);
    let names = names(seed, 10, 30);
    stage.submit(names.iter().map(|name| house.order(name)).collect());
    let make = |gate: &Arc<Gate>| stage.engine_behind(gate);
    let mut chaos = Chaos::new(&stage.timer, seed, &make);
    let rests = || {
        let tally = finish(stage.store.tally(None)).unwrap();
        let is_long_over = stage.timer.now() > start().plus(Duration::from_secs(days * 24 * 3_600));
        tally.at_rest() == tally.total() && is_long_over
    };
    totals.add(chaos.run(&|| stage.pump(), &|| stage.next_due(), &rests));
    judge_by_the_twin(&stage, &names, seed, totals);
}

fn judge_by_the_twin(stage: &Stage, names: &[String], seed: u64, totals: &mut Totals) {
    assert!(live_payments_max(&stage.movements()) <= 1, "seed {seed}: a payout was paid twice");
    let mut truth = BTreeMap::new();
    stage.visit_orders(&mut |order| {
        let is_second = truth.insert(order.key.to_owned(), order.true_final).is_some();
        totals.duplicates += u64::from(is_second);
        assert!(!is_second, "seed {seed}: two orders of {}", order.key);
        assert_eq!(order.status, order.true_final, "seed {seed}: {} is not over", order.key);
    });
    let mut reversals = 0;
    for name in names {
        let case = format!("seed {seed}, payout {name}");
        let payout = stage.payout(name);
        totals.attempts += check_history(&payout, &stage.history(name), &case);
        reversals += u64::from(payout.progress.standing.reversals());
        let truth = truth.get(name).map(|end| stage.house().is_paid(end));
        if payout.progress.attention.is_some() {
            totals.in_doubt += 1;
            totals.in_doubt_although_there += u64::from(truth.is_some());
            continue;
        }
        let expected = match truth {
            Some(true) => "succeeded",
            Some(false) => "failed",
            None => panic!("{case}: {} and the provider has none", payout.progress.word()),
        };
        assert_eq!(payout.progress.word(), expected, "{case}");
    }
    let is_reversal = |event: &NoticeKind| matches!(event, NoticeKind::Reversed { .. });
    let told = stage.notices().iter().filter(|notice| is_reversal(&notice.event)).count() as u64;
    assert_eq!(told, reversals, "seed {seed}: every reversal is told, once");
    totals.reversals += reversals;
    totals.payouts += names.len() as u64;
    totals.faults += stage.faults_met();
}

#[test]
fn schedules_under_a_hostile_provider_end_at_its_truth() {
    let mut totals = Totals::default();
    for seed in seeds(300) {
        hostile_schedule(&CashyproHouse, 30, seed, &mut totals);
    }
    println!("hostile cashypro: {totals:?}");
    assert_eq!(totals.duplicates, 0);
    if totals.schedules >= 100 {
        assert!(totals.crashes > 100 && totals.stalls > 100 && totals.reversals > 20);
        assert!(totals.in_doubt * 100 < totals.payouts, "hardly any needs a person");
    }
}

/// Conekta would pay a repeated transfer, too, and knows no key of ours; the fresh payee of each payout
/// tells them apart, so that what never arrived is sent again with proof.
#[test]
fn schedules_under_a_hostile_conekta_end_at_its_truth() {
    let mut totals = Totals::default();
    for seed in seeds(40) {
        hostile_schedule(&ConektaHouse, 20, seed, &mut totals);
    }
    println!("hostile conekta: {totals:?}");
    assert_eq!((totals.duplicates, totals.in_doubt_although_there), (0, 0));
    if totals.schedules >= 40 {
        assert!(totals.crashes > 100 && totals.stalls > 100 && totals.reversals > 0, "{totals:?}");
        assert!(totals.in_doubt * 20 < totals.payouts, "hardly any needs a person: {totals:?}");
    }
}

/// These pay a repeated order twice, and what they tell lags. What was lost before it arrived waits
/// for a person; whatever the provider has is found without one.
fn check_provider_that_would_pay_twice(house: &'static dyn House) {
    let mut totals = Totals::default();
    for seed in seeds(40) {
        hostile_schedule(house, 12, seed, &mut totals);
    }
    println!("hostile {}: {totals:?}", house.name());
    assert_eq!((totals.duplicates, totals.in_doubt_although_there), (0, 0));
    if totals.schedules >= 40 {
        assert!(totals.crashes > 100 && totals.stalls > 100 && totals.reversals > 0, "{totals:?}");
        assert!(totals.in_doubt > 0, "some must wait for a person, or nothing was at stake");
    }
}

#[test]
fn schedules_under_a_hostile_etpay_pay_once() {
    check_provider_that_would_pay_twice(&EtpayHouse);
}

#[test]
fn schedules_under_a_hostile_virtualpos_pay_once() {
    check_provider_that_would_pay_twice(&VirtualPosHouse);
}

fn bank_schedule(descriptor: &'static Descriptor, seed: u64, totals: &mut Totals) {
    let scene = Scene::new(descriptor, [], []);
    let names = names(seed, 5, 12);
    scene.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let bank = ForgetfulBank::new(descriptor, Arc::clone(&scene.timer), seed);
    let make = |gate: &Arc<Gate>| scene.engine_with(Arc::new(bank.clone()), gate);
    let mut chaos = Chaos::new(&scene.timer, seed, &make);
    let next_due = || scene.next_due().into_iter().chain(bank.next_late()).min();
    let rests = || {
        let tally = finish(scene.store.tally(None)).unwrap();
        tally.at_rest() == tally.total() && bank.next_late().is_none()
    };
    totals.add(chaos.run(&|| 0, &next_due, &rests));
    totals.payouts += names.len() as u64;
    totals.faults += bank.mishaps().values().sum::<u64>();
    for name in &names {
        let case = format!("seed {seed}, payout {name}");
        let payments = bank.payments(&key(name));
        totals.duplicates += u64::from(payments > 1);
        assert!(payments <= 1, "{case}: paid {payments} times");
        let payout = scene.payout(name);
        totals.attempts += check_history(&payout, &scene.history(name), &case);
        totals.reversals += u64::from(payout.progress.standing.reversals());
        if payout.progress.attention.is_some() {
            assert!(!payout.progress.status().is_final(), "{case}: final and in doubt");
            totals.in_doubt += 1;
            continue;
        }
        let truth = bank.truth(&key(name)).unwrap_or(Status::Failed(FailReason::Rejected));
        assert_eq!(payout.progress.word(), truth.word(), "{case}");
    }
}

#[test]
fn schedules_with_a_bank_that_would_pay_twice_pay_once() {
    let mut totals = Totals::default();
    for seed in seeds(300) {
        bank_schedule(&CAREFUL, seed, &mut totals);
    }
    println!("bank that pays repeated keys: {totals:?}");
    assert_eq!(totals.duplicates, 0);
    assert!(totals.in_doubt > 0, "some must wait for a person, or nothing was at stake");
}

#[test]
fn schedules_with_a_bank_that_refuses_repeated_keys_need_hardly_a_person() {
    let mut totals = Totals::default();
    for seed in seeds(300) {
        bank_schedule(&KEYED, seed, &mut totals);
    }
    println!("bank that refuses repeated keys: {totals:?}");
    assert_eq!(totals.duplicates, 0);
    assert!(totals.in_doubt * 20 < totals.payouts, "{totals:?}");
}
