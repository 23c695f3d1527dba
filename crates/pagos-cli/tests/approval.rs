//! Approval at the command line: a file over a threshold waits for others than whoever submitted it,
//! and so does a decision to send a payout again. Tokens say who is who.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};

use support::{Folder, Run, Twin, payouts};

const RULES: &str = "[[accounts.cashypro.approval]]\nof = \"run\"\nover = \"250000 COP\"\n\
                     approvers = 1\n";
const PAY: &str = "--yes --db a.db --json";

/// A configuration of the twin's account in which more than 250 000 COP a run need one approver.
fn config(twin: &Twin) -> String {
    format!("{}{RULES}", twin.account())
}

/// A token of the database, which it makes if needed.
fn token(folder: &Folder, name: &str, scopes: &[&str]) -> String {
    let scopes: String = scopes.iter().map(|scope| format!(" --scope {scope}")).collect();
    let made = folder.run(&format!("token create --name {name}{scopes} --db a.db --new-db"));
    made.exits(0).out.trim_end().to_owned()
}

/// Runs a command with a token. No command may print it.
fn by(folder: &Folder, token: &str, arguments: &[&str]) -> Run {
    let run = folder.start_with(arguments.iter().copied(), &[("PAGOS_TOKEN", token)]).end();
    assert!(!run.out.contains(token) && !run.err.contains(token), "{}{}", run.out, run.err);
    run
}

fn pay_by(folder: &Folder, token: &str, file: &str) -> Run {
    by(folder, token, &["pay", file, "--yes", "--db", "a.db", "--json"])
}

fn stored(folder: &Folder) -> usize {
    let listed = folder.run("list --db a.db --json").exits(0).json();
    listed["payouts"].as_array().unwrap().len()
}

fn rows(prefix: &str) -> String {
    let keys = support::keys(prefix, 3);
    payouts(keys.iter().map(|key| (key.as_str(), "sim:success")))
}

#[test]
fn whoever_submits_a_file_that_needs_approval_must_be_proven() {
    let folder = Folder::new("approval-proven");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    folder.write("big.csv", rows("k"));
    // Ana, of whom nobody knows that she is not Leo.
    let at_terminal = [("USER", "ana")];
    let pay = format!("pay big.csv {PAY}");
    let refused = folder.run_with(&pay, &at_terminal).exits(1);
    let refused =
        refused.says("set PAGOS_TOKEN to a token with the scope submit").says("nothing is stored");
    let told = refused.json();
    assert_eq!((&told["approval"]["needed"], &told["payouts"]), (&json!(1), &json!([])), "{told}");
    assert!(!folder.has("a.db"), "it is refused before anything is made");
    let approves = token(&folder, "leo", &["approve", "resolve", "admin", "read"]);
    folder.run_with(&pay, &at_terminal).exits(1).says("PAGOS_TOKEN");
    pay_by(&folder, &approves, "big.csv").exits(1).says("has not the scope submit");
    pay_by(&folder, "pagos_guess", "big.csv").exits(1).says("is none of this database");
    assert_eq!(stored(&folder), 0);
    folder.run("token create --name cli:ana --scope approve --db a.db").exits(1).says("cli:");
    // A refused token is refused where nothing needs approval, too.
    folder.write("small.csv", payouts([("s-1", "sim:success")]));
    pay_by(&folder, "pagos_guess", "small.csv").exits(1).says("is none of this database");
    assert_eq!(stored(&folder), 0);
    assert!(twin.ask("orders").as_array().unwrap().is_empty());
}

#[test]
fn a_file_over_a_threshold_waits_for_somebody_else() {
    let folder = Folder::new("approval-story");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin));
    folder.write("big.csv", rows("k"));
    let ana = token(&folder, "ana", &["submit", "approve"]);
    let leo = token(&folder, "leo", &["approve"]);
    check_plan(&folder);

    let told = pay_by(&folder, &ana, "big.csv").exits(4).says("nothing is sent before 1 more");
    let told = told.json();
    let run = told["approval"]["run"].clone();
    assert_eq!((&run["state"], &run["missing"]), (&json!("waiting"), &json!(1)), "{told}");
    assert_eq!(run["submitters"], json!(["ana"]));
    let (id, digest) = (run["run"].as_str().unwrap(), run["digest"].as_str().unwrap());
    let approve = ["approve", &id[..12], "--digest", digest, "--db", "a.db"];
    by(&folder, &ana, &approve).exits(1).says("was submitted by you");
    folder.run(&approve.join(" ")).exits(1).says("it is not proven who you are");
    // Whoever runs it again without a token changes nothing, and learns how it stands.
    folder.run_with(&format!("pay big.csv {PAY}"), &[("USER", "leo")]).exits(4);
    let runs = folder.run("runs --db a.db").exits(0).out;
    assert!(runs.contains("3 payouts, waiting, 1 more to approve"), "{runs}");
    let runs = folder.run("runs --waiting --db a.db --json").exits(0).json();
    assert_eq!(runs["runs"][0]["submitters"], json!(["ana"]));
    assert_eq!((&runs["runs"][0]["is_blocked"], &runs["resends"]), (&json!(false), &json!([])));
    // A changed file is another run, and its payouts do not leave by it.
    folder.write("changed.csv", rows("k") + &support::row("k-04", "100004", "sim:success"));
    pay_by(&folder, &ana, "changed.csv").exits(1).says("is in run");
    assert!(twin.ask("orders").as_array().unwrap().is_empty());

    by(&folder, &leo, &approve).exits(0);
    send(&folder, &twin, "big.csv", &support::keys("k", 3));
    check_rejection(&folder, &twin, &ana, &leo);
    check_blocked(&folder, &ana, &leo);
    assert_eq!(twin.paid(), support::keys("k", 3));
}

