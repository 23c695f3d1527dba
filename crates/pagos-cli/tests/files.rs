//! What a file means: its rows and no others are reported, a refused file takes back only what is
//! its own, and once it was released the outcomes make the exit code.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::{Duration, Instant};

use pagos_core::Timestamp;
use pagos_engine::{Filter, Intent, Page, Released, RunId, Store, suite::permit};
use pagos_store_sqlite::SqliteStore;
use serde_json::{Value, json};

use support::{Folder, Twin, all_are, keys, payouts, row, wait_for};

fn orders(twin: &Twin) -> usize {
    twin.ask("orders").as_array().unwrap().len()
}

fn reported(document: &Value) -> Vec<String> {
    let keys = support::field_by_key(document, "key");
    keys.into_iter().map(|(key, _)| key).collect()
}

#[test]
fn truth_01_two_files_with_common_rows_report_exactly_their_own() {
    let folder = Folder::new("truth-01");
    let twin = Twin::start(&folder);
    let all = keys("a", 9);
    let file = |keys: &[String]| payouts(keys.iter().map(|key| (key.as_str(), "salary")));
    folder.write("a.csv", file(&all[..6]));
    folder.write("b.csv", file(&all));
    let pay = |name: &str| {
        format!("pay {name} --sandbox-url {} --yes --db a.db --json --rate 3", twin.origin)
    };
    let first = folder.start(&pay("a.csv"));
    wait_for("the first is at work", || orders(&twin) > 0);
    let second = folder.run(&pay("b.csv")).exits(0).says("6 of these payouts are known already");
    let first = first.end().exits(0);
    assert_eq!(reported(&first.json()), all[..6]);
    assert_eq!(reported(&second.json()), all);
    assert!(all_are(&second.json(), "status", "succeeded"), "{}", second.out);
    assert_eq!(first.json()["totals"][0]["count"], 6);
    assert_eq!(second.json()["totals"][0]["count"], 9);
    assert_eq!(twin.paid(), all);
    // The exit code is over the rows of the file, too: a payout that failed is in the second only.
    folder.write("b.csv", payouts([("a-01", "salary"), ("a-10", "sim:fail")]));
    folder.run(&pay("b.csv")).exits(2);
    folder.run(&pay("a.csv")).exits(0);
}

/// Whatever another file stored is as it was, released or not.
#[test]
fn truth_02_a_refused_file_takes_back_only_what_is_its_own() {
    let folder = Folder::new("truth-02");
    let twin = Twin::start(&folder);
    let pay = |name: &str, db: &str| {
        folder.run(&format!("pay {name} --sandbox-url {} --yes --db {db} --json", twin.origin))
    };
    folder.write("first.csv", payouts([("h-1", "salary"), ("h-2", "salary")]));
    pay("first.csv", "seen.db").exits(0);
    let run = RunId("another file".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Another process stored the same orders and has not released them yet.
    runtime.block_on(async {
        let seen = SqliteStore::open_read_only(folder.path().join("seen.db")).unwrap();
        let stored = seen.list(&Filter::default(), &Page::by_key(10)).await.unwrap();
        let created_at = Timestamp::from_millis(0);
        let intents = stored.into_iter().map(|it| Intent { order: it.order, created_at, by: None });
        let other = SqliteStore::open(folder.path().join("h.db")).unwrap();
        other.submit(&run, intents.collect()).await.unwrap();
    });
    let rows = ["h-1", "h-2", "h-3"].map(|key| row(key, "100001", "salary"));
    folder.write("second.csv", support::file(rows));
    // `h-2` has another amount there.
    let refused = pay("second.csv", "h.db").exits(1).says("line 3, key \"h-2\"");
    assert_eq!(refused.json()["problems"].as_array().unwrap().len(), 1);
    let left = folder.run("list --db h.db --json").exits(0).json();
    assert_eq!(reported(&left), ["h-2", "h-1"], "the newest first");
    runtime.block_on(async {
        let other = SqliteStore::open(folder.path().join("h.db")).unwrap();
        let released = other.release(&run, permit(2), Timestamp::from_millis(1)).await.unwrap();
        assert_eq!(released, Released::Done { made_due: 2 });
    });
}

#[test]
fn truth_03_a_report_that_cannot_be_written_does_not_make_the_exit_code() {
    let folder = Folder::new("truth-03");
    folder.write("one.csv", payouts([("f-1", "salary")]));
    folder.write("two.csv", payouts([("f-1", "salary"), ("f-2", "sim:fail")]));
    for (command, code) in [
        ("pay one.csv --sandbox --yes --db f.db", 0),
        ("pay two.csv --sandbox --yes --db f.db", 2),
        ("pay two.csv --sandbox --yes --db f.db --json", 2),
    ] {
        let run = folder.run_into("/dev/full", command).exits(code);
        assert!(!run.err.contains("this command sent nothing"), "{}", run.err);
        run.says("the report on standard output is missing or incomplete");
    }
    assert_eq!(folder.payout("f.db", "f-1")["status"], "succeeded");
    // Before the release it is an error like any other: this command sent nothing.
    folder.write("bad.csv", payouts([("f 9", "salary")]));
    folder.run_into("/dev/full", "pay bad.csv --sandbox --yes --db f.db --json").exits(1);
}

/// A provider's word that nobody documented about a payout that is settled, and an amount that is not
/// the ordered one.
#[test]
fn truth_10_what_waits_for_a_person_is_said_and_is_exit_code_3() {
    let folder = Folder::new("truth-10");
    let twin = Twin::start(&folder);
    let odd = json!({"key": "p-2", "fault": "odd_word", "times": 1_000});
    twin.tell("faults", &json!({ "triggers": [odd] }));
    let rows = [("p-1", "sim:amount-echo"), ("p-2", "salary"), ("p-3", "salary")];
    folder.write("payouts.csv", payouts(rows));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db --json", twin.origin);
    let run = folder.run(&pay).exits(3).says("p-1: ").says("p-2: ").says("`pagos resolve KEY`");
    assert!(!run.err.contains("p-3: "), "{}", run.err);
    assert_eq!(folder.payout("p.db", "p-2")["status"], "succeeded");
}

#[test]
fn truth_14_a_slow_rate_does_not_stand_still_and_a_signal_ends_it() {
    const GAP_MAX: Duration = Duration::from_secs(6);
    let folder = Folder::new("truth-14");
    let twin = Twin::start(&folder);
    let keys = keys("r", 26);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    let pay =
        format!("pay payouts.csv --sandbox-url {} --yes --db r.db --json --rate 1", twin.origin);
    let running = folder.start(&pay);
    let began = Instant::now();
    wait_for("the first is sent", || orders(&twin) > 0);
    for sent in 2..=8 {
        let last = Instant::now();
        wait_for("the next one is sent", || orders(&twin) >= sent);
        assert!(last.elapsed() < GAP_MAX, "{:?} before number {sent}", last.elapsed());
    }
    assert!(began.elapsed() > Duration::from_secs(4), "no rate at all: {:?}", began.elapsed());
    let told = Instant::now();
    running.signal("TERM");
    let run = running.end().exits(3).says("Run the same command again to resume");
    assert!(told.elapsed() < GAP_MAX, "{:?}", told.elapsed());
    assert!(orders(&twin) < keys.len());
    assert_eq!(reported(&run.json()), keys);
}
