//! Every command of the pages that talk to a sandbox is run as a reader runs it, by bash, and answers
//! what the page says.
//!
//! A `json` block is a part of the answer above it, each line of a `text` block is among the lines of
//! that answer or of what runs in the background. What is safe to repeat is repeated until it is so.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "a test that cannot run here says so")]

mod support;

use std::{
    env, fs,
    io::Read,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use support::{Folder, Running, wait_for};

#[test]
fn the_page_about_the_sandbox_does_what_it_says() {
    follow("sandbox", 20);
}

#[test]
fn the_page_about_the_api_does_what_it_says() {
    follow("api", 20);
}

fn follow(page: &str, blocks_min: usize) {
    if let Some(missing) = ["bash", "curl", "python3"].into_iter().find(|it| !is_installed(it)) {
        assert!(env::var("CI").as_deref() != Ok("true"), "the guide needs {missing}");
        println!("skipped: the guide needs {missing}");
        return;
    }
    let name = page;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/guide/{name}.md"));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let page = fs::read_to_string(page).unwrap().replace("8099", &port.to_string());
    let mut reader = Reader::new(name);
    let blocks = blocks(&page);
    assert!(blocks.len() > blocks_min, "{}", blocks.len());
    for (kind, text) in blocks {
        match kind {
            "sh" if text.starts_with("pagos serve") => reader.start(text),
            "sh" if text.ends_with('&') => reader.leave_behind(text),
            "sh" => reader.run(text),
            "python" => reader.folder.write("events.py", text),
            "json" => reader.expect(text, |told, text| {
                let (told, part) =
                    (serde_json::from_str(told), serde_json::from_str(text).unwrap());
                told.is_ok_and(|told| has(&told, &part))
            }),
            "text" => reader.expect(text, |told, text| {
                text.lines().all(|line| told.lines().any(|it| it.starts_with(line)))
            }),
            other => panic!("a block of {other}"),
        }
    }
    let server = reader.server.take().unwrap();
    server.signal("INT");
    server.end().exits(0);
}

/// Whoever follows the page.
struct Reader {
    folder: Folder,
    server: Option<Running>,
    /// The lines that were pasted.
    pasted: String,
    behind: Vec<Child>,
    last: String,
    told: String,
}

impl Reader {
    fn new(page: &str) -> Self {
        let folder = Folder::new(&format!("guide-{page}"));
        let (pasted, last, told) = (String::new(), String::new(), String::new());
        Self { folder, server: None, pasted, behind: Vec::new(), last, told }
    }

    /// Starts the sandbox, and pastes its lines as far as they set a variable.
    fn start(&mut self, text: &str) {
        let words = text.strip_prefix("pagos ").unwrap().split_whitespace();
        let mut server = self.folder.start_with(words, &[]);
        let mut line = server.next_line();
        while !line.starts_with("API=") {
            line = server.next_line();
        }
        while !line.starts_with("curl ") {
            self.pasted.push_str(&format!("{line}\n"));
            line = server.next_line();
        }
        self.run(&line);
        self.expect(r#"{"key": "first", "state": "under_way"}"#, |told, part| {
            has(&serde_json::from_str(told).unwrap(), &serde_json::from_str(part).unwrap())
        });
        self.server = Some(server);
    }

    fn bash(&self, text: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-euc", &format!("{}{text}", self.pasted)]).current_dir(self.folder.path());
        let bin = Path::new(env!("CARGO_BIN_EXE_pagos")).parent().unwrap();
        let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap());
        command.env("PATH", path).env("NO_PROXY", "127.0.0.1").stdin(Stdio::null());
        command
    }

    fn run(&mut self, text: &str) {
        let ended = self.bash(text).output().unwrap();
        assert!(ended.status.success(), "{text}\n{}", String::from_utf8_lossy(&ended.stderr));
        self.told = String::from_utf8(ended.stdout).unwrap();
        self.last = text.to_owned();
    }

    fn leave_behind(&mut self, text: &str) {
        let out = fs::File::create(self.folder.path().join("behind.log")).unwrap();
        let text = format!("exec env {}", text.trim_end_matches(" &"));
        self.behind.push(self.bash(&text).stdout(out).spawn().unwrap());
    }

    fn expect(&mut self, text: &str, is_so: impl Fn(&str, &str) -> bool) {
        wait_for(text, || {
            let mut behind = String::new();
            let log = fs::File::open(self.folder.path().join("behind.log"));
            log.map_or(Ok(0), |mut log| log.read_to_string(&mut behind)).unwrap();
            if is_so(&self.told, text) || is_so(&behind, text) {
                return true;
            }
            let last = self.last.clone();
            let is_safe = !last.contains(" -d ") || last.contains("Idempotency-Key");
            assert!(is_safe, "{last}\nanswers {}\nand not {text}", self.told);
            self.run(&last);
            false
        });
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in &mut self.behind {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The kinds and texts of the blocks of a page.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let inside = page.split("```").skip(1).step_by(2);
    inside
        .map(|block| block.split_once('\n').expect("a kind"))
        .map(|(kind, text)| (kind, text.trim_end()))
        .collect()
}

/// Whether every field of `part` is in `whole`, with the same value.
fn has(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| has(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len()
                && whole.iter().zip(part).all(|(whole, part)| has(whole, part))
        }
        _ => whole == part,
    }
}

fn is_installed(name: &str) -> bool {
    let mut command = Command::new(name);
    let asked = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
