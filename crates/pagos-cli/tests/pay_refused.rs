//! What `pay` refuses, and that nothing is stored and nothing sent then.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};

use support::{Folder, Run, Twin, all_are, file, payouts, row};

#[test]
fn a_key_with_another_body_refuses_the_whole_file() {
    let folder = Folder::new("refused-conflict");
    let twin = Twin::start(&folder);
    let pay = |name: &str| {
        let with = format!("--sandbox-url {} --yes --db c.db --json", twin.origin);
        folder.run(&format!("pay {name} {with}"))
    };
    folder.write("first.csv", payouts([("c-1", "salary"), ("c-2", "salary")]));
    pay("first.csv").exits(0);
    let (listed, ledger) = (folder.run("list --db c.db --json").out, twin.ledger());
    assert_eq!(ledger.len(), 2);

    // New rows before and behind the conflict, more of them than go into one transaction.
    let many = (0..1_500).map(|n| row(&format!("n-{n}"), "50000", "salary"));
    let conflict = [row("c-2", "99999", "salary")];
    folder.write("second.csv", file(many.chain(conflict).chain([row("n-z", "50000", "salary")])));
    let run = pay("second.csv").exits(1);
    let document = run.json();
    assert_eq!((&document["payouts"], &document["totals"]), (&json!([]), &json!([])));
    assert_eq!(document["problems"].as_array().unwrap().len(), 1, "{document}");
    assert_eq!(document["problems"][0]["value"], "c-2");
    let run = run.says("second.csv: line 1502, key \"c-2\": was submitted with another body");
    run.says("this command sent nothing");
    assert_eq!(folder.run("list --db c.db --json").out, listed);

    // Without the conflict its other rows are as good as new, and a known row is left alone.
    folder
        .write("third.csv", file([row("n-1", "60000", "salary"), row("c-1", "100001", "salary")]));
    let run = pay("third.csv").exits(0).says("1 of these payouts are known already");
    assert!(all_are(&run.json(), "attempts", 1));
    assert_eq!(twin.paid(), ["c-1", "c-2", "n-1"]);
}

#[test]
fn a_bad_row_stops_the_file_unless_it_is_skipped() {
    let folder = Folder::new("refused-rows");
    let twin = Twin::start(&folder);
    let rows = [("b-1", "150000"), ("b 2", "150000"), ("b-3", "150000.50"), ("b-4", "150001")];
    folder.write("payouts.csv", file(rows.map(|(key, amount)| row(key, amount, ""))));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db b.db --json", twin.origin);
    let says_what_is_bad = |run: Run| {
        let document = run.json();
        let problems = document["problems"].as_array().unwrap().iter();
        let told = problems.map(|problem| (problem["line"].clone(), problem["value"].clone()));
        let expected = [(3.into(), "b 2".into()), (4.into(), "150000.50".into())];
        assert_eq!(told.collect::<Vec<(Value, Value)>>(), expected);
        let run = run.says("payouts.csv: line 3, key \"b 2\": is not 1 to 32 of");
        run.says("payouts.csv: line 4, amount \"150000.50\": ");
        document
    };
    let refused = folder.run(&pay).exits(1).says("this command sent nothing");
    assert_eq!(says_what_is_bad(refused)["payouts"], json!([]));
    assert!(!folder.has("b.db"));
    assert!(twin.ledger().is_empty());

    let document = says_what_is_bad(folder.run(&format!("{pay} --skip-invalid")).exits(0));
    assert_eq!(support::field_by_key(&document, "key").len(), 2);
    assert!(all_are(&document, "status", "succeeded"), "{document}");
    assert_eq!(twin.paid(), ["b-1", "b-4"]);
}

#[test]
fn nobody_is_paid_without_a_yes() {
    let folder = Folder::new("refused-yes");
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts([("y-1", "salary")]));
    let run = folder.run(&format!("pay payouts.csv --sandbox-url {} --db y.db", twin.origin));
    let run = run.exits(1).says("standard input is no terminal; say --yes");
    assert!(run.out.is_empty());
    assert!(!folder.has("y.db"));
    assert!(twin.ask("orders").as_array().unwrap().is_empty());
}
