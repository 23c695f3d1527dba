//! Ends this process at one named point, so that a sweep can see what a crash there leaves behind.
//! It exists only with the feature `failpoints`; the released program does not contain it.
//!
//! `PAGOS_FAILPOINT` is `POINT/PHASE`, then any of `@KEY` (of the order), `~TEXT` (of the request's
//! path, only for `sent`) and `#N` (the N-th time, by default 1). Requests can be assigned to calls
//! only if there is one call at a time, so `sent` needs `--concurrency 1`.

use std::{
    env, fmt, process,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Departure, OrderKey, Reached, Transport, TransportError};
use pagos_engine::{Deed, InstrumentedStore, Phase, Point, Probe, Store};

use crate::{console, exit::Failure};

const VARIABLE: &str = "PAGOS_FAILPOINT";

/// After this time a request on loopback has been sent, even if its answer takes longer.
const LEFT_AFTER: Duration = Duration::from_millis(50);

static ARMED: OnceLock<Arc<Failpoint>> = OnceLock::new();

/// Reads the environment, once, at the start.
pub(crate) fn arm() -> Result<(), Failure> {
    let Ok(text) = env::var(VARIABLE) else { return Ok(()) };
    let wanted = Wanted::parse(&text)
        .ok_or_else(|| Failure::new(format!("{VARIABLE}: {text:?} is no POINT/PHASE[@KEY][#N]")))?;
    // Nobody has set it before: this is called once, at the start.
    let _ = ARMED.set(Arc::new(Failpoint { wanted, state: Mutex::default() }));
    Ok(())
}

/// The store, with the failpoint if one is armed.
pub(crate) fn instrumented(store: Arc<dyn Store>) -> InstrumentedStore {
    match ARMED.get() {
        Some(failpoint) => InstrumentedStore::new(store, Arc::clone(failpoint) as _),
        None => store.into(),
    }
}

/// The transport, with the failpoint if one is armed.
pub(crate) fn transport(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    match ARMED.get() {
        Some(failpoint) => Arc::new(Watched { inner, failpoint: Arc::clone(failpoint) }),
        None => inner,
    }
}

/// Where to end, parsed from `PAGOS_FAILPOINT`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    point: Point,
    phase: Phase,
    key: Option<String>,
    path_part: Option<String>,
    nth: u32,
}

impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        let (rest, nth) = match text.split_once('#') {
            Some((rest, nth)) => (rest, nth.parse().ok().filter(|nth| *nth > 0)?),
            None => (text, 1),
        };
        let (rest, path_part) = split_off(rest, '~')?;
        let (rest, key) = split_off(rest, '@')?;
        let (word, phase) = rest.split_once('/')?;
        let point = Point::ALL.iter().copied().find(|point| point.word() == word)?;
        let phase = point.phases().iter().copied().find(|it| it.word() == phase)?;
        Some(Self { point, phase, key, path_part, nth })
    }
}

/// The text before and after the mark. `None` if nothing follows it.
fn split_off(text: &str, mark: char) -> Option<(&str, Option<String>)> {
    match text.split_once(mark) {
        Some((_, "")) => None,
        Some((before, after)) => Some((before, Some(after.to_owned()))),
        None => Some((text, None)),
    }
}

#[derive(Debug)]
struct Failpoint {
    wanted: Wanted,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    times_met: u32,
    /// The calls that are under way, newest last.
    calls: Vec<(Point, OrderKey)>,
}

impl Failpoint {
    fn meet(&self, point: Point, phase: Phase, key: Option<&OrderKey>, path: &str) {
        let wanted = &self.wanted;
        let is_key =
            wanted.key.as_deref().is_none_or(|it| key.is_some_and(|key| key.as_str() == it));
        let is_path = wanted.path_part.as_deref().is_none_or(|part| path.contains(part));
        if (point, phase) != (wanted.point, wanted.phase) || !is_key || !is_path {
            return;
        }
        let mut state = self.state();
        state.times_met += 1;
        if state.times_met == wanted.nth {
            console::tell(&format!("failpoint {}/{}: aborting", point, phase.word()));
            console::close();
            process::abort();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probe for Failpoint {
    fn at(&self, point: Point, phase: Phase, key: Option<&OrderKey>) {
        if let (Deed::Call, Some(key)) = (point.deed(), key) {
            let call = (point, key.clone());
            let mut state = self.state();
            match phase {
                Phase::Before => state.calls.push(call),
                Phase::Sent => {}
                Phase::After => state.calls.retain(|other| *other != call),
            }
        }
        self.meet(point, phase, key, "");
    }
}

/// A transport that reports when a request has been sent.
struct Watched {
    inner: Arc<dyn Transport>,
    failpoint: Arc<Failpoint>,
}

impl Watched {
    fn sent(&self, call: Option<&(Point, OrderKey)>, path: &str) {
        if let Some((point, key)) = call {
            self.failpoint.meet(*point, Phase::Sent, Some(key), path);
        }
    }
}

#[async_trait]
impl Transport for Watched {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let path = request.uri().path().to_owned();
        // Other calls begin while this one waits for its answer.
        let newest = self.failpoint.state().calls.last().cloned();
        let mut call = self.inner.send(request, departure);
        tokio::select! {
            biased;
            answer = &mut call => {
                let has_left = !matches!(&answer, Err(error) if error.reached == Reached::No);
                if has_left {
                    self.sent(newest.as_ref(), &path);
                }
                return answer;
            }
            () = tokio::time::sleep(LEFT_AFTER) => self.sent(newest.as_ref(), &path),
        }
        call.await
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_and_phase_can_be_named() {
        for point in Point::ALL {
            for phase in point.phases() {
                let text = format!("{point}/{}", phase.word());
                let wanted = Wanted::parse(&text).unwrap();
                assert_eq!((wanted.point, wanted.phase, wanted.nth), (*point, *phase, 1), "{text}");
            }
        }
    }

    #[test]
    fn key_path_and_number_are_optional() {
        let wanted = Wanted::parse("create/sent@C1N0007~/transfers#2").unwrap();
        let expected = Wanted {
            point: Point::Create,
            phase: Phase::Sent,
            key: Some("C1N0007".to_owned()),
            path_part: Some("/transfers".to_owned()),
            nth: 2,
        };
        assert_eq!(wanted, expected);
        for bad in
            ["", "create", "create/", "nowhere/after", "bind/sent", "create/sent@", "create/sent#0"]
        {
            assert_eq!(Wanted::parse(bad), None, "{bad:?}");
        }
    }
}
