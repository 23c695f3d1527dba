//! Cases: deliveries are kept byte for byte, once, with the verdict that was found, and never lost.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use pagos_core::{Event, Hint, ProviderRef, Status, Subject};

use super::{
    payment_sample,
    sample::{
        ACCOUNTS, account, at, close_as, defer_until, delivery, done, inbox, key, lanes, next_due,
        notice, observation, receive, released, step, stored, submit,
    },
};
use crate::{
    delivery::{
        Filing, InboxId, InboxItem, InboxState, REPETITION_SPACING, Refused, Trust, Verdict,
    },
    payment::store::PaymentStep,
    store::{Step, Store, Work},
};

/// What was verified, then the hints.
async fn open(store: &dyn Store, ms: i64) -> Vec<InboxId> {
    let mut open = ids(&inbox(store, ms, 100).await);
    let hints = store.inbox(Trust::Unverified, &ACCOUNTS.map(account), at(ms), 100).await.unwrap();
    open.extend(ids(&hints));
    open
}

fn ids(items: &[InboxItem]) -> Vec<InboxId> {
    items.iter().map(|item| item.id).collect()
}

fn hint(key_text: Option<&str>, reference: Option<&str>) -> Hint {
    Hint {
        key: key_text.map(key),
        reference: reference.map(|text| ProviderRef::new(text).unwrap()),
    }
}

fn genuine(hint: Hint) -> Verdict {
    let event = Event {
        subject: Subject::Payout,
        key: hint.key,
        reference: hint.reference,
        observation: Some(observation(Status::Succeeded, 7)),
    };
    Verdict::Genuine { event }
}

/// Receives a delivery for `alpha` at `ms`.
async fn receive_as(store: &dyn Store, body: &str, ms: i64, verdict: &Verdict) -> InboxId {
    store.receive(&account("alpha"), &delivery(body, "s", ms), verdict).await.unwrap()
}

async fn state(store: &dyn Store, id: InboxId) -> InboxState {
    store.delivery(id).await.unwrap().expect("a delivery").state
}

pub(super) async fn receive_keeps_the_bytes_and_headers_exactly(store: Arc<dyn Store>) {
    let mut odd = delivery("", "s", 3);
    odd.body = Bytes::from_static(b" {\"b\" : 5150.0000,\r\n\"a\":\"\xff\x00\"}\n");
    let signature = HeaderName::from_static("x-signature");
    odd.headers.append(signature.clone(), HeaderValue::from_static("two; one"));
    odd.headers.append(signature, HeaderValue::from_static("a:b \t c"));
    odd.headers.append("x-latin", HeaderValue::from_bytes(b"\xe9\xf1").unwrap());
    odd.headers.append("x-empty", HeaderValue::from_static(""));
    odd.headers.append("host", HeaderValue::from_static("pagos.example"));
    let id = receive(&*store, "alpha", &odd).await;
    let items = inbox(&*store, 3, 10).await;
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].id, &items[0].account), (id, &account("alpha")));
    assert_eq!(items[0].delivery.body, odd.body);
    assert_eq!(items[0].delivery.headers, odd.headers);
    assert_eq!(items[0].delivery.received_at, at(3));
    assert_eq!(items[0].deferrals, 0);
}

pub(super) async fn receive_keeps_the_verdict_exactly(store: Arc<dyn Store>) {
    let because = "línea 1\nlínea 2 \"\" \\".to_owned();
    let verdicts = [
        genuine(hint(Some("k1"), Some("R1"))),
        genuine(hint(None, None)),
        Verdict::Hint { hint: hint(Some("k1"), None) },
        Verdict::Hint { hint: hint(None, None) },
        Verdict::Unreadable { hint: hint(None, Some("R1")), because },
    ];
    for (number, verdict) in verdicts.iter().enumerate() {
        let id = receive_as(&*store, &number.to_string(), 1, verdict).await;
        let filed = store.delivery(id).await.unwrap().unwrap();
        assert_eq!(filed.item.verdict.as_ref(), Some(verdict));
        assert_eq!((filed.state, filed.repeats), (InboxState::Open, 0));
    }
}

