//! Cases: intents are stored once, whole batches or nothing, and held until they are released or
//! withdrawn.

use std::sync::Arc;

use pagos_core::{Currency, Document, DocumentType, Money, Status};

use super::sample::{
    actor, at, claimed, done, intent, key, names, next_due, observed, order, release, run, set_due,
    step, stored, submit, submit_all,
};
use crate::{
    history::Entry,
    intent::{Closed, Digest, Intent, Permit, Released, Run, Submitted},
    list::{Filter, Page},
    progress::Progress,
    store::{Step, Store},
};

const CREATED: Submitted = Submitted::Existing { status: Status::Created };

pub(super) async fn submit_stores_new_intents(store: Arc<dyn Store>) {
    let outcomes = submit(&*store, "a", &["k1"]).await;
    assert_eq!(outcomes, [Submitted::New]);
    let payout = stored(&*store, "k1").await;
    assert_eq!(payout.order, order("k1"));
    assert_eq!(payout.digest, Digest::of(&order("k1")));
    assert_eq!(payout.progress, Progress::new(at(0)));
    assert_eq!(payout.due_at, None);
    assert_eq!(payout.epoch, 0);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
    assert!(submit(&*store, "a", &[]).await.is_empty());
}

pub(super) async fn submit_returns_the_outcomes_in_order(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k2"]).await;
    let outcomes = submit(&*store, "a", &["k3", "k2", "k1"]).await;
    assert_eq!(outcomes, [Submitted::New, CREATED, Submitted::New]);
}

pub(super) async fn submit_again_yields_what_is_stored(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    let payout = stored(&*store, "k1").await;
    let (progress, _) = observed(&payout.progress, Status::Succeeded, 5);
    done(&*store, Step { progress, ..step(&payout) }).await;
    let later = Intent { created_at: at(9), ..intent("k1") };
    let outcomes = submit_all(&*store, "a", vec![later]).await;
    assert_eq!(outcomes, [Submitted::Existing { status: Status::Succeeded }]);
    assert_eq!(stored(&*store, "k1").await.progress.status(), Status::Succeeded);
}

fn other_body(name: &str) -> Intent {
    let mut other = intent(name);
    other.order.amount = Money::new(15_000_001, Currency::Cop);
    other
}

pub(super) async fn submit_of_another_body_is_a_conflict(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    let mut other_account = intent("k1");
    other_account.order.account = super::sample::account("alpha-mx");
    for other in [other_body("k1"), other_account] {
        let outcomes = submit_all(&*store, "b", vec![other]).await;
        assert_eq!(outcomes, [Submitted::Conflict]);
    }
    assert_eq!(stored(&*store, "k1").await.order, order("k1"));
}

pub(super) async fn submit_with_a_conflict_stores_nothing(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2"]).await;
    let batch = vec![intent("k3"), intent("k2"), other_body("k1"), intent("k4")];
    let outcomes = submit_all(&*store, "b", batch).await;
    assert_eq!(outcomes, [Submitted::New, CREATED, Submitted::Conflict, Submitted::New]);
    for name in ["k3", "k4"] {
        assert_eq!(store.payout(&key(name)).await.unwrap(), None, "{name}");
    }
    // Nor did k2 join the run.
    let of_b = Filter { run: Some(run("b")), ..Filter::default() };
    assert!(store.list(&of_b, &Page::by_key(10)).await.unwrap().is_empty());
    assert_eq!(store.tally(Some(&run("b"))).await.unwrap().total(), 0);
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
}

pub(super) async fn submit_of_one_key_twice_in_a_batch_stores_it_once(store: Arc<dyn Store>) {
    assert_eq!(submit(&*store, "a", &["k1", "k1"]).await, [Submitted::New, CREATED]);
    assert_eq!(store.run(&run("a")).await.unwrap().unwrap().members, 1);
    assert_eq!(store.tally(None).await.unwrap().total(), 1);
    assert_eq!(release(&*store, "a", 1).await, 1);
}

pub(super) async fn submit_of_one_key_with_two_bodies_in_a_batch_is_a_conflict(
    store: Arc<dyn Store>,
) {
    let batch = vec![intent("k1"), other_body("k1"), intent("k2")];
    let outcomes = submit_all(&*store, "a", batch).await;
    assert_eq!(outcomes, [Submitted::New, Submitted::Conflict, Submitted::New]);
    assert_eq!(store.tally(None).await.unwrap().total(), 0);
}

pub(super) async fn submit_holds_until_the_run_is_released(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    assert!(claimed(&*store, 1_000, 10).await.is_empty());
    assert_eq!(next_due(&*store).await, None);
    let version = stored(&*store, "k1").await.version;
    assert_eq!(release(&*store, "a", 2_000).await, 1);
    let payout = stored(&*store, "k1").await;
    assert_eq!(payout.due_at, Some(at(2_000)));
    assert_ne!(payout.version, version);
    assert!(claimed(&*store, 1_999, 10).await.is_empty());
    assert_eq!(names(&claimed(&*store, 2_000, 10).await), ["k1"]);
}