/// Nothing is known about the day without the database.
fn check_plan(folder: &Folder) {
    let text = folder.run("plan big.csv").exits(0).out;
    assert!(text.contains("1 person must approve this before anything is sent"), "{text}");
    assert!(text.contains("300006.00 COP are over 250000.00 COP a run"), "{text}");
    let approval = folder.run("plan big.csv --json").exits(0).json()["approval"].clone();
    let reason = &approval["because"][0];
    assert_eq!((&approval["needed"], &approval["run"]), (&json!(1), &Value::Null));
    assert_eq!((&reason["of"], &reason["over_minor"]), (&json!("run"), &json!(25_000_000)));
    assert_eq!((&reason["amount_minor"], &reason["payouts"]), (&json!(30_000_600), &json!(3)));
}

/// Pays what was approved, until the twin has paid it; a server finds nothing left to send.
fn send(folder: &Folder, twin: &Twin, file: &str, keys: &[String]) {
    let running = folder.start(&format!("pay {file} {PAY}"));
    support::wait_for("they are paid", || twin.paid() == keys);
    running.signal("INT");
    let told = running.end().json();
    assert_eq!(told["approval"]["run"]["state"], "released", "{told}");
    assert_eq!(told["approval"]["run"]["approvals"][0]["by"], "leo", "{told}");
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db a.db");
    server.ready();
    server.signal("TERM");
    server.end().exits(0);
    assert_eq!(twin.paid(), keys);
}

fn check_rejection(folder: &Folder, twin: &Twin, ana: &str, leo: &str) {
    folder.write("second.csv", rows("n"));
    let told = pay_by(folder, ana, "second.csv").exits(4).json();
    let id = told["approval"]["run"]["run"].as_str().unwrap();
    by(folder, leo, &["reject", id, "--note", "", "--db", "a.db"]).exits(1).says("needs a note");
    by(folder, leo, &["reject", id, "--note", "not agreed", "--db", "a.db"]).exits(0);
    let told = pay_by(folder, ana, "second.csv").exits(1).says("was rejected by leo: not agreed");
    assert_eq!(told.json()["approval"]["run"]["state"], "rejected");
    assert_eq!(twin.ask("orders").as_array().unwrap().len(), 3);
    by(folder, "pagos_guess", &["withdraw", id, "--db", "a.db"]).exits(1).says("PAGOS_TOKEN");
    by(folder, leo, &["withdraw", id, "--db", "a.db"]).exits(1).says("scope submit");
    by(folder, ana, &["withdraw", id, "--db", "a.db"]).exits(0).says("withdrawn by ana");
}

/// The last approver loses the token.
fn check_blocked(folder: &Folder, ana: &str, leo: &str) {
    let id = leo.split('_').nth(1).unwrap();
    folder.run(&format!("token revoke {id} --db a.db")).exits(0);
    folder.write("third.csv", rows("z"));
    let told = pay_by(folder, ana, "third.csv").exits(4).says("too few people are left");
    assert_eq!(told.json()["approval"]["run"]["is_blocked"], true);
    let runs = folder.run("runs --db a.db").exits(0).out;
    assert!(runs.contains("too few people are left who can approve run"), "{runs}");
    token(folder, "eva", &["approve"]);
    let runs = folder.run("runs --waiting --db a.db --json").exits(0).json();
    assert_eq!(runs["runs"][0]["is_blocked"], false);
}

