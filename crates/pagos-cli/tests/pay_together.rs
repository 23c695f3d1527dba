//! Two `pay` over one store: one works, the other one looks on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{Folder, Twin, keys, payouts};

const FOLLOWING: &str = "another pagos process works on this database";

#[test]
fn two_runs_of_one_file_pay_it_once() {
    let folder = Folder::new("together-same");
    let twin = Twin::start(&folder);
    let keys = keys("w", 20);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db w.db --json", twin.origin);
    let both = [folder.start(&pay), folder.start(&pay)];
    let both = both.map(|running| running.end().exits(0));
    let following = both.iter().filter(|run| run.err.contains(FOLLOWING)).count();
    assert_eq!(following, 1, "{}{}", both[0].err, both[1].err);
    assert_eq!(both[0].json(), both[1].json());
    assert_eq!(twin.paid(), keys);
}

#[test]
fn a_second_file_is_paid_by_the_run_at_work() {
    let folder = Folder::new("together-other");
    let twin = Twin::start(&folder);
    folder.write("first.csv", payouts([("f-1", "salary"), ("f-2", "sim:no-webhook")]));
    folder.write("second.csv", payouts([("f-3", "sim:fail"), ("f-2", "")]));
    let pay =
        |name: &str| format!("pay {name} --sandbox-url {} --yes --db f.db --json", twin.origin);
    let first = folder.start(&pay("first.csv"));
    support::wait_for("the first is at work", || !twin.ledger().is_empty());
    // Same key, other body: refused although another process holds the store.
    folder.run(&pay("second.csv")).exits(1).says("line 3, key \"f-2\"");
    folder.write("second.csv", payouts([("f-3", "sim:fail"), ("f-4", "salary")]));
    let second = folder.run(&pay("second.csv")).exits(2).says(FOLLOWING);
    assert_eq!(support::field_by_key(&second.json(), "status").len(), 2);
    first.end().exits(0);
    assert_eq!(twin.paid(), ["f-1", "f-2", "f-4"]);
}

#[test]
fn a_run_that_looks_on_takes_over_from_one_that_was_killed() {
    let folder = Folder::new("together-killed");
    // A twin in no hurry: each answer takes 40 to 200 ms.
    let twin = Twin::start_with(&folder, "--speed 50");
    let keys = keys("o", 30);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "sim:slow"))));
    let pay = format!(
        "pay payouts.csv --sandbox-url {} --yes --db o.db --json --concurrency 2",
        twin.origin
    );
    let first = folder.start(&pay);
    support::wait_for("the first is at work", || !twin.ledger().is_empty());
    let mut second = folder.start(&pay);
    second.waits_until_it_says(FOLLOWING);
    let paid = twin.paid().len();
    assert!(paid < keys.len(), "the test was too slow to kill anything");
    assert_ne!(first.kill().code, Some(0));
    let run = second.end().exits(0).says("the other pagos process has ended");
    assert!(support::all_are(&run.json(), "status", "succeeded"), "{}", run.out);
    assert_eq!(twin.paid(), keys);
}
