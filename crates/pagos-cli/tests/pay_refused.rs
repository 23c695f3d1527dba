//! What `pay` refuses, and that nothing is stored and nothing sent then.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::Folder;
use support::Twin;
use support::all_are;
use support::file;
use support::payouts;
use support::row;

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
    assert!(run.out.is_empty(), "{}", run.out);
    let run = run.says("second.csv: line 1502, key \"c-2\": was submitted with another body");
    run.says("nothing of this file was sent");
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
    let rows = [row("b-1", "150000", ""), row("b 2", "150000.50", ""), row("b-3", "150001", "")];
    folder.write("payouts.csv", file(rows));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db b.db --json", twin.origin);
    let run = folder.run(&pay).exits(1).says("nothing was sent");
    assert!(
        run.err.contains("line 3, key \"b 2\"") && run.err.contains("\"150000.50\""),
        "{}",
        run.err
    );
    assert!(run.out.is_empty(), "{}", run.out);
    assert!(!folder.has("b.db"));
    assert!(twin.ledger().is_empty());

    let run = folder.run(&format!("{pay} --skip-invalid")).exits(0);
    let document = run.says("line 3, key \"b 2\"").json();
    assert_eq!(support::field_by_key(&document, "key").len(), 2);
    assert_eq!(twin.paid(), ["b-1", "b-3"]);
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
