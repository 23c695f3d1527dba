//! Payments, their sessions and steps for the cases of the suite. All of it is invented.

use pagos_core::{
    Currency, Money, Observation, PaymentOrder, ProviderRef, Secret, Status, Timestamp,
};

use super::sample::{ACCOUNTS, account, asked, at, key, news, observation, shares};
use crate::{
    delivery::InboxId,
    history::{Entry, Notice, NoticeAbout, NoticeKind, OrderNews},
    payment::{
        Opening, Payment, PaymentProgress, Session,
        store::{OpenedSession, PaymentCommitted, PaymentStep, SubmittedPayment},
    },
    progress::{Asking, Attention},
    store::{ClaimRequest, Lease, Store, Work},
};

pub(super) fn order(name: &str) -> PaymentOrder {
    PaymentOrder {
        payer_name: Some("María Ñuñez \"Ñ\" O'Higgins".to_owned()),
        ..PaymentOrder::new(key(name), account("gamma"), Money::new(1_990_000, Currency::Clp))
    }
}

/// Asks for payments that are not there yet, at the beginning of time.
pub(super) async fn submit_payment(store: &dyn Store, names: &[&str]) {
    for name in names {
        let asked = store.submit_payment(order(name), at(0)).await.unwrap();
        assert!(matches!(asked, SubmittedPayment::New(_)), "{name}: {asked:?}");
    }
}

pub(super) async fn stored(store: &dyn Store, name: &str) -> Payment {
    store.payment(&key(name)).await.unwrap().expect("a stored payment")
}

/// A step that changes nothing but the version.
pub(super) fn step(payment: &Payment) -> PaymentStep {
    PaymentStep {
        key: payment.order.key.clone(),
        version: payment.version,
        lease: Lease::Keep,
        progress: payment.progress.clone(),
        opens: None,
        due_at: payment.due_at,
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    }
}

pub(super) async fn done(store: &dyn Store, step: PaymentStep) -> u64 {
    match store.commit_payment(step).await.unwrap() {
        PaymentCommitted::Done { version } => version,
        refused => panic!("a step in order was refused: {refused:?}"),
    }
}

pub(super) async fn conflicts(store: &dyn Store, step: PaymentStep) {
    assert_eq!(store.commit_payment(step).await.unwrap(), PaymentCommitted::Conflict);
}

pub(super) async fn is_taken(store: &dyn Store, step: PaymentStep) {
    assert_eq!(store.commit_payment(step).await.unwrap(), PaymentCommitted::SessionTaken);
}

/// Claims payments of every account.
pub(super) async fn claimed(store: &dyn Store, ms: i64, limit: usize) -> Vec<Payment> {
    let request = ClaimRequest { now: at(ms), shares: shares(&ACCOUNTS, &[Work::Follow], limit) };
    store.claim_payments(request).await.unwrap()
}

/// Reads a payment, writes it with another due time, and expects no conflict.
pub(super) async fn set_due(store: &dyn Store, name: &str, due_at: Option<Timestamp>) {
    let payment = stored(store, name).await;
    done(store, PaymentStep { due_at, ..step(&payment) }).await;
}

pub(super) fn reference(text: &str) -> ProviderRef {
    ProviderRef::new(text).unwrap()
}

pub(super) fn opened(name: &str, secret: &str) -> OpenedSession {
    OpenedSession { reference: reference(name), secret: Some(Secret::new(secret)) }
}

/// A progress with one more session, in which a payer's try stands at `status`.
pub(super) fn with_session(
    progress: &PaymentProgress,
    name: &str,
    status: Status,
    ms: i64,
) -> (PaymentProgress, Entry) {
    let mut progress = progress.clone();
    let mut session = Session {
        reference: reference(name),
        url: Some(format!("https://pay.example/{name}?a=ñ&b=\"")),
        code: Some("00020101".to_owned()),
        opened_at: at(ms),
        closes_at: Some(at(ms + 900_000)),
        tries: Vec::new(),
    };
    session.try_of(None, at(ms));
    let transfer = reference(&format!("transfer-of-{name}"));
    let seen = Observation { transfer: Some(transfer), reference: None, ..observation(status, ms) };
    let change = session.try_of(seen.transfer.as_ref(), at(ms)).standing.apply(&seen);
    progress.sessions.push(session);
    (progress, Entry::Observed { observation: seen, change })
}

/// A step with all that a step can carry: it opens the session `s1`.
pub(super) fn full_step(payment: &Payment, applies: Option<InboxId>) -> PaymentStep {
    let (progress, first) = with_session(&payment.progress, "s0", Status::Succeeded, 6);
    let (mut progress, second) = with_session(&progress, "s1", Status::Pending, 7);
    progress.opening = Some(Opening { begun_at: at(5) });
    progress.openings = 2;
    progress.asking = Asking { queries: 3, absences: 1 };
    progress.settled_at = Some(at(7));
    progress.attention = Some(Attention::Surplus("paid 2 times: ñ".to_owned()));
    let name = payment.order.key.as_str();
    PaymentStep {
        progress,
        opens: Some(opened("s1", "secret of s1")),
        due_at: Some(at(70)),
        entries: vec![
            Entry::AttemptBegun { number: 1, at: at(5), epoch: 0 },
            first,
            second,
            asked(8, "no"),
        ],
        notices: vec![payment_notice(name, 7), payment_notice(name, 8)],
        applies,
        ..step(payment)
    }
}

pub(super) fn payment_notice(name: &str, ms: i64) -> Notice {
    let news =
        OrderNews { amount: order(name).amount, reference: Some(reference("s1")), ..news(name) };
    Notice {
        account: account("gamma"),
        event: NoticeKind::Reversed { from: Status::Succeeded },
        about: NoticeAbout::Payment(news),
        at: at(ms),
    }
}

/// Whatever was tried, nothing of it was written: the payment is as it was `before`, without a
/// history; `s1` is no session, and the application was told nothing.
pub(super) async fn assert_untouched(store: &dyn Store, before: &Payment) {
    let Payment { order, .. } = before;
    assert_eq!(store.payment(&order.key).await.unwrap().as_ref(), Some(before));
    assert!(store.payment_history(&order.key).await.unwrap().is_empty());
    assert!(store.outbox(0, 10).await.unwrap().is_empty());
    assert!(store.session(&order.account, &reference("s1")).await.unwrap().is_none());
}
