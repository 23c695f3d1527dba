//! Cases: intents are stored once, whole batches or nothing, and held until they are released or
//! withdrawn.

use std::sync::Arc;

use pagos_core::Currency;
use pagos_core::Document;
use pagos_core::DocumentType;
use pagos_core::Money;
use pagos_core::Status;

use super::sample::asked;
use super::sample::at;
use super::sample::claimed;
use super::sample::done;
use super::sample::intent;
use super::sample::key;
use super::sample::names;
use super::sample::observed;
use super::sample::order;
use super::sample::run;
use super::sample::set_due;
use super::sample::step;
use super::sample::stored;
use crate::intent::Digest;
use crate::intent::Intent;
use crate::intent::Submitted;
use crate::progress::Progress;
use crate::store::Filter;
use crate::store::Step;
use crate::store::Store;

const CREATED: Submitted = Submitted::Existing { status: Status::Created };

pub(super) async fn submit_stores_new_intents(store: Arc<dyn Store>) {
    let outcomes = store.submit(vec![intent("k1", "a")]).await.unwrap();
    assert_eq!(outcomes, [Submitted::New]);
    let payout = stored(&*store, "k1").await;
    assert_eq!(payout.order, order("k1"));
    assert_eq!(payout.digest, Digest::of(&order("k1")));
    assert_eq!(payout.progress, Progress::new(at(0)));
    assert_eq!(payout.due_at, None);
    assert_eq!(payout.epoch, 0);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
    assert!(store.submit(Vec::new()).await.unwrap().is_empty());
}

pub(super) async fn submit_returns_the_outcomes_in_order(store: Arc<dyn Store>) {
    store.submit(vec![intent("k2", "a")]).await.unwrap();
    let batch = vec![intent("k3", "a"), intent("k2", "a"), intent("k1", "a")];
    let outcomes = store.submit(batch).await.unwrap();
    assert_eq!(outcomes, [Submitted::New, CREATED, Submitted::New]);
}

pub(super) async fn submit_again_yields_what_is_stored(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a")]).await.unwrap();
    let payout = stored(&*store, "k1").await;
    let (progress, _) = observed(&payout.progress, Status::Succeeded, 5);
    done(&*store, Step { progress, ..step(&payout) }).await;
    let later = Intent { created_at: at(9), ..intent("k1", "a") };
    let outcomes = store.submit(vec![later]).await.unwrap();
    assert_eq!(outcomes, [Submitted::Existing { status: Status::Succeeded }]);
    assert_eq!(stored(&*store, "k1").await.progress.status(), Status::Succeeded);
}

fn other_body(name: &str) -> Intent {
    let mut other = intent(name, "b");
    other.order.amount = Money::new(15_000_001, Currency::Cop);
    other
}

pub(super) async fn submit_of_another_body_is_a_conflict(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a")]).await.unwrap();
    let mut other_account = intent("k1", "a");
    other_account.order.account = super::sample::account("cashypro-mx");
    for other in [other_body("k1"), other_account] {
        let outcomes = store.submit(vec![other]).await.unwrap();
        assert_eq!(outcomes, [Submitted::Conflict]);
    }
    assert_eq!(stored(&*store, "k1").await.order, order("k1"));
}

pub(super) async fn submit_with_a_conflict_stores_nothing(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a"), intent("k2", "a")]).await.unwrap();
    let batch = vec![intent("k3", "b"), intent("k2", "b"), other_body("k1"), intent("k4", "b")];
    let outcomes = store.submit(batch).await.unwrap();
    assert_eq!(outcomes, [Submitted::New, CREATED, Submitted::Conflict, Submitted::New]);
    for name in ["k3", "k4"] {
        assert_eq!(store.payout(&key(name)).await.unwrap(), None, "{name}");
    }
    // Nor did k2 join the run.
    let of_b = Filter { run: Some(run("b")), status: None };
    assert!(store.list(&of_b, None, 10).await.unwrap().is_empty());
    assert_eq!(store.tally(Some(&run("b"))).await.unwrap().total(), 0);
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
}

pub(super) async fn submit_of_one_key_twice_in_a_batch_stores_it_once(store: Arc<dyn Store>) {
    let batch = vec![intent("k1", "a"), intent("k1", "a")];
    assert_eq!(store.submit(batch).await.unwrap(), [Submitted::New, CREATED]);
    assert_eq!(store.tally(None).await.unwrap().total(), 1);
    assert_eq!(store.release(&run("a"), at(1)).await.unwrap(), 1);
}

pub(super) async fn submit_of_one_key_with_two_bodies_in_a_batch_is_a_conflict(
    store: Arc<dyn Store>,
) {
    let batch = vec![intent("k1", "a"), other_body("k1"), intent("k2", "a")];
    let outcomes = store.submit(batch).await.unwrap();
    assert_eq!(outcomes, [Submitted::New, Submitted::Conflict, Submitted::New]);
    assert_eq!(store.tally(None).await.unwrap().total(), 0);
}