pub(super) async fn receive_of_a_repeat_stores_it_once(store: Arc<dyn Store>) {
    let first = receive(&*store, "alpha", &delivery("{}", "s", 1)).await;
    let second = receive(&*store, "alpha", &delivery("{}", "s", 2)).await;
    assert_eq!(first, second);
    let items = inbox(&*store, 9, 10).await;
    assert_eq!(ids(&items), [first]);
    assert_eq!(items[0].delivery.received_at, at(1), "the first copy is the one that is kept");
    assert_eq!(store.delivery(first).await.unwrap().unwrap().repeats, 1);
}

pub(super) async fn receive_tells_accounts_bodies_and_signatures_apart(store: Arc<dyn Store>) {
    let first = receive(&*store, "alpha", &delivery("{}", "s", 1)).await;
    let other_body = receive(&*store, "alpha", &delivery("{ }", "s", 1)).await;
    let to_other = receive(&*store, "gamma", &delivery("{}", "s", 1)).await;
    // A forged copy that comes first must not hide the genuine one.
    let other_signature = receive(&*store, "alpha", &delivery("{}", "t", 1)).await;
    let mut unforeseen = delivery("{}", "s", 1);
    unforeseen.headers.insert("x-proof-of-bank", HeaderValue::from_static("1"));
    let unforeseen = receive(&*store, "alpha", &unforeseen).await;
    let all = [first, other_body, to_other, other_signature, unforeseen];
    assert_eq!(open(&*store, 9).await, all);
}

/// A repetition that proves nothing asks again, within a rate; what was genuine and had its effect
/// cannot say anything new.
pub(super) async fn receive_of_a_repeat_is_due_again_within_a_rate(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let spacing_ms = i64::try_from(REPETITION_SPACING.as_millis()).unwrap();
    let notice = Verdict::Hint { hint: hint(Some("k1"), None) };
    let told = genuine(hint(Some("k1"), None));
    let first = receive_as(&*store, "uuid=1", 1, &notice).await;
    let second = receive_as(&*store, "{}", 1, &told).await;
    for id in [first, second] {
        let payout = stored(&*store, "k1").await;
        done(&*store, Step { applies: Some(id), ..step(&payout) }).await;
        assert_eq!(state(&*store, id).await, InboxState::Applied);
    }
    assert_eq!(receive_as(&*store, "uuid=1", 5, &notice).await, first);
    assert_eq!(receive_as(&*store, "{}", 5, &told).await, second);
    assert!(open(&*store, spacing_ms).await.is_empty(), "not before its time");
    assert_eq!(open(&*store, 1 + spacing_ms).await, [first], "and only what proves nothing");
    // While it waits, further repetitions change nothing.
    receive_as(&*store, "uuid=1", spacing_ms * 9, &notice).await;
    assert_eq!(open(&*store, 1 + spacing_ms).await, [first]);
    let payout = stored(&*store, "k1").await;
    done(&*store, Step { applies: Some(first), ..step(&payout) }).await;
    receive_as(&*store, "uuid=1", spacing_ms * 9, &notice).await;
    assert_eq!(open(&*store, spacing_ms * 9).await, [first], "long after it is due at once");
}

pub(super) async fn receive_of_a_repeat_of_an_orphan_is_due_again(store: Arc<dyn Store>) {
    let told = genuine(hint(Some("k1"), None));
    for (number, state) in [InboxState::Orphan, InboxState::Unreadable].into_iter().enumerate() {
        let body = number.to_string();
        let id = receive_as(&*store, &body, 1, &told).await;
        store.file(id, close_as(state)).await.unwrap();
        assert!(open(&*store, 2).await.is_empty());
        assert_eq!(receive_as(&*store, &body, 1_000_000, &told).await, id);
        assert_eq!(open(&*store, 1_000_000).await, [id]);
        store.file(id, close_as(state)).await.unwrap();
    }
}

