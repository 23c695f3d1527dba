//! Cases: a session is found by its account and the provider's id of it, with its secret, and
//! belongs to one payment.
//!
//! The one place of the suite in which a secret is looked at.

use std::sync::Arc;

use pagos_core::Secret;

use super::{
    payment_sample::{
        assert_untouched, conflicts, done, full_step, is_taken, opened, order, reference, step,
        stored, submit_payment,
    },
    sample::{account, at, delivery, inbox, key, receive},
};
use crate::{
    delivery::InboxId,
    payment::{
        KnownSession,
        store::{OpenedSession, PaymentCommitted, PaymentStep},
    },
    store::Store,
};

/// A session as plain text, so that two of them can be compared: whose it is, and its secret.
pub(super) fn plain(known: Option<&KnownSession>) -> Option<(&str, Option<&str>)> {
    known.map(|known| (known.key.as_str(), known.secret.as_ref().map(|secret| secret.expose())))
}

async fn open(store: &dyn Store, name: &str, session: OpenedSession) {
    let payment = stored(store, name).await;
    done(store, PaymentStep { opens: Some(session), ..step(&payment) }).await;
}

/// Asserts whose the session is, and with which secret.
async fn assert_known(store: &dyn Store, of: &str, name: &str, wanted: Option<(&str, &str)>) {
    let known = store.session(&account(of), &reference(name)).await.unwrap();
    let wanted = wanted.map(|(key, secret)| (key, Some(secret)));
    assert_eq!(plain(known.as_ref()), wanted, "{of}, {name}");
}

pub(super) async fn session_is_found_by_its_id(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    open(&*store, "k1", opened("s1", "one")).await;
    open(&*store, "k2", opened("s2", "two")).await;
    open(&*store, "k1", opened("s3", "three")).await;
    // A step that opens nothing takes nothing away.
    done(&*store, step(&stored(&*store, "k1").await)).await;
    assert_known(&*store, "gamma", "s1", Some(("k1", "one"))).await;
    assert_known(&*store, "gamma", "s2", Some(("k2", "two"))).await;
    assert_known(&*store, "gamma", "s3", Some(("k1", "three"))).await;
}

pub(super) async fn session_of_an_unknown_id_is_none(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    open(&*store, "k1", opened("s1", "one")).await;
    for name in ["S1", "s", "s11", "k1", "s1%", "s_"] {
        assert_known(&*store, "gamma", name, None).await;
    }
    for of in ["gamma-mx", "alpha"] {
        assert_known(&*store, of, "s1", None).await;
    }
}

pub(super) async fn session_keeps_its_secret_exactly(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let long = "0123456789abcdef".repeat(512);
    let secrets = ["a", "", " x ", "ñ\u{1f4b8}\"'\\", "a\u{0}b", "0012.50", "1e3", "NULL", &long];
    for (number, secret) in secrets.into_iter().enumerate() {
        open(&*store, "k1", opened(&format!("s{number}"), secret)).await;
    }
    for (number, secret) in secrets.into_iter().enumerate() {
        let name = format!("s{number}");
        assert_known(&*store, "gamma", &name, Some(("k1", secret))).await;
    }
}

pub(super) async fn session_without_a_secret_has_none(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let name = "!#$%&'()*+,-./:;<=>?@[]^_`{|}~".repeat(4);
    open(&*store, "k1", OpenedSession { reference: reference(&name), secret: None }).await;
    let known = store.session(&account("gamma"), &reference(&name)).await.unwrap();
    assert_eq!(plain(known.as_ref()), Some(("k1", None)));
}

pub(super) async fn session_of_another_account_is_another_session(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    let mut elsewhere = order("k2");
    elsewhere.account = account("alpha");
    store.submit_payment(elsewhere, at(0)).await.unwrap();
    open(&*store, "k1", opened("s1", "one")).await;
    open(&*store, "k2", opened("s1", "two")).await;
    assert_known(&*store, "gamma", "s1", Some(("k1", "one"))).await;
    assert_known(&*store, "alpha", "s1", Some(("k2", "two"))).await;
}

pub(super) async fn session_of_another_payment_is_taken(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    let id = receive(&*store, "gamma", &delivery("{}", "s", 0)).await;
    open(&*store, "k1", opened("taken", "one")).await;
    let (owner, before) = (stored(&*store, "k1").await, stored(&*store, "k2").await);
    let thief = full_step(&before, Some(id));
    is_taken(&*store, PaymentStep { opens: Some(opened("taken", "two")), ..thief }).await;
    // Nothing of the step is written, for neither of them.
    assert_untouched(&*store, &before).await;
    assert_eq!(stored(&*store, "k1").await, owner);
    assert_eq!(inbox(&*store, 0, 10).await.len(), 1, "the delivery is still open");
    assert_known(&*store, "gamma", "taken", Some(("k1", "one"))).await;
    // That is an answer, so it comes before a delivery that is not there, which is an error.
    let twice = full_step(&before, Some(InboxId(77)));
    is_taken(&*store, PaymentStep { opens: Some(opened("taken", "two")), ..twice }).await;
    done(&*store, full_step(&before, Some(id))).await;
}

pub(super) async fn session_may_be_opened_again_by_its_payment(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1"]).await;
    open(&*store, "k1", opened("s1", "one")).await;
    open(&*store, "k1", opened("s1", "two")).await;
    assert_known(&*store, "gamma", "s1", Some(("k1", "two"))).await;
}

pub(super) async fn session_opened_by_two_payments_at_once_is_of_one(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    for round in 0..20 {
        let name = format!("s{round}");
        let (one, two) = (stored(&*store, "k1").await, stored(&*store, "k2").await);
        let take = |payment, secret| {
            let opens = Some(OpenedSession {
                reference: reference(&name),
                secret: Some(Secret::new(secret)),
            });
            store.commit_payment(PaymentStep { opens, ..step(payment) })
        };
        let (first, second) = futures_util::join!(take(&one, "one"), take(&two, "two"));
        let (first, second) = (first.unwrap(), second.unwrap());
        let owner = match (first, second) {
            (PaymentCommitted::Done { .. }, PaymentCommitted::SessionTaken) => ("k1", "one"),
            (PaymentCommitted::SessionTaken, PaymentCommitted::Done { .. }) => ("k2", "two"),
            both => panic!("{both:?}"),
        };
        assert_known(&*store, "gamma", &name, Some(owner)).await;
    }
}

pub(super) async fn session_of_a_refused_step_is_not_stored(store: Arc<dyn Store>) {
    submit_payment(&*store, &["k1", "k2"]).await;
    let old = stored(&*store, "k1").await;
    done(&*store, step(&old)).await;
    let now = stored(&*store, "k1").await;
    let opens = Some(opened("s1", "one"));
    conflicts(&*store, PaymentStep { opens: opens.clone(), ..step(&old) }).await;
    let stranger = PaymentStep { key: key("stranger"), opens: opens.clone(), ..step(&now) };
    conflicts(&*store, stranger).await;
    let applies = Some(InboxId(77));
    let broken = PaymentStep { opens: opens.clone(), applies, ..step(&now) };
    store.commit_payment(broken).await.unwrap_err();
    assert_known(&*store, "gamma", "s1", None).await;
    // So it is still free, for the other payment too.
    open(&*store, "k2", opened("s1", "two")).await;
    // And a refused step of its owner changes no secret.
    let owner = stored(&*store, "k2").await;
    let broken = PaymentStep { opens, applies, ..step(&owner) };
    store.commit_payment(broken).await.unwrap_err();
    assert_known(&*store, "gamma", "s1", Some(("k2", "two"))).await;
}