pub(super) async fn submit_holds_until_the_run_is_released(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a")]).await.unwrap();
    assert!(claimed(&*store, 1_000, 10).await.is_empty());
    assert_eq!(store.next_due().await.unwrap(), None);
    let version = stored(&*store, "k1").await.version;
    assert_eq!(store.release(&run("a"), at(2_000)).await.unwrap(), 1);
    let payout = stored(&*store, "k1").await;
    assert_eq!(payout.due_at, Some(at(2_000)));
    assert_ne!(payout.version, version);
    assert!(claimed(&*store, 1_999, 10).await.is_empty());
    assert_eq!(names(&claimed(&*store, 2_000, 10).await), ["k1"]);
}

pub(super) async fn submit_again_joins_the_other_run(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a"), intent("k2", "a")]).await.unwrap();
    assert_eq!(store.submit(vec![intent("k1", "b")]).await.unwrap(), [CREATED]);
    assert_eq!(store.release(&run("a"), at(1)).await.unwrap(), 1, "only k2 is still of run a");
    assert_eq!(names(&claimed(&*store, 1, 10).await), ["k2"]);
    assert_eq!(store.release(&run("b"), at(2)).await.unwrap(), 1);
    assert_eq!(names(&claimed(&*store, 2, 10).await), ["k1"]);
    // What was released joins too, and is not released again.
    store.submit(vec![intent("k2", "b")]).await.unwrap();
    assert_eq!(store.release(&run("b"), at(3)).await.unwrap(), 0);
    assert_eq!(store.tally(Some(&run("b"))).await.unwrap().total(), 2);
}

pub(super) async fn submit_again_changes_no_version(store: Arc<dyn Store>) {
    super::sample::released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    store.submit(vec![intent("k1", "b")]).await.unwrap();
    assert_eq!(stored(&*store, "k1").await, before);
}

pub(super) async fn submit_keeps_every_field_of_an_order(store: Arc<dyn Store>) {
    let mut full = intent("K_-9", "a run of any name: ñ/\u{1f4b8}");
    full.order.beneficiary.document = Document::new(DocumentType::Cc, "0012345678").ok();
    full.order.beneficiary.email = Some("a@example.org".to_owned());
    full.order.description = Some("comillas \"\" y \\ y \u{0}".to_owned());
    full.order.amount = Money::new(i64::MAX, Currency::Clp);
    store.submit(vec![full.clone()]).await.unwrap();
    assert_eq!(stored(&*store, "K_-9").await.order, full.order);
    assert_eq!(store.release(&full.run, at(0)).await.unwrap(), 1);
}

pub(super) async fn release_is_of_one_run_and_happens_once(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a"), intent("k2", "b"), intent("k3", "a")]).await.unwrap();
    assert_eq!(store.release(&run("none"), at(0)).await.unwrap(), 0);
    assert_eq!(store.release(&run("a"), at(0)).await.unwrap(), 2);
    assert_eq!(store.release(&run("a"), at(5)).await.unwrap(), 0);
    assert_eq!(stored(&*store, "k1").await.due_at, Some(at(0)));
    assert_eq!(names(&claimed(&*store, 9, 10).await), ["k1", "k3"]);
}

pub(super) async fn withdraw_takes_back_what_is_held(store: Arc<dyn Store>) {
    super::sample::released(&*store, &["k1"]).await;
    store.submit(vec![intent("k2", "a"), intent("k3", "b"), intent("k4", "a")]).await.unwrap();
    set_due(&*store, "k4", None).await;
    store.submit(vec![intent("k1", "a")]).await.unwrap();
    assert_eq!(store.withdraw(&run("none")).await.unwrap(), 0);
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 2);
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 0);
    let left = store.list(&Filter::default(), None, 10).await.unwrap();
    let left: Vec<_> = left.iter().map(|payout| payout.order.key.as_str()).collect();
    assert_eq!(left, ["k1", "k3"], "what was released, and what is of another run");
    assert_eq!(store.tally(Some(&run("a"))).await.unwrap().total(), 1);
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
    assert_eq!(names(&claimed(&*store, 9, 10).await), ["k1"]);
}

pub(super) async fn withdraw_leaves_what_joined_another_run(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a"), intent("k2", "a")]).await.unwrap();
    store.submit(vec![intent("k1", "b")]).await.unwrap();
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1);
    assert_eq!(store.release(&run("b"), at(0)).await.unwrap(), 1);
    assert_eq!(store.withdraw(&run("b")).await.unwrap(), 0);
}

pub(super) async fn withdraw_forgets_the_key_and_its_history(store: Arc<dyn Store>) {
    store.submit(vec![intent("k1", "a")]).await.unwrap();
    let payout = stored(&*store, "k1").await;
    let entries = vec![asked(1, "absent")];
    done(&*store, Step { entries, ..step(&payout) }).await;
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
    assert_eq!(store.submit(vec![other_body("k1")]).await.unwrap(), [Submitted::New]);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
}

pub(super) async fn bind_keeps_the_first_world_of_an_account(store: Arc<dyn Store>) {
    let (first, second) = (super::sample::account("bank"), super::sample::account("other"));
    assert_eq!(store.bind(&first, "sandbox").await.unwrap(), "sandbox");
    assert_eq!(store.bind(&first, "live").await.unwrap(), "sandbox");
    assert_eq!(store.bind(&second, "live").await.unwrap(), "live");
    assert_eq!(store.bind(&first, "sandbox").await.unwrap(), "sandbox");
}
