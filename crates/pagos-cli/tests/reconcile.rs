//! `reconcile`: a statement is compared with what was paid, a person finishes the list, and what the bank
//! paid although Pagos calls it failed is held back and told once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use pagos_core::{Day, Timestamp};
use serde_json::Value;

use support::{Folder, Run, Twin, file, row};

const ANA: &[(&str, &str)] = &[("USER", "ana")];

const CONFIGURATION: &str = r#"
[books.main]
accounts = ["cashypro"]
currency = "COP"
mapping = "bank.toml:bank"
"#;

const MAPPING: &str = r#"
[statement.bank]
source = "a table of this test"
currency = "COP"
header = ["Fecha", "Detalle", "Cargos"]
date = { column = "Fecha", format = "dd/mm/yyyy" }
amount = { debit = "Cargos", credit = "Abonos" }
decimal = ","
thousands = "."
bank_reference = "Operación"
text = ["Detalle"]
kinds = { fee = ["comision"] }
"#;

/// Three payouts: two were paid, the one in the middle failed.
struct Scene {
    folder: Folder,
    twin: Twin,
    day: Day,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let twin = Twin::start(&folder);
        let rows = [("wages-1", "salary"), ("wages-2", "sim:fail"), ("wages-3", "salary")];
        folder.write("p.csv", file(rows.map(|(key, does)| row(key, "150000", does))));
        let with = format!("--sandbox-url {} --yes --db b.db --json", twin.origin);
        folder.run(&format!("pay p.csv {with}")).exits(2);
        folder.write("pagos.toml", CONFIGURATION);
        folder.write("bank.toml", MAPPING);
        let created_ms = folder.payout("b.db", "wages-1")["created_at"].as_i64().unwrap();
        Self { folder, twin, day: Day::at(Timestamp::from_millis(created_ms), 0) }
    }

    /// A statement of these rows: operation, text, debit, credit.
    fn statement(&self, name: &str, rows: &[(&str, &str, &str, &str)]) {
        let day = format!("{:02}/{:02}/{}", self.day.day(), self.day.month(), self.day.year());
        let mut text = "Banco;;;;\nFecha;Operación;Detalle;Cargos;Abonos\n".to_owned();
        for (operation, detail, debit, credit) in rows {
            text.push_str(&format!("{day};{operation};{detail};{debit};{credit}\n"));
        }
        self.folder.write(name, text);
    }

    fn run(&self, command: &str) -> Run {
        self.folder.run_with(&format!("reconcile {command} --book main --db b.db"), ANA)
    }

    fn report(&self, with: &str) -> Run {
        let day = self.day;
        self.run(&format!("report --from {day} --through {day} {with}"))
    }

    /// The lines in a state: id, change in minor units, payouts.
    fn lines(&self, state: &str) -> Vec<(String, i64, Vec<String>)> {
        let told = self.run(&format!("lines --state {state} --json")).exits(0).json();
        let lines = told["lines"].as_array().unwrap();
        let keys = |line: &Value| {
            let keys = line["candidates"].as_array().unwrap().iter();
            keys.map(|key| key.as_str().unwrap().to_owned()).collect()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        lines
            .iter()
            .map(|it| (text(&it["id"]), it["change"]["minor"].as_i64().unwrap(), keys(it)))
            .collect()
    }
}

