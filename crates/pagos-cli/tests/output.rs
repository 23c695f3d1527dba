//! Whoever does not read what the command writes holds up no payout and no signal; whoever reads the
//! notices of `serve` gets each of them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::{Duration, Instant};

use serde_json::Value;

use support::{Folder, Twin, payouts, wait_for};

const STOP_MAX: Duration = Duration::from_secs(10);

/// More lines of notices than any pipe holds.
const MANY: usize = 300;

fn many(prefix: &str) -> Vec<String> {
    (1..=MANY).map(|n| format!("{prefix}-{n:03}")).collect()
}

fn write(folder: &Folder, keys: &[String]) {
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
}

/// The numbers of the notices that were printed, and the keys of payouts that succeeded.
fn notices(out: &str) -> (Vec<u64>, Vec<String>) {
    let whole = out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let notices: Vec<Value> = whole.filter(|line| line["number"].is_u64()).collect();
    let numbers = notices.iter().map(|notice| notice["number"].as_u64().unwrap()).collect();
    let settled = notices.iter().filter(|notice| notice["status"] == "succeeded");
    let mut keys: Vec<String> =
        settled.map(|notice| notice["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    (numbers, keys)
}

#[test]
fn truth_12_serve_sends_all_while_nobody_reads() {
    let folder = Folder::new("truth-12-serve");
    let twin = Twin::start(&folder);
    let serve = format!("serve --sandbox-url {} --db u.db", twin.origin);
    let mut server = folder.start_unread(&serve);
    let keys = many("u");
    write(&folder, &keys);
    server.ready();
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db u.db --json", twin.origin);
    folder.run(&pay).exits(0).says("another pagos process works on this database");
    assert_eq!(twin.paid(), keys);
    assert!(server.is_running());
    let told = Instant::now();
    server.signal("TERM");
    let unread = server.end().exits(0);
    assert!(told.elapsed() < STOP_MAX, "{:?}", told.elapsed());
    let (numbers, settled) = notices(&unread.out);
    assert!(numbers.len() < keys.len(), "the pipe took everything: {}", numbers.len());
    assert!(settled.len() < keys.len());

    // A reader that comes later gets every notice that was not written, and some twice.
    let mut server = folder.start(&serve);
    server.ready();
    let first: Value = serde_json::from_str(&server.next_line()).unwrap();
    let first = first["number"].as_u64().unwrap();
    assert!(first > 1 && first <= numbers.last().unwrap() + 1, "{first}: {numbers:?}");
    let newest = folder.run("list --db u.db --json").exits(0);
    assert!(newest.out.contains("u-001"));
    server.signal("TERM");
    let read = server.end().exits(0);
    let (later, settled) = notices(&read.out);
    let gapless: Vec<u64> = (first..first + u64::try_from(later.len()).unwrap()).collect();
    assert_eq!(later, gapless);
    let mut all = [notices(&unread.out).1, settled].concat();
    all.sort();
    all.dedup();
    assert_eq!(all, keys);
}

#[test]
fn truth_12_serve_goes_on_when_its_reader_is_gone() {
    let folder = Folder::new("truth-12-gone");
    let twin = Twin::start(&folder);
    let serve = format!("serve --sandbox-url {} --db g.db", twin.origin);
    let mut server = folder.start_unread(&serve);
    server.ready();
    server.close_output();
    let keys = support::keys("g", 5);
    write(&folder, &keys);
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db g.db --json", twin.origin);
    folder.run(&pay).exits(0);
    assert_eq!(twin.paid(), keys);
    server.signal("TERM");
    let run = server.end().exits(0).says("notices are not printed any more; payouts go on");
    assert_eq!(run.err.matches("standard output").count(), 1, "{}", run.err);
    let mut server = folder.start(&serve);
    server.ready();
    while !server.next_line().contains("succeeded") {}
    server.signal("TERM");
    assert_eq!(notices(&server.end().exits(0).out).1, keys);
}

#[test]
fn truth_12_pay_pays_all_while_nobody_reads_and_a_signal_ends_it() {
    let folder = Folder::new("truth-12-pay");
    let twin = Twin::start(&folder);
    // A document that no pipe holds.
    let keys: Vec<String> = (1..=500).map(|n| format!("w-{n:03}")).collect();
    write(&folder, &keys);
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db w.db --json", twin.origin);
    let mut running = folder.start_unread(&pay);
    wait_for("all are paid", || twin.paid().len() == keys.len());
    wait_for("all are settled", || {
        let list = folder.run("list --db w.db --status succeeded --json").json();
        list["totals"][0]["count"] == keys.len()
    });
    assert!(running.is_running(), "the pipe took the whole report");
    let told = Instant::now();
    running.signal("TERM");
    let run = running.end();
    assert!(told.elapsed() < STOP_MAX, "{:?}", told.elapsed());
    // Either it still watched the payouts for a reversal, or it waited for its reader.
    assert!(run.code == Some(0), "{:?}: {}", run.code, run.err);
    run.says("the report on standard output is missing or incomplete");
    folder.run(&pay).exits(0);
    assert_eq!(twin.paid(), keys);
}

/// The progress of a run is drawn on a terminal. One that stands still, as after Ctrl-S, holds up
/// nothing.
#[cfg(target_os = "linux")]
#[test]
fn truth_12_a_terminal_that_stands_still_holds_up_nothing() {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };

    const CTRL_S: &[u8] = b"\x13";
    // `script` makes a terminal, and belongs to the base of Linux systems.
    let folder = Folder::new("truth-12-terminal");
    // Answers that take their time, so that there is much to draw.
    let twin = Twin::start_with(&folder, "--speed 50");
    let keys = support::keys("t", 40);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "sim:slow"))));
    let pay = format!(
        "echo $$ > pid; exec {} pay payouts.csv --sandbox-url {} --yes --db t.db --concurrency 2",
        env!("CARGO_BIN_EXE_pagos"),
        twin.origin
    );
    let mut terminal = Command::new("script")
        .args(["-q", "-e", "-c", &pay, "/dev/null"])
        .current_dir(folder.path())
        .envs([("TERM", "xterm"), ("SHELL", "/bin/sh")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("some are paid", || twin.paid().len() >= 2);
    let mut keyboard = terminal.stdin.take().unwrap();
    keyboard.write_all(CTRL_S).unwrap();
    keyboard.flush().unwrap();
    let paid = twin.paid().len();
    assert!(paid < keys.len() / 2, "the test was too slow to stop anything: {paid}");
    wait_for("all are paid", || twin.paid().len() == keys.len());
    let id = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    let is_there = || Command::new("kill").args(["-0", id.trim()]).stderr(Stdio::null()).status();
    let told = Instant::now();
    if is_there().unwrap().success() {
        Command::new("kill").args(["-s", "TERM", id.trim()]).status().unwrap();
    }
    wait_for("it ends", || !is_there().unwrap().success());
    assert!(told.elapsed() < STOP_MAX, "{:?}", told.elapsed());
    drop(keyboard);
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    assert_eq!(twin.paid(), keys);
}

#[test]
fn truth_11_notices_of_the_time_without_a_server_are_printed_by_the_next() {
    let folder = Folder::new("truth-11");
    let twin = Twin::start(&folder);
    let pay = |name: &str| {
        let with = format!("--sandbox-url {} --yes --db n.db --json", twin.origin);
        folder.run(&format!("pay {name} {with}")).exits(0);
    };
    let serve = |with: &str| folder.start(&format!("serve --sandbox-url {} {with}", twin.origin));
    folder.write("first.csv", payouts([("n-1", "salary")]));
    folder.write("second.csv", payouts([("n-2", "salary")]));
    pay("first.csv");
    // A new reader begins at the first notice, and its position outlives the service.
    let told = told_until(serve("--db n.db"), "n-1");
    assert_eq!(told.first(), Some(&1));
    pay("second.csv");
    let later = told_until(serve("--db n.db"), "n-2");
    assert_eq!(later.first(), told.last().map(|last| last + 1).as_ref());
    let newest = *later.last().unwrap();
    // Another reader has a position of its own.
    let other = told_until(serve("--db n.db --reader other"), "n-2");
    assert_eq!(other, (1..=newest).collect::<Vec<u64>>());

    let refused = folder
        .run(&format!("serve --sandbox-url {} --db n.db --notices-after newest", twin.origin));
    refused.exits(1).says("reader serve has acknowledged the notices up to number");
    let beyond = format!("--db n.db --reader third --notices-after {}", newest + 1);
    serve(&beyond).end().exits(1).says(&format!("the newest one is number {newest}"));
    let from = format!("--db n.db --reader third --notices-after {}", newest - 1);
    assert_eq!(told_until(serve(&from), "n-2"), [newest]);
    folder.write("third.csv", payouts([("n-3", "salary")]));
    let mut only_new = serve("--db n.db --reader fourth --notices-after newest");
    only_new.ready();
    pay("third.csv");
    assert_eq!(told_until_read(only_new, "n-3").first(), Some(&(newest + 1)));
}

fn told_until(mut server: support::Running, key: &str) -> Vec<u64> {
    server.ready();
    told_until_read(server, key)
}

/// The numbers of the notices up to the one that says that a payout succeeded, and behind it.
fn told_until_read(mut server: support::Running, key: &str) -> Vec<u64> {
    loop {
        let notice: Value = serde_json::from_str(&server.next_line()).unwrap();
        if notice["key"] == key && notice["status"] == "succeeded" {
            break;
        }
    }
    server.signal("TERM");
    notices(&server.end().exits(0).out).0
}

/// What was printed and not acknowledged when a process was killed comes once more.
#[cfg(feature = "failpoints")]
#[test]
fn truth_11_what_was_not_acknowledged_is_printed_again() {
    let folder = Folder::new("truth-11-killed");
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts([("k-1", "salary")]));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db k.db --json", twin.origin);
    folder.run(&pay).exits(0);
    let serve = format!("serve --sandbox-url {} --db k.db", twin.origin);
    let killed = [("PAGOS_FAILPOINT", "acknowledge/before")];
    let killed = folder.run_with(&serve, &killed);
    assert_eq!(killed.code, None, "{}", killed.err);
    let printed = notices(&killed.out);
    assert_eq!(printed.1, ["k-1"]);
    let again = told_until(folder.start(&serve), "k-1");
    assert_eq!(again, printed.0);
}
