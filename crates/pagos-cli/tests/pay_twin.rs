//! `twin`, and everything that is asked of its bank and of a store: `pay --sandbox-url` killed and
//! started again, `status`, `history`, `list`, `balance`, `banks`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;

use support::{Folder, Twin, all_are, keys, payouts};

#[test]
fn a_killed_run_resumes_and_pays_each_key_once() {
    let folder = Folder::new("twin-killed");
    // A twin in no hurry, so that there is a middle to be killed in.
    let twin = Twin::start_with(&folder, "--speed 50");
    let keys = keys("k", 40);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "sim:slow"))));
    let pay = format!(
        "pay payouts.csv --sandbox-url {} --yes --db k.db --json --concurrency 4",
        twin.origin
    );
    for paid_min in [3, 12] {
        let running = folder.start(&pay);
        support::wait_for("some are paid", || twin.paid().len() >= paid_min);
        let killed = running.kill().says("their time runs 50 times faster");
        assert_ne!(killed.code, Some(0), "{}", killed.err);
        assert_eq!(killed.out, "");
        let left = folder.run("list --db k.db --json").exits(0).json();
        assert_eq!(left["payouts"].as_array().unwrap().len(), keys.len());
        assert!(!all_are(&left, "status", "succeeded"));
    }
    let document = folder.run(&pay).exits(0).json();
    assert!(all_are(&document, "status", "succeeded"), "{document}");
    assert_eq!(document["totals"][0]["count"], keys.len());
    assert_eq!(twin.paid(), keys);
}

#[test]
fn the_bank_and_the_store_can_be_asked() {
    let folder = Folder::new("twin-asked");
    let twin = Twin::start(&folder);
    assert_eq!(twin.ready["control"], format!("{}/_twin", twin.origin));
    let base_url = twin.ready["base_urls"]["cashypro"].as_str().unwrap();
    assert!(base_url.starts_with(&format!("{}/cashypro", twin.origin)), "{base_url}");
    let rows = [("a-1", "salary"), ("a-2", "sim:fail"), ("a-3", "sim:success-then-fail")];
    folder.write("payouts.csv", payouts(rows));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db a.db --json", twin.origin);
    let paid = folder.run(&pay).exits(2).json();

    check_ledger(&twin);
    check_store(&folder, &paid);
    check_account(&folder, &twin);
}

fn check_ledger(twin: &Twin) {
    let mut told = Vec::new();
    for movement in twin.ledger() {
        let mut fields: Vec<&str> =
            movement.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let expected = "account amount_minor at currency direction key provider reference";
        assert_eq!(fields.join(" "), expected);
        assert_eq!(
            (&movement["provider"], &movement["currency"]),
            (&"cashypro".into(), &"COP".into())
        );
        let text = |name: &str| movement[name].as_str().unwrap().to_owned();
        assert!(!text("reference").is_empty() && !text("at").is_empty());
        told.push((text("key"), text("direction"), movement["amount_minor"].as_i64().unwrap()));
    }
    told.sort();
    let expected =
        [("a-1", "out", 10_000_100), ("a-3", "back", 10_000_300), ("a-3", "out", 10_000_300)];
    let expected = expected.map(|(key, way, minor)| (key.to_owned(), way.to_owned(), minor));
    assert_eq!(told, expected);
}

fn check_store(folder: &Folder, paid: &Value) {
    let listed = folder.run("list --db a.db --json").exits(0).json();
    // A report is by key, and a list has the newest first.
    let mut wanted = paid.clone();
    wanted["payouts"].as_array_mut().unwrap().reverse();
    wanted["next"] = Value::Null;
    assert_eq!(listed, wanted);
    let failed = folder.run("list --db a.db --json --status failed").exits(0).json();
    let found = support::field_by_key(&failed, "status");
    assert_eq!(found, [("a-3".to_owned(), "failed".into()), ("a-2".to_owned(), "failed".into())]);
    let none = folder.run("list --db a.db --json --status unknown").exits(0).json();
    assert_eq!(none["payouts"], Value::Array(Vec::new()));
    let table = folder.run("list --db a.db --status succeeded").exits(0).out;
    assert!(table.contains("a-1") && !table.contains("a-2"), "{table}");

    // The exit code of `status` says how the payout stands.
    for (key, code) in [("a-1", 0), ("a-2", 2), ("a-3", 2)] {
        let status = folder.run(&format!("status {key} --db a.db --json")).exits(code).json();
        let rows = paid["payouts"].as_array().unwrap();
        assert_eq!(Some(&status), rows.iter().find(|row| row["key"] == key));
    }
    let status = folder.run("status a-3 --db a.db").exits(2).out;
    assert!(status.contains("amount     100003.00 COP\nstatus     failed"), "{status}");
    folder.run("status a-9 --db a.db").exits(1).says("no payout has the key a-9");
    folder.run("status a-1 --db b.db").exits(1).says("b.db: does not exist");
    assert!(!folder.has("b.db"));

    let history = folder.run("history a-3 --db a.db --json").exits(0).json();
    assert_eq!(history[0]["entry"], "attempt_begun");
    let sources: Vec<&Value> =
        history.as_array().unwrap().iter().map(|it| &it["observation"]["source"]).collect();
    assert!(sources.contains(&&"verified_event".into()), "{history}");
    let history = folder.run("history a-3 --db a.db").exits(0).out;
    assert!(history.contains("attempt 1 begun"), "{history}");
    assert!(history.contains("REVERSED from succeeded to failed"), "{history}");
    folder.run("history a-9 --db a.db").exits(1).says("no payout has the key a-9");
}

fn check_account(folder: &Folder, twin: &Twin) {
    let at_twin = format!("--sandbox-url {}", twin.origin);
    let balance = folder.run(&format!("balance cashypro {at_twin} --json")).exits(0).json();
    assert_eq!(balance[0]["currency"], "COP");
    assert!(balance[0]["available_minor"].is_i64(), "{balance}");
    let balance = folder.run(&format!("balance cashypro {at_twin}")).exits(0).out;
    assert!(balance.starts_with("available ") && balance.contains(" COP"), "{balance}");
    let banks = folder.run(&format!("banks cashypro {at_twin} --json")).exits(0).json();
    let banks = banks.as_array().unwrap();
    assert!(banks.iter().any(|bank| bank["id"] == "20" && bank["name"].is_string()), "{banks:?}");
    let table = folder.run(&format!("banks cashypro {at_twin}")).exits(0).out;
    assert_eq!(table.lines().count(), banks.len());
    folder.run(&format!("banks nobody {at_twin}")).exits(1).says("nobody is not configured");
    folder.run("balance cashypro").exits(1).says("no account is configured");
}

#[test]
fn twins_are_for_this_machine_only_and_their_absence_is_told() {
    let folder = Folder::new("twin-where");
    folder.run("twin --listen 0.0.0.0:0").exits(1).says("is not a loopback address");
    folder.write("payouts.csv", payouts([("a-1", "salary")]));
    // Port 1 is nobody's.
    let pay = "pay payouts.csv --sandbox-url http://127.0.0.1:1 --yes";
    folder.run(pay).exits(1).says("no twins answer at http://127.0.0.1:1");
}
