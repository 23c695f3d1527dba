//! `doctor` on a database whose pages are damaged: it is bad, whatever can still be read of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use support::{Folder, keys, payouts};

const PAGE_BYTES: usize = 4_096;

#[test]
fn world_19_doctor_does_not_call_a_damaged_database_good() {
    let folder = Folder::new("damage");
    let keys = keys("d", 40);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    folder.run("pay payouts.csv --sandbox --yes --db d.db").exits(0);
    let path = folder.path().join("d.db");
    let whole = fs::read(&path).unwrap();
    let healthy = folder.run("doctor --db d.db --json").exits(0).json();
    assert!(healthy.to_string().contains("database d.db, pages"), "{healthy}");
    let count = |run: &str| folder.run(run).out.matches("40 payouts").count();
    assert_eq!(count("doctor --db d.db"), 1);

    // One page after the other: none is damaged unseen, unless nothing is written there.
    let (mut seen, mut still_counted) = (0, 0);
    let pages = whole.len() / PAGE_BYTES;
    for page in (1..pages).step_by(pages / 12 + 1) {
        let mut damaged = whole.clone();
        damaged[page * PAGE_BYTES..(page + 1) * PAGE_BYTES].fill(0xA5);
        fs::write(&path, &damaged).unwrap();
        still_counted += usize::from(folder.run("list --db d.db").code == Some(0));
        let run = folder.run("doctor --db d.db").exits(1);
        assert!(run.out.contains("BAD   database d.db, pages: "), "page {page}: {}", run.out);
        assert!(run.out.contains("A damaged database"), "page {page}: {}", run.out);
        assert!(!run.out.contains("good  database"), "page {page}: {}", run.out);
        seen += 1;
    }
    assert!(seen > 5, "{pages} pages");
    assert!(still_counted > 0, "no damage that another command does not see was tried");
    fs::write(&path, &whole).unwrap();
    folder.run("doctor --db d.db").exits(0);
    let operations = include_str!("../../../docs/OPERATIONS.md");
    assert!(operations.contains("\n### A damaged database\n"), "the section that is named");
}
