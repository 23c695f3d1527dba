//! The built command as a process: folders of their own, files of payouts, running commands that
//! never outlive their test, a twin with its control surface. Decides nothing about outcomes.
//!
//! Whatever a command prints in any test, it must not print a name, a document or an account of the
//! files made here, nor a secret of the twins: [`Run`] refuses it.

// Each test file is a crate of its own and uses a part of this.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use pagos_twin::{
    cashypro::SANDBOX_API_KEY,
    conekta,
    etpay::{SANDBOX_API_TOKEN, SANDBOX_PASSWORD},
    virtualpos,
};
use serde_json::Value;

/// How long anything may take before a test says that it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const BEAT: Duration = Duration::from_millis(10);

/// How the name, the document and the account of every row begin.
pub(crate) const NAME: &str = "Zoraida Canaria";
pub(crate) const DOCUMENT: &str = "7301946";
pub(crate) const ACCOUNT: &str = "0049382716";

const HEADER: &str = "key,provider,amount,currency,name,document_type,document,bank,account_type,account,description";

/// A file of one payout for each key and description, of 100 001 pesos, 100 002 pesos and so on.
pub(crate) fn payouts<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let rows = (1..).zip(rows).map(|(n, (key, does))| row(key, &(100_000 + n).to_string(), does));
    file(rows)
}

/// A file of these rows.
pub(crate) fn file(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().fold(format!("{HEADER}\n"), |file, row| file + &row + "\n")
}

/// One row of a file.
pub(crate) fn row(key: &str, amount: &str, description: &str) -> String {
    format!(
        "{key},cashypro,{amount},COP,{NAME},cc,{DOCUMENT}81,20,savings,{ACCOUNT}5,{description}"
    )
}

/// `prefix-01` and so on.
pub(crate) fn keys(prefix: &str, count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("{prefix}-{n:02}")).collect()
}

/// A folder of its own for each test, gone at its end; commands run in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    /// Runs a command to its end. The arguments are separated by spaces.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.start(arguments).end()
    }

    pub(crate) fn run_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Run {
        self.start_with(arguments.split_whitespace(), variables).end()
    }

    /// Starts a command. The arguments are separated by spaces.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        self.start_with(arguments.split_whitespace(), &[])
    }

    /// Starts a command that knows no other variables than these.
    pub(crate) fn start_with<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        variables: &[(&str, &str)],
    ) -> Running {
        Running::new(self.command(arguments, variables))
    }

    /// Starts a command whose two streams nobody reads before they are asked for.
    pub(crate) fn start_unread(&self, arguments: &str) -> Unread {
        let mut command = self.command(arguments.split_whitespace(), &[]);
        let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Unread { child: streams.spawn().unwrap() }
    }

    /// Runs a command whose standard output is this file.
    pub(crate) fn run_into(&self, file: &str, arguments: &str) -> Run {
        let mut command = self.command(arguments.split_whitespace(), &[]);
        let out = fs::OpenOptions::new().write(true).open(file).unwrap();
        let ended = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped());
        let ended = ended.spawn().unwrap().wait_with_output().unwrap();
        Run::new(ended.status, String::new(), String::from_utf8(ended.stderr).unwrap())
    }

    fn command<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        variables: &[(&str, &str)],
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pagos"));
        command.args(arguments).current_dir(&self.0).env_clear().envs(variables.iter().copied());
        // Windows opens no socket without it.
        command.envs(std::env::vars_os().filter(|(name, _)| name == "SystemRoot"));
        command
    }

    /// The payout with this key, as `status --json` prints it; `Null` if there is none yet.
    pub(crate) fn payout(&self, db: &str, key: &str) -> Value {
        let run = self.run(&format!("status {key} --db {db} --json"));
        if run.out.is_empty() { Value::Null } else { run.json() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How a command ended and what it said.
pub(crate) struct Run {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    fn new(status: ExitStatus, out: String, err: String) -> Self {
        let secrets = [
            SANDBOX_API_KEY,
            conekta::SANDBOX_API_KEY,
            SANDBOX_API_TOKEN,
            SANDBOX_PASSWORD,
            virtualpos::SANDBOX_API_KEY,
            virtualpos::SANDBOX_SECRET_KEY,
            virtualpos::SANDBOX_PAYMENTS_API_KEY,
            virtualpos::SANDBOX_PAYMENTS_SECRET_KEY,
        ];
        for secret in [NAME, DOCUMENT, ACCOUNT].into_iter().chain(secrets) {
            assert!(!out.contains(secret), "{secret} in standard output: {out}");
            assert!(!err.contains(secret), "{secret} in standard error: {err}");
        }
        Self { code: status.code(), out, err }
    }

    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "--- out\n{}--- err\n{}", self.out, self.err);
        self
    }

    /// Insists on a part of what it said to people.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is missing: {}", self.err);
        self
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let read = serde_json::from_str(&self.out);
        read.unwrap_or_else(|error| panic!("{error}\n--- out\n{}--- err\n{}", self.out, self.err))
    }
}

