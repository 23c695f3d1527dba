//! What stands between `serve` and the twin: it passes every call on unchanged and notes it, so that
//! queries and attempts are counted by somebody who is not judged. It can play a provider that
//! takes no payouts of certain keys.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    siege::listener::Listener,
    trial::wire::{self, Connection, Message},
};

/// Longer than `serve` keeps an idle connection or waits for an answer.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// What a call wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A payout sent.
    Create,
    /// Where a payout stands.
    Query,
}

/// One call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) provider: &'static str,
    pub(super) kind: Kind,
    /// The key that was not taken, if it was one of those.
    pub(super) refused: Option<String>,
    pub(super) at: Instant,
}

#[derive(Debug, Default)]
struct Notes {
    calls: Vec<Call>,
    refused_keys: Vec<String>,
}

/// The running proxy.
#[derive(Debug)]
pub(super) struct Proxy {
    listener: Listener,
    notes: Arc<Mutex<Notes>>,
}

impl Proxy {
    pub(super) fn open(twin: SocketAddr) -> Result<Self, Failure> {
        let notes = Arc::new(Mutex::new(Notes::default()));
        let kept = Arc::clone(&notes);
        let listener = Listener::open(move |stream| pass_on(stream, twin, &kept))?;
        Ok(Self { listener, notes })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// From now on no payout of these keys is taken: 429, which says that nothing was done.
    pub(super) fn refuse(&self, keys: Vec<String>) {
        locked(&self.notes).refused_keys = keys;
    }

    /// The calls of this time.
    pub(super) fn calls(&self, from: Instant, until: Instant) -> Vec<Call> {
        let notes = locked(&self.notes);
        notes.calls.iter().filter(|call| (from..until).contains(&call.at)).cloned().collect()
    }
}

fn pass_on(stream: TcpStream, twin: SocketAddr, notes: &Mutex<Notes>) -> io::Result<()> {
    let mut caller = Connection::over(stream, WAIT_MAX)?;
    while let Some(request) = caller.read()? {
        let is_refused = note(&request, &mut locked(notes));
        let answer = match is_refused {
            true => wire::answer("429 Too Many Requests"),
            // A fresh connection each time: a kept one can close under a request, and a proxy must
            // not send a payout twice.
            false => wire::exchange(twin, &request, WAIT_MAX)?,
        };
        caller.write(&answer)?;
    }
    Ok(())
}

/// Notes a call; is it one that is not taken?
fn note(request: &Message, notes: &mut Notes) -> bool {
    let Some((provider, kind)) = request.target().and_then(|(method, path)| sort(&method, &path))
    else {
        return false;
    };
    let is_in_body =
        |key: &&String| request.body.windows(key.len()).any(|part| part == key.as_bytes());
    let refused = match kind {
        Kind::Create => notes.refused_keys.iter().find(is_in_body).cloned(),
        Kind::Query => None,
    };
    let is_refused = refused.is_some();
    notes.calls.push(Call { provider, kind, refused, at: Instant::now() });
    is_refused
}

/// Whom a call is for and what it wants, by the addresses that the twin gives its providers. Logins
/// and balances are neither payouts nor queries about one.
fn sort(method: &str, path: &str) -> Option<(&'static str, Kind)> {
    let (name, path) = path.strip_prefix('/')?.split_once('/')?;
    let kit = pagos_kit::find(name)?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    match kit.call(method, path) {
        pagos_kit::Call::Create => Some((kit.name(), Kind::Create)),
        pagos_kit::Call::Query => Some((kit.name(), Kind::Query)),
        pagos_kit::Call::Other => None,
    }
}

fn locked(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    // Only pushes and copies happen under the lock.
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_sorted_by_what_they_want() {
        for (method, path, expected) in [
            ("POST", "/cashypro/stage-api/api/payOut", Some(("cashypro", Kind::Create))),
            ("POST", "/cashypro/stage-api/api/payOutQuery", Some(("cashypro", Kind::Query))),
            ("POST", "/cashypro/stage-api/api/getBalance", None),
            ("POST", "/virtualpos/payout/v3/payout", Some(("virtualpos", Kind::Create))),
            ("GET", "/virtualpos/payout/v3/payout/7", Some(("virtualpos", Kind::Query))),
            ("POST", "/etpay/platform/v1/payouts", Some(("etpay", Kind::Create))),
            ("GET", "/etpay/platform/v1/payouts?page=1", Some(("etpay", Kind::Query))),
            ("GET", "/etpay/platform/v1/payouts/balance", None),
            ("POST", "/etpay/platform/v1/auth/login", None),
            ("GET", "/_twin/ledger", None),
        ] {
            assert_eq!(sort(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn only_payouts_of_refused_keys_are_refused() {
        let mut notes = Notes { refused_keys: vec!["D1".to_owned()], ..Notes::default() };
        let create =
            |body: &str| wire::post("/etpay/platform/v1/payouts", "", body.as_bytes().to_vec());
        assert!(note(&create("{\"merchant_order_id\":\"D1\"}"), &mut notes));
        assert!(!note(&create("{\"merchant_order_id\":\"D2\"}"), &mut notes));
        assert_eq!(notes.calls[0].refused.as_deref(), Some("D1"));
        assert_eq!(notes.calls.len(), 2);
    }
}
