//! `pagos audit` with the built program: what was paid is exported without anybody's data, a change is
//! found, and nothing is overwritten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use support::{Folder, Twin, payouts};

/// Three payouts of which one failed, and the digest of their file.
fn paid(name: &str) -> (Folder, String) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    let rows = [("k-1", "salary"), ("k-2", "sim:fail"), ("k-3", "salary")];
    folder.write("payouts.csv", payouts(rows));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db --json", twin.origin);
    folder.run(&pay).exits(2);
    let planned = folder.run("plan payouts.csv --json").exits(0).json();
    (folder, planned["plan"]["digest"].as_str().unwrap().to_owned())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

#[test]
fn a_run_is_exported_with_its_evidence_and_without_anybodys_data() {
    let (folder, run) = paid("audit-run");
    // A run refuses output with a name, a document or an account in it.
    let printed = folder.run(&format!("audit export --run {run} --db p.db")).exits(0);
    let all = lines(&printed.out);
    assert_eq!(all[0]["of"]["run"], run.as_str());
    assert_eq!(of_kind(&all, "run")[0]["members"], 3);
    let payouts = of_kind(&all, "payout");
    let keys: Vec<&Value> = payouts.iter().map(|line| &line["key"]).collect();
    assert_eq!(keys, ["k-1", "k-2", "k-3"]);
    assert_eq!(
        (&payouts[1]["status"], &payouts[0]["amount"]["minor"]),
        (&"failed".into(), &10_000_100.into())
    );
    assert_eq!(payouts[0]["beneficiary"]["account"], "...7165");
    let removed = payouts[0]["removed"].as_array().unwrap();
    for part in ["beneficiary.name", "beneficiary.account", "beneficiary.document"] {
        assert!(removed.contains(&part.into()), "{removed:?}");
    }
    let history = folder.run("history k-1 --db p.db --json").exits(0).json();
    let entries = of_kind(&all, "entry");
    let entries: Vec<&Value> = entries.into_iter().filter(|line| line["key"] == "k-1").collect();
    assert_eq!(entries.len(), history.as_array().unwrap().len());
    for (line, entry) in entries.iter().zip(history.as_array().unwrap()) {
        assert_eq!(line["entry"], *entry);
    }
    let deliveries = of_kind(&all, "delivery");
    assert!(!deliveries.is_empty(), "the bank tells what it paid");
    for delivery in &deliveries {
        let body: Value = serde_json::from_str(delivery["body"].as_str().unwrap()).unwrap();
        assert!(body.is_object(), "{delivery}");
        assert_eq!(delivery["verdict"]["verdict"], "genuine");
        assert_eq!(delivery["removed"].as_array().unwrap()[0], "headers.sign", "{delivery}");
    }
    let numbers: Vec<&Value> = deliveries.iter().map(|line| &line["number"]).collect();
    let linked =
        of_kind(&all, "entry").iter().filter(|it| numbers.contains(&&it["delivery"])).count();
    assert!(linked > 0, "an entry names the webhook that it is from");
    let end = all.last().unwrap();
    assert_eq!((&end["payouts"], &end["gaps"]), (&3.into(), &0.into()));
    assert_eq!(end["lines"], all.len());
}

#[test]
fn a_file_is_checked_and_never_overwritten() {
    let (folder, run) = paid("audit-verify");
    let export = format!("audit export --run {run} --db p.db --out audit.jsonl");
    let told = folder.run(&export).exits(0).says("keep the hash of the last line elsewhere: ").err;
    let last = told.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(last.len(), 64);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = fs::metadata(folder.path().join("audit.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    folder.run(&export).exits(1).says("audit.jsonl: the file exists, and is not overwritten");
    let checked = folder.run("audit verify audit.jsonl --json").exits(0).json();
    assert_eq!(
        (&checked["last_sha256"], &checked["counts"]["payouts"]),
        (&last.as_str().into(), &3.into())
    );
    folder.run(&format!("audit verify audit.jsonl --last-sha256 {last}")).exits(0);
    let zeros = "0".repeat(64);
    let another = format!("audit verify audit.jsonl --last-sha256 {zeros}");
    folder.run(&another).exits(1).says("this is another file");

    let path = folder.path().join("audit.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("10000100", "10000200", 1)).unwrap();
    let place = text.lines().position(|line| line.contains("10000100")).unwrap() + 1;
    let refused = folder.run("audit verify audit.jsonl").exits(1);
    let refused =
        refused.says(&format!("audit.jsonl: line {place} is not what line {} follows", place + 1));
    let named = refused.err.lines().filter(|line| line.contains(": line ")).count();
    assert_eq!(named, 1, "one line is told for one change: {}", refused.err);
    folder.run("audit verify nowhere.jsonl").exits(1).says("nowhere.jsonl: ");
}

/// A file whose lines fit together is another one if its last hash is another: nothing good is said.
#[test]
#[allow(clippy::print_stdout, reason = "a test that cannot run here says so")]
fn another_file_is_not_said_to_be_as_it_was_written() {
    let (folder, run) = paid("audit-another");
    let told =
        folder.run(&format!("audit export --run {run} --db p.db --out audit.jsonl")).exits(0);
    let last = told.err.trim().rsplit(' ').next().unwrap();
    let zeros = "0".repeat(64);
    let another = format!("audit verify audit.jsonl --last-sha256 {zeros}");
    let verified = folder.run(&another).exits(1).says("this is another file");
    assert!(!verified.out.contains("as it was written"), "{}", verified.out);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/audit_verify.py");
    let python = |hash: &str| {
        let mut command = Command::new("python3");
        let command = command.arg(&script).args(["audit.jsonl", hash]).current_dir(folder.path());
        let ended = command.output().ok()?;
        let texts = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).unwrap());
        Some((ended.status.code(), texts))
    };
    let Some((code, [out, err])) = python(&zeros) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "this needs python3");
        println!("skipped: this needs python3");
        return;
    };
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("this is another file"), "{err}");
    let (code, [out, _]) = python(last).unwrap();
    let good = format!("every line is as it was written; the last SHA-256 is {last}\n");
    assert_eq!((code, out), (Some(0), good));
}

#[test]
fn days_select_what_was_submitted_on_them() {
    let (folder, run) = paid("audit-days");
    let export = |days: &str| folder.run(&format!("audit export {days} --db p.db"));
    let all = export("--from 2000-01-01 --to 2999-12-31").exits(0);
    let all = lines(&all.out);
    assert_eq!(of_kind(&all, "payout").len(), 3);
    assert_eq!(of_kind(&all, "run")[0]["run"], run.as_str());
    let none = lines(&export("--from 2000-01-01 --to 2000-12-31").exits(0).out);
    assert_eq!(none.len(), 2, "a head and an end");
    export("--from 2000-01-02 --to 2000-01-01").exits(1).says("no day is in between");
    export("--from 2000-01-02").exits(1);
    export("").exits(1);
    export("--run nothing").exits(1).says("no file with the digest nothing was paid from it");
    folder.run("audit export --run nothing --db q.db").exits(1);
    assert!(!folder.has("q.db"));
}