#[test]
fn what_left_on_the_day_counts() {
    let folder = Folder::new("approval-day");
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", config(&twin).replace("\"run\"", "\"day\""));
    folder.write("first.csv", payouts([("d-1", "sim:success"), ("d-2", "sim:success")]));
    folder.write("second.csv", payouts([("d-3", "sim:success")]));
    let plan = folder.run("plan first.csv").exits(0).out;
    assert!(plan.contains("if other runs pay more than 49997.00 COP through cashypro"), "{plan}");
    let plan = folder.run("plan first.csv --json").exits(0).json();
    assert_eq!(plan["approval"]["day"][0]["left_minor"], 4_999_700, "{plan}");
    let running = folder.start(&format!("pay first.csv {PAY}"));
    support::wait_for("they are paid", || twin.paid() == ["d-1", "d-2"]);
    running.signal("INT");
    running.end();
    folder.run("plan second.csv").exits(0);
    let refused = folder.run(&format!("pay second.csv {PAY}")).exits(1);
    let told = refused.says("300004.00 COP on this day are over 250000.00 COP a day").json();
    assert_eq!(told["approval"]["because"][0]["of"], "day", "{told}");
    assert_eq!(stored(&folder), 2);
    let ana = token(&folder, "ana", &["submit"]);
    pay_by(&folder, &ana, "second.csv").exits(4);
    assert_eq!(twin.paid(), ["d-1", "d-2"]);
}

const NOTE: &str = "not on the statement of 12 May";

/// The twins live fast, so nobody waits for minutes until an attempt is old enough.
#[test]
fn a_decision_to_send_again_waits_for_somebody_else() {
    let folder = Folder::new("approval-resend");
    let twin = Twin::start(&folder);
    let keys = ["r-no", "r-yes"];
    folder.write("payouts.csv", payouts(keys.map(|key| (key, "sim:success"))));
    let pay = format!("pay payouts.csv --sandbox-url {} {PAY}", twin.origin);
    put_in_doubt(&folder, &twin, &pay, keys);
    folder.write("pagos.toml", config(&twin).replace("\"run\"", "\"payout\"").replace("25", "5"));
    let ana = token(&folder, "ana", &["resolve", "approve"]);
    let leo = token(&folder, "leo", &["approve"]);

    let resolve = |key| ["resolve", key, "--as", "resend", "--note", NOTE, "--db", "a.db"];
    support::wait_for("the attempt is old enough for a decision", || {
        let refused = folder.start_with(resolve("r-yes"), &[("USER", "ana")]).end().exits(1);
        refused.err.contains("use a token (PAGOS_TOKEN at a terminal)")
    });
    by(&folder, &leo, &resolve("r-yes")).exits(1).says("has not the scope resolve");
    for key in keys {
        support::wait_for("the attempt is old enough to be sent again", || {
            by(&folder, &ana, &resolve(key)).code == Some(4)
        });
    }
    let runs = folder.run("runs --db a.db").exits(0).out;
    assert!(runs.contains("resends that wait:") && runs.contains("decided by ana"), "{runs}");
    let waits = folder.run("runs --db a.db --json").exits(0).json()["resends"].clone();
    assert_eq!((&waits[1]["key"], &waits[1]["missing"]), (&json!("r-yes"), &json!(1)), "{waits}");

    let approve = ["approve", "--resend", "r-yes", "--attempt", "1", "--db", "a.db"];
    by(&folder, &ana, &approve).exits(1).says("must be approved by somebody else");
    folder.run("approve --resend r-none --db a.db").exits(1).says("no payout has the key r-none");
    let reject = ["reject", "--resend", "r-no", "--note", "it is there", "--db", "a.db"];
    by(&folder, &leo, &reject).exits(0);
    by(&folder, &leo, &approve).exits(0).says("r-yes is sent once more");
    assert_eq!(folder.run("runs --db a.db --json").exits(0).json()["resends"], json!([]));
    let history = |key: &str| folder.run(&format!("history {key} --db a.db")).exits(0).out;
    let told = history("r-yes");
    assert!(told.contains("ana decided resend, approved by leo"), "{told}");
    assert!(history("r-no").contains("leo decided no-resend: it is there"));
    let although = ["--as", "failed", "--note", NOTE, "--although", "unknown", "--db", "a.db"];
    by(&folder, &ana, &[&["resolve", "r-no"][..], &although].concat()).exits(0);
    assert!(history("r-no").contains("ana decided failed"));

    twin.tell("reset", &Value::Null);
    folder.run(&pay).exits(2);
    assert_eq!(twin.paid(), ["r-yes"]);
}

/// Runs `pay` against a twin that loses every request and every query, until it has doubts.
fn put_in_doubt(folder: &Folder, twin: &Twin, pay: &str, keys: [&str; 2]) {
    let lost =
        |fault: &'static str| keys.map(|key| json!({"key": key, "fault": fault, "times": 100_000}));
    let triggers = [lost("lose_request"), lost("query_lost")].concat();
    twin.tell("faults", &json!({ "triggers": triggers }));
    let running = folder.start(pay);
    support::wait_for("the payouts are in doubt", || {
        keys.iter().all(|key| folder.payout("a.db", key)["status"] == "unknown")
    });
    running.signal("INT");
    running.end().exits(3);
}
