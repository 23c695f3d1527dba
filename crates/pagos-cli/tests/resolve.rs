//! `resolve`: a person's decision about a payout in doubt, and what may not be decided.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};

use support::{Folder, Run, Twin, payouts};

const NOTE: &str = "statement of 12 May, checked by Ana";
const KEYS: [&str; 4] = ["r-failed", "r-paid", "r-ask", "r-resend"];

#[test]
fn a_person_decides_what_the_provider_cannot_tell() {
    let folder = Folder::new("resolve");
    let twin = Twin::start(&folder);
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db r.db --json", twin.origin);
    folder.write(
        "payouts.csv",
        payouts(KEYS.map(|key| (key, "salary")).into_iter().chain([("r-good", "")])),
    );
    put_in_doubt(&folder, &twin, &pay);
    let listed = folder.run("list --db r.db --status unknown --json").exits(0).json();
    assert_eq!(support::field_by_key(&listed, "key").len(), KEYS.len());

    check_refusals(&folder);
    // Refused while a worker might still be sending the attempt.
    support::wait_for("the attempt is old enough to be called failed", || {
        resolve(&folder, "r-failed", "failed", NOTE).code == Some(0)
    });
    assert_eq!(
        resolve(&folder, "r-paid", "succeeded", NOTE).exits(0).json()["status"],
        "succeeded"
    );
    assert_eq!(resolve(&folder, "r-ask", "ask", NOTE).exits(0).json()["status"], "unknown");
    let asked = folder.run("resolve r-ask --as ask --note Ana --db r.db").exits(0);
    asked.says("r-ask stays unknown").says("the provider is asked by the next");
    support::wait_for("the attempt is old enough to be sent again", || {
        resolve(&folder, "r-resend", "resend", NOTE).code == Some(0)
    });
    for key in KEYS {
        let history = folder.run(&format!("history {key} --db r.db")).exits(0).out;
        assert!(history.contains(&format!("operator: {NOTE}")), "{key}: {history}");
    }
    assert_eq!(folder.payout("r.db", "r-failed")["status"], "failed");

    // The twin is well again and has none of the four.
    twin.tell("reset", &Value::Null);
    let document = folder.run(&pay).exits(2).json();
    let status = |key: &str| folder.payout("r.db", key)["status"].clone();
    assert_eq!((status("r-failed"), status("r-paid")), ("failed".into(), "succeeded".into()));
    assert_eq!((status("r-ask"), status("r-resend")), ("succeeded".into(), "succeeded".into()));
    assert_eq!(twin.paid(), ["r-ask", "r-resend"], "{document}");
}

/// Runs `pay` against a twin that loses every request and every query about the keys, until it
/// has doubts, and interrupts it.
fn put_in_doubt(folder: &Folder, twin: &Twin, pay: &str) {
    let lost =
        |fault: &'static str| KEYS.map(|key| json!({"key": key, "fault": fault, "times": 100_000}));
    let triggers = [lost("lose_request"), lost("query_lost")].concat();
    twin.tell("faults", &json!({ "triggers": triggers }));
    let running = folder.start(pay);
    support::wait_for("the payouts are in doubt", || {
        KEYS.iter().all(|key| folder.payout("r.db", key)["status"] == "unknown")
            && folder.payout("r.db", "r-good")["status"] == "succeeded"
    });
    running.signal("INT");
    running.end().exits(3).says("`pagos resolve KEY`");
}

fn check_refusals(folder: &Folder) {
    let before = folder.run("list --db r.db --json").out;
    for note in ["", "  "] {
        resolve(folder, "r-failed", "failed", note).exits(1).says("a decision needs a note");
    }
    resolve(folder, "r-good", "resend", NOTE).exits(1).says("r-good is not in doubt");
    // Nobody is in doubt about it.
    for decision in ["failed", "succeeded"] {
        let refused = resolve(folder, "r-good", decision, NOTE).exits(1);
        refused.says("r-good is succeeded, and nothing about that is in doubt").says("--although");
    }
    let arguments = "resolve r-good --as failed --note Ana --although pending --db r.db";
    folder.run(arguments).exits(1).says("r-good is succeeded and not pending");
    resolve(folder, "r-none", "failed", NOTE).exits(1).says("no payout has the key r-none");
    resolve(folder, "r-failed", "paid", NOTE).exits(1).says("possible values");
    folder.run("resolve r-failed --as failed --db r.db").exits(1).says("--note");
    assert_eq!(folder.run("list --db r.db --json").out, before);
}

fn resolve(folder: &Folder, key: &str, decision: &str, note: &str) -> Run {
    let arguments = ["resolve", key, "--as", decision, "--note", note, "--db", "r.db", "--json"];
    folder.start_with(arguments, &[]).end()
}