pub(super) async fn a_payout_can_be_a_member_of_many_runs(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2"]).await;
    assert_eq!(submit(&*store, "b", &["k1"]).await, [CREATED]);
    assert_eq!(release(&*store, "b", 1).await, 1);
    assert_eq!(names(&claimed(&*store, 1, 10).await), ["k1"]);
    assert_eq!(release(&*store, "a", 2).await, 1, "k1 is due already");
    assert_eq!(names(&claimed(&*store, 2, 10).await), ["k2"]);
    // What was released joins too, and is not released again.
    submit(&*store, "c", &["k2", "k1"]).await;
    assert_eq!(release(&*store, "c", 3).await, 0);
    for (name, members) in [("a", 2), ("b", 1), ("c", 2)] {
        assert_eq!(store.tally(Some(&run(name))).await.unwrap().total(), members, "{name}");
        assert_eq!(store.run(&run(name)).await.unwrap().unwrap().members, members, "{name}");
    }
}

pub(super) async fn the_members_of_a_released_run_are_fixed(store: Arc<dyn Store>) {
    assert_eq!(store.run(&run("a")).await.unwrap(), None);
    submit(&*store, "a", &["k1", "k2"]).await;
    let open = store.run(&run("a")).await.unwrap().expect("a run");
    let wanted = Run { members: 2, created_at: Some(at(0)), ..no_run(open.id) };
    assert_eq!(open, wanted);
    release(&*store, "a", 3).await;
    let (expected, closed_at, released_at) = (Some(2), Some(at(3)), Some(at(3)));
    let fixed = Run { expected, closed_at, released_at, ..open };
    assert_eq!(store.run(&run("a")).await.unwrap().as_ref(), Some(&fixed));
    submit(&*store, "b", &["k3"]).await;
    // One that is new to the store, and one that another run has.
    for name in ["k4", "k3"] {
        let outcomes = submit(&*store, "a", &["k1", name]).await;
        assert_eq!(outcomes, [CREATED, Submitted::Closed], "{name}");
    }
    assert_eq!(store.payout(&key("k4")).await.unwrap(), None);
    assert_eq!(submit(&*store, "a", &["k2", "k1"]).await, [CREATED, CREATED]);
    assert_eq!(submit_all(&*store, "a", vec![other_body("k1")]).await, [Submitted::Conflict]);
    assert_eq!(release(&*store, "a", 9).await, 0);
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 0);
    assert_eq!(store.run(&run("a")).await.unwrap(), Some(fixed));
}

pub(super) async fn release_wants_as_many_members_as_are_expected(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2"]).await;
    for expected in [0, 1, 3, u64::MAX] {
        let permit = Permit::for_members(expected);
        let released = store.release(&run("a"), permit, at(0)).await.unwrap();
        assert_eq!(released, Released::Incomplete { members: 2 }, "{expected}");
    }
    assert!(claimed(&*store, 10, 10).await.is_empty());
    assert_eq!(store.run(&run("a")).await.unwrap().unwrap().released_at, None);
    let unknown = store.release(&run("none"), Permit::for_members(0), at(0)).await.unwrap();
    assert_eq!(unknown, Released::Incomplete { members: 0 });
    let released = store.release(&run("a"), Permit::for_members(2), at(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 2 });
    let again = store.release(&run("a"), Permit::for_members(3), at(0)).await.unwrap();
    assert_eq!(again, Released::Incomplete { members: 2 });
}

pub(super) async fn submit_again_changes_no_version(store: Arc<dyn Store>) {
    super::sample::released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    submit(&*store, "b", &["k1"]).await;
    assert_eq!(stored(&*store, "k1").await, before);
}

pub(super) async fn submit_keeps_every_field_of_an_order(store: Arc<dyn Store>) {
    let mut full = intent("K_-9");
    let name = "a run of any name: ñ/\u{1f4b8}";
    full.order.beneficiary.document = Document::new(DocumentType::Cc, "0012345678").ok();
    full.order.beneficiary.email = Some("a@example.org".to_owned());
    full.order.description = Some("comillas \"\" y \\ y \u{0}".to_owned());
    full.order.amount = Money::new(i64::MAX, Currency::Clp);
    submit_all(&*store, name, vec![full.clone()]).await;
    assert_eq!(stored(&*store, "K_-9").await.order, full.order);
    assert_eq!(release(&*store, name, 0).await, 1);
}

