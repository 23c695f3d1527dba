//! Who is admitted, who is evicted, and that a delivery under way never is. No sockets.

use std::{net::Ipv6Addr, sync::atomic::AtomicBool, task::Waker, time::Duration};

use super::*;

fn peer(last: u8) -> Peer {
    Peer::V4([192, 0, 2, last])
}

/// A connection as far as slots go.
struct Connected {
    slot: Slot,
    notices: Notices,
}

impl Connected {
    fn new(slots: &Arc<Slots>, peer: Peer) -> Self {
        match slots.try_admit(peer) {
            Some(Admission::Free(slot, notices) | Admission::Freed(slot, notices)) => {
                Self { slot, notices }
            }
            other => panic!("not admitted: {other:?}"),
        }
    }

    fn notice(&mut self) -> Option<Notice> {
        match Pin::new(&mut self.notices).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(notice) => Some(notice),
            Poll::Pending => None,
        }
    }

    fn is_evicted(&mut self) -> bool {
        self.notice() == Some(Notice::Evicted)
    }
}

fn evicted(all: &mut [Connected]) -> Vec<usize> {
    let evicted = all.iter_mut().enumerate().filter_map(|(at, one)| one.is_evicted().then_some(at));
    evicted.collect()
}

#[test]
fn the_one_that_waits_the_longest_goes() {
    let slots = Slots::new(3, 3);
    let mut all: Vec<_> = (0..3).map(|_| Connected::new(&slots, peer(1))).collect();
    // The oldest brings a verified delivery, the next one something that proves nothing.
    all[0].slot.begin().unwrap().end_verified();
    drop(all[1].slot.begin().unwrap());
    let mut newcomer = Connected::new(&slots, peer(1));
    assert_eq!(evicted(&mut all), [1]);
    let _second = Connected::new(&slots, peer(1));
    assert_eq!(evicted(&mut all), [2]);
    let _third = Connected::new(&slots, peer(1));
    assert_eq!(evicted(&mut all), [0]);
    assert!(!newcomer.is_evicted());
}

#[test]
fn who_is_evicted_begins_nothing_and_who_has_begun_is_not_evicted() {
    let slots = Slots::new(2, 2);
    let mut all: Vec<_> = (0..2).map(|_| Connected::new(&slots, peer(1))).collect();
    let (busy, rest) = all.split_first_mut().unwrap();
    let under_way = busy.slot.begin().unwrap();
    let newcomer = Connected::new(&slots, peer(1));
    assert_eq!(evicted(rest), [0]);
    assert!(rest[0].slot.begin().is_none());
    let newcomers_own = newcomer.slot.begin().unwrap();
    assert!(slots.try_admit(peer(2)).is_none(), "it waits: all are busy");
    drop(under_way);
    assert!(matches!(slots.try_admit(peer(2)), Some(Admission::Freed(..))));
    assert!(busy.is_evicted());
    drop(newcomers_own);
}

#[test]
fn a_peer_at_its_share_evicts_its_own() {
    let slots = Slots::new(10, 2);
    let mut others = [Connected::new(&slots, peer(1))];
    let mut own: Vec<_> = (0..2).map(|_| Connected::new(&slots, peer(2))).collect();
    let _third = Connected::new(&slots, peer(2));
    assert_eq!(evicted(&mut own), [0]);
    assert!(evicted(&mut others).is_empty(), "although it is older");
    assert_eq!(slots.lock().len(), 3);
}

#[test]
fn a_peer_whose_share_is_busy_is_refused_and_keeps_nobody_waiting() {
    let slots = Slots::new(3, 1);
    let busy = Connected::new(&slots, peer(1));
    let _under_way = busy.slot.begin().unwrap();
    assert!(matches!(slots.try_admit(peer(1)), Some(Admission::Refused)));
    assert!(matches!(slots.try_admit(peer(2)), Some(Admission::Free(..))));
}

#[test]
fn a_slot_comes_back_when_its_connection_ends() {
    let slots = Slots::new(1, 1);
    drop(Connected::new(&slots, peer(1)));
    assert!(slots.lock().is_empty());
    let mut first = Connected::new(&slots, peer(1));
    let mut second = Connected::new(&slots, peer(1));
    assert!(first.is_evicted());
    drop(first);
    assert_eq!(slots.lock().len(), 1, "who was evicted gives no second slot back");
    assert!(!second.is_evicted());
}