#[test]
fn a_statement_is_matched_finished_and_closed() {
    let scene = Scene::new("reconcile-finished");
    scene.statement(
        "s.csv",
        &[
            ("1", "PAGO wages-1", "150.000,00", ""),
            ("2", "PAGO wages-3", "150.000,00", ""),
            ("3", "COMISION", "1.190,00", ""),
            ("4", "COMPRA PAPELERIA", "30.000,50", ""),
        ],
    );
    let looked = scene.run("statement s.csv --dry-run").exits(0);
    assert!(looked.out.contains("4 lines; nothing is stored"), "{}", looked.out);
    assert_eq!(scene.lines("open"), []);
    let told = scene.run("statement s.csv --json").exits(2).json();
    let summary = &told["summary"];
    let counts = ["matched", "explained", "proposed", "open"].map(|it| summary[it].as_u64());
    assert_eq!(counts, [Some(2), Some(1), Some(0), Some(1)], "{told}");
    let paid = scene.folder.payout("b.db", "wages-1");
    assert_eq!(paid["reconciled"][0]["state"], "matched", "{paid}");
    assert_eq!(scene.folder.payout("b.db", "wages-2")["reconciled"], Value::Null);
    // The same file, and one that overlaps with it, change nothing.
    let again = scene.run("statement s.csv").exits(2);
    assert!(again.out.contains("was imported before"), "{}", again.out);
    scene.statement(
        "o.csv",
        &[("1", "PAGO wages-1", "150.000,00", ""), ("3", "COMISION", "1.190,00", "")],
    );
    let told = scene.run("statement o.csv --json").exits(2).json();
    assert_eq!((&told["files"][0]["new"], &told["files"][0]["unsure"]), (&0.into(), &0.into()));

    let [(line, -3_000_050, _)] = &scene.lines("open")[..] else { panic!() };
    scene.run(&format!("close --through {}", scene.day)).exits(1);
    scene.run(&format!("match {line} --key wages-1=40000 --note card")).exits(1);
    // More than its amount: somebody must look.
    scene.run(&format!("match {line} --key wages-1 --note card")).exits(3);
    let told = scene.report("--format json").exits(3).json();
    assert_eq!(told["outcomes"]["amount_differs"]["count"], 1, "{told}");
    scene.run(&format!("explain {line} --note stationery")).exits(1);
    scene.run(&format!("undo {line} --note mistyped")).exits(0);
    scene.run(&format!("explain {line} --note stationery")).exits(0);
    scene.run(&format!("close --through {}", scene.day)).exits(0);
    let told = scene.report("--format json").exits(0).json();
    assert_eq!(told["outcomes"]["matched"]["count"], 2, "{told}");
    assert_eq!(told["outcomes"]["not_paid"]["count"], 1, "{told}");
    assert_eq!(told["late"], serde_json::json!([]));

    // A later line of a closed day is shown as such.
    scene.statement("late.csv", &[("5", "OTRA COMPRA", "1,00", "")]);
    scene.run("statement late.csv").exits(2);
    let told = scene.report("--format json").exits(2).json();
    assert_eq!(told["late"].as_array().unwrap().len(), 1, "{told}");
    for (format, part) in
        [("csv", "outcome,key,"), ("html --lang es", "<html lang=\"es\""), ("table", "LINE")]
    {
        let told = scene.report(&format!("--format {format}")).exits(2);
        assert!(told.out.contains(part), "{format}: {}", told.out);
    }
    scene.report("--format html --out r.html").exits(2);
    assert!(scene.folder.has("r.html"));
    scene.report("--format html --out r.html").exits(1);
}

#[test]
fn what_the_bank_paid_and_pagos_calls_failed_is_held_back_and_told_once() {
    let scene = Scene::new("reconcile-alarm");
    scene.statement("s.csv", &[("1", "PAGO wages-2", "150.000,00", "")]);
    let told = scene.run("statement s.csv").exits(3);
    assert!(told.out.contains("LOOK AT wages-2"), "{}", told.out);
    assert_eq!(scene.folder.payout("b.db", "wages-2")["status"], "quarantined");
    let history = || scene.folder.run("history wages-2 --db b.db").exits(0).out;
    let before = history();
    scene.run("statement s.csv").exits(3);
    assert_eq!(history(), before);
    scene.report("").exits(3);
}

