//! Payrolls as spreadsheets, banks and old programs write them: what `plan` says to each file of
//! `fixtures/payroll`. `make.py` there wrote them; `said/` holds what was said.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use support::{Folder, Twin, payouts};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/payroll")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.unwrap().file_name().into_string().expect("a name in UTF-8")
    };
    fs::read_dir(folder).unwrap().map(name).collect()
}

fn payrolls() -> impl Iterator<Item = String> {
    let is_other = |name: &str| matches!(name, "make.py" | "said" | "README.md");
    names(&corpus()).into_iter().filter(move |name| !is_other(name))
}

/// Without configuration or environment, so each provider's own rules are asked.
fn plan(name: &str, further: &[&str]) -> Output {
    let folder = Folder::new(&format!("payroll-{name}"));
    fs::copy(corpus().join(name), folder.path().join(name)).unwrap();
    Command::new(env!("CARGO_BIN_EXE_pagos"))
        .args(["plan", name])
        .args(further)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let words = text(&output.stderr);
    let words = words.split_once('\n').map_or("", |(_, words)| words);
    let code = output.status.code().unwrap();
    // The digest says which bytes these were, and no more.
    let table = text(&output.stdout);
    let table = match table.split_once("sha256 ") {
        Some((before, behind)) => format!("{before}sha256 ...{}", behind.get(64..).unwrap_or("")),
        None => table,
    };
    format!("{words}{table}exit code {code}\n")
}

#[test]
fn world_13_every_awkward_payroll_is_read_or_refused_in_words() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(corpus().join("said"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut count = 0;
    for name in payrolls() {
        let said = said(&plan(&name, &[]));
        settings.bind(|| insta::assert_snapshot!(name.as_str(), said));
        count += 1;
    }
    assert!(count >= 60, "{count} payrolls");
    let expected: BTreeSet<String> = payrolls().map(|name| format!("{name}.snap")).collect();
    assert_eq!(names(&corpus().join("said")), expected);
}

/// Whatever a person reads about a file, a script reads too, and nothing private is in either.
#[test]
fn world_13_json_says_the_same_and_nobody_sees_an_account() {
    for name in payrolls() {
        let (people, script) = (plan(&name, &[]), plan(&name, &["--json"]));
        assert_eq!(people.status.code(), script.status.code(), "{name}");
        let document: serde_json::Value = serde_json::from_slice(&script.stdout).unwrap();
        let problems = document["problems"].as_array().unwrap();
        assert_eq!(problems.is_empty(), people.status.success(), "{name}");
        for said in [&people.stdout, &people.stderr, &script.stdout, &script.stderr] {
            let said = String::from_utf8_lossy(said);
            for private in ["12345678", "0722250082", "11222333", "jose@", "3001234567"] {
                assert!(!said.contains(private), "{name}: {private} in {said}");
            }
        }
    }
}

#[test]
fn world_14_strict_takes_a_warning_for_an_error() {
    for name in [
        "paid-twice.csv",
        "windows-1252.csv",
        "keys-by-case.csv",
        "header-only.csv",
        "person-twice-on-two-accounts.csv",
        "struck-rows.xlsx",
        "hidden-columns.xlsx",
        "formats-that-add-something.xlsx",
    ] {
        assert_eq!(plan(name, &[]).status.code(), Some(0), "{name}");
        assert_eq!(plan(name, &["--strict"]).status.code(), Some(1), "{name}");
    }
    assert_eq!(plan("plain.csv", &["--strict"]).status.code(), Some(0));
    let folder = Folder::new("world-14-strict");
    let twin = Twin::start(&folder);
    let rows = payouts([("a", "salary"), ("b", "salary")]);
    folder.write("twice.csv", rows.replace("\na,", "\nA,").replace("\nb,", "\na,"));
    let pay = format!("pay twice.csv --sandbox-url {} --yes --db a.db", twin.origin);
    folder.run(&format!("{pay} --strict")).exits(1).says("with --strict a warning is an error");
    assert!(twin.paid().is_empty());
    folder.run(&pay).exits(0);
}

/// Each way to hand over a payroll that can be read only once: paid like a file, and once.
#[test]
fn world_12_a_pipe_is_paid_as_a_file_is() {
    let folder = Folder::new("world-12");
    let twin = Twin::start(&folder);
    let pay = format!("pay FILE --sandbox-url {} --yes --db pipe.db --json", twin.origin);
    let ways = [
        ("a", "cat a.csv | $PAGOS PAY(-)"),
        ("b", "$PAGOS PAY(-) < b.csv"),
        ("c", "cat c.csv | $PAGOS PAY(/dev/stdin)"),
        ("d", "$PAGOS PAY(/dev/stdin) < d.csv"),
        ("e", "mkfifo e.fifo; cat e.csv > e.fifo & $PAGOS PAY(e.fifo)"),
        ("f", "mkfifo f.fifo; cat f.csv > f.fifo & $PAGOS PAY(/dev/stdin) < f.fifo"),
        ("g", "bash -c '$PAGOS PAY(<(cat g.csv))'"),
    ];
    let mut paid = Vec::new();
    for (name, way) in ways {
        folder.write(&format!("{name}.csv"), payouts([(name, "salary")]));
        let (before, file) = way.split_once("PAY(").unwrap();
        let (file, behind) = file.rsplit_once(')').unwrap();
        let script = format!("{before}{}{behind}", pay.replace("FILE", file));
        let output = in_shell(&folder, &script);
        assert!(output.status.success(), "{way}: {}", String::from_utf8_lossy(&output.stderr));
        paid.push(name.to_owned());
        assert_eq!(twin.paid(), paid, "{way}");
        // The same rows as a file are the same run.
        let again = folder.run(&pay.replace("FILE", &format!("{name}.csv"))).exits(0);
        again.says("1 of these payouts are known already");
        assert_eq!(twin.paid(), paid, "{way}");
    }
}

#[test]
fn world_12_a_pipe_is_looked_through_twice_as_a_file_is() {
    let folder = Folder::new("world-12-twice");
    folder.write("twice.csv", payouts([("a", "salary"), ("b", "salary"), ("a", "salary")]));
    for script in ["cat twice.csv | $PAGOS plan -", "cat twice.csv | $PAGOS plan /dev/stdin"] {
        let output = in_shell(&folder, script);
        assert_eq!(output.status.code(), Some(1), "{script}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("is the key of line 4 too"), "{script}: {said}");
    }
    for (script, expected) in [
        ("$PAGOS plan .", "is a folder"),
        ("$PAGOS plan /dev/null", "the file is empty"),
        ("$PAGOS plan - < /dev/null", "the file is empty"),
    ] {
        let output = in_shell(&folder, script);
        assert_eq!(output.status.code(), Some(1), "{script}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expected), "{script}: {said}");
    }
}

fn in_shell(folder: &Folder, script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("PAGOS", env!("CARGO_BIN_EXE_pagos"))
        .current_dir(folder.path())
        .output()
        .unwrap()
}
