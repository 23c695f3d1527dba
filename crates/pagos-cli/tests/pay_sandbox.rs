//! `pay --sandbox`: outcomes, the JSON document, exit codes, and a second run. What happens when it
//! is interrupted is tested elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};

use support::{Folder, payouts};

const PAY: &str = "pay payouts.csv --sandbox --yes --db s.db --json";

/// Key, description, and what must come of it: status, reason, reversals.
const BAD_DAYS: [(&str, &str, &str, Option<&str>, u64); 9] = [
    ("s-1", "salary", "succeeded", None, 0),
    ("s-2", "sim:fail", "failed", Some("ACCOUNT NOT EXITS"), 0),
    ("s-3", "sim:fail:ACCOUNT FROZEN", "failed", Some("ACCOUNT FROZEN"), 0),
    ("s-4", "sim:timeout-created", "succeeded", None, 0),
    ("s-5", "sim:success-then-fail", "failed", Some("PAYMENT_OFFSET"), 1),
    ("s-6", "sim:fail-then-success", "succeeded", None, 1),
    ("s-7", "sim:dup-webhook", "succeeded", None, 0),
    ("s-8", "sim:no-webhook", "succeeded", None, 0),
    ("s-9", "sim:500-created", "succeeded", None, 0),
];

#[test]
fn bad_days_end_as_they_must_and_a_second_run_sends_nothing() {
    let folder = Folder::new("sandbox-bad-days");
    folder.write("payouts.csv", payouts(BAD_DAYS.map(|(key, does, ..)| (key, does))));
    let first = folder.run(PAY).exits(2);
    check_document(&first.json());

    let again = folder.run(PAY).exits(2).says("9 of these payouts are known already");
    assert_eq!(again.json(), first.json());

    let table = folder.run(&PAY.replace(" --json", "")).exits(2).out;
    assert_eq!(table.matches("(reversed)").count(), 2, "{table}");
    assert!(table.contains("ACCOUNT FROZEN"), "{table}");
}

/// Exactly what is documented, no field more or less: scripts depend on it.
fn check_document(document: &Value) {
    let references = support::field_by_key(document, "reference");
    let created = support::field_by_key(document, "created_at");
    let mut expected = Vec::new();
    let rows = (1..).zip(BAD_DAYS).zip(references).zip(created);
    for (((n, (key, _, status, reason, reversals)), (_, reference)), (_, created_at)) in rows {
        assert!(reference.is_string(), "{key}: {reference}");
        assert!(created_at.is_u64(), "{key}: {created_at}");
        expected.push(json!({
            "key": key, "provider": "cashypro", "status": status, "reason": reason,
            "attention": false,
            "amount_minor": (100_000 + n) * 100, "currency": "COP", "reference": reference,
            "attempts": 1, "reversals": reversals, "created_at": created_at,
        }));
    }
    let total = |status: &str| {
        let rows: Vec<&Value> = expected.iter().filter(|row| row["status"] == status).collect();
        let sum: i64 = rows.iter().map(|row| row["amount_minor"].as_i64().unwrap()).sum();
        json!({
            "provider": "cashypro", "currency": "COP", "status": status, "count": rows.len(),
            "amount_minor": sum,
        })
    };
    let totals = [total("succeeded"), total("failed")];
    let database = &document["database"];
    assert_eq!(database["place"], "s.db");
    let wanted = json!({
        "problems": [], "payouts": expected, "totals": totals, "database": database,
    });
    assert_eq!(*document, wanted);
}

#[test]
fn a_file_that_goes_straight_exits_0() {
    let folder = Folder::new("sandbox-straight");
    folder.write("payouts.csv", payouts([("g-1", "salary"), ("g-2", ""), ("g-3", "sim:success")]));
    let document = folder.run(PAY).exits(0).json();
    assert!(support::all_are(&document, "status", "succeeded"), "{document}");
}

#[test]
fn two_runs_of_one_sandbox_do_not_meet_and_the_second_says_why() {
    let folder = Folder::new("sandbox-twice");
    folder.write("payouts.csv", payouts([("t-1", "salary")]));
    let first = folder.start(PAY);
    // The bank is opened before the store is made, and an empty file is no store yet.
    let is_made = || std::fs::metadata(folder.path().join("s.db")).is_ok_and(|file| file.len() > 0);
    support::wait_for("the first run works", is_made);
    let second = folder.run(PAY).exits(1).says("another pagos process pays this sandbox");
    assert!(!second.err.contains("delete"), "a bank in use is not to be deleted: {}", second.err);
    assert!(second.out.is_empty());
    first.end().exits(0);
}
