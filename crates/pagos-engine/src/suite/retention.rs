//! Cases: what may leave is proposed, what leaves is sealed for ever, and what every reader knows is
//! forgotten.

use std::sync::Arc;

use pagos_core::{Currency, FailReason, Money, ProviderRef, Status};

use super::sample::{
    account, asked, at, claimed, close_as, delivery, done, inbox, intent, key, notice, observed,
    order, receive, release, released, run, set_due, step, stored, submit, submit_all,
};
use crate::{
    delivery::InboxState,
    intent::{Permit, Submitted},
    list::{Filter, Page},
    progress::Attention,
    retention::{Candidate, Leaving, Scope, Seal, SealedAs, Sealing},
    store::{Committed, Payout, Step, Store},
    tally::Tally,
};

/// 14 November 2023 is the day of the suite's beginning of time.
const SEAL: Seal = Seal {
    ended: SealedAs::Succeeded,
    archived_on: pagos_core::Timestamp::from_millis(19_675 * 86_400_000),
};

/// Brings a released payout to its end, with nothing due.
async fn settle(store: &dyn Store, name: &str, status: Status) -> Payout {
    let payout = stored(store, name).await;
    let (progress, entry) = observed(&payout.progress, status, 5);
    let entries = vec![entry, asked(6, "the end")];
    done(store, Step { progress, due_at: None, entries, ..step(&payout) }).await;
    stored(store, name).await
}

fn leaving(payout: &Payout) -> Leaving {
    Leaving {
        key: payout.order.key.clone(),
        digest: payout.digest,
        version: payout.version,
        ended: SealedAs::of(payout.progress.status()).expect("a final status"),
    }
}

async fn seal(store: &dyn Store, leaving: Leaving) -> Sealing {
    let sealing = store.seal(vec![leaving], at(1_000)).await.unwrap();
    assert_eq!(sealing.len(), 1);
    sealing[0]
}

/// A payout of the run `a` that was paid and archived.
async fn archived(store: &dyn Store, name: &str) {
    released(store, &[name]).await;
    let payout = settle(store, name, Status::Succeeded).await;
    assert_eq!(seal(store, leaving(&payout)).await, Sealing::Done);
}

fn names(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|candidate| candidate.payout.order.key.as_str()).collect()
}

fn sums(tally: &Tally) -> Vec<(&str, u64, i128, u64, u64)> {
    let rows = tally.rows.iter();
    rows.map(|it| (it.status.as_str(), it.count, it.amount_minor, it.at_rest, it.attention))
        .collect()
}

pub(super) async fn candidates_come_in_the_order_of_coming_in(store: Arc<dyn Store>) {
    for (name, keys) in [("a", vec!["k3"]), ("a", vec!["k1"]), ("b", vec!["k1", "k2"])] {
        submit(&*store, name, &keys).await;
    }
    release(&*store, "a", 0).await;
    let all = store.candidates(Scope::All, 0, 10).await.unwrap();
    assert_eq!(names(&all), ["k3", "k1", "k2"]);
    assert_eq!(all[1].payout, stored(&*store, "k1").await);
    assert!(all.iter().all(|it| it.payout.created_at == at(0) && it.lease_until.is_none()));
    let held: Vec<bool> = all.iter().map(|it| it.is_held).collect();
    assert_eq!(held, [false, false, true]);
    let open: Vec<bool> = all.iter().map(|it| it.has_open_run).collect();
    assert_eq!(open, [false, true, true]);
    assert_eq!(all[1].runs, [run("a"), run("b")]);
    let page = store.candidates(Scope::All, all[0].place, 1).await.unwrap();
    assert_eq!(page, all[1..2]);
    assert!(store.candidates(Scope::All, all[2].place, 9).await.unwrap().is_empty());
    assert!(store.candidates(Scope::All, 0, 0).await.unwrap().is_empty());
    let lease_until = claimed(&*store, 1, 1).await[0].lease_until;
    let claims = store.candidates(Scope::All, 0, 9).await.unwrap();
    assert!(claims.iter().any(|it| it.lease_until == Some(lease_until)));
}