#[test]
fn a_file_with_a_problem_is_refused_whole() {
    let scene = Scene::new("reconcile-refused");
    scene.statement("s.csv", &[("1", "PAGO wages-1", "150.000,00", ""), ("2", "X", "1.50,00", "")]);
    let refused = scene.run("statement s.csv").exits(1);
    assert!(refused.err.contains("s.csv: line 4"), "{}", refused.err);
    assert_eq!(scene.lines("open"), []);
    scene.folder.write("p.pdf", "%PDF-1.7");
    for (command, part) in [
        ("statement p.pdf", "PDF"),
        ("statement none.csv", "none.csv"),
        ("match 1 --key wages-1 --note n", "no line"),
    ] {
        let refused = scene.run(command).exits(1);
        assert!(refused.err.contains(part), "{command}: {}", refused.err);
    }
    let other = scene.folder.run_with("reconcile lines --book other --db b.db", ANA).exits(1);
    assert!(other.err.contains("there is main"), "{}", other.err);
    scene.folder.run("reconcile explain 1 --note n --book main --db b.db").exits(1);
    scene.folder.write("pagos.toml", CONFIGURATION.replace("cashypro", "cashypr"));
    let misspelt = scene.run("lines").exits(1);
    assert!(misspelt.err.contains("account cashypr"), "{}", misspelt.err);
}

/// An MT940 of this account, from one balance to another, with payments of 150,000.00 for this text.
fn mt940(account: &str, day: Day, opening: i64, texts: &[&str]) -> String {
    let (year, month, of_month) = (day.year() % 100, day.month(), day.day());
    let date = format!("{year:02}{month:02}{of_month:02}");
    let lines: String =
        texts.iter().map(|text| format!(":61:{date}D150000,00NTRFNONREF\n:86:{text}\n")).collect();
    let closing = opening - 150_000 * i64::try_from(texts.len()).unwrap();
    format!(
        ":20:S\n:25:{account}\n:28C:1/1\n:60F:C{date}COP{opening},00\n{lines}:62F:C{date}COP{closing},00\n-\n"
    )
}

#[test]
fn an_equal_payment_in_a_second_statement_of_the_day_is_another_one() {
    let scene = Scene::new("reconcile-second");
    scene.folder.write("1.sta", mt940("111", scene.day, 1_000_000, &["PAGO wages-1"]));
    scene.folder.write("2.sta", mt940("111", scene.day, 850_000, &["PAGO wages-1"]));
    scene.run("statement 1.sta").exits(0);
    let told = scene.run("statement 2.sta").exits(3);
    assert!(
        told.out.contains("1 of them new") && told.out.contains("LOOK AT wages-1"),
        "{}",
        told.out
    );
    let figures = &scene.report("--format json").exits(3).json()["figures"];
    let minor = |name: &str| figures[name]["minor"].as_i64();
    assert_eq!(
        (minor("opening"), minor("closing"), minor("difference")),
        (Some(100_000_000), Some(70_000_000), Some(0))
    );
    // A statement of both, as a bank sends it again, changes nothing.
    let both = mt940("111", scene.day, 1_000_000, &["PAGO wages-1", "PAGO wages-1"]);
    scene.folder.write("both.sta", both);
    let told = scene.run("statement both.sta --json").exits(3).json();
    assert_eq!(told["files"][0]["new"], 0, "{told}");
    // Another account has a book of its own.
    scene.folder.write("other.sta", mt940("222", scene.day, 1_000_000, &["PAGO wages-3"]));
    let refused = scene.run("statement other.sta").exits(1);
    assert!(refused.err.contains("ends in 222"), "{}", refused.err);
}

