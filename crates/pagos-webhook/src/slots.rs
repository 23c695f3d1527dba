//! Decides which connections have a slot, and which one loses it when slots run out. The order of
//! events tells which one has waited the longest, so there is no clock here.

use std::{
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use tokio::sync::{Notify, oneshot};

/// The other end of a connection, as the unit that shares are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// One IPv4 address, including one that is written as an IPv6 address.
    V4([u8; 4]),
    /// One 64-bit network, since whoever has one IPv6 address of it has all of them.
    V6([u16; 4]),
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                Self::V6([first, second, third, fourth])
            }
        }
    }
}

/// All slots.
#[derive(Debug)]
pub(crate) struct Slots {
    slots_max: usize,
    per_peer_max: usize,
    /// Grows with every opening and every verified delivery.
    turn: AtomicU64,
    taken: Mutex<Vec<Taken>>,
    /// A connection left, or is no longer busy. Only the acceptor waits for this.
    freed: Notify,
}

#[derive(Debug)]
struct Taken {
    peer: Peer,
    state: Arc<State>,
    notice: oneshot::Sender<Notice>,
}

/// A message to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Its slot was given to another connection; it closes at once.
    Evicted,
    /// The server stops; the connection finishes its request.
    Stopping,
}

/// The result for a new connection.
#[derive(Debug)]
pub(crate) enum Admission {
    /// A slot that was free.
    Free(Slot, Notices),
    /// The slot of a connection that was evicted to make room.
    Freed(Slot, Notices),
    /// No slot: deliveries are under way on all connections of its peer's share.
    Refused,
}

/// Why a new connection needs the slot of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortage {
    /// Its peer has used up its share.
    OfShare,
    /// All slots are taken.
    OfSlots,
}

