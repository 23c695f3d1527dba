//! Cases: a claim is one worker's until it ends, and an older one can write nothing.

use std::sync::Arc;

use pagos_core::Status;

use super::sample::{
    LEASE, account, at, attempt, claim_at, claimed, conflicts, done, intent, key, lanes, names,
    observed, release, released, set_due, shares, step, stored, submit_all,
};
use crate::store::{Begun, Claim, ClaimRequest, Lease, NoAttempt, Payout, Step, Store, Work};

pub(super) async fn claim_takes_the_earliest_due_first(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3", "k4"]).await;
    for (name, due_ms) in [("k1", 40), ("k2", 20), ("k3", 40), ("k4", 10)] {
        set_due(&*store, name, Some(at(due_ms))).await;
    }
    // Equal due times go by key.
    assert_eq!(names(&claimed(&*store, 50, 10).await), ["k4", "k2", "k1", "k3"]);
}

pub(super) async fn claim_takes_no_more_than_the_limit(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3"]).await;
    assert!(claimed(&*store, 0, 0).await.is_empty());
    assert_eq!(names(&claimed(&*store, 0, 2).await), ["k1", "k2"]);
    assert_eq!(names(&claimed(&*store, 0, 2).await), ["k3"]);
    assert!(claimed(&*store, 0, 2).await.is_empty());
}