pub(super) async fn receive_of_many_at_once_loses_none(store: Arc<dyn Store>) {
    let bodies: Vec<String> = (0..50).map(|number| format!("{{\"n\":{}}}", number / 2)).collect();
    let deliveries: Vec<_> = bodies.iter().map(|body| delivery(body, "s", 1)).collect();
    let all = deliveries.iter().map(|delivery| receive(&*store, "alpha", delivery));
    let received = futures_util::future::join_all(all).await;
    for pair in received.chunks(2) {
        assert_eq!(pair[0], pair[1], "the same bytes twice, at once");
    }
    assert_eq!(open(&*store, 1).await.len(), 25);
}

pub(super) async fn inbox_gives_the_oldest_first(store: Arc<dyn Store>) {
    // The order is the order of arrival at the store, whatever the clocks said.
    let mut received = Vec::new();
    for (number, ms) in [5, 3, 9, 1].into_iter().enumerate() {
        let delivery = delivery(&number.to_string(), "s", ms);
        received.push(receive(&*store, "alpha", &delivery).await);
    }
    assert_eq!(open(&*store, 9).await, received);
    assert_eq!(ids(&inbox(&*store, 9, 2).await), received[..2]);
    assert_eq!(open(&*store, 3).await, [received[1], received[3]]);
    assert!(inbox(&*store, 9, 0).await.is_empty());
}

/// However many hints there are, what was verified does not stand behind them.
pub(super) async fn inbox_keeps_hints_apart_from_what_was_verified(store: Arc<dyn Store>) {
    let unread = Verdict::Unreadable { hint: Hint::default(), because: "torn".to_owned() };
    let hinted = Verdict::Hint { hint: Hint::default() };
    let told = genuine(Hint::default());
    let mut received = Vec::new();
    for (number, verdict) in [&hinted, &told, &hinted, &unread, &told].into_iter().enumerate() {
        received.push(receive_as(&*store, &number.to_string(), 1, verdict).await);
    }
    let of = async |trust, limit| {
        ids(&store.inbox(trust, &ACCOUNTS.map(account), at(1), limit).await.unwrap())
    };
    let [verified, hints] = [[1, 3, 4].as_slice(), &[0, 2]]
        .map(|places| places.iter().map(|place: &usize| received[*place]).collect::<Vec<_>>());
    assert_eq!(of(Trust::Verified, 9).await, verified);
    assert_eq!(of(Trust::Verified, 2).await, verified[..2]);
    assert_eq!(of(Trust::Unverified, 9).await, hints);
    assert_eq!(of(Trust::Unverified, 1).await, hints[..1]);
    // The row of a hint is used again, so one that was named often must not stand before the others.
    store.file(hints[0], close_as(InboxState::Applied)).await.unwrap();
    receive_as(&*store, "0", 2, &hinted).await;
    let late = i64::try_from(REPETITION_SPACING.as_millis()).unwrap() + 1;
    let due = store.inbox(Trust::Unverified, &ACCOUNTS.map(account), at(late), 9).await.unwrap();
    assert_eq!(ids(&due), [hints[1], hints[0]]);
    for id in hints {
        store.file(id, defer_until(7)).await.unwrap();
    }
    let due = async |work| store.next_due(&lanes(&["alpha"], &[work])).await.unwrap();
    assert_eq!((due(Work::Apply).await, due(Work::Hint).await), (Some(at(1)), Some(at(7))));
}

