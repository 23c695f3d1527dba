//! `list`: what a person asks for is what is listed, the newest first, and what is misspelt is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use pagos_core::Timestamp;
use serde_json::Value;

use support::{Folder, Twin, file, row};

fn keys(list: &Value) -> Vec<&str> {
    let payouts = list["payouts"].as_array().unwrap();
    payouts.iter().map(|payout| payout["key"].as_str().unwrap()).collect()
}

/// The moment at which a payout was submitted, as `--since` takes it, and the millisecond after it.
fn submitted(list: &Value, key: &str) -> (String, String) {
    let payouts = list["payouts"].as_array().unwrap();
    let payout = payouts.iter().find(|payout| payout["key"] == key).unwrap();
    let ms = payout["created_at"].as_i64().unwrap();
    let text = |ms| Timestamp::from_millis(ms).to_string();
    (text(ms), text(ms + 1))
}

/// Two files, one after the other: six payouts, of which one failed.
fn paid(name: &str) -> Folder {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    let rows = |prefix: &str, does: [&str; 3]| {
        file((1..).zip(does).map(|(n, does)| row(&format!("{prefix}-{n}"), "150000", does)))
    };
    folder.write("first.csv", rows("f", ["salary", "sim:fail", "salary"]));
    folder.write("second.csv", rows("s", ["salary", "salary", "salary"]));
    let with = format!("--sandbox-url {} --yes --db l.db --json", twin.origin);
    folder.run(&format!("pay first.csv {with}")).exits(2);
    folder.run(&format!("pay second.csv {with}")).exits(0);
    folder
}

#[test]
fn a_list_has_what_was_asked_for() {
    let folder = paid("list-filters");
    let list = |with: &str| folder.run(&format!("list --db l.db --json {with}")).exits(0).json();
    let all = list("");
    assert_eq!(keys(&all), ["s-3", "s-2", "s-1", "f-3", "f-2", "f-1"], "the newest first");
    assert_eq!(all["next"], Value::Null);
    assert_eq!(keys(&list("--status failed")), ["f-2"]);
    assert_eq!(keys(&list("--status unknown")), [] as [&str; 0]);
    assert_eq!(keys(&list("--account cashypro --status succeeded")).len(), 5);
    let plan = folder.run("plan first.csv --json").json();
    let digest = plan["plan"]["digest"].as_str().unwrap();
    assert_eq!(keys(&list(&format!("--run {digest}"))), ["f-3", "f-2", "f-1"]);
    let reference = all["payouts"][1]["reference"].as_str().unwrap();
    let found = list(&format!("--reference {reference}"));
    assert_eq!(keys(&found), ["s-2"]);
    assert_eq!(keys(&list("--reference nobodys")), [] as [&str; 0]);
    let (since, _) = submitted(&all, "s-1");
    assert_eq!(keys(&list(&format!("--since {since}"))), ["s-3", "s-2", "s-1"]);
    assert_eq!(keys(&list(&format!("--until {since} --status succeeded"))), ["f-3", "f-1"]);
    let (since, until) = submitted(&all, "f-1");
    assert_eq!(keys(&list(&format!("--since {since} --until {until}"))), ["f-3", "f-2", "f-1"]);
    assert_eq!(keys(&list("--until 2020-01-01")), [] as [&str; 0]);
    assert_eq!(keys(&list("--since 2020-01-01")).len(), 6);
}

#[test]
fn a_list_goes_on_where_it_ended() {
    let folder = paid("list-pages");
    let list = |with: &str| folder.run(&format!("list --db l.db --json {with}")).exits(0).json();
    let first = list("--limit 4");
    assert_eq!(keys(&first), ["s-3", "s-2", "s-1", "f-3"]);
    assert_eq!(first["totals"][0]["count"], 4, "the sums of what is listed");
    let next = first["next"].as_str().unwrap();
    let second = list(&format!("--limit 4 --after {next}"));
    assert_eq!(keys(&second), ["f-2", "f-1"]);
    assert_eq!(second["next"], Value::Null);
    // Exactly as many as there are.
    assert_eq!(list(&format!("--limit 2 --after {next}"))["next"], Value::Null);
    assert_eq!(keys(&list(&format!("--after {next}"))), ["f-2", "f-1"], "all of the rest");
    let of_succeeded = list("--limit 4 --status succeeded");
    let next = of_succeeded["next"].as_str().unwrap();
    assert_eq!(keys(&list(&format!("--status succeeded --after {next}"))), ["f-1"]);

    let table = folder.run("list --db l.db --limit 2").exits(0).out;
    assert!(table.contains("s-3") && table.contains("s-2") && !table.contains("s-1"), "{table}");
    let told = table.lines().find(|line| line.contains("--after")).expect("where it goes on");
    let cursor = told.split_whitespace().find(|word| word.contains(".s-2")).unwrap();
    let rest = folder.run(&format!("list --db l.db --after {cursor}")).exits(0).out;
    assert!(rest.contains("s-1") && !rest.contains("s-2"), "{rest}");
    assert!(!rest.contains("--after"), "{rest}");
}

#[test]
fn what_is_misspelt_is_told() {
    let folder = paid("list-slips");
    let list = |with: &str| folder.run(&format!("list --db l.db {with}")).exits(1);
    list("--status paid").says("--status <STATUS>");
    list("--since yesterday").says("write a day, such as 2026-01-31, or a moment");
    list("--until 2026-02-30").says("--until <TIME>");
    list("--since 2026-02-01 --until 2026-02-01").says("is not after --since");
    list("--limit 0").says("--limit <N>");
    list("--limit -1").says("-1");
    list("--after s-2").says("it is not what a list gave as the place of its next page");
    list("--account cashipro").says("no payout of account cashipro is in it, only of cashypro");
    list("--account Cashy.pro").says("--account <PROVIDER>");
    list("--run first.csv").says("no file with the digest first.csv was paid from it");
}
