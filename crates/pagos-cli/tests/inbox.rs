//! `inbox`: what was received, what became of it, and what was refused.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;

use support::{Folder, Twin, http, payouts};

#[test]
fn truth_07_the_inbox_is_listed_shown_and_replayed() {
    let folder = Folder::new("truth-07");
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts([("i-1", "sim:dup-webhook"), ("i-2", "salary")]));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db i.db --json", twin.origin);
    folder.run(&pay).exits(0);

    let listed = folder.run("inbox list --db i.db --json").exits(0).json();
    let listed = listed["deliveries"].as_array().unwrap();
    let of = |key: &str| listed.iter().find(|row| row["key"] == key).unwrap();
    let (twice, once) = (of("i-1"), of("i-2"));
    assert_eq!((&twice["state"], &twice["verdict"]), (&"applied".into(), &"genuine".into()));
    assert_eq!((&twice["account"], &twice["subject"]), (&"cashypro".into(), &"payout".into()));
    let open = folder.run("inbox list --state open --db i.db --json").exits(0).json();
    assert_eq!(open["deliveries"], Value::Array(Vec::new()));
    let table = folder.run("inbox list --state applied --db i.db").exits(0).out;
    assert!(table.contains("i-1") && table.contains("NUMBER"), "{table}");

    let number = &once["number"];
    let shown = folder.run(&format!("inbox show {number} --db i.db")).exits(0).out;
    for part in ["state      applied", "verdict    genuine: it says that it is", "names      i-2"] {
        assert!(shown.contains(part), "{part:?} is missing: {shown}");
    }
    assert!(!shown.contains("mchOrderNo"), "a body that nobody asked for: {shown}");
    let body = folder.run(&format!("inbox show {number} --body --db i.db")).exits(0).out;
    assert!(body.contains("mchOrderNo"), "{body}");
    let body = folder.run(&format!("inbox show {number} --body --json --db i.db")).exits(0).json();
    assert!(body["body"].as_str().unwrap().contains("i-2"), "{body}");
    folder.run("inbox show 999 --db i.db").exits(1).says("no webhook has the number 999");
    folder.run("inbox replay 999 --db i.db").exits(1).says("no webhook has the number 999");
    folder.run("inbox list --db none.db").exits(1).says("does not exist");

    // Beside a service that works, which applies it.
    let mut server = folder.start(&format!("serve --sandbox-url {} --db i.db", twin.origin));
    server.ready();
    let replayed = folder.run(&format!("inbox replay {number} --db i.db")).exits(0);
    replayed.says("is to be applied once more: a running `pagos serve` or `pagos pay` does it");
    support::wait_for("it is applied again", || {
        let show = folder.run(&format!("inbox show {number} --db i.db --json"));
        show.json()["state"] == "applied"
    });
    assert_eq!(twin.paid(), ["i-1", "i-2"]);
    server.signal("TERM");
    server.end().exits(0);
    // Without one it waits for the next.
    folder.run(&format!("inbox replay {number} --db i.db")).exits(0);
    let open = folder.run("inbox list --state open --db i.db --json").exits(0).json();
    assert_eq!(open["deliveries"][0]["number"], *number);
}

#[test]
fn truth_08_refused_webhooks_are_counted_and_told_once() {
    let folder = Folder::new("truth-08");
    let twin = Twin::start(&folder);
    let mut server = folder.start(&format!("serve --sandbox-url {} --db q.db", twin.origin));
    let ready = server.ready();
    let webhook = format!("{}/webhooks/cashypro", ready["listening"].as_str().unwrap());
    let body = r#"{"orderNo":"PAYOUT1","mchOrderNo":"q-1","orderStatus":"FAIL"}"#;
    for _ in 0..5 {
        http("POST", &webhook, &[("Sign", "wrong")], body);
    }
    server.signal("TERM");
    let run = server.end().exits(0).says("account cashypro: 5 webhooks were refused");
    // Which sandbox it is, that the database is a new one, and this.
    assert_eq!(run.err.lines().count(), 3, "{}", run.err);
    let refused = folder.run("inbox list --state refused --db q.db --json").exits(0).json();
    let refused = &refused["refused"][0];
    assert_eq!((&refused["account"], &refused["count"]), (&"cashypro".into(), &5.into()));
    let table = folder.run("inbox list --state refused --db q.db").exits(0).out;
    assert!(table.contains("cashypro") && table.contains("signature"), "{table}");
    // Nothing of them was kept.
    let kept = folder.run("inbox list --db q.db --json").exits(0).json();
    let kept = kept["deliveries"].as_array().unwrap().clone();
    assert!(kept.iter().all(|row| row["account"] != "cashypro"), "{kept:?}");
}
