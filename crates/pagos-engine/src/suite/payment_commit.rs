//! Cases: a step of a payment is written whole or not at all, and only over what it was computed
//! from.

use std::sync::Arc;

use super::{
    payment_sample::{
        assert_untouched, conflicts, done, full_step, payment_notice, step, stored, submit_payment,
    },
    sample::{self, account, asked, delivery, inbox, key, notice, receive, with_runs},
};
use crate::{
    delivery::InboxId,
    payment::{
        Payment,
        store::{PaymentCommitted, PaymentStep},
    },
    store::{Step, Store},
};

pub(super) async fn commit_payment_writes_the_whole_step(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    let before = stored(&*store, "k1").await;
    let other = stored(&*store, "k2").await;
    let step = full_step(&before, None);
    let version = done(&*store, step.clone()).await;
    assert!(version > before.version);
    let after = Payment { progress: step.progress, due_at: step.due_at, version, ..before };
    assert_eq!(stored(&*store, "k1").await, after);
    assert_eq!(store.payment_history(&key("k1")).await.unwrap(), step.entries);
    let told = store.outbox(0, 10).await.unwrap();
    assert_eq!(told.into_iter().map(|(_, notice)| notice).collect::<Vec<_>>(), step.notices);
    let opened = step.opens.unwrap();
    let known = store.session(&account("gamma"), &opened.reference).await.unwrap();
    assert_eq!(known.unwrap().key, key("k1"));
    assert_eq!(stored(&*store, "k2").await, other, "and nothing of another payment");
    assert!(store.payment_history(&key("k2")).await.unwrap().is_empty());
}

pub(super) async fn commit_payment_of_an_older_version_writes_nothing(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let id = receive(&*store, "gamma", &delivery("{}", "s", 0)).await;
    let old = stored(&*store, "k1").await;
    done(&*store, step(&old)).await;
    let before = stored(&*store, "k1").await;
    let ahead = Payment { version: before.version + 1, ..before.clone() };
    for wrong in [old, ahead] {
        conflicts(&*store, full_step(&wrong, Some(id))).await;
        assert_untouched(&*store, &before).await;
        assert_eq!(inbox(&*store, 0, 10).await.len(), 1, "the delivery is still open");
    }
}

pub(super) async fn commit_payment_of_an_unknown_payment_is_a_conflict(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    // A payout of that name is no payment.
    sample::released(&*store, &["stranger"]).await;
    let id = receive(&*store, "gamma", &delivery("{}", "s", 0)).await;
    let before = stored(&*store, "k1").await;
    conflicts(&*store, PaymentStep { key: key("stranger"), ..full_step(&before, Some(id)) }).await;
    assert_untouched(&*store, &before).await;
    assert_eq!(store.payment(&key("stranger")).await.unwrap(), None);
    assert!(store.payment_history(&key("stranger")).await.unwrap().is_empty());
    assert_eq!(inbox(&*store, 0, 10).await.len(), 1, "the delivery is still open");
}

pub(super) async fn commit_payment_of_two_at_once_lets_one_through(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    for _ in 0..20 {
        let payment = stored(&*store, "k1").await;
        let step = PaymentStep { entries: vec![asked(1, "once")], ..step(&payment) };
        let (one, two) =
            futures_util::join!(store.commit_payment(step.clone()), store.commit_payment(step));
        let both = [one.unwrap(), two.unwrap()];
        assert!(both.contains(&PaymentCommitted::Conflict), "{both:?}");
        assert!(both.iter().any(|committed| *committed != PaymentCommitted::Conflict), "{both:?}");
    }
    assert_eq!(store.payment_history(&key("k1")).await.unwrap().len(), 20);
}

pub(super) async fn commit_payment_closes_the_delivery_that_it_applies(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let first = receive(&*store, "gamma", &delivery("{\"n\":1}", "s", 0)).await;
    let second = receive(&*store, "gamma", &delivery("{\"n\":2}", "s", 0)).await;
    done(&*store, full_step(&stored(&*store, "k1").await, Some(first))).await;
    let open = inbox(&*store, 0, 10).await;
    assert_eq!(open.iter().map(|item| item.id).collect::<Vec<_>>(), [second]);
    // Applying what is closed already is no error: two workers may have read the same delivery.
    let payment = stored(&*store, "k1").await;
    done(&*store, PaymentStep { applies: Some(first), ..step(&payment) }).await;
    // A step that applies nothing closes nothing.
    done(&*store, step(&stored(&*store, "k1").await)).await;
    assert_eq!(inbox(&*store, 0, 10).await.len(), 1);
}

pub(super) async fn commit_payment_with_an_unknown_delivery_writes_nothing(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    store.commit_payment(full_step(&before, Some(InboxId(77)))).await.unwrap_err();
    assert_untouched(&*store, &before).await;
    // What failed is not in the way of the same step without it.
    done(&*store, full_step(&before, None)).await;
}

pub(super) async fn commit_payment_numbers_notices_with_those_of_payouts(store: Arc<dyn Store>) {
    sample::released(&*store, &["k1"]).await;
    submit_payment(&*store, &["k1"]).await;
    let mut wanted = Vec::new();
    for round in 0..5 {
        let payment = stored(&*store, "k1").await;
        let notices = vec![payment_notice("k1", round), payment_notice("k1", round + 100)];
        done(&*store, PaymentStep { notices: notices.clone(), ..step(&payment) }).await;
        conflicts(&*store, PaymentStep { notices: notices.clone(), ..step(&payment) }).await;
        wanted.extend(notices);
        let payout = sample::stored(&*store, "k1").await;
        let notices = vec![notice("k1", round)];
        sample::done(&*store, Step { notices: notices.clone(), ..sample::step(&payout) }).await;
        wanted.extend(notices.into_iter().map(|notice| with_runs(notice, &["a"])));
    }
    let told = store.outbox(0, 100).await.unwrap();
    assert_eq!(told, (1..=15).zip(wanted).collect::<Vec<_>>());
    assert_eq!(store.outbox(3, 2).await.unwrap(), told[3..5]);
}
