//! Cases: a step is written whole or not at all, and only over what it was computed from.

use std::sync::Arc;

use pagos_core::{OrderKey, Status};

use super::sample::{
    asked, at, attempt, claim_at, claimed, conflicts, delivery, done, inbox, key, next_due, notice,
    observed, receive, release, released, set_due, step, stored, submit, with_runs,
};
use crate::{
    delivery::InboxId,
    history::Entry,
    progress::{Attempt, Attention},
    store::{Begin, Committed, Lease, NoAttempt, Payout, Step, Store},
};

/// A step with all that a step can carry.
fn full_step(payout: &Payout, applies: Option<InboxId>) -> Step {
    let (mut progress, entry) = observed(&payout.progress, Status::Pending, 7);
    progress.attempts = 1;
    progress.open = Some(Attempt { number: 1, begun_at: at(6), epoch: 0 });
    progress.handle = Some(pagos_core::Handle::new("payee_1").unwrap());
    progress.attention = Some(Attention::Doubt("ñ".to_owned()));
    Step {
        progress,
        due_at: Some(at(70)),
        entries: vec![Entry::AttemptBegun { number: 1, at: at(6), epoch: 0 }, entry],
        notices: vec![notice("k1", 7), notice("k1", 8)],
        applies,
        ..step(payout)
    }
}

/// Whatever was tried, nothing of it was written.
async fn assert_untouched(store: &dyn Store, before: &Payout) {
    let name = &before.order.key;
    assert_eq!(store.payout(name).await.unwrap().as_ref(), Some(before));
    assert!(store.history(name).await.unwrap().is_empty());
    assert!(store.outbox(0, 10).await.unwrap().is_empty());
}

pub(super) async fn commit_writes_the_whole_step(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    let step = full_step(&before, None);
    let version = done(&*store, step.clone()).await;
    assert_ne!(version, before.version);
    let after = Payout { progress: step.progress, due_at: step.due_at, version, ..before };
    assert_eq!(stored(&*store, "k1").await, after);
    assert_eq!(store.history(&key("k1")).await.unwrap(), step.entries);
    let told: Vec<_> = store.outbox(0, 10).await.unwrap();
    let written: Vec<_> = step.notices.into_iter().map(|it| with_runs(it, &["a"])).collect();
    assert_eq!(told.into_iter().map(|(_, notice)| notice).collect::<Vec<_>>(), written);
}

pub(super) async fn commit_of_an_older_version_writes_nothing(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let id = receive(&*store, "alpha", &delivery("{}", "s", 0)).await;
    let old = stored(&*store, "k1").await;
    done(&*store, step(&old)).await;
    let before = stored(&*store, "k1").await;
    conflicts(&*store, full_step(&old, Some(id))).await;
    assert_untouched(&*store, &before).await;
    assert_eq!(inbox(&*store, 0, 10).await.len(), 1, "the delivery is still open");
}

pub(super) async fn commit_of_an_unknown_payout_is_a_conflict(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    let stranger = OrderKey::new("stranger").unwrap();
    conflicts(&*store, Step { key: stranger, ..full_step(&before, None) }).await;
    assert_untouched(&*store, &before).await;
}

pub(super) async fn commit_of_an_older_epoch_writes_nothing(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let id = receive(&*store, "alpha", &delivery("{}", "s", 0)).await;
    let stalled = claimed(&*store, 0, 1).await.remove(0).payout;
    let awake = claimed(&*store, 100, 1).await.remove(0).payout;
    let fence = Some(stalled.epoch);
    conflicts(&*store, Step { fence, ..full_step(&stalled, Some(id)) }).await;
    assert_untouched(&*store, &awake).await;
    assert_eq!(inbox(&*store, 0, 10).await.len(), 1, "the delivery is still open");
    done(&*store, Step { fence: Some(awake.epoch), ..step(&awake) }).await;
}

pub(super) async fn commit_under_an_expired_claim_stands_until_the_next_claim(
    store: Arc<dyn Store>,
) {
    released(&*store, &["k1"]).await;
    let late = claimed(&*store, 0, 1).await.remove(0).payout;
    // The store has no clock: nobody claimed it since, so nobody can have sent it since.
    let fence = Some(late.epoch);
    done(&*store, Step { fence, lease: Lease::End, ..full_step(&late, None) }).await;
}

pub(super) async fn commit_without_a_fence_ignores_claims(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    let claim = claimed(&*store, 0, 1).await.remove(0).payout;
    done(&*store, full_step(&before, None)).await;
    // And so the claim's own step, computed from what was there before, is refused.
    conflicts(&*store, Step { fence: Some(claim.epoch), ..step(&claim) }).await;
}

pub(super) async fn commit_that_keeps_the_claim_leaves_it_as_it_was(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let claim = claimed(&*store, 0, 1).await.remove(0).payout;
    let kept = Step { fence: Some(claim.epoch), due_at: Some(at(5)), ..step(&claim) };
    done(&*store, kept).await;
    assert_eq!(stored(&*store, "k1").await.epoch, claim.epoch);
    assert!(claimed(&*store, 29, 1).await.is_empty());
    assert_eq!(claimed(&*store, 30, 1).await.len(), 1);
}

