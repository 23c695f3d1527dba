//! `pagos serve` with its HTTP API, which is killed and started again over one database, and what the
//! database holds while it is not there.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{failure::Failure, process};

const DATABASE: &str = "clients.db";

const LOG: &str = "serve.log";

const READY_MAX: Duration = Duration::from_secs(60);

/// How the service is started.
#[derive(Debug)]
pub(super) struct Service {
    program: PathBuf,
    folder: PathBuf,
    bank_url: String,
}

/// A payout of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) status: String,
    /// Whether nothing goes on before a person has looked.
    pub(super) waits_for_person: bool,
}

impl Listed {
    /// Whether it has ended or waits for a person.
    pub(super) fn is_at_rest(&self) -> bool {
        self.waits_for_person || matches!(self.status.as_str(), "succeeded" | "failed")
    }
}

/// A running service. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Serve {
    child: Child,
    api: SocketAddr,
}

impl Service {
    pub(super) fn new(program: PathBuf, folder: PathBuf, bank: &str) -> Self {
        Self { program, folder, bank_url: bank.to_owned() }
    }

    /// Makes the database and a token.
    pub(super) fn make_token(&self) -> Result<String, Failure> {
        let words = ["token", "create", "--name", "clients", "--scope", "submit", "--new-db"];
        Ok(process::read_stdout(&mut self.command(&words))?.trim().to_owned())
    }

    /// Starts it and waits until it says where its API listens.
    pub(super) fn start(&self) -> Result<Serve, Failure> {
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join(LOG));
        let log = log.map_err(Failure::while_doing("opening a log"))?;
        let words = ["serve", "--sandbox-url", &self.bank_url, "--api", "127.0.0.1:0"];
        let mut command = self.command(&words);
        let command = command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(Failure::while_doing("starting `pagos serve`"))?;
        let stdout = child.stdout.take();
        let api = stdout.ok_or_else(|| Failure::new("no standard output")).and_then(hear);
        // Whatever it was, the process must not outlive us.
        let mut serve = Serve { child, api: SocketAddr::from(([127, 0, 0, 1], 0)) };
        serve.api = api.map_err(|failure| {
            Failure::new(format!("{failure}; see {}", self.folder.join(LOG).display()))
        })?;
        Ok(serve)
    }

    /// Every payout of the store, by its key.
    pub(super) fn list(&self) -> Result<BTreeMap<String, Listed>, Failure> {
        parse_list(&process::read_stdout(&mut self.command(&["list", "--json"]))?)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).args(["--db", DATABASE]).current_dir(&self.folder);
        command.stdin(Stdio::null());
        command
    }
}

impl Serve {
    /// Where its API listens.
    pub(super) fn api(&self) -> SocketAddr {
        self.api
    }

    /// Fails if it ended by itself.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        match self.child.try_wait().map_err(Failure::while_doing("looking at `pagos serve`"))? {
            None => Ok(()),
            Some(status) => Err(Failure::new(format!("`pagos serve` ended with {status}"))),
        }
    }

    /// Ends it as a crash would.
    pub(super) fn kill(mut self) -> Result<(), Failure> {
        self.check()?;
        self.child.kill().map_err(Failure::while_doing("killing `pagos serve`"))?;
        self.child.wait().map(drop).map_err(Failure::while_doing("killing `pagos serve`"))
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the line that says that it is ready, and hears the rest on a thread of its own.
fn hear(stdout: impl Read + Send + 'static) -> Result<SocketAddr, Failure> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut reader, mut line) = (BufReader::new(stdout), String::new());
        // Nobody listens any more when it was too slow.
        let _ = sender.send(reader.read_line(&mut line).map(|_| line));
        io::copy(&mut reader, &mut io::sink())
    });
    let line = receiver.recv_timeout(READY_MAX);
    let line = line.map_err(|_| Failure::new("`pagos serve` was not ready in time"))?;
    let line = line.map_err(Failure::while_doing("reading the line of `pagos serve`"))?;
    let ready: Value = serde_json::from_str(&line).unwrap_or_default();
    let api = ready.get("api").and_then(Value::as_str).and_then(|url| url.strip_prefix("http://"));
    let api = api.and_then(|address| address.parse().ok());
    api.ok_or_else(|| Failure::new("`pagos serve` was not ready"))
}

fn parse_list(json: &str) -> Result<BTreeMap<String, Listed>, Failure> {
    let document: Value = serde_json::from_str(json).map_err(Failure::while_doing("the list"))?;
    let payouts = document.get("payouts").and_then(Value::as_array);
    let payouts = payouts.ok_or_else(|| Failure::new("the list has no payouts"))?;
    let text = |payout: &Value, name: &str| {
        let text = payout.get(name).and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| Failure::new(format!("no {name} in the list")))
    };
    let read = |payout: &Value| {
        let waits_for_person = payout.get("attention").and_then(Value::as_bool).unwrap_or(false);
        Ok((text(payout, "key")?, Listed { status: text(payout, "status")?, waits_for_person }))
    };
    payouts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_list_are_read() {
        let line = b"{\"listening\":\"http://127.0.0.1:1\",\"api\":\"http://127.0.0.1:2\"}\nmore\n";
        assert_eq!(hear(line.as_slice()).unwrap().port(), 2);
        assert!(hear(b"".as_slice()).is_err());
        let list = parse_list("{\"payouts\":[{\"key\":\"a\",\"status\":\"succeeded\"}]}").unwrap();
        assert!(list["a"].status == "succeeded" && list["a"].is_at_rest());
        let list = "{\"payouts\":[{\"key\":\"a\",\"status\":\"unknown\",\"attention\":true}]}";
        assert!(parse_list(list).unwrap()["a"].is_at_rest());
        assert!(!parse_list(&list.replace("true", "false")).unwrap()["a"].is_at_rest());
        for bad in ["", "{}", "{\"payouts\":[{\"key\":\"a\"}]}"] {
            assert!(parse_list(bad).is_err(), "{bad}");
        }
    }
}
