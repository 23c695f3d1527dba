//! Counts requests without a valid token, by peer. Nobody guesses a token; the limit keeps a
//! stranger from making the store look one up for every request. A token that was valid before is
//! looked up all the same, since behind a proxy everybody has one address.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pagos_core::Timestamp;

/// The address of the other end, which [`crate::Api::serve`] notes in the extensions of each request.
/// Whoever calls the router within the same process hands it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The counts of the present minute.
#[derive(Debug)]
pub(crate) struct Guesses {
    per_minute_max: u32,
    counts: Mutex<Counts>,
    /// The ids of tokens that were valid.
    known: Mutex<HashSet<String>>,
}

#[derive(Debug, Default)]
struct Counts {
    since: Option<Timestamp>,
    by_peer: HashMap<IpAddr, u32>,
}

impl Guesses {
    pub(crate) fn new(per_minute_max: u32) -> Self {
        Self {
            per_minute_max: per_minute_max.max(1),
            counts: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Whether this peer has sent too many for a token of this id to be looked up.
    pub(crate) fn is_over(
        &self,
        peer: Option<PeerAddress>,
        id: Option<&str>,
        now: Timestamp,
    ) -> bool {
        if id.is_some_and(|id| self.known().contains(id)) {
            return false;
        }
        let counts = self.counts(now);
        let count = peer.and_then(|peer| counts.by_peer.get(&network(peer)));
        count.is_some_and(|count| *count >= self.per_minute_max)
    }

    /// Remembers a token that was valid.
    pub(crate) fn note_valid(&self, id: &str) {
        let mut known = self.known();
        if !known.contains(id) && known.len() < TOKENS_MAX {
            known.insert(id.to_owned());
        }
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one.
    pub(crate) fn note(&self, peer: Option<PeerAddress>, now: Timestamp) {
        let mut counts = self.counts(now);
        let Some(peer) = peer.map(network) else { return };
        if counts.by_peer.len() < PEERS_MAX || counts.by_peer.contains_key(&peer) {
            *counts.by_peer.entry(peer).or_default() += 1;
        }
    }

    fn counts(&self, now: Timestamp) -> MutexGuard<'_, Counts> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |since: Timestamp| since <= now && now.since(since) < MINUTE;
        if !counts.since.is_some_and(is_fresh) {
            *counts = Counts { since: Some(now), by_peer: HashMap::new() };
        }
        counts
    }
}

/// Whoever has one IPv6 address has the 64-bit network around it.
fn network(peer: PeerAddress) -> IpAddr {
    match peer.0.to_canonical() {
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            IpAddr::from([first, second, third, fourth, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const PEERS_MAX: usize = 4_096;
const TOKENS_MAX: usize = 4_096;
