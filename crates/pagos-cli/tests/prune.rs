//! `prune` and `archive`: what was paid long ago leaves the database, stays findable, and is never paid
//! again, judged by the twin's ledger.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use pagos_core::{Day, Timestamp};
use serde_json::Value;

use support::{Folder, Twin, payouts};

const YEAR_MS: i64 = 365 * 86_400_000;

/// Moments are the only numbers of a payout's record that are so large.
fn is_moment(number: i64) -> bool {
    number > 1_600_000_000_000 && number < 4_000_000_000_000
}

fn aged(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(aged),
        Value::Object(fields) => fields.values_mut().for_each(aged),
        Value::Number(number) => {
            if let Some(moment) = number.as_i64().filter(|number| is_moment(*number)) {
                *number = (moment - YEAR_MS).into();
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Moves everything that a database knows a year into the past.
fn age(folder: &Folder, db: &str) {
    let connection = rusqlite::Connection::open(folder.path().join(db)).unwrap();
    for (table, column) in
        [("payouts", "progress_json"), ("entries", "entry_json"), ("outbox", "notice_json")]
    {
        let select = format!("SELECT DISTINCT {column} FROM {table}");
        let mut statement = connection.prepare(&select).unwrap();
        let texts = statement.query_map((), |row| row.get(0)).unwrap();
        let texts: Vec<String> = texts.map(Result::unwrap).collect();
        for json in texts {
            let mut value: Value = serde_json::from_str(&json).unwrap();
            aged(&mut value);
            let update = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
            connection.execute(&update, [value.to_string(), json]).unwrap();
        }
    }
    for table in ["orders", "payouts", "members"] {
        let update = format!("UPDATE {table} SET created_at = created_at - ?1");
        connection.execute(&update, [YEAR_MS]).unwrap();
    }
    let update = "UPDATE inbox SET received_at = received_at - ?1, due_at = due_at - ?1";
    connection.execute(update, [YEAR_MS]).unwrap();
}

fn rows(names: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    let does = |name: &&'static str| (*name, if *name == "k-3" { "sim:fail" } else { "salary" });
    names.iter().map(does).collect()
}

/// Three payouts of a year ago, watched to their end, of which one failed.
fn paid(name: &str) -> (Folder, Twin, String) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts(rows(&["k-1", "k-2", "k-3"])));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db --json", twin.origin);
    folder.run(&pay).exits(2);
    age(&folder, "p.db");
    (folder, twin, pay)
}

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

fn horizon() -> String {
    // The record is a year old, or as old as the test.
    format!("--before {}", Timestamp::from_millis(now_ms() - YEAR_MS / 2))
}

#[test]
fn a_file_that_was_pruned_is_known_and_paid_to_nobody_again() {
    let (folder, twin, pay) = paid("prune-again");
    let before = twin.paid();
    assert_eq!(before, ["k-1", "k-2"]);
    let prune = format!("prune {} --archive old --db p.db", horizon());

    let looked = folder.run(&format!("{prune} --json")).exits(0).json();
    assert_eq!(looked["leaving"].as_array().unwrap().len(), 2, "{looked}");
    assert_eq!(looked["leaving"][1]["status"], "succeeded");
    assert_eq!(looked["leaving"][1]["count"], 2);
    assert_eq!(looked["leaving"][1]["amount_minor"], 10_000_100 + 10_000_200);
    assert!(!folder.has("old"), "a dry run writes nothing");
    let table = folder.run(&prune).exits(0).says("nothing was changed: say --yes").out;
    assert!(table.contains("payouts that leave"), "{table}");
    let done = folder.run(&format!("{prune} --yes --json")).exits(0).json();
    assert_eq!(done["done"]["archived"], 3, "{done}");

    // Nothing is in the list any more, and everything is still known.
    let listed = folder.run("list --db p.db --json").exits(0).json();
    assert_eq!(listed["payouts"], Value::Array(Vec::new()));
    let status = folder.run("status k-1 --db p.db --json").exits(0).json();
    assert_eq!((&status["key"], &status["status"]), (&"k-1".into(), &"succeeded".into()));
    assert_eq!(status["archived_on"].as_str().unwrap().len(), "2026-01-01".len());
    folder.run("status k-3 --db p.db").exits(2);
    folder.run("history k-1 --db p.db").exits(1).says("pagos archive find k-1 DIR");
    folder.run("status k-9 --db p.db").exits(1).says("no payout has the key k-9");

    // The same file once more.
    let again = folder.run(&pay).exits(2).says("3 of these payouts are settled and in the archive");
    let document = again.json();
    assert_eq!(document["payouts"], Value::Array(Vec::new()));
    let totals = &document["totals"];
    assert_eq!(document["archived"], *totals);
    let counted: Vec<(&Value, &Value)> =
        totals.as_array().unwrap().iter().map(|it| (&it["status"], &it["count"])).collect();
    assert_eq!(counted, [(&"succeeded".into(), &2.into()), (&"failed".into(), &1.into())]);
    assert_eq!(twin.paid(), before, "nothing was paid twice");

    // A second prune finds nothing to do.
    let done = folder.run(&format!("{prune} --yes --json")).exits(0).json();
    assert_eq!(done["done"]["archived"], 0);
}

#[test]
fn what_is_archived_is_known_to_an_export() {
    let (folder, _twin, _) = paid("prune-export");
    folder.run(&format!("prune {} --archive old --db p.db --yes", horizon())).exits(0);
    let payer = "name = \"A\"\naccount = \"1\"\naccount_type = \"savings\"\nbank = \"1\"\n";
    folder.write("payer.toml", payer);
    let tomorrow = Day::at(Timestamp::from_millis(now_ms()), 0).plus(1);
    let options = format!("--format pain.001 --payer payer.toml --execution {tomorrow} --db p.db");
    let refused = folder.run(&format!("export payouts.csv {options}")).exits(1);
    refused.says("k-1: p.db knows this key (in the archive)");
    let run = folder.run("plan payouts.csv --json").json()["plan"]["digest"].clone();
    let audit = format!("audit export --run {} --db p.db", run.as_str().unwrap());
    let audited = folder.run(&audit).exits(0).says("some payouts are not in the file");
    assert!(audited.out.contains("\"payouts\":3"), "{}", audited.out);
}

#[test]
fn an_archived_key_in_another_file_is_not_paid_and_another_body_is_refused() {
    let (folder, twin, _) = paid("prune-other");
    folder.run(&format!("prune {} --archive old --db p.db --yes", horizon())).exits(0);
    // The same orders, and one more.
    folder.write("more.csv", payouts(rows(&["k-1", "k-2", "k-3", "k-4"])));
    let pay =
        |file: &str| format!("pay {file} --sandbox-url {} --yes --db p.db --json", twin.origin);
    let paid = folder.run(&pay("more.csv")).exits(2).json();
    assert_eq!(support::field_by_key(&paid, "status"), [("k-4".into(), "succeeded".into())]);
    assert_eq!(paid["archived"].as_array().unwrap().len(), 2);
    assert_eq!(twin.paid(), ["k-1", "k-2", "k-4"]);
    // In another order of rows every amount is another one.
    folder.write("other.csv", payouts(rows(&["k-5", "k-1"])));
    folder.run(&pay("other.csv")).exits(1).says("was submitted with another body before");
    assert_eq!(twin.paid(), ["k-1", "k-2", "k-4"]);
    folder.run("status k-5 --db p.db").exits(1);
}

#[test]
fn the_archive_has_everything_and_says_when_it_is_damaged() {
    let (folder, _twin, _) = paid("prune-archive");
    let history = folder.run("history k-1 --db p.db --json").exits(0).json();
    folder.run(&format!("prune {} --archive old --db p.db --yes", horizon())).exits(0);
    folder.run("archive verify old").exits(0);
    let found = folder.run("archive find k-1 old --json").exits(0).json();
    assert_eq!(found["history"], history);
    assert_eq!(found["order"]["amount"]["minor"], 10_000_100);
    assert_eq!(found["order"].get("beneficiary"), None);
    assert_eq!(found["runs"].as_array().unwrap().len(), 1);
    let shown = folder.run("archive find k-3 old").exits(0).out;
    assert!(shown.contains("failed") && shown.contains("attempt 1 begun"), "{shown}");
    folder.run("archive find k-9 old").exits(1).says("no payout has the key k-9");
    folder.run("archive find k-1 nowhere").exits(1).says("nowhere: is no archive");
    // The whole order is printed on request only.
    folder.write("whole.json", "");
    let whole = folder.path().join("whole.json");
    folder.run_into(whole.to_str().unwrap(), "archive find k-1 old --json --order").exits(0);
    let whole: Value = serde_json::from_slice(&fs::read(&whole).unwrap()).unwrap();
    assert!(whole["order"]["beneficiary"]["name"].as_str().unwrap().starts_with(support::NAME));

    let path = folder.path().join("old/payouts-000001.jsonl.zst");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    folder.run("archive verify old").exits(1).says("payouts-000001.jsonl.zst: ");
}

#[test]
fn what_is_recent_stays_and_a_date_that_is_too_near_is_refused() {
    let folder = Folder::new("prune-recent");
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts(rows(&["k-1", "k-2"])));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db", twin.origin);
    folder.run(&pay).exits(0);
    let looked = folder.run(&format!("prune {} --archive old --db p.db --yes --json", horizon()));
    let looked = looked.exits(0).json();
    assert_eq!(looked["staying"]["recent"], 2, "{looked}");
    assert_eq!(looked["done"]["archived"], 0);
    let prune = "prune --archive old --db p.db --before";
    folder.run(&format!("{prune} 2999-01-01")).exits(1).says("is not an hour ago");
    folder.run(&format!("{prune} yesterday")).exits(1).says("write a day such as 2026-01-31");
    folder.run("prune --archive old --db q.db --before 2020-01-01").exits(1).says("does not exist");
    assert!(!folder.has("q.db"));
}

#[test]
fn a_policy_that_would_archive_what_is_watched_is_refused() {
    let (folder, _silent) = support::silent("prune-policy");
    let accounts = fs::read_to_string(folder.path().join("pagos.toml")).unwrap();
    let cases = [
        ("keep_days = 30\narchive = \"old\"", "set keep_days to 31 or more"),
        ("keep_days = 0\narchive = \"old\"", "is not a whole number of days"),
        ("keep_days = 400", "is missing in [retention]"),
        ("archive = \"old\"", "is missing in [retention]"),
        ("keep_days = 400\narchive = \"old\"\nkeep = 1", "is no field of [retention]"),
    ];
    for (fields, because) in cases {
        folder.write("pagos.toml", format!("{accounts}[retention]\n{fields}\n"));
        folder.run("serve --db s.db --listen 127.0.0.1:0").exits(1).says(because);
        assert!(!folder.has("s.db") && !folder.has("old"), "{fields}");
    }
}