/// A worker takes nothing that belongs to an account of somebody else.
pub(super) async fn inbox_is_of_the_named_accounts_only(store: Arc<dyn Store>) {
    let mine = receive(&*store, "alpha", &delivery("{}", "s", 1)).await;
    let other = receive(&*store, "gamma", &delivery("{}", "s", 1)).await;
    let of = async |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| account(name)).collect();
        ids(&store.inbox(Trust::Verified, &names, at(1), 10).await.unwrap())
    };
    assert_eq!(of(&["alpha"]).await, [mine]);
    assert_eq!(of(&["gamma", "beta"]).await, [other]);
    assert!(of(&["beta"]).await.is_empty());
    assert!(of(&[]).await.is_empty());
}

pub(super) async fn inbox_waits_for_what_was_put_off(store: Arc<dyn Store>) {
    let first = receive(&*store, "alpha", &delivery("1", "s", 1)).await;
    let second = receive(&*store, "alpha", &delivery("2", "s", 1)).await;
    store.file(first, defer_until(10)).await.unwrap();
    assert_eq!(open(&*store, 9).await, [second]);
    let items = inbox(&*store, 10, 10).await;
    assert_eq!(ids(&items), [first, second]);
    assert_eq!((items[0].deferrals, items[1].deferrals), (1, 0));
    store.file(first, defer_until(10)).await.unwrap();
    assert_eq!(inbox(&*store, 10, 1).await[0].deferrals, 2);
}

pub(super) async fn file_tells_once_and_closes_for_good(store: Arc<dyn Store>) {
    let id = receive(&*store, "alpha", &delivery("1", "s", 1)).await;
    let other = receive(&*store, "alpha", &delivery("2", "s", 1)).await;
    let told = notice("k1", 3);
    let filing = Filing::Close {
        state: InboxState::Orphan,
        because: "no such payout".to_owned(),
        notice: Some(Box::new(told.clone())),
    };
    for _ in 0..2 {
        store.file(id, filing.clone()).await.unwrap();
    }
    store.file(id, defer_until(1)).await.unwrap();
    assert_eq!(open(&*store, 1_000).await, [other], "what is closed stays closed");
    let filed = store.delivery(id).await.unwrap().unwrap();
    assert_eq!((filed.state, filed.because.as_str()), (InboxState::Orphan, "no such payout"));
    let notices: Vec<_> = store.outbox(0, 9).await.unwrap();
    assert_eq!(notices, [(1, told)]);
    assert_eq!(next_due(&*store).await, Some(at(1)), "the other one");
}

pub(super) async fn file_of_an_unknown_delivery_is_an_error(store: Arc<dyn Store>) {
    store.file(InboxId(7), close_as(InboxState::Orphan)).await.unwrap_err();
    store.file(InboxId(u64::MAX), defer_until(1)).await.unwrap_err();
    receive(&*store, "alpha", &delivery("1", "s", 1)).await;
    store.file(InboxId(0), close_as(InboxState::Orphan)).await.unwrap_err();
    assert!(store.delivery(InboxId(7)).await.unwrap().is_none());
    assert!(!store.reopen(InboxId(7), None, at(1)).await.unwrap());
}

pub(super) async fn deliveries_are_listed_by_state(store: Arc<dyn Store>) {
    for number in 0..4 {
        receive(&*store, "alpha", &delivery(&number.to_string(), "s", 1)).await;
    }
    let all = open(&*store, 1).await;
    store.file(all[1], close_as(InboxState::Orphan)).await.unwrap();
    store.file(all[2], close_as(InboxState::Unreadable)).await.unwrap();
    let list = async |state, after: u64, limit| {
        let filed = store.deliveries(state, after, limit).await.unwrap();
        filed.into_iter().map(|filed| filed.item.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 0, 10).await, all);
    assert_eq!(list(None, all[0].0, 2).await, all[1..3]);
    assert_eq!(list(Some(InboxState::Open), 0, 10).await, [all[0], all[3]]);
    assert_eq!(list(Some(InboxState::Orphan), 0, 10).await, [all[1]]);
    assert_eq!(list(Some(InboxState::Unreadable), 0, 10).await, [all[2]]);
    assert!(list(Some(InboxState::Applied), 0, 10).await.is_empty());
}

