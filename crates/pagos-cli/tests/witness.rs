//! The witness of a database from the command line: begun, lost, replaced, and asked after the
//! database went back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use support::{Folder, Twin, all_are, payouts};

const WITNESS: &str = "--witness w.witness";

fn pay(twin: &Twin, file: &str) -> String {
    format!("pay {file} --sandbox-url {} --yes --db a.db --json {WITNESS}", twin.origin)
}

#[test]
fn a_database_that_went_back_sends_nothing_again() {
    let folder = Folder::new("witness-back");
    let twin = Twin::start(&folder);
    folder.write("first.csv", payouts([("a-1", "salary")]));
    folder.write("second.csv", payouts([("b-1", "salary"), ("b-2", "salary")]));
    folder.run(&pay(&twin, "first.csv")).exits(0).says("w.witness: a new witness, ");
    fs::copy(folder.path().join("a.db"), folder.path().join("backup.db")).unwrap();
    folder.run(&pay(&twin, "second.csv")).exits(0);
    let shown = folder.run(&format!("witness --db a.db {WITNESS} --json")).exits(0).json();
    assert_eq!(shown["identity"], shown["compared_with"]);
    assert_eq!(shown["forgotten"], serde_json::json!([]));

    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        let _ = fs::remove_file(folder.path().join(name));
    }
    fs::rename(folder.path().join("backup.db"), folder.path().join("a.db")).unwrap();
    let again = folder.run(&pay(&twin, "first.csv")).exits(0);
    again.says("forgotten even the orders of 2 payouts that it sent: b-1, b-2;");
    let shown = folder.run(&format!("witness --db a.db {WITNESS} --json")).exits(0).json();
    let forgotten = shown["forgotten"].as_array().unwrap().iter().map(|it| &it["key"]);
    assert_eq!(forgotten.collect::<Vec<_>>(), ["b-1", "b-2"]);
    let paid = folder.run(&pay(&twin, "second.csv")).exits(0).json();
    assert!(all_are(&paid, "status", "succeeded"), "{paid}");
    assert_eq!(twin.paid(), ["a-1", "b-1", "b-2"]);
}

#[test]
fn a_lost_witness_is_never_begun_anew_by_itself() {
    let folder = Folder::new("witness-lost");
    let twin = Twin::start(&folder);
    folder.write("first.csv", payouts([("a-1", "salary")]));
    folder.run(&pay(&twin, "first.csv")).exits(0);
    fs::remove_file(folder.path().join("w.witness")).unwrap();
    // A sandbox goes on, and says so.
    folder.write("second.csv", payouts([("b-1", "salary")]));
    let paid = folder.run(&pay(&twin, "second.csv")).exits(0);
    assert!(paid.err.contains("is not there"), "{}", paid.err);
    assert!(!folder.has("w.witness"));
    let shown = folder.run(&format!("witness --db a.db {WITNESS} --json")).exits(1).json();
    assert!(shown["trouble"].as_str().unwrap().contains("bring the file back"), "{shown}");
    let anew = format!("{} --new-witness", pay(&twin, "second.csv"));
    folder.run(&anew).exits(0).says("a new witness");
    assert!(folder.has("w.witness"));
}

#[test]
fn the_witness_of_another_database_is_refused() {
    let folder = Folder::new("witness-other");
    let twin = Twin::start(&folder);
    folder.write("first.csv", payouts([("a-1", "salary")]));
    folder.run(&pay(&twin, "first.csv")).exits(0);
    let other = pay(&twin, "first.csv").replace("a.db", "b.db");
    folder.run(&other).exits(1).says("belongs to the database");
    assert_eq!(twin.paid(), ["a-1"]);
}
