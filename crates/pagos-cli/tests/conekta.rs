//! Conekta as users see it: verification with files of keys, upkeep of an account, catching up. All
//! against its twin; nothing that is printed holds a key of the API, a name or a whole account.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::Path;

use pagos_conformance::Case;
use serde_json::{Value, json};

use support::{Folder, Run, Twin, http, wait_for};

const API_KEY: &str = "key_CanariaDeLaApi";
const VARIABLE: (&str, &str) = ("PAGOS_CONEKTA_API_KEY", API_KEY);
const VERIFY: &str = "verify conekta --headers-file headers.txt --body-file body.txt --json";
/// Valid, and nobody's.
const CLABE: &str = "072225008217746674";
/// The transfer of the first delivery.
const TRANSFER: &str = "abcdefghijklmnopq1111111";

/// Says nothing that it must not.
#[track_caller]
fn discreet(run: Run) -> Run {
    for word in [API_KEY, CLABE, "key.invalid", "5512345678"] {
        assert!(!run.out.contains(word), "{word}: {}", run.out);
        assert!(!run.err.contains(word), "{word}: {}", run.err);
    }
    run
}

/// A recorded delivery in two files, and the key that verifies it.
fn deliver(folder: &Folder, case: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let case = Case::find(&fixtures, "conekta", "webhook", case).unwrap();
    let delivery = std::str::from_utf8(case.section("delivery 1").unwrap()).unwrap();
    let (head, body) = delivery.split_once("\n\n").unwrap();
    let (_, headers) = head.split_once('\n').unwrap();
    folder.write("headers.txt", headers);
    folder.write("body.txt", body);
    case.setting("WEBHOOK_KEYS").unwrap()
}

#[test]
fn a_webhook_is_verified_with_the_keys_of_a_text_or_a_file() {
    let folder = Folder::new("conekta-verify");
    let pem = deliver(&folder, "v1-paid-out");
    let twins = json!({"event": "paid", "verified": true, "reference": TRANSFER});
    let other = deliver(&folder, "another-key");
    deliver(&folder, "v1-paid-out");
    folder.write("one.pem", &pem);
    folder.write("two.pem", format!("{other}\n{pem}"));
    for keys in [pem.as_str(), &pem.replace('\n', "\\n"), "@one.pem", "@two.pem"] {
        // No key of the API is needed.
        let run = folder.run_with(VERIFY, &[("PAGOS_CONEKTA_WEBHOOK_KEYS", keys)]).exits(0);
        let document = run.json();
        for (name, expected) in twins.as_object().unwrap() {
            assert_eq!(document[name], *expected, "{keys}");
        }
    }
    // A path of the file is meant from its folder.
    std::fs::create_dir_all(folder.path().join("etc")).unwrap();
    folder.write("etc/keys.pem", &pem);
    folder.write("etc/pagos.toml", "[accounts.conekta]\nwebhook_keys = \"@keys.pem\"\n");
    folder.run(&format!("{VERIFY} --config etc/pagos.toml")).exits(0);
    folder.write("etc/pagos.toml", "[accounts.conekta]\nwebhook_keys = \"@none.pem\"\n");
    let run = folder.run(&format!("{VERIFY} --config etc/pagos.toml")).exits(1);
    run.says("etc/pagos.toml:2: webhook_keys names etc/none.pem, which cannot be read")
        .says("write @ and the path of a PEM file, or the whole PEM text");
    // One byte more, and nothing is genuine.
    let body = std::fs::read_to_string(folder.path().join("body.txt")).unwrap();
    folder.write("body.txt", format!("{body} "));
    let keys = [("PAGOS_CONEKTA_WEBHOOK_KEYS", "@two.pem")];
    assert_eq!(folder.run_with(VERIFY, &keys).exits(1).json()["verified"], false);
}