pub(super) async fn release_is_of_one_run_and_happens_once(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k3"]).await;
    submit(&*store, "b", &["k2"]).await;
    assert_eq!(release(&*store, "a", 0).await, 2);
    assert_eq!(release(&*store, "a", 5).await, 0);
    assert_eq!(stored(&*store, "k1").await.due_at, Some(at(0)));
    assert_eq!(names(&claimed(&*store, 9, 10).await), ["k1", "k3"]);
}

pub(super) async fn withdraw_takes_back_what_is_held(store: Arc<dyn Store>) {
    super::sample::released(&*store, &["k1"]).await;
    submit(&*store, "b", &["k2", "k4", "k1"]).await;
    submit(&*store, "c", &["k3"]).await;
    set_due(&*store, "k4", None).await;
    assert_eq!(store.withdraw(&run("none")).await.unwrap(), 0);
    assert_eq!(store.withdraw(&run("b")).await.unwrap(), 2);
    assert_eq!(store.withdraw(&run("b")).await.unwrap(), 0);
    assert_eq!(store.run(&run("b")).await.unwrap(), None);
    let left = store.list(&Filter::default(), &Page::by_key(10)).await.unwrap();
    let left: Vec<_> = left.iter().map(|payout| payout.order.key.as_str()).collect();
    assert_eq!(left, ["k1", "k3"], "what was released, and what is of another run");
    assert_eq!(store.tally(Some(&run("a"))).await.unwrap().total(), 1);
    assert_eq!(store.tally(Some(&run("b"))).await.unwrap().total(), 0);
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
    assert_eq!(names(&claimed(&*store, 9, 10).await), ["k1"]);
}

pub(super) async fn withdraw_leaves_what_has_a_history(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2"]).await;
    let payout = stored(&*store, "k1").await;
    let entries = vec![Entry::Disclosed { at: at(5), by: actor("ana") }];
    done(&*store, Step { entries, ..step(&payout) }).await;
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1, "k2; somebody looked at k1");
    assert_eq!(store.run(&run("a")).await.unwrap(), None);
    assert_eq!(store.tally(None).await.unwrap().total(), 1);
    assert_eq!(names(&claimed(&*store, 9, 10).await), Vec::<String>::new());
    // It can be submitted again, as a payout that the store has.
    submit(&*store, "b", &["k1"]).await;
    assert_eq!(store.history(&key("k1")).await.unwrap().len(), 1);
    assert_eq!(release(&*store, "b", 9).await, 1);
    assert_eq!(names(&claimed(&*store, 9, 10).await), ["k1"]);
}

pub(super) async fn withdraw_leaves_what_another_run_has(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2"]).await;
    submit(&*store, "b", &["k1", "k3"]).await;
    // Whoever brought it in: run b joined k1, and takes back k3 alone.
    assert_eq!(store.withdraw(&run("b")).await.unwrap(), 1);
    assert_eq!(store.run(&run("a")).await.unwrap().unwrap().members, 2);
    submit(&*store, "c", &["k1"]).await;
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1, "k2; run c still has k1");
    assert_eq!(release(&*store, "c", 0).await, 1);
    assert_eq!(store.withdraw(&run("c")).await.unwrap(), 0);
    assert_eq!(names(&claimed(&*store, 9, 10).await), ["k1"]);
}

pub(super) async fn withdraw_forgets_the_key(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1);
    assert_eq!(store.payout(&key("k1")).await.unwrap(), None);
    assert_eq!(submit_all(&*store, "a", vec![other_body("k1")]).await, [Submitted::New]);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
}

pub(super) async fn bind_keeps_the_first_world_of_an_account(store: Arc<dyn Store>) {
    let (first, second) = (super::sample::account("bank"), super::sample::account("other"));
    assert_eq!(store.bind(&first, "sandbox").await.unwrap(), "sandbox");
    assert_eq!(store.bind(&first, "live").await.unwrap(), "sandbox");
    assert_eq!(store.bind(&second, "live").await.unwrap(), "live");
    assert_eq!(store.bind(&first, "sandbox").await.unwrap(), "sandbox");
}

/// A run about which nothing is known but its number.
pub(super) fn no_run(id: u64) -> Run {
    Run {
        id,
        members: 0,
        archived: 0,
        expected: None,
        created_at: None,
        closed_at: None,
        released_at: None,
        submitted_by: Vec::new(),
    }
}