pub(super) async fn commit_that_keeps_an_expired_claim_does_not_revive_it(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let claim = claimed(&*store, 0, 1).await.remove(0).payout;
    done(&*store, Step { fence: Some(claim.epoch), ..step(&claim) }).await;
    assert_eq!(claimed(&*store, 1_000, 1).await.len(), 1);
}

pub(super) async fn commit_that_ends_the_claim_frees_the_payout(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let claim = claimed(&*store, 0, 1).await.remove(0).payout;
    let ended = Step { fence: Some(claim.epoch), lease: Lease::End, ..step(&claim) };
    done(&*store, Step { due_at: Some(at(2)), ..ended }).await;
    assert!(claimed(&*store, 1, 1).await.is_empty());
    assert_eq!(claimed(&*store, 2, 1).await.len(), 1);
    assert_eq!(store.end_claims().await.unwrap(), 1);
}

pub(super) async fn commit_does_not_release_a_held_payout(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    set_due(&*store, "k1", Some(at(0))).await;
    assert!(claimed(&*store, 10, 1).await.is_empty());
    assert_eq!(next_due(&*store).await, None);
    assert_eq!(release(&*store, "a", 20).await, 1);
    assert_eq!(stored(&*store, "k1").await.due_at, Some(at(20)));
}

pub(super) async fn commit_of_two_at_once_lets_one_through(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    for _ in 0..20 {
        let payout = stored(&*store, "k1").await;
        let step = Step { entries: vec![asked(1, "once")], ..step(&payout) };
        let (one, two) = futures_util::join!(store.commit(step.clone()), store.commit(step));
        let both = [one.unwrap(), two.unwrap()];
        assert!(both.contains(&Committed::Conflict), "{both:?}");
        assert!(both.iter().any(|committed| *committed != Committed::Conflict), "{both:?}");
    }
    assert_eq!(store.history(&before.order.key).await.unwrap().len(), 20);
}

pub(super) async fn commit_closes_the_delivery_that_it_applies(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let first = receive(&*store, "alpha", &delivery("{\"n\":1}", "s", 0)).await;
    let second = receive(&*store, "alpha", &delivery("{\"n\":2}", "s", 0)).await;
    let payout = stored(&*store, "k1").await;
    done(&*store, full_step(&payout, Some(first))).await;
    let open = inbox(&*store, 0, 10).await;
    assert_eq!(open.iter().map(|item| item.id).collect::<Vec<_>>(), [second]);
    // Applying what is closed already is no error: two workers may have read the same delivery.
    let payout = stored(&*store, "k1").await;
    done(&*store, Step { applies: Some(first), ..step(&payout) }).await;
}

pub(super) async fn commit_with_an_unknown_delivery_writes_nothing(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    store.commit(full_step(&before, Some(InboxId(77)))).await.unwrap_err();
    assert_untouched(&*store, &before).await;
}

pub(super) async fn commit_numbers_notices_without_gaps(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2"]).await;
    for round in 0..5 {
        for name in ["k1", "k2"] {
            let payout = stored(&*store, name).await;
            let notices = vec![notice(name, round), notice(name, round + 100)];
            done(&*store, Step { notices: notices.clone(), ..step(&payout) }).await;
            conflicts(&*store, Step { notices, ..step(&payout) }).await;
        }
    }
    let told = store.outbox(0, 100).await.unwrap();
    let numbers: Vec<u64> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
    assert_eq!(told[3].1, with_runs(notice("k2", 100), &["a"]));
}

/// In a store that went back, two payouts that went the same way are one. So each write raises them by
/// another step.
pub(super) async fn versions_and_epochs_are_drawn_and_not_counted(store: Arc<dyn Store>) {
    let names = ["k1", "k2"];
    let mut steps = Vec::new();
    let mut rose = |kind, before: u64, after: u64| steps.push((kind, after - before));
    for name in names {
        submit(&*store, name, &[name]).await;
        let before = stored(&*store, name).await;
        release(&*store, name, 0).await;
        rose("released", before.version, stored(&*store, name).await.version);
    }
    let ways: [(i64, &dyn Begin); 2] = [(0, &NoAttempt), (100, &attempt)];
    for (ms, begin) in ways {
        for name in names {
            let before = stored(&*store, name).await;
            let claims = store.claim(claim_at(ms, 1), begin).await.unwrap();
            let after = &claims[0].payout;
            assert_eq!(after.order.key, key(name));
            rose("claimed", before.epoch, after.epoch);
            if ms > 0 {
                rose("begun", before.version, after.version);
            }
        }
    }
    for name in names {
        let before = stored(&*store, name).await;
        rose("written", before.version, done(&*store, step(&before)).await);
    }
    let all = steps.len();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), all, "{steps:?}");
}
