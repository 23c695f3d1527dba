//! Cases: which payments are read back, in which order, page by page, and which are due.

use std::sync::Arc;

use pagos_core::{FailReason, Status};

use super::{
    payment_sample::{
        self, conflicts, done, full_step, set_due, step, stored, submit_payment, with_session,
    },
    sample::{
        self, LEASE, asked, at, claimed, close_as, defer_until, delivery, key, next_due, receive,
    },
};
use crate::{
    delivery::InboxState,
    history::{Entry, Proof},
    payment::{Opening, Payment, store::PaymentStep},
    progress::Attention,
    store::{Lease, Store},
};

fn keys(payments: &[Payment]) -> Vec<&str> {
    payments.iter().map(|payment| payment.order.key.as_str()).collect()
}

async fn reach(store: &dyn Store, name: &str, status: Status, attention: Option<Attention>) {
    let payment = stored(store, name).await;
    let mut progress = match status {
        Status::Created => payment.progress.clone(),
        _ => with_session(&payment.progress, &format!("s-{name}"), status, 5).0,
    };
    if status == Status::Unknown {
        progress.sessions.clear();
        progress.opening = Some(Opening { begun_at: at(5) });
    }
    progress.attention = attention;
    done(store, PaymentStep { progress, ..step(&payment) }).await;
}

async fn due(store: &dyn Store, ms: i64, limit: usize) -> Vec<String> {
    // Due, and free again for the next look.
    let due = payment_sample::claimed(store, ms, limit).await;
    for payment in &due {
        done(store, PaymentStep { lease: Lease::End, ..step(payment) }).await;
    }
    keys(&due).into_iter().map(str::to_owned).collect()
}

pub(super) async fn payment_of_an_unknown_key_is_none(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    for name in ["K1", "k", "k11"] {
        assert_eq!(store.payment(&key(name)).await.unwrap(), None, "{name}");
        assert!(store.payment_history(&key(name)).await.unwrap().is_empty(), "{name}");
    }
}

pub(super) async fn payments_page_in_the_order_of_keys(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k3", "K9", "k10", "k1", "_", "-a", "0"]).await;
    let sorted = ["-a", "0", "K9", "_", "k1", "k10", "k3"];
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.payments(None, after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.order.key.clone());
        seen.extend(page);
        assert!(seen.len() <= sorted.len(), "{:?}", keys(&seen));
    }
    assert_eq!(keys(&seen), sorted);
    let from_the_gap = store.payments(None, Some(&key("k0")), 10).await.unwrap();
    assert_eq!(keys(&from_the_gap), ["k1", "k10", "k3"]);
    assert!(store.payments(None, None, 0).await.unwrap().is_empty());
    assert_eq!(store.payments(None, None, usize::MAX).await.unwrap().len(), 7);
    assert_eq!(seen[4], stored(&*store, "k1").await);
}

pub(super) async fn payments_filter_by_status_word(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2", "k3", "k4", "k5", "k6", "k7"]).await;
    let doubt = Some(Attention::Doubt("no answer".to_owned()));
    let surplus = Some(Attention::Surplus("paid 2 times".to_owned()));
    let quarantine = Some(Attention::Quarantine("another amount".to_owned()));
    reach(&*store, "k2", Status::Unknown, doubt).await;
    reach(&*store, "k3", Status::Pending, None).await;
    reach(&*store, "k4", Status::Succeeded, surplus).await;
    reach(&*store, "k5", Status::Failed(FailReason::Returned), None).await;
    reach(&*store, "k6", Status::Failed(FailReason::Expired), None).await;
    reach(&*store, "k7", Status::Succeeded, quarantine).await;
    let expected: [(&str, &[&str]); 8] = [
        ("created", &["k1"]),
        ("unknown", &["k2"]),
        ("pending", &["k3"]),
        ("succeeded", &["k4"]),
        ("failed", &["k5", "k6"]),
        ("quarantined", &["k7"]),
        ("Failed", &[]),
        ("", &[]),
    ];
    for (word, wanted) in expected {
        let found = store.payments(Some(word), None, 10).await.unwrap();
        assert_eq!(keys(&found), wanted, "{word}");
    }
    // A word is of the present, not of the past.
    reach(&*store, "k3", Status::Succeeded, None).await;
    assert!(store.payments(Some("pending"), None, 10).await.unwrap().is_empty());
    let succeeded = store.payments(Some("succeeded"), None, 10).await.unwrap();
    assert_eq!(succeeded, [stored(&*store, "k3").await, stored(&*store, "k4").await]);
}

pub(super) async fn payments_of_a_status_are_paged_too(store: Arc<dyn Store>) {
    let names: Vec<String> = (0..9).map(|number| format!("k{}", (number * 7) % 9)).collect();
    for (number, name) in names.iter().enumerate() {
        submit_payment(&*store, &[name]).await;
        let is_odd = !number.is_multiple_of(2);
        reach(&*store, name, if is_odd { Status::Pending } else { Status::Created }, None).await;
    }
    let mut wanted: Vec<&str> = names.iter().skip(1).step_by(2).map(String::as_str).collect();
    wanted.sort_unstable();
    let first = store.payments(Some("pending"), None, 3).await.unwrap();
    assert_eq!(keys(&first), wanted[..3]);
    let rest = store.payments(Some("pending"), Some(&first[2].order.key), 3).await.unwrap();
    assert_eq!(keys(&rest), wanted[3..]);
    assert!(store.payments(Some("pending"), Some(&key("k9")), 3).await.unwrap().is_empty());
    assert!(store.payments(Some("pending"), None, 0).await.unwrap().is_empty());
}