/// A command at work. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    words: Receiver<String>,
    /// What was read of the two streams already.
    out: String,
    err: String,
}

impl Running {
    fn new(mut command: Command) -> Self {
        let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().unwrap();
        let lines = read_lines(child.stdout.take().unwrap());
        let words = read_lines(child.stderr.take().unwrap());
        Self { child, lines, words, out: String::new(), err: String::new() }
    }

    /// Waits for the JSON line that says that a server is ready.
    pub(crate) fn ready(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a server says when it is ready");
        self.out.push_str(&line);
        serde_json::from_str(&line).unwrap()
    }

    /// Waits for the next line on standard output.
    pub(crate) fn next_line(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("there is another line");
        self.out.push_str(&line);
        line.trim_end().to_owned()
    }

    /// Waits for a line to people.
    pub(crate) fn waits_until_it_says(&mut self, text: &str) {
        while !self.err.contains(text) {
            let line = self.words.recv_timeout(PATIENCE);
            self.err
                .push_str(&line.unwrap_or_else(|_| panic!("{text:?} is missing: {}", self.err)));
        }
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) -> Run {
        self.child.kill().unwrap();
        self.end()
    }

    /// Asks it to stop: `INT` is Ctrl-C, `TERM` is what a service manager sends.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Run {
        let mut status = None;
        wait_for("the command ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        // The other end is closed, so both come to their end.
        let (mut out, mut err) = (std::mem::take(&mut self.out), std::mem::take(&mut self.err));
        out.extend(self.lines.iter());
        err.extend(self.words.iter());
        Run::new(status.unwrap(), out, err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that nobody reads. Dropping it kills it.
pub(crate) struct Unread {
    child: Child,
}

impl Unread {
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Reads its first line and no more: a server that printed it has its turn.
    pub(crate) fn ready(&mut self) {
        let out = self.child.stdout.as_mut().unwrap();
        let mut byte = [0];
        while byte != *b"\n" {
            assert_eq!(out.read(&mut byte).unwrap(), 1, "it ended before it was ready");
        }
    }

    /// Closes the reading end of its standard output.
    pub(crate) fn close_output(&mut self) {
        drop(self.child.stdout.take());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, and then reads what is left in the pipes.
    pub(crate) fn end(mut self) -> Run {
        let mut status = None;
        wait_for("the unread command ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let (mut out, mut err) = (String::new(), String::new());
        if let Some(mut stream) = self.child.stdout.take() {
            stream.read_to_string(&mut out).unwrap();
        }
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Run::new(status.unwrap(), out, err)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream, until its other end is closed.
fn read_lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let mut stream = BufReader::new(stream);
    std::thread::spawn(move || {
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|size_bytes| size_bytes > 0) {
            let _ = sender.send(std::mem::take(&mut line));
        }
    });
    lines
}

/// A running `pagos twin`.
pub(crate) struct Twin {
    running: Running,
    pub(crate) ready: Value,
    pub(crate) origin: String,
}

impl Twin {
    pub(crate) fn start(folder: &Folder) -> Self {
        Self::start_with(folder, "")
    }

    pub(crate) fn start_with(folder: &Folder, options: &str) -> Self {
        let mut running = folder.start(&format!("twin --listen 127.0.0.1:0 {options}"));
        let ready = running.ready();
        let origin = ready["listening"].as_str().unwrap().to_owned();
        Self { running, ready, origin }
    }

    /// A control call.
    pub(crate) fn ask(&self, name: &str) -> Value {
        let (status, body) = http("GET", &format!("{}/_twin/{name}", self.origin), &[], "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// A control call that changes something.
    pub(crate) fn tell(&self, name: &str, body: &Value) {
        self.order(name, body);
    }

    /// A control call that does something and tells what.
    pub(crate) fn order(&self, name: &str, body: &Value) -> Value {
        let url = format!("{}/_twin/{name}", self.origin);
        let (status, body) = http("POST", &url, &[], &body.to_string());
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The lines of `pagos.toml` that configure its account, to which no webhook comes.
    pub(crate) fn account(&self) -> String {
        let credentials = self.ask("credentials")["cashypro"].clone();
        let fields = credentials.as_object().unwrap().iter();
        let lines = fields.map(|(name, value)| format!("{name} = {value}\n")).collect::<String>();
        let notify = "notify_url = \"http://127.0.0.1:1/webhooks/cashypro\"";
        format!("[accounts.cashypro]\n{notify}\n{lines}")
    }

    /// Every movement of money.
    pub(crate) fn ledger(&self) -> Vec<Value> {
        self.ask("ledger").as_array().unwrap().clone()
    }

    /// The keys of what was paid, as often as each was, in order.
    pub(crate) fn paid(&self) -> Vec<String> {
        let ledger = self.ledger();
        let out = ledger.iter().filter(|movement| movement["direction"] == "out");
        let mut keys: Vec<String> =
            out.map(|movement| movement["key"].as_str().unwrap().to_owned()).collect();
        keys.sort();
        keys
    }

    #[cfg(unix)]
    pub(crate) fn stop(self) -> Run {
        self.running.signal("TERM");
        self.running.end()
    }
}

/// A provider that takes a call and never answers, and a folder whose account is with it.
pub(crate) fn silent(name: &str) -> (Folder, TcpListener) {
    let folder = Folder::new(name);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    folder.write(
        "pagos.toml",
        format!(
            "[accounts.cashypro]\ncountry = \"COL\"\nbase_url = \"http://{address}\"\n\
             merchant_id = \"1002001\"\napi_key = \"0123456789abcdef\"\n\
             notify_url = \"https://payouts.example.com/webhooks/cashypro\"\n"
        ),
    );
    folder.write("payouts.csv", payouts([("k-1", "salary")]));
    (folder, silent)
}

/// Waits until `is_so`, for at most [`PATIENCE`].
#[track_caller]
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(BEAT);
    }
}

/// One HTTP request of a stranger: no client of ours is tested here.
pub(crate) fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let size_bytes = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\
         content-length: {size_bytes}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// The payouts of a document, by key: one field each.
pub(crate) fn field_by_key(document: &Value, field: &str) -> Vec<(String, Value)> {
    let payouts = document["payouts"].as_array().unwrap().iter();
    payouts
        .map(|payout| (payout["key"].as_str().unwrap().to_owned(), payout[field].clone()))
        .collect()
}

/// Is this the field of every payout, and is there at least one?
pub(crate) fn all_are(document: &Value, field: &str, expected: impl Into<Value>) -> bool {
    let expected = expected.into();
    let payouts = field_by_key(document, field);
    !payouts.is_empty() && payouts.iter().all(|(_, value)| *value == expected)
}