impl Slots {
    /// Limits of 0 count as 1.
    pub(crate) fn new(slots_max: usize, per_peer_max: usize) -> Arc<Self> {
        Arc::new(Self {
            slots_max: slots_max.max(1),
            per_peer_max: per_peer_max.max(1),
            turn: AtomicU64::new(0),
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Finds a slot for a new connection. Waits only while deliveries are under way on all
    /// connections, each of which is limited in time. Dropping the future changes nothing.
    pub(crate) async fn admit(self: &Arc<Self>, peer: Peer) -> Admission {
        if self.shortage(&self.lock(), peer).is_some() {
            // Connections with a request at hand begin with it, and those that have ended leave,
            // before any connection is evicted.
            tokio::task::yield_now().await;
        }
        loop {
            let freed = self.freed.notified();
            if let Some(admission) = self.try_admit(peer) {
                return admission;
            }
            freed.await;
        }
    }

    /// `None` if deliveries are under way on all connections.
    fn try_admit(self: &Arc<Self>, peer: Peer) -> Option<Admission> {
        let mut taken = self.lock();
        let Some(shortage) = self.shortage(&taken, peer) else {
            let (slot, notices) = self.take(&mut taken, peer);
            return Some(Admission::Free(slot, notices));
        };
        let crowding = most_present(&taken);
        let is_eligible = |one: &Taken| match shortage {
            Shortage::OfShare => one.peer == peer,
            // Several peers that crowd the server together must not evict a peer with a single
            // connection.
            Shortage::OfSlots => Some(one.peer) == crowding,
        };
        let is_evicted = evict_oldest(&mut taken, is_eligible)
            || (shortage == Shortage::OfSlots && evict_oldest(&mut taken, |_| true));
        if is_evicted {
            let (slot, notices) = self.take(&mut taken, peer);
            return Some(Admission::Freed(slot, notices));
        }
        let is_full = taken.len() >= self.slots_max;
        let is_all_busy = is_full && taken.iter().all(|one| one.state.waiting_since().is_none());
        (!is_all_busy).then_some(Admission::Refused)
    }

    fn shortage(&self, taken: &[Taken], peer: Peer) -> Option<Shortage> {
        if taken.iter().filter(|one| one.peer == peer).count() >= self.per_peer_max {
            return Some(Shortage::OfShare);
        }
        (taken.len() >= self.slots_max).then_some(Shortage::OfSlots)
    }

    fn take(self: &Arc<Self>, taken: &mut Vec<Taken>, peer: Peer) -> (Slot, Notices) {
        let state = Arc::new(State::waiting(self.next_turn()));
        let (notice, notices) = oneshot::channel();
        taken.push(Taken { peer, state: Arc::clone(&state), notice });
        (Slot { slots: Arc::clone(self), state }, Notices { notice: Some(notices) })
    }

    /// Tells all connections that the server stops. After this, none is admitted or evicted.
    pub(crate) fn stop(&self) {
        for taken in std::mem::take(&mut *self.lock()) {
            // The connection may just have ended by itself.
            let _ = taken.notice.send(Notice::Stopping);
        }
    }

    fn leave(&self, state: &Arc<State>) {
        self.lock().retain(|one| !Arc::ptr_eq(&one.state, state));
        self.freed.notify_one();
    }

    fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The peer with the most connections; of several, the one whose first is the oldest.
fn most_present(taken: &[Taken]) -> Option<Peer> {
    let count = |peer: Peer| taken.iter().filter(|one| one.peer == peer).count();
    let mut seen: Vec<(Peer, usize)> = Vec::new();
    for one in taken {
        if seen.iter().all(|(peer, _)| *peer != one.peer) {
            seen.push((one.peer, count(one.peer)));
        }
    }
    let most = seen.iter().map(|(_, count)| *count).max()?;
    let crowding = |one: &&Taken| seen.contains(&(one.peer, most));
    let oldest = taken.iter().filter(crowding).min_by_key(|one| one.state.waiting_since());
    oldest.map(|one| one.peer)
}

/// Evicts the one of these that has waited the longest; false if all of them are busy.
fn evict_oldest(taken: &mut Vec<Taken>, is_eligible: impl Fn(&Taken) -> bool) -> bool {
    // Every failed attempt means that one of them became busy meanwhile.
    for _ in 0..=taken.len() {
        let waiting = taken.iter().enumerate().filter(|(_, one)| is_eligible(one));
        let waiting = waiting.filter_map(|(at, one)| Some((one.state.waiting_since()?, at)));
        let Some((since, at)) = waiting.min() else {
            return false;
        };
        if taken.get(at).is_some_and(|one| one.state.close(since)) {
            let evicted = taken.swap_remove(at);
            // The connection may just have ended by itself.
            let _ = evicted.notice.send(Notice::Evicted);
            return true;
        }
    }
    false
}

/// A connection's slot. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    state: Arc<State>,
}

impl Slot {
    /// Protects the connection from eviction until the returned guard is dropped. `None` if it is
    /// already evicted.
    pub(crate) fn begin(&self) -> Option<Busy<'_>> {
        let since = self.state.begin()?;
        Some(Busy { slot: self, since })
    }

    /// Closes the connection for any further delivery; false if one is under way.
    pub(crate) fn close(&self) -> bool {
        match self.state.waiting_since() {
            Some(since) => self.state.close(since),
            None => self.state.is_closed(),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.leave(&self.state);
    }
}

/// A delivery that is being verified and stored. Dropping it leaves the connection's age as it is.
#[derive(Debug)]
#[must_use]
pub struct Busy<'a> {
    slot: &'a Slot,
    since: u64,
}

impl Busy<'_> {
    /// The delivery was genuine: the connection counts as new again.
    pub(crate) fn end_verified(mut self) {
        self.since = self.slot.slots.next_turn();
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.slot.state.end(self.since);
        self.slot.slots.freed.notify_one();
    }
}

/// Ready once, when the connection must close; pending for ever after that.
#[derive(Debug)]
pub(crate) struct Notices {
    notice: Option<oneshot::Receiver<Notice>>,
}

impl Future for Notices {
    type Output = Notice;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Notice> {
        let Some(notice) = &mut self.notice else {
            return Poll::Pending;
        };
        let told = std::task::ready!(Pin::new(notice).poll(context));
        self.notice = None;
        // The sender is not dropped while the connection holds its slot, so a notice always comes.
        Poll::Ready(told.unwrap_or(Notice::Evicted))
    }
}

/// The turn since which a connection waits, times four, plus its phase. One number, so that an
/// eviction fails if the connection began or even ended a delivery since it was looked at.
#[derive(Debug)]
struct State {
    packed: AtomicU64,
}

const WAITING: u64 = 0;
const BUSY: u64 = 1;
const CLOSED: u64 = 2;

impl State {
    fn waiting(since: u64) -> Self {
        Self { packed: AtomicU64::new(pack(since, WAITING)) }
    }

    fn waiting_since(&self) -> Option<u64> {
        let packed = self.packed.load(Ordering::Acquire);
        (packed % 4 == WAITING).then_some(packed / 4)
    }

    fn is_closed(&self) -> bool {
        self.packed.load(Ordering::Acquire) % 4 == CLOSED
    }

    fn begin(&self) -> Option<u64> {
        let since = self.waiting_since()?;
        self.exchange(pack(since, WAITING), pack(since, BUSY)).then_some(since)
    }

    fn end(&self, since: u64) {
        self.packed.store(pack(since, WAITING), Ordering::Release);
    }

    fn close(&self, since: u64) -> bool {
        self.exchange(pack(since, WAITING), pack(since, CLOSED))
    }

    fn exchange(&self, from: u64, to: u64) -> bool {
        self.packed.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

fn pack(since: u64, phase: u64) -> u64 {
    since * 4 + phase
}

#[cfg(test)]
mod tests;