pub(super) async fn reopen_makes_it_due_whatever_it_was(store: Arc<dyn Store>) {
    let id = receive(&*store, "alpha", &delivery("1", "s", 1)).await;
    store.file(id, defer_until(9)).await.unwrap();
    for state in [InboxState::Orphan, InboxState::Unreadable] {
        store.file(id, close_as(state)).await.unwrap();
        assert!(store.reopen(id, None, at(20)).await.unwrap());
        assert!(open(&*store, 19).await.is_empty());
        let items = inbox(&*store, 20, 9).await;
        assert_eq!((items[0].id, items[0].deferrals), (id, 0));
    }
    let told = genuine(hint(Some("k1"), None));
    assert!(store.reopen(id, Some(told.clone()), at(5)).await.unwrap());
    assert_eq!(inbox(&*store, 5, 9).await[0].verdict, Some(told));
}

/// An orphan is applied when what it names becomes known: by key or by the provider's id.
pub(super) async fn orphans_are_due_again_when_their_order_is_known(store: Arc<dyn Store>) {
    let mut orphans = Vec::new();
    let named = [
        hint(Some("k1"), None),
        hint(Some("p1"), None),
        hint(None, Some("PAYOUT8506865414587559936")),
        hint(None, Some("s1")),
        hint(None, Some("R9")),
    ];
    let accounts = ["alpha", "gamma", "alpha", "gamma", "alpha"];
    for (number, (hint, name)) in named.into_iter().zip(accounts).enumerate() {
        let body = delivery(&number.to_string(), "s", 1);
        let id = store.receive(&account(name), &body, &genuine(hint)).await.unwrap();
        store.file(id, close_as(InboxState::Orphan)).await.unwrap();
        orphans.push(id);
    }
    assert!(open(&*store, 99).await.is_empty());
    submit(&*store, "a", &["k1", "k2"]).await;
    assert_eq!(open(&*store, 99).await, [orphans[0]]);
    payment_sample::submit_payment(&*store, &["p1"]).await;
    assert_eq!(open(&*store, 99).await, orphans[..2]);
    let payout = stored(&*store, "k1").await;
    let (progress, _) = super::sample::observed(&payout.progress, Status::Pending, 5);
    done(&*store, Step { progress, ..step(&payout) }).await;
    assert_eq!(open(&*store, 99).await, orphans[..3]);
    let payment = payment_sample::stored(&*store, "p1").await;
    let opens = Some(payment_sample::opened("s1", "secret"));
    payment_sample::done(&*store, PaymentStep { opens, ..payment_sample::step(&payment) }).await;
    assert_eq!(open(&*store, 99).await, orphans[..4]);
    assert_eq!(state(&*store, orphans[4]).await, InboxState::Orphan);
}

pub(super) async fn refused_deliveries_are_counted_by_reason(store: Arc<dyn Store>) {
    let refused = |name: &str, reason: &str, count, ms| Refused {
        account: (!name.is_empty()).then(|| account(name)),
        reason: reason.to_owned(),
        count,
        last_at: at(ms),
    };
    assert!(store.refused().await.unwrap().is_empty());
    store.count_refused(Vec::new()).await.unwrap();
    let first = vec![
        refused("gamma", "signature", 2, 5),
        refused("alpha", "signature", 1, 4),
        refused("", "no room", 7, 4),
    ];
    store.count_refused(first).await.unwrap();
    let then = vec![refused("gamma", "signature", 3, 4), refused("gamma", "names nothing", 1, 9)];
    store.count_refused(then).await.unwrap();
    let wanted = [
        refused("", "no room", 7, 4),
        refused("alpha", "signature", 1, 4),
        refused("gamma", "names nothing", 1, 9),
        refused("gamma", "signature", 5, 5),
    ];
    assert_eq!(store.refused().await.unwrap(), wanted);
}
