//! Rates, deadlines, leases and grace belong to the account: one that is slow, or that may be asked
//! little, changes nothing for its neighbour.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{Absence, AccountName, ErrorKind, PayoutOrder, PayoutProvider, Status};
use pagos_engine::{Accounts, Decision, Engine, EngineError, Policy, RunId};
use pagos_tests::{
    Act, Answer, CAREFUL, Reply, ScriptedHarness, account, drive, finish, key, order, policy,
    simulated,
};

const SECOND: Duration = Duration::from_secs(1);

fn slow() -> AccountName {
    AccountName::new("slow").unwrap()
}

/// Two accounts of one bank: [`account`] with the engine's policy, [`slow`] with one of its own.
fn engine(scripted: &ScriptedHarness, own: Policy) -> Result<Engine, EngineError> {
    let provider = || Arc::clone(&scripted.provider) as Arc<dyn PayoutProvider>;
    let accounts =
        Accounts::new().with(account(), provider()).with(slow(), provider()).under(slow(), own);
    let (store, timer) = (Arc::clone(&scripted.store), Arc::clone(&scripted.timer) as _);
    let policy = Policy { sends_per_second_max: Some(5), ..policy() };
    finish(Engine::open(store, &simulated(), accounts, timer, policy))
}

fn orders(account: &AccountName, count: usize) -> Vec<PayoutOrder> {
    let order = |nth| PayoutOrder {
        account: account.clone(),
        ..order(&format!("{}-{nth:03}", account.as_str()))
    };
    (0..count).map(order).collect()
}

fn submit(engine: &Engine, orders: Vec<PayoutOrder>) {
    let (run, count) = (RunId("run".to_owned()), u64::try_from(orders.len()).unwrap());
    finish(engine.submit(&run, orders)).unwrap();
    finish(engine.release(&run, count)).unwrap();
}

fn sent(scripted: &ScriptedHarness, account: &AccountName) -> usize {
    let prefix = format!("{}-", account.as_str());
    let record = scripted.record.lock().unwrap();
    let is_its = |act: &&Act| matches!(act, Act::Sent(key) if key.as_str().starts_with(&prefix));
    record.iter().filter(is_its).count()
}

#[test]
fn each_account_keeps_its_own_rate() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Pending)],
        [Answer::Found(Status::Pending)],
    );
    let own = Policy { sends_per_second_max: Some(1), ..policy() };
    let engine = engine(&scripted, own).unwrap();
    submit(&engine, [orders(&account(), 200), orders(&slow(), 200)].concat());
    scripted.run_for(&engine, 64, 20 * SECOND);
    let (fast, slow) = (sent(&scripted, &account()), sent(&scripted, &slow()));
    assert!((95..=101).contains(&fast), "{fast} at five a second");
    assert!((19..=21).contains(&slow), "{slow} at one a second");
}

#[test]
fn each_account_waits_for_an_answer_as_long_as_it_says() {
    let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Nothing], [Answer::Absent]);
    let (deadline, lease) = (60 * SECOND, 180 * SECOND);
    let engine = engine(&scripted, Policy { deadline, lease, ..policy() }).unwrap();
    submit(&engine, [orders(&account(), 1), orders(&slow(), 1)].concat());
    let mut round = Box::pin(engine.work(4));
    let mut after = |time: Duration| {
        scripted.timer.advance(time);
        let has_ended = drive(&mut round).is_some();
        let status = |key: &str| scripted.payout(key).progress.status();
        (status("cashypro-000"), status("slow-000"), has_ended)
    };
    assert_eq!(after(Duration::ZERO), (Status::Created, Status::Created, false));
    assert_eq!(after(policy().deadline), (Status::Unknown, Status::Created, false));
    assert_eq!(after(deadline - policy().deadline), (Status::Unknown, Status::Unknown, true));
}

#[test]
fn a_person_waits_for_the_workers_of_that_account() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Unknown)], [Answer::Absent]);
    let (deadline, lease) = (60 * SECOND, 600 * SECOND);
    let grace = Absence { answers_min: 3, grace: 700 * SECOND };
    let own = Policy { deadline, lease, absence: Some(grace), ..policy() };
    let engine = engine(&scripted, own).unwrap();
    submit(&engine, [orders(&account(), 1), orders(&slow(), 1)].concat());
    scripted.work(&engine);
    let decide =
        |key_: &str| finish(engine.resolve(&key(key_), Decision::Failed, "ana: not there"));
    scripted.timer.advance(policy().lease + policy().deadline);
    decide("cashypro-000").unwrap();
    assert!(decide("slow-000").is_err(), "a worker of this account may still be sending it");
    scripted.timer.advance(lease + deadline);
    decide("slow-000").unwrap();
}

#[test]
fn an_unsafe_policy_of_one_account_is_refused_by_its_name() {
    let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Nothing], [Answer::Absent]);
    let told = engine(&scripted, Policy { deadline: policy().lease, ..policy() }).unwrap_err();
    assert!(told.to_string().contains("account slow: the deadline of a call"), "{told}");
}
