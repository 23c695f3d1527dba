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
    assert_eq!(told["files"][0]["new"], 0, "{told}");

    let [(line, -3_000_050, _)] = &scene.lines("open")[..] else { panic!() };
    scene.run(&format!("close --through {}", scene.day)).exits(1);
    scene.run(&format!("match {line} --key wages-1=40000 --note card")).exits(1);
    scene.run(&format!("match {line} --key wages-1 --note card")).exits(0);
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
    let nobody = scene.folder.run("reconcile statement p.csv --book main --db b.db").exits(1);
    assert!(!nobody.err.is_empty());
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
