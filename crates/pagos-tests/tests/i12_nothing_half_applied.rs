//! I12, the engine's half: a batch is stored whole or not at all, and bad orders are told apart.
//! Files, lines and columns are the program's half.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{sync::Arc, time::Duration};

use pagos_core::{BankCode, Money, PayoutOrder, Status};
use pagos_engine::{EngineError, Filter, Page};
use pagos_tests::{
    Answer, CAREFUL, FaultInjector, Harness, Plan, Reply, ScriptedHarness, drive, finish, order,
    run,
};

fn scripted() -> ScriptedHarness {
    ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Succeeded)],
        [Answer::Found(Status::Succeeded)],
    )
}

fn stored(scripted: &ScriptedHarness) -> usize {
    finish(scripted.store.list(&Filter::default(), &Page::by_key(99))).unwrap().len()
}

fn other(name: &str) -> PayoutOrder {
    let order = order(name);
    PayoutOrder { amount: Money { minor: 1, ..order.amount }, ..order }
}

#[test]
fn i12_a_batch_with_one_conflict_stores_and_sends_nothing() {
    let batches =
        [vec![order("b"), other("a"), order("c")], vec![order("b"), order("c"), other("b")]];
    for batch in batches {
        let scripted = scripted().with_payout("a");
        let engine = scripted.engine();
        let refused = finish(engine.submit(&run(), batch)).unwrap_err();
        assert!(matches!(refused, EngineError::Conflict(_)), "{refused:?}");
        assert_eq!(stored(&scripted), 1);
        assert_eq!(finish(engine.release(&run(), 0)).unwrap(), 0);
        scripted.work_for(&engine, Duration::from_secs(60));
        assert_eq!(scripted.provider.creates(), 1, "only what was there before");
    }
}

#[test]
fn i12_a_crash_during_submit_stores_all_or_nothing_and_sends_nothing() {
    for point in 1..=4 {
        for plan in [Plan::DieAt(point), Plan::FailAt(point)] {
            let scripted = scripted();
            let injector = Arc::new(FaultInjector::new());
            injector.plan(plan);
            let engine = scripted.engine_behind(&injector);
            let orders = ["a", "b", "c"].map(order).to_vec();
            let _ = drive(&mut Box::pin(engine.submit(&run(), orders.clone())));
            let count = stored(&scripted);
            assert!(count == 0 || count == 3, "{count} stored at {plan:?}");
            scripted.work_for(&scripted.engine(), Duration::from_secs(60));
            assert_eq!(scripted.provider.creates(), 0, "nothing leaves before its release");
            // The same command again goes on where the first one ended.
            let engine = scripted.engine();
            finish(engine.submit(&run(), orders)).unwrap();
            assert_eq!(finish(engine.release(&run(), 3)).unwrap(), 3);
            scripted.work_for(&engine, Duration::from_secs(60));
            assert_eq!(scripted.provider.creates(), 3, "{plan:?}");
        }
    }
}

#[test]
fn i12_every_violation_of_an_order_is_told_by_field() {
    let harness = Harness::new(12);
    assert!(harness.provider().check(&order("a")).is_ok());
    let mut bad = order("a");
    bad.amount.minor = 150;
    bad.beneficiary.bank = Some(BankCode::new("no such bank").unwrap());
    bad.beneficiary.name = String::new();
    bad.beneficiary.document = None;
    let violations = harness.provider().check(&bad).unwrap_err();
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field).collect();
    for field in ["amount", "bank", "name", "document"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
}