pub(super) async fn settled_candidates_are_final_and_at_rest(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3", "k4", "k5", "k6"]).await;
    settle(&*store, "k1", Status::Succeeded).await;
    settle(&*store, "k2", Status::Failed(FailReason::Declined)).await;
    settle(&*store, "k3", Status::Pending).await;
    settle(&*store, "k4", Status::Succeeded).await;
    set_due(&*store, "k4", Some(at(9))).await;
    let payout = settle(&*store, "k5", Status::Succeeded).await;
    let mut progress = payout.progress.clone();
    progress.attention = Some(Attention::Doubt("look".to_owned()));
    done(&*store, Step { progress, ..step(&payout) }).await;
    let settled = store.candidates(Scope::Settled, 0, 10).await.unwrap();
    assert_eq!(names(&settled), ["k1", "k2"]);
    let behind = store.candidates(Scope::Settled, settled[0].place, 10).await.unwrap();
    assert_eq!(names(&behind), ["k2"]);
}

pub(super) async fn seal_takes_everything_out_but_the_key(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2"]).await;
    settle(&*store, "k2", Status::Succeeded).await;
    let payout = settle(&*store, "k1", Status::Succeeded).await;
    let reference = ProviderRef::new("PAYOUT8506865414587559936").unwrap();
    assert_eq!(store.sealed(&key("k1")).await.unwrap(), None);
    assert_eq!(seal(&*store, leaving(&payout)).await, Sealing::Done);
    assert_eq!(store.payout(&key("k1")).await.unwrap(), None);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
    let of_it = store.payout_of(&account("alpha"), &reference).await.unwrap();
    assert_ne!(of_it, Some(key("k1")));
    assert_eq!(store.sealed(&key("k1")).await.unwrap(), Some(SEAL));
    assert_eq!(store.sealed(&key("k2")).await.unwrap(), None);
    let left = store.list(&Filter::default(), &Page::by_key(10)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(store.tally(None).await.unwrap().total(), 1);
    assert_eq!(store.history(&key("k2")).await.unwrap().len(), 2);
    let again = store.commit(step(&payout)).await.unwrap();
    assert_eq!(again, Committed::Conflict, "a step of a payout that left");
    assert_eq!(seal(&*store, leaving(&payout)).await, Sealing::Changed, "a second time");
}

pub(super) async fn a_sealed_key_is_never_stored_again(store: Arc<dyn Store>) {
    archived(&*store, "k1").await;
    let known = Submitted::Archived(SEAL);
    for (name, others) in [("b", vec!["k1"]), ("c", vec!["k1", "k2", "k1"])] {
        let answers = submit(&*store, name, &others).await;
        let of_it = |place: &usize| others[*place] == "k1";
        assert!((0..others.len()).filter(of_it).all(|place| answers[place] == known), "{name}");
        assert_eq!(store.payout(&key("k1")).await.unwrap(), None, "{name}");
        release(&*store, name, 2_000).await;
    }
    let claims = claimed(&*store, 9_000, 10).await;
    assert_eq!(super::sample::names(&claims), ["k2"]);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
}

pub(super) async fn another_body_under_a_sealed_key_is_a_conflict(store: Arc<dyn Store>) {
    archived(&*store, "k1").await;
    let mut dearer = intent("k1");
    dearer.order.amount = Money::new(15_000_001, Currency::Cop);
    let mut elsewhere = intent("k1");
    elsewhere.order.account = account("alpha-mx");
    for other in [dearer, elsewhere] {
        let answers = submit_all(&*store, "b", vec![other, intent("k2")]).await;
        assert_eq!(answers, [Submitted::Conflict, Submitted::New]);
    }
    assert_eq!(store.payout(&key("k2")).await.unwrap(), None);
    assert_eq!(store.run(&run("b")).await.unwrap().unwrap().members, 0);
}

pub(super) async fn a_run_counts_its_archived_members(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3"]).await;
    let paid = settle(&*store, "k1", Status::Succeeded).await;
    let failed = settle(&*store, "k2", Status::Failed(FailReason::Declined)).await;
    assert_eq!(store.archived(&run("a")).await.unwrap(), Tally::default());
    let before = store.tally(Some(&run("a"))).await.unwrap();
    let answers = store.seal(vec![leaving(&paid), leaving(&failed)], at(1_000)).await.unwrap();
    assert_eq!(answers, [Sealing::Done, Sealing::Done]);
    assert_eq!(store.tally(Some(&run("a"))).await.unwrap(), before);
    let archived = store.archived(&run("a")).await.unwrap();
    assert_eq!(
        sums(&archived),
        [("failed", 1, 15_000_000, 1, 0), ("succeeded", 1, 15_000_000, 1, 0)]
    );
    let known = store.run(&run("a")).await.unwrap().expect("a run");
    assert_eq!((known.members, known.archived, known.expected), (3, 2, Some(3)));
    assert_eq!(known.released_at, Some(at(0)));
    // The same file once more: its members are known, and its release changes nothing.
    let answers = submit(&*store, "a", &["k1", "k2", "k3"]).await;
    assert!(matches!(answers[0], Submitted::Archived(seal) if seal == SEAL), "{answers:?}");
    assert_eq!(release(&*store, "a", 9).await, 0);
    assert_eq!(store.run(&run("a")).await.unwrap(), Some(known));
    assert_eq!(store.tally(Some(&run("a"))).await.unwrap(), before);
    let listed = Filter { run: Some(run("a")), ..Filter::default() };
    assert_eq!(store.list(&listed, &Page::by_key(9)).await.unwrap().len(), 1);
    // The members are as fixed as ever.
    assert_eq!(submit(&*store, "b", &["k9"]).await, [Submitted::New]);
    release(&*store, "b", 0).await;
    let late = submit(&*store, "b", &["k1", "k9"]).await;
    assert_eq!(late[0], Submitted::Closed);
}

pub(super) async fn an_archived_payout_joins_and_leaves_a_run_once(store: Arc<dyn Store>) {
    archived(&*store, "k1").await;
    for _ in 0..2 {
        submit(&*store, "b", &["k1", "k2"]).await;
        let known = store.run(&run("b")).await.unwrap().expect("a run");
        assert_eq!((known.members, known.archived), (2, 1));
        assert_eq!((known.expected, known.released_at), (None, None));
    }
    let whole = [("created", 1, 15_000_000, 0, 0), ("succeeded", 1, 15_000_000, 1, 0)];
    assert_eq!(sums(&store.tally(Some(&run("b"))).await.unwrap()), whole);
    assert_eq!(sums(&store.archived(&run("b")).await.unwrap()), whole[1..]);
    assert_eq!(store.withdraw(&run("b")).await.unwrap(), 1);
    assert_eq!(store.run(&run("b")).await.unwrap(), None);
    assert!(store.tally(Some(&run("b"))).await.unwrap().rows.is_empty());
    assert!(store.archived(&run("b")).await.unwrap().rows.is_empty());
    assert_eq!(store.sealed(&key("k1")).await.unwrap(), Some(SEAL), "the key stays refused");
    // A run of the same name begins with nothing.
    submit(&*store, "b", &["k1"]).await;
    assert_eq!(sums(&store.tally(Some(&run("b"))).await.unwrap()), whole[1..]);
    let released = store.release(&run("b"), Permit::for_members(1), at(3)).await.unwrap();
    assert_eq!(released, crate::intent::Released::Done { made_due: 0 });
    assert_eq!(store.run(&run("a")).await.unwrap().unwrap().archived, 1);
}

pub(super) async fn seal_of_what_was_changed_changes_nothing(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3", "k4"]).await;
    let older = settle(&*store, "k1", Status::Succeeded).await;
    done(&*store, step(&older)).await;
    let due = settle(&*store, "k2", Status::Succeeded).await;
    set_due(&*store, "k2", Some(at(9_000))).await;
    let due = Leaving { version: stored(&*store, "k2").await.version, ..leaving(&due) };
    let joined = settle(&*store, "k3", Status::Succeeded).await;
    submit(&*store, "open", &["k3"]).await;
    let good = settle(&*store, "k4", Status::Succeeded).await;
    let nobody = Leaving { key: key("k9"), ..leaving(&good) };
    let list = vec![leaving(&older), due, leaving(&joined), nobody, leaving(&good)];
    let before = store.tally(Some(&run("a"))).await.unwrap();
    let answers = store.seal(list, at(1_000)).await.unwrap();
    let changed = Sealing::Changed;
    assert_eq!(answers, [changed, changed, changed, changed, Sealing::Done]);
    for name in ["k1", "k2", "k3"] {
        assert_eq!(store.sealed(&key(name)).await.unwrap(), None, "{name}");
        assert_eq!(store.history(&key(name)).await.unwrap().len(), 2, "{name}");
        assert_eq!(stored(&*store, name).await.order, order(name));
    }
    assert_eq!(store.sealed(&key("k9")).await.unwrap(), None);
    assert_eq!(store.tally(Some(&run("a"))).await.unwrap(), before);
    assert_eq!(store.tally(None).await.unwrap().total(), 3);
    // Once its run is released, it may go.
    release(&*store, "open", 10).await;
    assert_eq!(seal(&*store, leaving(&joined)).await, Sealing::Done);
    for name in ["a", "open"] {
        assert!(store.archived(&run(name)).await.unwrap().count("succeeded") > 0, "{name}");
    }
    let again = submit(&*store, "open", &["k3"]).await;
    assert_eq!(again, [Submitted::Archived(SEAL)], "a member of the second run too");
}

pub(super) async fn applied_deliveries_are_forgotten_and_no_others(store: Arc<dyn Store>) {
    let mut ids = Vec::new();
    for ms in 0..6 {
        let id = receive(&*store, "alpha", &delivery(&ms.to_string(), "s", ms)).await;
        ids.push(id);
    }
    let close = async |place: usize, state: InboxState| {
        store.file(ids[place], close_as(state)).await.unwrap();
    };
    for place in [0, 1, 4, 5] {
        close(place, InboxState::Applied).await;
    }
    close(2, InboxState::Orphan).await;
    close(3, InboxState::Unreadable).await;
    assert_eq!(store.forgettable_deliveries(at(0)).await.unwrap(), 0);
    assert_eq!(store.forgettable_deliveries(at(2)).await.unwrap(), 2);
    assert_eq!(store.forget_deliveries(at(2), 1).await.unwrap(), 1, "the oldest first");
    assert!(store.delivery(ids[0]).await.unwrap().is_none());
    assert!(store.delivery(ids[1]).await.unwrap().is_some());
    // One that came again is younger than it looks.
    store.reopen(ids[4], None, at(50)).await.unwrap();
    close(4, InboxState::Applied).await;
    assert_eq!(store.forget_deliveries(at(40), 10).await.unwrap(), 1);
    assert_eq!(store.forget_deliveries(at(90), 10).await.unwrap(), 1);
    let left = store.deliveries(None, 0, 10).await.unwrap();
    let left: Vec<_> = left.iter().map(|filed| filed.item.id).collect();
    assert_eq!(left, [ids[2], ids[3], ids[5]], "orphans, unreadable ones and the newest");
    let next = receive(&*store, "alpha", &delivery("next", "s", 100)).await;
    assert!(next > ids[5]);
    assert_eq!(inbox(&*store, 200, 10).await.len(), 1);
}

pub(super) async fn notices_are_forgotten_behind_the_slowest_reader(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    for ms in 0..6 {
        let payout = stored(&*store, "k1").await;
        done(&*store, Step { notices: vec![notice("k1", ms)], ..step(&payout) }).await;
    }
    let numbers = async || {
        let told = store.outbox(0, 10).await.unwrap();
        told.into_iter().map(|(number, _)| number).collect::<Vec<u64>>()
    };
    assert_eq!(numbers().await, [1, 2, 3, 4, 5, 6]);
    assert!(store.readers().await.unwrap().is_empty());
    assert_eq!(store.forget_notices(4).await.unwrap(), 0, "nobody has read anything");
    store.acknowledge("fast", 6).await.unwrap();
    store.acknowledge("slow", 2).await.unwrap();
    let readers = [("fast".to_owned(), 6), ("slow".to_owned(), 2)];
    assert_eq!(store.readers().await.unwrap(), readers);
    assert_eq!(store.forget_notices(1).await.unwrap(), 1);
    assert_eq!(store.forget_notices(5).await.unwrap(), 1);
    assert_eq!(numbers().await, [3, 4, 5, 6]);
    store.acknowledge("slow", 6).await.unwrap();
    assert_eq!(store.forget_notices(u64::MAX).await.unwrap(), 3, "the newest one stays");
    assert_eq!(numbers().await, [6]);
    assert_eq!(store.newest_notice().await.unwrap(), 6);
    let payout = stored(&*store, "k1").await;
    done(&*store, Step { notices: vec![notice("k1", 9)], ..step(&payout) }).await;
    assert_eq!(numbers().await, [6, 7]);
    assert_eq!(store.reader("slow").await.unwrap(), Some(6));
    for (name, was_there) in [("slow", true), ("slow", false), ("nobody", false)] {
        assert_eq!(store.forget_reader(name).await.unwrap(), was_there, "{name}");
    }
    assert_eq!(store.reader("slow").await.unwrap(), None);
    assert_eq!(store.readers().await.unwrap(), [("fast".to_owned(), 6)]);
    store.acknowledge("fast", 7).await.unwrap();
    assert_eq!(store.forget_notices(u64::MAX).await.unwrap(), 1, "who is forgotten holds nothing");
    store.acknowledge("slow", 0).await.unwrap();
    assert_eq!(store.reader("slow").await.unwrap(), Some(0), "it is a new reader");
}