/// The bytes of a file that an editor has saved are not those that were signed.
#[test]
fn world_19_verify_says_when_only_a_newline_is_wrong() {
    let folder = Folder::new("conekta-newline");
    let pem = deliver(&folder, "v1-paid-out");
    let keys = [("PAGOS_CONEKTA_WEBHOOK_KEYS", pem.as_str())];
    let body = std::fs::read_to_string(folder.path().join("body.txt")).unwrap();
    let wrong = [
        ("", "\n", "without the newline (\\n)"),
        ("", "\r\n", "without the newline (\\r\\n)"),
        ("", "\n\n", "without the two newlines (\\n\\n)"),
        ("", "\r", "without the carriage return (\\r)"),
        ("", " ", "without the space at its end"),
        ("\u{feff}", "", "without the byte order mark in front of it"),
    ];
    for (front, end, shown) in wrong {
        folder.write("body.txt", format!("{front}{body}{end}"));
        let document = folder.run_with(VERIFY, &keys).exits(1).json();
        let reason = document["reason"].as_str().unwrap();
        assert_eq!((&document["verified"], &document["event"]), (&json!(false), &json!(null)));
        assert!(reason.contains(shown), "{reason}");
    }
    for other in ["\n\n\n", "x", "x\n"] {
        folder.write("body.txt", format!("{body}{other}"));
        let document = folder.run_with(VERIFY, &keys).exits(1).json();
        let reason = document["reason"].as_str().unwrap();
        assert!(!reason.contains("at its end"), "{other:?}: {reason}");
    }
}

#[test]
fn without_keys_a_webhook_is_a_reason_to_ask() {
    let folder = Folder::new("conekta-hint");
    deliver(&folder, "v1-paid-out");
    let document = discreet(folder.run_with(VERIFY, &[VARIABLE]).exits(1)).json();
    assert_eq!((&document["event"], &document["hint"]), (&json!("query"), &json!(true)));
    assert_eq!(document["reference"], TRANSFER);
    let run = discreet(folder.run_with("sign conekta --body-file body.txt", &[VARIABLE]).exits(1));
    run.says("conekta has nothing to sign");
}

