//! Cases: a payment is stored once, and beside the payout of the same key.

use std::sync::Arc;

use pagos_core::{BankCode, Currency, Document, DocumentType, Metadata, Money, Status};

use super::{
    payment_sample::{self, done, full_step, order, set_due, stored, submit_payment},
    sample::{self, account, asked, at, claimed, key, next_due, run},
};
use crate::{
    intent::Digest,
    list::{Filter, Page},
    payment::{PaymentProgress, store::SubmittedPayment},
    store::{Step, Store},
};

pub(super) async fn ask_for_stores_a_new_payment(store: Arc<dyn Store>) {
    let SubmittedPayment::New(payment) = store.submit_payment(order("k1"), at(3)).await.unwrap()
    else {
        panic!("it was not there");
    };
    assert_eq!(payment.order, order("k1"));
    assert_eq!(payment.digest, Digest::of(&order("k1")));
    assert_eq!(payment.progress, PaymentProgress::new(at(3)));
    assert_eq!((payment.due_at, payment.version), (None, 1));
    assert_eq!(stored(&*store, "k1").await, payment);
    assert!(store.payment_history(&key("k1")).await.unwrap().is_empty());
    assert!(payment_sample::claimed(&*store, i64::from(i32::MAX), 10).await.is_empty());
    assert_eq!(next_due(&*store).await, None);
}

pub(super) async fn ask_for_again_yields_what_is_stored(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    done(&*store, full_step(&stored(&*store, "k1").await, None)).await;
    let before = stored(&*store, "k1").await;
    let again = store.submit_payment(order("k1"), at(9)).await.unwrap();
    assert_eq!(again, SubmittedPayment::Existing(before.clone()));
    assert_eq!(stored(&*store, "k1").await, before);
}

pub(super) async fn ask_for_of_another_body_is_a_conflict(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let before = stored(&*store, "k1").await;
    let mut other_amount = order("k1");
    other_amount.amount = Money::new(1_990_001, Currency::Clp);
    let mut other_account = order("k1");
    other_account.account = account("gamma-mx");
    let mut other_payer = order("k1");
    other_payer.payer_name = None;
    for other in [other_amount, other_account, other_payer] {
        let other_key = other.account.clone();
        let asked = store.submit_payment(other, at(5)).await.unwrap();
        assert_eq!(asked, SubmittedPayment::Conflict, "{other_key}");
    }
    assert_eq!(stored(&*store, "k1").await, before);
    assert_eq!(store.payments(None, None, 10).await.unwrap(), [before]);
}

pub(super) async fn ask_for_keeps_every_field_of_an_order(store: Arc<dyn Store>) {
    let mut full = order("K_-9");
    full.amount = Money::new(i64::MAX, Currency::Clp);
    full.document = Document::new(DocumentType::Cc, "0012345678").ok();
    full.is_document_locked = true;
    full.bank = Some(BankCode::new("BANCO AV VILLAS").unwrap());
    full.email = Some("a@example.org".to_owned());
    full.phone = Some("+56 9 0000 0000".to_owned());
    full.description = Some("comillas \"\" y \\ y \u{0}".to_owned());
    full.return_url = Some("https://shop.example/ok?a=1&b=ñ".to_owned());
    full.cancel_url = Some(String::new());
    full.metadata = [("Invoice", "0012.50", true), ("", "", false)]
        .map(|(name, value, is_shown)| Metadata {
            name: name.to_owned(),
            value: value.to_owned(),
            is_shown,
        })
        .into();
    store.submit_payment(full.clone(), at(0)).await.unwrap();
    let payment = stored(&*store, "K_-9").await;
    assert!(payment.order == full, "{}", serde_json::to_string(&payment.order).unwrap());
    let again = store.submit_payment(full, at(1)).await.unwrap();
    assert_eq!(again, SubmittedPayment::Existing(payment));
}

pub(super) async fn ask_for_by_many_at_once_stores_it_once(store: Arc<dyn Store>) {
    let all = (0..20).map(|ms| store.submit_payment(order("k1"), at(ms)));
    let asked = futures_util::future::join_all(all).await;
    let is_new =
        |asked: &&Result<SubmittedPayment, _>| matches!(asked, Ok(SubmittedPayment::New(_)));
    let is_known =
        |asked: &&Result<SubmittedPayment, _>| matches!(asked, Ok(SubmittedPayment::Existing(_)));
    assert_eq!(asked.iter().filter(is_new).count(), 1);
    assert_eq!(asked.iter().filter(is_known).count(), 19);
    assert_eq!(store.payments(None, None, 10).await.unwrap().len(), 1);
}

pub(super) async fn payments_and_payouts_of_one_key_do_not_meet(store: Arc<dyn Store>) {
    sample::submit(&*store, "a", &["k1", "k2"]).await;
    assert_eq!(store.payment(&key("k1")).await.unwrap(), None);
    submit_payment(&*store, &["k1", "k3"]).await;
    assert_eq!(store.payout(&key("k3")).await.unwrap(), None);
    let (payout, payment) = (sample::stored(&*store, "k1").await, stored(&*store, "k1").await);
    // A step of the one leaves the other alone.
    done(&*store, full_step(&payment, None)).await;
    assert_eq!(sample::stored(&*store, "k1").await, payout);
    assert!(store.history(&key("k1")).await.unwrap().is_empty());
    let payment = stored(&*store, "k1").await;
    let told = store.payment_history(&key("k1")).await.unwrap();
    let (progress, entry) = sample::observed(&payout.progress, Status::Succeeded, 5);
    let entries = vec![entry, asked(6, "absent")];
    let step = Step { progress, entries: entries.clone(), ..sample::step(&payout) };
    sample::done(&*store, step).await;
    assert_eq!(stored(&*store, "k1").await, payment);
    assert_eq!(store.payment_history(&key("k1")).await.unwrap(), told);
    assert_eq!(store.history(&key("k1")).await.unwrap(), entries);
    // Nor does withdrawing a payout take a payment away.
    assert_eq!(store.withdraw(&run("a")).await.unwrap(), 1, "k1 has a history");
    assert_eq!(stored(&*store, "k1").await, payment);
    assert_eq!(store.payment_history(&key("k1")).await.unwrap(), told);
}

pub(super) async fn payments_are_not_claimed_listed_or_counted_as_payouts(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    set_due(&*store, "k1", Some(at(0))).await;
    assert!(claimed(&*store, 9, 10).await.is_empty());
    assert!(store.list(&Filter::default(), &Page::by_key(10)).await.unwrap().is_empty());
    assert_eq!(store.tally(None).await.unwrap().total(), 0);
    assert_eq!(store.end_claims().await.unwrap(), 0);
    sample::released(&*store, &["k2"]).await;
    let claimed = payment_sample::claimed(&*store, 9, 10).await;
    assert!(claimed.iter().all(|due| due.order == order("k1")));
    assert_eq!(store.payments(None, None, 10).await.unwrap().len(), 1);
}
