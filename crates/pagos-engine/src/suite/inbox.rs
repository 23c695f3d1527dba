//! Cases: deliveries are kept byte for byte, once, until they are closed.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;

use super::sample::account;
use super::sample::at;
use super::sample::delivery;
use crate::store::InboxId;
use crate::store::InboxItem;
use crate::store::Store;

async fn receive(store: &dyn Store, body: &str, ms: i64) -> InboxId {
    store.receive(&account("cashypro"), &delivery(body, "s", ms)).await.unwrap()
}

async fn open(store: &dyn Store, ms: i64) -> Vec<InboxId> {
    ids(&store.inbox(at(ms), 100).await.unwrap())
}

fn ids(items: &[InboxItem]) -> Vec<InboxId> {
    items.iter().map(|item| item.id).collect()
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
    let id = store.receive(&account("cashypro"), &odd).await.unwrap();
    let items = store.inbox(at(3), 10).await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].id, &items[0].account), (id, &account("cashypro")));
    assert_eq!(items[0].delivery.body, odd.body);
    assert_eq!(items[0].delivery.headers, odd.headers);
    assert_eq!(items[0].delivery.received_at, at(3));
    assert_eq!(items[0].deferrals, 0);
}

pub(super) async fn receive_of_a_repeat_stores_it_once(store: Arc<dyn Store>) {
    let first = receive(&*store, "{}", 1).await;
    let second = receive(&*store, "{}", 2).await;
    assert_eq!(first, second);
    // How it travelled does not make it another delivery.
    let mut repeat = delivery("{}", "s", 3);
    repeat.headers.insert("x-request-id", HeaderValue::from_static("77"));
    repeat.headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.1"));
    repeat.headers.insert("date", HeaderValue::from_static("Tue, 21 Nov 2023 00:00:00 GMT"));
    assert_eq!(store.receive(&account("cashypro"), &repeat).await.unwrap(), first);
    let items = store.inbox(at(9), 10).await.unwrap();
    assert_eq!(ids(&items), [first]);
    assert_eq!(items[0].delivery.received_at, at(1), "the first copy is the one that is kept");
}

pub(super) async fn receive_tells_accounts_bodies_and_signatures_apart(store: Arc<dyn Store>) {
    let first = receive(&*store, "{}", 1).await;
    let other_body = receive(&*store, "{ }", 1).await;
    let to_other = store.receive(&account("etpay"), &delivery("{}", "s", 1)).await.unwrap();
    // A forged copy that comes first must not hide the genuine one.
    let name = account("cashypro");
    let other_signature = store.receive(&name, &delivery("{}", "t", 1)).await.unwrap();
    let mut unforeseen = delivery("{}", "s", 1);
    unforeseen.headers.insert("x-proof-of-bank", HeaderValue::from_static("1"));
    let unforeseen = store.receive(&name, &unforeseen).await.unwrap();
    let all = [first, other_body, to_other, other_signature, unforeseen];
    assert_eq!(open(&*store, 9).await, all);
}

pub(super) async fn receive_of_a_closed_delivery_does_not_open_it_again(store: Arc<dyn Store>) {
    let id = receive(&*store, "{}", 1).await;
    store.file(id, None, "applied").await.unwrap();
    assert_eq!(receive(&*store, "{}", 5).await, id);
    assert!(open(&*store, 9).await.is_empty());
    store.file(id, Some(at(1)), "again").await.unwrap();
    assert!(open(&*store, 9).await.is_empty(), "what is closed stays closed");
}

pub(super) async fn receive_of_many_at_once_loses_none(store: Arc<dyn Store>) {
    let bodies: Vec<String> = (0..50).map(|number| format!("{{\"n\":{}}}", number / 2)).collect();
    let all = bodies.iter().map(|body| receive(&*store, body, 1));
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
        received.push(receive(&*store, &number.to_string(), ms).await);
    }
    assert_eq!(open(&*store, 9).await, received);
    assert_eq!(ids(&store.inbox(at(9), 2).await.unwrap()), received[..2]);
    assert_eq!(open(&*store, 3).await, [received[1], received[3]]);
    assert!(store.inbox(at(9), 0).await.unwrap().is_empty());
}

pub(super) async fn inbox_waits_for_what_was_put_off(store: Arc<dyn Store>) {
    let first = receive(&*store, "1", 1).await;
    let second = receive(&*store, "2", 1).await;
    store.file(first, Some(at(10)), "no such payout yet").await.unwrap();
    assert_eq!(open(&*store, 9).await, [second]);
    let items = store.inbox(at(10), 10).await.unwrap();
    assert_eq!(ids(&items), [first, second]);
    assert_eq!((items[0].deferrals, items[1].deferrals), (1, 0));
    store.file(first, Some(at(10)), "still not").await.unwrap();
    assert_eq!(store.inbox(at(10), 1).await.unwrap()[0].deferrals, 2);
}

pub(super) async fn inbox_leaves_out_what_is_closed(store: Arc<dyn Store>) {
    let first = receive(&*store, "1", 1).await;
    let second = receive(&*store, "2", 1).await;
    store.file(first, None, "not about a payout").await.unwrap();
    assert_eq!(open(&*store, 1_000).await, [second]);
    store.file(first, None, "twice is no error").await.unwrap();
}

pub(super) async fn file_of_an_unknown_delivery_is_an_error(store: Arc<dyn Store>) {
    store.file(InboxId(7), None, "nothing").await.unwrap_err();
    store.file(InboxId(u64::MAX), Some(at(1)), "nothing").await.unwrap_err();
    receive(&*store, "1", 1).await;
    store.file(InboxId(0), None, "nothing").await.unwrap_err();
}