#[test]
fn keys_and_webhooks_are_looked_after() {
    let folder = Folder::new("conekta-upkeep");
    let twin = Twin::start(&folder);
    let run = |command: &str| {
        discreet(folder.run(&format!("conekta {command} --sandbox-url {}", twin.origin)))
    };
    let made = run("webhook-keys create").exits(0).says("keep the public half");
    assert!(made.out.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{}", made.out);
    assert!(made.out.ends_with("-----END PUBLIC KEY-----\n"), "{}", made.out);
    let made = run("webhook-keys create --json").exits(0).json();
    assert!(made["public_key"].is_string());
    let id = made["id"].as_str().unwrap();
    let is_active = |id: &str| {
        let keys = run("webhook-keys list --json").exits(0).json();
        let key = keys.as_array().unwrap().iter().find(|key| key["id"] == id).cloned();
        key.map(|key| key["active"].clone())
    };
    run(&format!("webhook-keys deactivate {id}")).exits(0).says("it signs no more");
    assert_eq!(is_active(id), Some(json!(false)));
    run(&format!("webhook-keys activate {id}")).exits(0);
    assert_eq!(is_active(id), Some(json!(true)));
    run(&format!("webhook-keys delete {id}")).exits(0);
    assert_eq!(is_active(id), None);
    run(&format!("webhook-keys delete {id}")).exits(1).says("error: ");

    let url = "https://pay.example.com/webhooks/conekta";
    let create = format!("webhooks create --url {url} --event payout.paid_out --json");
    let made = run(&create).exits(0).json();
    assert_eq!(
        (&made["url"], &made["events"]),
        (&json!(url), &json!(["payout.paid_out"])),
        "{made}"
    );
    let id = made["id"].as_str().unwrap();
    let update = format!("webhooks update {id} --event payout.failed --event payout.paid_out");
    run(&update).exits(0);
    let got = run(&format!("webhooks get {id} --json")).exits(0).json();
    assert_eq!(got["events"], json!(["payout.failed", "payout.paid_out"]));
    let table = run("webhooks list").exits(0).out;
    assert!(table.starts_with("ID ") && table.contains(url), "{table}");
    run(&format!("webhooks test {id}")).exits(0).says("a ping is on its way");
    run(&format!("webhooks update {id}")).exits(1);
    run(&format!("webhooks update {id} --on --off")).exits(1);
    run(&format!("webhooks delete {id}")).exits(0);
    run(&format!("webhooks get {id}")).exits(1);
    run("webhooks get ../payees").exits(1).says("it is no id of Conekta's");
    run("webhooks list etpay").exits(1).says("account etpay is of provider etpay");
}

const HEADER: &str = "key,provider,amount,currency,name,account_type,account,email,phone";

/// A file of payouts with these keys.
fn payouts(keys: &[&str]) -> String {
    let row = |(n, key): (usize, &&str)| {
        let name = support::NAME;
        format!("{key},conekta,{n}00.00,MXN,{name},clabe,{CLABE},{key}@key.invalid,5512345678\n")
    };
    format!("{HEADER}\n{}", (1..).zip(keys).map(row).collect::<String>())
}

/// A twin that executes at once, with the payouts of `p.db` paid.
fn paid(folder: &Folder, keys: &[&str]) -> Twin {
    let twin = Twin::start(folder);
    twin.tell("conekta/settings", &json!({"execution_delay_seconds": 60, "transit_seconds": 60}));
    folder.write("p.csv", payouts(keys));
    let pay = format!("pay p.csv --yes --db p.db --json --sandbox-url {}", twin.origin);
    let document = discreet(folder.run(&pay).exits(0)).json();
    assert!(support::all_are(&document, "status", "succeeded"), "{document}");
    assert_eq!(twin.paid(), keys);
    twin
}

/// Somebody else makes a payee.
fn make_payee(twin: &Twin) -> String {
    let body = json!({"name": "Somebody", "email": "a@example.com", "phone": "5512345678",
        "destinations": [{"type": "bank_account", "currency": "MXN", "account_number": CLABE,
                          "account_holder_name": "Somebody"}]});
    let key = format!("Bearer {}", pagos_twin::conekta::SANDBOX_API_KEY);
    let headers = [
        ("authorization", key.as_str()),
        ("accept", "application/vnd.conekta-v2.2.0+json"),
        ("content-type", "application/json"),
    ];
    let url = format!("{}/conekta/payees", twin.origin);
    let (status, body) = http("POST", &url, &headers, &body.to_string());
    assert!(status < 300, "{body}");
    let payee: Value = serde_json::from_str(&body).unwrap();
    payee["id"].as_str().unwrap().to_owned()
}

#[test]
fn orphans_are_what_no_payout_goes_to() {
    let folder = Folder::new("conekta-orphans");
    let twin = paid(&folder, &["o1", "o2"]);
    let run = |command: &str| {
        discreet(folder.run(&format!("conekta payees {command} --sandbox-url {}", twin.origin)))
    };
    let ids = |run: Run| -> Vec<Value> {
        run.json().as_array().unwrap().iter().map(|payee| payee["id"].clone()).collect()
    };
    let used = ids(run("list --json").exits(0));
    assert_eq!(used.len(), 2);
    assert_eq!(run("list --json").json()[0]["accounts"][0]["last4"], "6674");
    let orphans = "orphans --db p.db --older-than 0s";
    run(orphans).exits(0).says("there are none");
    let lost = make_payee(&twin);
    // Perhaps its payout is not stored yet.
    run("orphans --db p.db").exits(0).says("there are none");
    assert_eq!(ids(run(&format!("{orphans} --json")).exits(0)), [json!(lost)]);
    run(&format!("{orphans} --delete")).exits(1).says("say --yes").says("nothing was deleted");
    // Another store knows none of them, and must not cost anybody a payee.
    run("orphans --db none.db --older-than 0s --delete --yes").exits(1).says("none.db");
    folder.write("q.csv", support::payouts([("x1", "")]));
    folder.run("pay q.csv --sandbox --yes --db q.db").exits(0);
    let other = run("orphans --db q.db --older-than 0s --delete --yes").exits(1);
    other.says("q.db: no payout of account conekta is in it");
    let deleted = run(&format!("{orphans} --delete --yes --json")).exits(0);
    assert_eq!(deleted.json()[0]["deleted"], true);
    run(orphans).exits(0).says("there are none");
    assert_eq!(ids(run("list --json").exits(0)), used);
    let one = used[0].as_str().unwrap();
    let got = run(&format!("get {one}")).exits(0);
    assert!(got.out.contains("…6674"), "{}", got.out);
    run(&format!("delete {one}")).exits(0);
    run(&format!("get {one}")).exits(1);
}

#[test]
fn what_was_told_during_an_outage_is_asked_about() {
    let folder = Folder::new("conekta-catch-up");
    let twin = paid(&folder, &["u1", "u2"]);
    let run = |command: &str| {
        discreet(folder.run(&format!("conekta {command} --sandbox-url {}", twin.origin)))
    };
    let events = run("events list --json").exits(0).json();
    let names: Vec<&str> =
        events.as_array().unwrap().iter().filter_map(|event| event["name"].as_str()).collect();
    assert!(names.contains(&"payout.paid_out"), "{names:?}");
    let caught = run("catch-up --db p.db --json").exits(0).json();
    assert_eq!((&caught["told"], &caught["asked"]), (&json!(2), &json!(2)), "{caught}");
    let text = run("catch-up --db p.db --since 7d").exits(0).says("asks, else the next one");
    assert!(text.out.starts_with("2 orders were told of since "), "{}", text.out);
    // Another store asks about nothing, and one that is not there is not made.
    folder.write("q.csv", support::payouts([("x1", "")]));
    let pay = format!("pay q.csv --yes --db q.db --sandbox-url {}", twin.origin);
    folder.run(&pay).exits(0);
    assert_eq!(run("catch-up --db q.db --json").exits(0).json()["asked"], 0);
    run("catch-up --db none.db").exits(1);
    assert!(!folder.has("none.db"));
    run("catch-up --db p.db --since soon").exits(1).says("such as 72h");

    let create = "webhooks create --url https://pay.example.com/webhooks/conekta --json";
    run(create).exits(0);
    let event = events[0]["id"].as_str().unwrap();
    run(&format!("events resend {event}")).exits(0).says("it was sent again");

    let serve = format!("serve --db p.db --sandbox-url {}", twin.origin);
    let mut serving = folder.start(&serve);
    serving.ready();
    serving.waits_until_it_says("account conekta: 2 orders were told of since ");
    discreet(serving.kill());
}

#[test]
fn a_service_starts_although_nobody_tells_what_it_missed() {
    let folder = Folder::new("conekta-no-events");
    let variables = [VARIABLE, ("PAGOS_CONEKTA_BASE_URL", "http://127.0.0.1:1")];
    let serve = ["serve", "--db", "p.db", "--listen", "127.0.0.1:0"];
    let mut serving = folder.start_with(serve, &variables);
    serving.ready();
    serving.waits_until_it_says("what was told during an outage is not known");
    wait_for("the service goes on", || serving.is_running());
    discreet(serving.kill());
    // A change that cannot have arrived is in doubt all the same; a query is just refused.
    let run = discreet(folder.run_with("conekta webhook-keys create", &variables).exits(3));
    run.says("look with `pagos conekta webhook-keys list` first");
    discreet(folder.run_with("conekta webhook-keys list", &variables).exits(1));
}