pub(super) async fn due_payments_give_the_earliest_first(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2", "k3", "k4"]).await;
    for (name, ms) in [("k1", 30), ("k2", 10), ("k3", 20), ("k4", -5)] {
        set_due(&*store, name, Some(at(ms))).await;
    }
    assert_eq!(due(&*store, 30, 10).await, ["k4", "k2", "k3", "k1"]);
    assert_eq!(due(&*store, 30, 2).await, ["k4", "k2"], "the limit cuts off the latest");
    assert!(due(&*store, 30, 0).await.is_empty());
    assert_eq!(due(&*store, 30, usize::MAX).await.len(), 4);
    let due = payment_sample::claimed(&*store, 10, 2).await;
    assert_eq!(due[1], stored(&*store, "k2").await);
}

pub(super) async fn due_payments_leave_out_what_is_due_later(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2", "k3"]).await;
    set_due(&*store, "k1", Some(at(10))).await;
    set_due(&*store, "k2", Some(at(11))).await;
    assert!(due(&*store, 9, 10).await.is_empty());
    assert_eq!(due(&*store, 10, 10).await, ["k1"]);
    assert_eq!(due(&*store, 1_000_000, 10).await, ["k1", "k2"], "k3 is not due at any time");
}

pub(super) async fn a_claimed_payment_is_one_workers_until_the_lease_ends(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    set_due(&*store, "k1", Some(at(10))).await;
    let mine = payment_sample::claimed(&*store, 50, 10).await;
    assert_eq!(mine, [stored(&*store, "k1").await]);
    assert!(payment_sample::claimed(&*store, 50, 10).await.is_empty());
    assert_eq!(next_due(&*store).await, Some(at(50).plus(LEASE)));
    // A webhook writes beside the claim, and leaves it.
    done(&*store, step(&mine[0])).await;
    assert!(payment_sample::claimed(&*store, 79, 10).await.is_empty());
    let again = payment_sample::claimed(&*store, 80, 10).await;
    assert_eq!(keys(&again), ["k1"]);
    let ends = PaymentStep { lease: Lease::End, due_at: Some(at(81)), ..step(&again[0]) };
    done(&*store, ends).await;
    assert_eq!(next_due(&*store).await, Some(at(81)));
    assert_eq!(keys(&payment_sample::claimed(&*store, 81, 10).await), ["k1"]);
    conflicts(&*store, PaymentStep { lease: Lease::End, ..step(&mine[0]) }).await;
    assert_eq!(store.end_claims().await.unwrap(), 1);
    assert_eq!(keys(&payment_sample::claimed(&*store, 81, 10).await), ["k1"]);
}

pub(super) async fn payment_history_is_complete_and_in_order(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    let mut written = Vec::new();
    for round in 0..12_u32 {
        let payment = stored(&*store, "k1").await;
        let ms = i64::from(round);
        let (progress, entry) =
            with_session(&payment.progress, &format!("s{round}"), Status::Pending, ms);
        let closed = Entry::AttemptClosed {
            number: round,
            proof: Proof::NeverReached,
            at: at(ms),
            because: "ñ".to_owned(),
        };
        // Times go backwards: the order is the order of writing.
        let entries = vec![entry, asked(1_000 - ms, "absent"), closed];
        written.extend(entries.clone());
        done(&*store, PaymentStep { progress, entries, ..step(&payment) }).await;
        let other = stored(&*store, "k2").await;
        done(&*store, PaymentStep { entries: vec![asked(ms, "other")], ..step(&other) }).await;
    }
    assert_eq!(store.payment_history(&key("k1")).await.unwrap(), written);
    assert_eq!(store.payment_history(&key("k2")).await.unwrap().len(), 12);
}

pub(super) async fn next_due_minds_payments(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    assert_eq!(next_due(&*store).await, None);
    done(&*store, full_step(&stored(&*store, "k1").await, None)).await;
    assert_eq!(next_due(&*store).await, Some(at(70)));
    set_due(&*store, "k2", Some(at(60))).await;
    assert_eq!(next_due(&*store).await, Some(at(60)));
    set_due(&*store, "k2", None).await;
    assert_eq!(next_due(&*store).await, Some(at(70)));
    set_due(&*store, "k1", None).await;
    assert_eq!(next_due(&*store).await, None);
}

pub(super) async fn next_due_is_the_earliest_of_everything(store: Arc<dyn Store>) {
    // The same key on both sides.
    sample::released(&*store, &["k1"]).await;
    submit_payment(&*store, &["k1"]).await;
    let id = receive(&*store, "gamma", &delivery("{}", "s", 30)).await;
    let all = [(10, 20, 30), (20, 10, 30), (30, 20, 10), (25, 25, 10), (10, 10, 10)];
    for (payout_ms, payment_ms, delivery_ms) in all {
        sample::set_due(&*store, "k1", Some(at(payout_ms))).await;
        set_due(&*store, "k1", Some(at(payment_ms))).await;
        store.file(id, defer_until(delivery_ms)).await.unwrap();
        assert_eq!(next_due(&*store).await, Some(at(10)));
    }
    // Claims, closed deliveries and what is not due drop out; a payment does not.
    assert_eq!(claimed(&*store, 10, 1).await.len(), 1);
    store.file(id, close_as(InboxState::Orphan)).await.unwrap();
    set_due(&*store, "k1", Some(at(35))).await;
    assert_eq!(next_due(&*store).await, Some(at(35)), "the claim ends at 40");
    set_due(&*store, "k1", Some(at(45))).await;
    assert_eq!(next_due(&*store).await, Some(at(40)));
    sample::set_due(&*store, "k1", None).await;
    assert_eq!(next_due(&*store).await, Some(at(45)));
}
