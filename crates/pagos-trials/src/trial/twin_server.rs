//! The twin: one `pagos twin` in a process of its own, which outlives every payer. It serves
//! whoever needs a twin, payer or not. Judges nothing.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::{failure::Failure, trial::http};

const READY_MAX: Duration = Duration::from_secs(60);

/// How bad the twin's day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Faults {
    None,
    Mild,
    Hostile,
}

impl Faults {
    /// The twin's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Faults::None => "none",
            Faults::Mild => "mild",
            Faults::Hostile => "hostile",
        }
    }
}

/// A running twin. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct TwinServer {
    child: Child,
    url: String,
    /// Held so that the twin never writes into a closed pipe.
    _stdout: BufReader<ChildStdout>,
}

impl TwinServer {
    /// Starts a twin on a free port and orders its faults, which the seed determines.
    pub(crate) fn open(
        program: &Path,
        folder: &Path,
        faults: Faults,
        seed: u64,
    ) -> Result<Self, Failure> {
        let twin = Self::start(program, folder, &[])?;
        twin.order_faults(faults, seed)?;
        Ok(twin)
    }

    /// Starts a twin without faults on a free port, with these further arguments. What it tells
    /// people goes to `twin.log` of the folder.
    pub(crate) fn start(program: &Path, folder: &Path, words: &[&str]) -> Result<Self, Failure> {
        let log = folder.join("twin.log");
        let log = File::create(&log).map_err(Failure::while_doing(log.display()))?;
        let mut child = Command::new(program)
            .args(["twin", "--listen", "127.0.0.1:0"])
            .args(words)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(Failure::while_doing("starting the twin"))?;
        let stdout = child.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::new("the twin has no standard output"));
        match stdout.and_then(wait_until_ready) {
            Ok((url, stdout)) => Ok(Self { child, url, _stdout: stdout }),
            Err(failure) => {
                // It may be gone already; then there is nothing to stop.
                let _ = child.kill();
                let _ = child.wait();
                Err(failure)
            }
        }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Every movement of money, oldest first, as the twin's JSON.
    pub(crate) fn read_ledger(&self) -> Result<String, Failure> {
        http::call(&self.url, "GET", "/_twin/ledger", "")
    }

    /// How often it has paid each key; what came back does not undo that it left.
    pub(crate) fn count_payments(&self) -> Result<BTreeMap<String, u64>, Failure> {
        parse_payments(&self.read_ledger()?)
    }

    /// Every order that it has, as the twin's JSON.
    pub(crate) fn read_orders(&self) -> Result<String, Failure> {
        http::call(&self.url, "GET", "/_twin/orders", "")
    }

    /// The invented credentials of every provider, as the twin's JSON.
    pub(crate) fn read_credentials(&self) -> Result<String, Failure> {
        http::call(&self.url, "GET", "/_twin/credentials", "")
    }

    /// Lets this much time go by at once, and with it everything that is due.
    pub(crate) fn skip(&self, time: Duration) -> Result<(), Failure> {
        let body = json!({"advance_ms": time.as_millis()});
        http::call(&self.url, "POST", "/_twin/clock", &body.to_string()).map(drop)
    }

    /// Orders faults for keys of one provider.
    pub(crate) fn order_triggers(&self, provider: &str, triggers: &[Value]) -> Result<(), Failure> {
        let body = json!({"provider": provider, "triggers": triggers});
        http::call(&self.url, "POST", "/_twin/faults", &body.to_string()).map(drop)
    }

    /// Does what a payer does on the page of a session: pays.
    pub(crate) fn pay_on(&self, page: &str) -> Result<(), Failure> {
        let path = page.strip_prefix(&self.url);
        let path = path.ok_or_else(|| Failure::new(format!("{page:?} is no page of this twin")))?;
        http::visit(&self.url, &format!("{path}?auto=paid"))
    }

    fn order_faults(&self, faults: Faults, seed: u64) -> Result<(), Failure> {
        let body = json!({"profile": faults.word(), "seed": seed});
        http::call(&self.url, "POST", "/_twin/faults", &body.to_string()).map(drop)
    }
}

impl Drop for TwinServer {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the line that the twin prints when it listens.
fn wait_until_ready(stdout: ChildStdout) -> Result<(String, BufReader<ChildStdout>), Failure> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut line = String::new();
        let read = reader.read_line(&mut line);
        // Nobody listens any more when the twin was too slow.
        let _ = sender.send(read.map(|_| (line, reader)));
    });
    let said = receiver.recv_timeout(READY_MAX);
    let said = said.map_err(|_| Failure::new("the twin was not ready in time"))?;
    let (line, reader) = said.map_err(Failure::while_doing("reading the twin's line"))?;
    Ok((parse_ready(&line)?, reader))
}

/// Finds the origin in the twin's line.
fn parse_ready(line: &str) -> Result<String, Failure> {
    let ready: Value =
        serde_json::from_str(line).map_err(Failure::while_doing("the twin's line is not JSON"))?;
    let url = ["listening", "url", "address"].iter().find_map(|name| ready.get(name)?.as_str());
    let url = url.ok_or_else(|| Failure::new(format!("no address in {line:?}")))?;
    let url = url.trim_end_matches('/');
    Ok(if url.starts_with("http://") { url.to_owned() } else { format!("http://{url}") })
}

fn parse_payments(ledger: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let movements: Vec<Value> =
        serde_json::from_str(ledger).map_err(Failure::while_doing("the ledger"))?;
    let mut paid = BTreeMap::new();
    for movement in movements {
        let text = |name: &str| movement.get(name).and_then(Value::as_str);
        let key = text("key").ok_or_else(|| Failure::new("a movement without a key"))?;
        if text("direction") == Some("out") {
            *paid.entry(key.to_owned()).or_default() += 1;
        }
    }
    Ok(paid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_found_in_the_twins_line() {
        for line in [
            "{\"listening\":\"http://127.0.0.1:4010\"}\n",
            "{\"address\":\"127.0.0.1:4010\",\"cashypro\":\"http://127.0.0.1:4010/cashypro\"}",
            "{\"url\":\"http://127.0.0.1:4010/\"}",
        ] {
            assert_eq!(parse_ready(line), Ok("http://127.0.0.1:4010".to_owned()), "{line}");
        }
        assert!(parse_ready("").is_err());
        assert!(parse_ready("{\"ready\":true}").is_err());
    }

    #[test]
    fn payments_are_counted_by_key() {
        let ledger = "[{\"key\":\"a\",\"direction\":\"out\"},{\"key\":\"a\",\"direction\":\"back\"},\
                      {\"key\":\"a\",\"direction\":\"out\"},{\"key\":\"b\",\"direction\":\"out\"}]";
        let paid = parse_payments(ledger).unwrap();
        assert_eq!((paid["a"], paid["b"]), (2, 1));
        assert!(parse_payments("[{}]").is_err());
        assert!(parse_payments("").is_err());
    }
}