#[test]
fn no_slots_at_all_count_as_one() {
    let slots = Slots::new(0, 0);
    let mut first = Connected::new(&slots, peer(1));
    let _second = Connected::new(&slots, peer(2));
    assert!(first.is_evicted());
}

#[test]
fn all_are_told_when_the_server_stops() {
    let slots = Slots::new(2, 2);
    let mut all: Vec<_> = (0..2).map(|_| Connected::new(&slots, peer(1))).collect();
    slots.stop();
    for one in &mut all {
        assert_eq!(one.notice(), Some(Notice::Stopping));
        assert_eq!(one.notice(), None, "once");
        assert!(one.slot.begin().is_some(), "its request is finished");
    }
}

#[tokio::test]
async fn who_waits_is_admitted_when_a_delivery_ends_or_a_connection_does() {
    let slots = Slots::new(1, 1);
    let busy = Connected::new(&slots, peer(1));
    let under_way = busy.slot.begin().unwrap();
    let mut waiting = std::pin::pin!(slots.admit(peer(2)));
    let context = &mut Context::from_waker(Waker::noop());
    // The first time it only lets others go first.
    assert!(waiting.as_mut().poll(context).is_pending());
    assert!(waiting.as_mut().poll(context).is_pending());
    under_way.end_verified();
    let Admission::Freed(slot, _notices) = soon(waiting).await else {
        panic!("its place was not free");
    };
    let under_way = slot.begin().unwrap();
    let mut waiting = std::pin::pin!(slots.admit(peer(2)));
    assert!(waiting.as_mut().poll(context).is_pending());
    assert!(waiting.as_mut().poll(context).is_pending());
    drop(under_way);
    drop(slot);
    assert!(matches!(soon(waiting).await, Admission::Free(..)));
}

async fn soon(waiting: impl Future<Output = Admission>) -> Admission {
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it is woken")
}

/// A connection that looks idle when it is chosen may begin, and even end, a delivery before it is
/// closed. Neither may be overlooked.
#[test]
fn a_stale_look_evicts_nobody() {
    let state = State::waiting(1);
    let looked = state.waiting_since().unwrap();
    assert_eq!(state.begin(), Some(1));
    assert!(!state.close(looked));
    state.end(2);
    assert!(!state.close(looked));
    assert!(state.close(2) && state.is_closed());
    assert_eq!(state.begin(), None);
}

#[test]
fn of_beginning_and_evicting_at_once_one_wins() {
    const ROUNDS: usize = 2_000;
    for _ in 0..ROUNDS {
        let slots = Slots::new(1, 1);
        let Connected { slot, .. } = Connected::new(&slots, peer(1));
        let has_begun = AtomicBool::new(false);
        let is_evicted = std::thread::scope(|scope| {
            scope.spawn(|| {
                if let Some(busy) = slot.begin() {
                    has_begun.store(true, Ordering::SeqCst);
                    // It stays under way for longer than this test.
                    std::mem::forget(busy);
                }
            });
            slots.try_admit(peer(2)).is_some()
        });
        assert_ne!(has_begun.load(Ordering::SeqCst), is_evicted);
    }
}

#[test]
fn an_ipv6_network_and_an_ipv4_address_are_one_peer_each() {
    let of = |text: &str| Peer::from(text.parse::<IpAddr>().unwrap());
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("::ffff:192.0.2.1"), of("::ffff:192.0.2.2"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_ne!(Peer::from(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), of("0.0.0.0"));
}

/// A provider that is far away has a connection for some time before its request is there. Two strangers
/// who each have half of all places must not take that one.
#[test]
fn receiver_1_peers_that_crowd_evict_each_other_and_not_one_with_a_single_connection() {
    let slots = Slots::new(8, 4);
    let mut provider = Connected::new(&slots, peer(9));
    let mut strangers = Vec::new();
    for number in 0..100 {
        strangers.push(Connected::new(&slots, peer(1 + number % 2)));
    }
    assert!(!provider.is_evicted());
    // Where everybody has one, the oldest goes.
    let slots = Slots::new(3, 3);
    let mut all: Vec<_> = (1..=3).map(|last| Connected::new(&slots, peer(last))).collect();
    let _newcomer = Connected::new(&slots, peer(4));
    assert_eq!(evicted(&mut all), [0]);
}
