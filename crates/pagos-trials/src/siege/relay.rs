//! The way of genuine webhooks: the twin sends them here, they go on to `serve` on a fresh connection
//! each, and the time to the acknowledgement is noted. Repeats nothing by itself.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    failure::Failure,
    siege::listener::Listener,
    trial::wire::{self, Connection, Message},
};

/// How long an acknowledgement is waited for: well beyond what is judged.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The twin keeps connections while it has nothing to say.
const IDLE_MAX: Duration = Duration::from_secs(600);

/// How many deliveries are kept for whoever repeats them.
const KEPT_MAX: usize = 500;

/// One genuine delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    /// The payout that it is about.
    pub(super) key: String,
    pub(super) sent_at: Instant,
    /// When its answer was there, or when there was none to be had.
    pub(super) answered_at: Instant,
    /// `None` if there was no answer.
    pub(super) status: Option<u16>,
}

impl Delivery {
    /// Does the provider take it for received?
    pub(super) fn is_acknowledged(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

#[derive(Debug, Default)]
struct Notes {
    target: Option<SocketAddr>,
    deliveries: Vec<Delivery>,
    /// When those were sent that have no answer yet.
    under_way: Vec<Instant>,
    kept: Vec<Message>,
}

/// The running relay.
#[derive(Debug)]
pub(super) struct Relay {
    listener: Listener,
    notes: Arc<Mutex<Notes>>,
}

impl Relay {
    pub(super) fn open() -> Result<Self, Failure> {
        let notes = Arc::new(Mutex::new(Notes::default()));
        let kept = Arc::clone(&notes);
        let listener = Listener::open(move |stream| pass_on(stream, &kept))?;
        Ok(Self { listener, notes })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Names where deliveries go on to. Before that there is nobody to acknowledge any.
    pub(super) fn aim(&self, serve: SocketAddr) {
        locked(&self.notes).target = Some(serve);
    }

    /// How many deliveries have had their answer.
    pub(super) fn count(&self) -> usize {
        locked(&self.notes).deliveries.len()
    }

    /// The deliveries that arrived in this time and were answered, or given up, since.
    pub(super) fn deliveries(&self, from: Instant, until: Instant) -> Vec<Delivery> {
        let notes = locked(&self.notes);
        let is_meant = |it: &&Delivery| (from..until).contains(&it.sent_at);
        notes.deliveries.iter().filter(is_meant).cloned().collect()
    }

    /// Do all that arrived before that moment have their answer, or none to be had?
    pub(super) fn has_answered_all_before(&self, moment: Instant) -> bool {
        locked(&self.notes).under_way.iter().all(|sent_at| *sent_at >= moment)
    }

    /// Some of what passed, byte for byte.
    pub(super) fn kept(&self) -> Vec<Message> {
        locked(&self.notes).kept.clone()
    }
}

fn pass_on(stream: TcpStream, notes: &Mutex<Notes>) -> io::Result<()> {
    let mut twin = Connection::over(stream, IDLE_MAX)?;
    while let Some(request) = twin.read()? {
        let sent_at = Instant::now();
        let target = {
            let mut notes = locked(notes);
            notes.under_way.push(sent_at);
            notes.target
        };
        let answer = target.and_then(|serve| wire::exchange(serve, &request, ANSWER_MAX).ok());
        let answered_at = Instant::now();
        let status = answer.as_ref().and_then(Message::status);
        let mut notes = locked(notes);
        if let Some(at) = notes.under_way.iter().position(|other| *other == sent_at) {
            notes.under_way.swap_remove(at);
        }
        if let Some(key) = key_of(&request.body) {
            notes.deliveries.push(Delivery { key, sent_at, answered_at, status });
            if notes.kept.len() < KEPT_MAX {
                notes.kept.push(request);
            }
        }
        drop(notes);
        twin.write(&answer.unwrap_or_else(|| wire::answer("503 Service Unavailable")))?;
    }
    Ok(())
}

/// The key in a webhook of Cashypro, whose twin tells final statuses only.
fn key_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get("mchOrderNo")?.as_str().map(str::to_owned)
}

fn locked(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    // Only pushes and copies happen under the lock.
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_delivery_is_read() {
        assert_eq!(key_of(b"{\"mchOrderNo\":\"C1\",\"fee\":1}").as_deref(), Some("C1"));
        assert_eq!(key_of(b"{\"orderNo\":\"C1\"}"), None);
        assert_eq!(key_of(b"C1"), None);
    }

    #[test]
    fn only_what_counts_as_received_is_an_acknowledgement() {
        let now = Instant::now();
        let delivery =
            |status| Delivery { key: String::new(), sent_at: now, answered_at: now, status };
        assert!(delivery(Some(200)).is_acknowledged());
        for status in [None, Some(302), Some(429), Some(503)] {
            assert!(!delivery(status).is_acknowledged(), "{status:?}");
        }
    }
}