pub(super) async fn closing_a_run_fixes_its_members_and_makes_nothing_due(store: Arc<dyn Store>) {
    let unknown = store.close(&run("a"), 0, at(0)).await.unwrap();
    assert_eq!(unknown, Closed::Incomplete { members: 0 });
    submit(&*store, "a", &["k1", "k2"]).await;
    for expected in [0, 1, 3] {
        let closed = store.close(&run("a"), expected, at(1)).await.unwrap();
        assert_eq!(closed, Closed::Incomplete { members: 2 }, "{expected}");
    }
    assert_eq!(submit(&*store, "a", &["k3"]).await, [Submitted::New]);
    let id = store.run(&run("a")).await.unwrap().expect("a run").id;
    assert_eq!(store.close(&run("a"), 3, at(2)).await.unwrap(), Closed::Done { id });
    assert_eq!(store.close(&run("a"), 3, at(5)).await.unwrap(), Closed::Done { id });
    assert_eq!(submit(&*store, "a", &["k4"]).await, [Submitted::Closed]);
    assert_eq!(submit(&*store, "a", &["k1"]).await, [CREATED]);
    assert!(claimed(&*store, 1_000, 10).await.is_empty());
    let closed = store.run(&run("a")).await.unwrap().expect("a run");
    assert_eq!((closed.closed_at, closed.released_at), (Some(at(2)), None));
    assert_eq!(closed.expected, Some(3));
    assert_eq!(release(&*store, "a", 9).await, 3);
    let released = store.run(&run("a")).await.unwrap().expect("a run");
    assert_eq!((released.closed_at, released.released_at), (Some(at(2)), Some(at(9))));
}

pub(super) async fn a_closed_run_can_be_withdrawn_and_comes_back_as_another(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    let Closed::Done { id } = store.close(&run("a"), 1, at(0)).await.unwrap() else {
        panic!("it has one member");
    };
    let permit = Permit::for_run(id, 1);
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1);
    submit(&*store, "a", &["k2"]).await;
    assert_ne!(store.run(&run("a")).await.unwrap().expect("a run").id, id);
    let released = store.release(&run("a"), permit, at(0)).await.unwrap();
    assert_eq!(released, Released::AnotherRun);
    assert!(claimed(&*store, 1_000, 10).await.is_empty());
    assert_eq!(store.run(&run("a")).await.unwrap().expect("a run").closed_at, None);
    let id = store.run(&run("a")).await.unwrap().expect("a run").id;
    let released = store.release(&run("a"), Permit::for_run(id, 1), at(0)).await.unwrap();
    assert_eq!(released, Released::Done { made_due: 1 });
}

pub(super) async fn a_run_knows_who_submitted_to_it(store: Arc<dyn Store>) {
    let by = |name: &str, key: &str| Intent { by: Some(actor(name)), ..intent(key) };
    submit_all(&*store, "a", vec![by("leo", "k1"), by("leo", "k2")]).await;
    submit_all(&*store, "a", vec![by("ana", "k3"), intent("k4")]).await;
    // Repeats nothing new, and joins what another run has.
    submit_all(&*store, "a", vec![by("eva", "k1")]).await;
    submit_all(&*store, "b", vec![by("eva", "k1")]).await;
    let names = async |name: &str| {
        let known = store.run(&run(name)).await.unwrap().expect("a run");
        known.submitted_by.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names("a").await, ["ana", "leo"]);
    assert_eq!(names("b").await, ["eva"]);
    // A refused batch leaves no name.
    submit_all(&*store, "c", vec![by("ana", "k9"), Intent { by: None, ..other_body("k1") }]).await;
    assert!(names("c").await.is_empty());
    store.withdraw(&run("a")).await.unwrap();
    submit(&*store, "a", &["k8"]).await;
    assert!(names("a").await.is_empty(), "another run of that name");
}

pub(super) async fn runs_are_listed_newest_first(store: Arc<dyn Store>) {
    assert!(store.runs(None, 10).await.unwrap().is_empty());
    for name in ["b", "a", "c"] {
        submit(&*store, name, &[name]).await;
    }
    release(&*store, "a", 5).await;
    let page = store.runs(None, 2).await.unwrap();
    let names: Vec<&str> = page.iter().map(|(name, _)| name.0.as_str()).collect();
    assert_eq!(names, ["c", "a"]);
    for (name, listed) in &page {
        assert_eq!(store.run(name).await.unwrap().as_ref(), Some(listed));
    }
    let rest = store.runs(Some(page[1].1.id), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].0, run("b"));
    assert!(store.runs(Some(rest[0].1.id), 2).await.unwrap().is_empty());
}

pub(super) async fn held_members_are_those_that_no_run_released(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2", "k3", "k4"]).await;
    submit(&*store, "b", &["k2"]).await;
    release(&*store, "b", 0).await;
    let keys = async |after: Option<&str>, limit| {
        let after = after.map(key);
        let held = store.held(&run("a"), after.as_ref(), limit).await.unwrap();
        held.into_iter().map(|payout| payout.order.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys(None, 10).await, ["k1", "k3", "k4"]);
    assert_eq!(keys(None, 2).await, ["k1", "k3"]);
    assert_eq!(keys(Some("k3"), 2).await, ["k4"]);
    assert!(store.held(&run("none"), None, 10).await.unwrap().is_empty());
    release(&*store, "a", 0).await;
    assert!(keys(None, 10).await.is_empty());
}