pub(super) async fn claim_is_of_the_named_lanes_only(store: Arc<dyn Store>) {
    let mut intents = Vec::new();
    for (name, account_name) in [("k1", "gamma"), ("k2", "beta"), ("k3", "alpha")] {
        let mut intent = intent(name);
        intent.order.account = account(account_name);
        intents.push(intent);
    }
    submit_all(&*store, "a", intents).await;
    release(&*store, "a", 0).await;
    let claim = async |accounts: &[&str], works: &[Work], limit| {
        let request = ClaimRequest { now: at(0), shares: shares(accounts, works, limit) };
        let claims = store.claim(request, &NoAttempt).await.unwrap();
        names(&claims).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(claim(&["alpha"], &[Work::Ask], 10).await.is_empty(), "all are to be sent");
    assert!(claim(&["of-no-payout"], &[Work::Send], 10).await.is_empty());
    assert!(claim(&[], &[], 10).await.is_empty());
    assert_eq!(claim(&["alpha", "of-no-payout"], &[Work::Send, Work::Ask], 10).await, ["k3"]);
    assert_eq!(claim(&["beta", "gamma"], &[Work::Send], 1).await.len(), 2, "one of each");
}

pub(super) async fn claim_knows_what_is_to_be_sent_from_what_is_to_be_asked(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3"]).await;
    let payout = stored(&*store, "k2").await;
    let (progress, _) = observed(&payout.progress, Status::Pending, 1);
    done(&*store, Step { progress, ..step(&payout) }).await;
    let claim = async |works: &[Work], limit| {
        let request = ClaimRequest { now: at(5), shares: shares(&["alpha"], works, limit) };
        let claims = store.claim(request, &NoAttempt).await.unwrap();
        names(&claims).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let lane = |work| lanes(&["alpha"], &[work]);
    assert_eq!(store.next_due(&lane(Work::Ask)).await.unwrap(), Some(at(0)));
    assert_eq!(claim(&[Work::Ask], 9).await, ["k2"]);
    assert_eq!(claim(&[Work::Ask, Work::Send], 1).await, ["k1"]);
    assert_eq!(claim(&[Work::Send], 9).await, ["k3"]);
    let free_at = Some(at(5).plus(LEASE));
    assert_eq!(store.next_due(&lane(Work::Send)).await.unwrap(), free_at);
}

pub(super) async fn claim_leaves_out_what_is_due_later(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    set_due(&*store, "k1", Some(at(10))).await;
    assert!(claimed(&*store, 9, 10).await.is_empty());
    assert_eq!(claimed(&*store, 10, 10).await.len(), 1);
}

pub(super) async fn claim_leaves_out_what_has_nothing_due(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    set_due(&*store, "k1", None).await;
    assert!(claimed(&*store, i64::from(i32::MAX), 10).await.is_empty());
    set_due(&*store, "k1", Some(at(3))).await;
    assert_eq!(claimed(&*store, 3, 10).await.len(), 1);
}

pub(super) async fn claim_holds_until_the_lease_ends(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let claims = claimed(&*store, 100, 10).await;
    assert_eq!(claims[0].lease_until, at(100).plus(LEASE));
    assert!(claimed(&*store, 129, 10).await.is_empty());
    assert_eq!(names(&claimed(&*store, 130, 10).await), ["k1"]);
}

pub(super) async fn claim_raises_the_epoch_and_not_the_version(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    let first = claimed(&*store, 0, 10).await.remove(0).payout;
    assert!(first.epoch > before.epoch);
    assert_eq!(first.version, before.version);
    assert_eq!(stored(&*store, "k1").await, first);
    let second = claimed(&*store, 100, 10).await.remove(0).payout;
    assert!(second.epoch > first.epoch);
}

pub(super) async fn claim_by_two_workers_at_once_shares_no_payout(store: Arc<dyn Store>) {
    let all: Vec<String> = (0..40).map(|number| format!("k{number:02}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    released(&*store, &all).await;
    let worker = async || {
        let mut mine = Vec::new();
        // Twice as often as it takes one worker alone; a store that gives a payout twice ends too.
        for _ in 0..28 {
            let claims = claimed(&*store, 0, 3).await;
            mine.extend(names(&claims).into_iter().map(str::to_owned));
        }
        mine
    };
    let (one, two, three) = futures_util::join!(worker(), worker(), worker());
    let mut claimed_by_any = [one, two, three].concat();
    claimed_by_any.sort();
    assert_eq!(claimed_by_any, all);
}

pub(super) async fn end_claims_frees_everything_at_once(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3"]).await;
    claimed(&*store, 0, 2).await;
    assert_eq!(store.end_claims().await.unwrap(), 2);
    assert_eq!(store.end_claims().await.unwrap(), 0);
    assert_eq!(names(&claimed(&*store, 0, 10).await), ["k1", "k2", "k3"]);
}

pub(super) async fn end_claims_fences_off_the_old_claims(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let old = claimed(&*store, 0, 1).await.remove(0).payout;
    store.end_claims().await.unwrap();
    conflicts(&*store, Step { fence: Some(old.epoch), ..step(&old) }).await;
    let new = claimed(&*store, 0, 1).await.remove(0).payout;
    done(&*store, Step { fence: Some(new.epoch), ..step(&new) }).await;
}

/// A claim to send and its attempt are one commit: nobody sees the one without the other.
pub(super) async fn claim_begins_the_attempt(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2"]).await;
    let before = stored(&*store, "k1").await;
    let only_one = |payout: &Payout| (payout.order.key == key("k1")).then(|| attempt(payout))?;
    let claims = store.claim(claim_at(0, 9), &only_one).await.unwrap();
    assert_eq!(names(&claims), ["k1", "k2"]);
    assert_eq!(claims.iter().map(Claim::has_begun).collect::<Vec<_>>(), [true, false]);
    let begun = &claims[0].payout;
    assert!(begun.version > before.version && begun.epoch > before.epoch);
    assert_eq!(stored(&*store, "k1").await, *begun);
    let expected = attempt(&before).unwrap();
    assert_eq!((&begun.progress, begun.due_at), (&expected.progress, expected.due_at));
    assert_eq!(store.history(&key("k1")).await.unwrap(), expected.entries);
    assert!(store.history(&key("k2")).await.unwrap().is_empty());
    // To be asked about from now on, and by nobody before the claim has ended.
    let free_at = Some(at(0).plus(LEASE));
    assert_eq!(store.next_due(&lanes(&["alpha"], &[Work::Ask])).await.unwrap(), free_at);
    assert!(claimed(&*store, 29, 9).await.is_empty());
    // Whoever read it before writes nothing.
    conflicts(&*store, step(&before)).await;
    done(&*store, Step { fence: Some(begun.epoch), lease: Lease::End, ..step(begun) }).await;
    assert_eq!(names(&claimed(&*store, 29, 9).await), ["k1"]);
}

/// A query moves no money, so nothing is written for it; yet two workers do not ask at once.
pub(super) async fn claim_to_ask_raises_nothing_and_keeps_others_away(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let payout = stored(&*store, "k1").await;
    let (progress, _) = observed(&payout.progress, Status::Pending, 1);
    done(&*store, Step { progress, ..step(&payout) }).await;
    let before = stored(&*store, "k1").await;
    let never = |_: &Payout| -> Option<Begun> { panic!("a query begins no attempt") };
    let ask = async |ms| store.claim(claim_at(ms, 9), &never).await.unwrap();
    let first = ask(0).await;
    assert_eq!((names(&first), first[0].work), (vec!["k1"], Work::Ask));
    assert_eq!(first[0].payout, before);
    assert_eq!(stored(&*store, "k1").await, before);
    assert!(ask(29).await.is_empty());
    let free_at = Some(at(0).plus(LEASE));
    assert_eq!(store.next_due(&lanes(&["alpha"], &[Work::Ask])).await.unwrap(), free_at);
    let second = ask(30).await;
    assert_eq!(second[0].payout, before);
    // What both were answered is kept, once.
    let answer = Step { fence: Some(before.epoch), lease: Lease::End, ..step(&before) };
    done(&*store, answer.clone()).await;
    conflicts(&*store, answer).await;
    assert_eq!(ask(31).await.len(), 1, "the step ended the claim");
    assert_eq!(store.end_claims().await.unwrap(), 0, "there was nobody who sends");
    assert_eq!(ask(31).await.len(), 1);
}