#[test]
fn what_only_looks_like_a_line_of_an_earlier_file_is_told() {
    let scene = Scene::new("reconcile-unsure");
    let without = MAPPING.replace("bank_reference = \"Operación\"\n", "");
    scene.folder.write("bank.toml", without);
    scene.statement("morning.csv", &[("", "PAGO wages-1", "150.000,00", "")]);
    scene.statement(
        "noon.csv",
        &[("", "PAGO wages-1", "150.000,00", ""), ("", "COMISION", "1,00", "")],
    );
    scene.run("statement morning.csv").exits(0);
    let told = scene.run("statement noon.csv").exits(2);
    assert!(told.out.contains("1 of the known lines are only taken for"), "{}", told.out);
    // It stays so: at the next look, and when the period is to be closed.
    let told = scene.run("statement noon.csv").exits(2);
    assert!(told.out.contains("1 of the known lines are only taken for"), "{}", told.out);
    let refused = scene.run(&format!("close --through {}", scene.day)).exits(1);
    assert!(refused.err.contains("1 lines of noon.csv"), "{}", refused.err);
}

#[test]
fn large_fees_and_fees_that_come_in_are_for_a_person() {
    let scene = Scene::new("reconcile-fees");
    scene.folder.write("pagos.toml", format!("{CONFIGURATION}fee_max = \"5000\"\n"));
    scene.statement(
        "s.csv",
        &[
            ("1", "COMISION", "5.000,00", ""),
            ("2", "COMISION VENDEDOR", "5.000,01", ""),
            ("3", "ABONO COMISION", "", "10,00"),
        ],
    );
    let told = scene.run("statement s.csv --json").exits(2).json();
    let counts = ["explained", "open"].map(|it| told["summary"][it].as_u64());
    assert_eq!(counts, [Some(1), Some(2)], "{told}");
}

#[test]
fn what_a_person_matches_is_judged_at_once() {
    let scene = Scene::new("reconcile-judged");
    scene.statement("s.csv", &[("1", "TRANSFERENCIA", "150.000,00", "")]);
    scene.run("statement s.csv").exits(2);
    let (line, ..) = &scene.lines("open")[0];
    let told = scene.run(&format!("match {line} --key wages-2 --note seen")).exits(3);
    assert!(told.err.contains("LOOK AT wages-2"), "{}", told.err);
    assert_eq!(scene.folder.payout("b.db", "wages-2")["status"], "quarantined");
    let shown = scene.run("lines --json").exits(0).json();
    let shown = &shown["lines"][0];
    assert_eq!(
        (&shown["payouts"][0], &shown["text"]),
        (&"wages-2".into(), &"TRANSFERENCIA".into())
    );
    assert_eq!(shown["decided"][0]["note"], "seen", "{shown}");
    let refused = scene.run(&format!("close --through {}", scene.day)).exits(1);
    assert!(refused.err.contains("payout wages-2"), "{}", refused.err);
}

#[test]
fn a_difference_of_the_amount_and_a_day_to_come_are_no_agreement() {
    let scene = Scene::new("reconcile-amount");
    scene.statement("s.csv", &[("1", "PAGO wages-1", "15.000,00", "")]);
    let told = scene.run("statement s.csv").exits(2);
    assert!(told.out.contains("1 payouts: amount_differs"), "{}", told.out);
    let later = Scene { day: scene.day.plus(400), ..scene };
    later.statement("later.csv", &[("2", "PAGO wages-3", "150.000,00", "")]);
    let refused = later.run("statement later.csv").exits(1);
    assert!(refused.err.contains("later.csv: line 3: is of"), "{}", refused.err);
}

#[test]
fn a_provider_is_compared_payout_by_payout() {
    let scene = Scene::new("reconcile-provider");
    let command = format!(
        "reconcile provider cashypro --from {0} --through {0} --db b.db --sandbox-url {1}",
        scene.day, scene.twin.origin
    );
    let told = scene.folder.run(&format!("{command} --json")).exits(0).json();
    assert_eq!((&told["queried"], &told["agreed"]), (&3.into(), &3.into()), "{told}");
    let told = scene.folder.run(&command).exits(0);
    assert!(told.out.contains("3 agree, 0 differ"), "{}", told.out);
    scene.folder.run(&command.replace("cashypro", "nobody")).exits(1);
}
