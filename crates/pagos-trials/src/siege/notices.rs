//! What `serve` prints: its address first, then notices. A notice that a payout has ended is the
//! moment at which its webhook counts as applied.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::failure::Failure;

const READY_MAX: Duration = Duration::from_secs(30);

/// When each payout was first told to have ended, by its key.
#[derive(Debug, Clone, Default)]
pub(super) struct Endings {
    told: Arc<Mutex<BTreeMap<String, Instant>>>,
}

impl Endings {
    /// Waits for the line that says where `serve` listens, and hears the rest on a thread of its own.
    pub(super) fn listen(stdout: impl Read + Send + 'static) -> Result<(Ready, Self), Failure> {
        let (sender, receiver) = mpsc::channel();
        let endings = Self::default();
        let heard = endings.clone();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                match parse(&line) {
                    // Nobody waits for a second one.
                    Line::Ready(ready) => drop(sender.send(ready)),
                    Line::Ended(key) => heard.note(key, Instant::now()),
                    Line::Other => {}
                }
            }
        });
        let ready = receiver.recv_timeout(READY_MAX);
        let ready = ready.map_err(|_| Failure::new("`pagos serve` was not ready in time"))?;
        Ok((ready, endings))
    }

    /// When it was told that this payout had ended.
    pub(super) fn of(&self, key: &str) -> Option<Instant> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn note(&self, key: String, at: Instant) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(at);
    }
}

/// Where `serve` listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) listening: SocketAddr,
    pub(super) api: SocketAddr,
}

/// One line of `serve`.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// Where it listens.
    Ready(Ready),
    /// The payout of this key has ended.
    Ended(String),
    Other,
}

fn parse(line: &str) -> Line {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return Line::Other };
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let address = |name: &str| text(name).and_then(|url| url.strip_prefix("http://")?.parse().ok());
    if let (Some(listening), Some(api)) = (address("listening"), address("api")) {
        return Line::Ready(Ready { listening, api });
    }
    let kind = line.get("event").and_then(|event| event.get("kind")).and_then(Value::as_str);
    match (text("subject"), kind, text("status"), text("key")) {
        (Some("payout"), Some("advanced"), Some("succeeded" | "failed"), Some(key)) => {
            Line::Ended(key.to_owned())
        }
        _ => Line::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let notice = |kind: &str, subject: &str, status: &str| {
            format!(
                "{{\"number\":1,\"account\":\"cashypro\",\"event\":{{\"kind\":\"{kind}\"}},\
                 \"subject\":\"{subject}\",\"key\":\"C1\",\"status\":\"{status}\"}}"
            )
        };
        let ended = || Line::Ended("C1".to_owned());
        assert_eq!(parse(&notice("advanced", "payout", "succeeded")), ended());
        assert_eq!(parse(&notice("advanced", "payout", "failed")), ended());
        for other in [
            notice("advanced", "payout", "pending"),
            notice("reversed", "payout", "failed"),
            notice("advanced", "payment", "succeeded"),
            "not JSON".to_owned(),
            "{}".to_owned(),
        ] {
            assert_eq!(parse(&other), Line::Other, "{other}");
        }
        let ready = "{\"db\":\"x\",\"listening\":\"http://127.0.0.1:4010\",\
                     \"api\":\"http://127.0.0.1:4011\"}";
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(parse(ready), Line::Ready(Ready { listening: at(4010), api: at(4011) }));
    }

    #[test]
    fn the_first_notice_counts_and_a_program_without_an_address_is_a_failure() {
        let line = "{\"event\":{\"kind\":\"advanced\"},\"subject\":\"payout\",\"key\":\"C1\",\
                    \"status\":\"failed\"}\n";
        let ready = "{\"listening\":\"http://127.0.0.1:1\",\"api\":\"http://127.0.0.1:2\"}\n";
        let (ready, endings) = Endings::listen(ready.as_bytes()).unwrap();
        assert_eq!((ready.listening.port(), ready.api.port()), (1, 2));
        let first = Instant::now();
        endings.note("C1".to_owned(), first);
        endings.note("C1".to_owned(), first + Duration::from_secs(1));
        assert_eq!((endings.of("C1"), endings.of("C2")), (Some(first), None));
        assert!(Endings::listen(line.as_bytes()).is_err());
    }
}
