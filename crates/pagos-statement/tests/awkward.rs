//! Awkward files: everything that is read from each, or said against it, in one table. The files are in
//! `awkward`; that of a table names its mapping behind an `@`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use pagos_statement::{
    Counts, Format, Line, Mapping, Part, Problem, Row, Text, read_camt, read_mt940, read_table,
};

#[test]
fn what_is_said_about_each() {
    let mut table = String::new();
    let files = files();
    assert!(files.len() >= 50, "only {}", files.len());
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        writeln!(table, "## {name}").unwrap();
        table.push_str(&said(&path));
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_problem_names_a_person_or_an_account() {
    for path in files() {
        let (_, Err(problems)) = read(&path) else { continue };
        for problem in problems {
            let text = problem.to_string();
            for secret in ["Ana", "ANA", "Perez", "00012345678", "012345678901234567", "12345678"] {
                assert!(!text.contains(secret), "{}: {text}", path.display());
            }
        }
    }
}

#[test]
fn the_second_reading_says_the_same() {
    for path in files() {
        assert_eq!(read(&path), read(&path), "{}", path.display());
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awkward");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().unwrap() != "toml").collect();
    files.sort();
    files
}

fn read(path: &Path) -> (Vec<Part>, Result<Counts, Vec<Problem>>) {
    let bytes = fs::read(path).unwrap();
    let mut parts = Vec::new();
    let mut sink = |part| parts.push(part);
    let result = match path.extension().unwrap().to_str().unwrap() {
        "xml" => read_camt(bytes.as_slice(), &mut sink),
        "sta" => read_mt940(bytes.as_slice(), &mut sink),
        _ => {
            let name = path.file_stem().unwrap().to_str().unwrap().split_once('@').unwrap().1;
            let own = fs::read_to_string(path.with_file_name("mappings.toml")).unwrap();
            let own = Mapping::parse(&own).unwrap().remove(name);
            let mapping = own.or_else(|| Mapping::preset(name)).expect("no such mapping");
            let text = String::from_utf8(bytes).unwrap();
            read_table(rows(&text), &mapping, &mut sink)
        }
    };
    (parts, result)
}

/// Rows of cells between semicolons; quotes are of no use here.
fn rows(text: &str) -> impl Iterator<Item = Row> {
    text.lines()
        .zip(1..)
        .map(|(line, place)| Row { place, cells: line.split(';').map(str::to_owned).collect() })
}

fn said(path: &Path) -> String {
    let mut said = String::new();
    let bytes = fs::read(path).unwrap();
    let format = Format::detect(&bytes);
    let expected = match path.extension().unwrap().to_str().unwrap() {
        "xml" => Format::Camt,
        "sta" => Format::Mt940,
        _ => Format::Table,
    };
    if format != Some(expected) {
        writeln!(said, "taken for {format:?}").unwrap();
    }
    match read(path) {
        (_, Err(problems)) => {
            for problem in problems {
                writeln!(said, "refused: {problem}").unwrap();
            }
        }
        (parts, Ok(counts)) => {
            for part in parts {
                describe(&mut said, &part);
            }
            let Counts { pending, informational, skipped, .. } = counts;
            if pending + informational + skipped > 0 {
                writeln!(
                    said,
                    "left out: {pending} pending, {informational} informational, {skipped} rows"
                )
                .unwrap();
            }
        }
    }
    said
}

fn describe(said: &mut String, part: &Part) {
    let text = |text: &Option<Text>| text.as_ref().map_or("-", Text::as_str).to_owned();
    match part {
        Part::Begin(head) => {
            let opening = head.opening.map_or("-".to_owned(), |it| it.amount.to_string());
            let (id, account) = (text(&head.id), text(&head.account));
            writeln!(said, "begin {id} account {account} {} from {opening}", head.currency)
        }
        Part::Line(line) => {
            describe_line(said, line);
            Ok(())
        }
        Part::End(tail) => {
            let closing = tail.closing.map_or("-".to_owned(), |it| it.amount.to_string());
            let day =
                |day: Option<pagos_core::Day>| day.map_or("-".to_owned(), |it| it.to_string());
            writeln!(said, "end at {closing}, {} to {}", day(tail.from), day(tail.through))
        }
    }
    .unwrap();
}

fn describe_line(said: &mut String, line: &Line) {
    let value = line.value_day.map_or(String::new(), |day| format!(" value {day}"));
    writeln!(said, "  {}: {}{value} {} {:?}", line.place, line.day, line.change(), line.kind)
        .unwrap();
    for one in &line.transactions {
        let mut words = vec![one.amount.to_string()];
        let mut add = |name: &str, text: &Option<Text>| {
            words.extend(text.as_ref().map(|text| format!("{name}={}", text.as_str())));
        };
        add("bank", &one.bank_reference);
        add("tracking", &one.tracking);
        add("name", &one.counterparty.name);
        add("account", &one.counterparty.account);
        add("document", &one.counterparty.document);
        add("returned", &one.returned_because);
        words.extend(one.references.iter().map(|it| format!("reference={}", it.as_str())));
        words.extend(one.charges.iter().map(|charge| {
            let word = if charge.is_included { "included" } else { "apart" };
            format!("charge={} {word}", charge.amount)
        }));
        if !one.text.is_empty() {
            words.push(format!("text={}", one.text.as_str()));
        }
        writeln!(said, "    {}", words.join(" | ")).unwrap();
    }
}
