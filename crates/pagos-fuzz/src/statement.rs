//! Targets: bank statements and mappings. What is read adds up, no amount is negative, and what is said
//! about a file can be printed and names no person.

use std::{fs, path::Path};

use pagos_core::Money;
use pagos_statement::{
    Counts, Format, Mapping, Part, Problem, Row, read_camt, read_mt940, read_table,
};

/// camt, whatever its version.
pub(crate) fn run_camt(input: &[u8]) {
    let mut parts = Vec::new();
    let read = read_camt(input, &mut |part| parts.push(part));
    check(input, &parts, read);
}

/// MT940.
pub(crate) fn run_mt940(input: &[u8]) {
    let mut parts = Vec::new();
    let read = read_mt940(input, &mut |part| parts.push(part));
    check(input, &parts, read);
}

/// The first line names a mapping that comes with Pagos; cells of the others end with semicolons.
pub(crate) fn run_table(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (name, table) = text.split_once('\n').unwrap_or((&text, ""));
    let mapping = Mapping::preset(name).or_else(|| Mapping::preset("mx-santander"));
    let mapping = mapping.expect("a mapping that comes with Pagos");
    let rows = table
        .lines()
        .zip(1..)
        .map(|(line, place)| Row { place, cells: line.split(';').map(str::to_owned).collect() });
    let mut parts = Vec::new();
    let read = read_table(rows, &mapping, &mut |part| parts.push(part));
    check(input, &parts, read);
}

/// A file of mappings; each one that is read takes a row of whatever is in it.
pub(crate) fn run_mapping(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match Mapping::parse(text) {
        Ok(mappings) => {
            for mapping in mappings.values() {
                let row = |line: &str| Row {
                    place: 1,
                    cells: line.split(['"', ',', '=']).map(str::to_owned).collect(),
                };
                let mut parts = Vec::new();
                let read = read_table(text.lines().map(row), mapping, &mut |it| parts.push(it));
                check(input, &parts, read);
            }
        }
        Err(problems) => check_problems(input, &problems),
    }
}

fn check(input: &[u8], parts: &[Part], read: Result<Counts, Vec<Problem>>) {
    let _ = Format::detect(input);
    let counts = match read {
        Ok(counts) => counts,
        Err(problems) => {
            check_problems(input, &problems);
            return;
        }
    };
    let (mut lines, mut statements) = (0, 0);
    let (mut head, mut change) = (None, 0_i128);
    for part in parts {
        match part {
            Part::Begin(begun) => {
                assert!(head.replace(begun).is_none(), "a statement within a statement");
                change = 0;
                statements += 1;
            }
            Part::Line(line) => {
                let head = head.expect("a line outside of a statement");
                assert_eq!(line.amount.currency, head.currency, "another currency");
                assert!(line.amount.minor >= 0, "a negative amount");
                assert!(!line.transactions.is_empty(), "a line without a transaction");
                let negative = line.transactions.iter().find(|it| it.amount.minor < 0);
                assert!(negative.is_none(), "a negative transaction");
                let sum: i128 = line.transactions.iter().map(|it| minor(it.amount)).sum();
                assert_eq!(sum, minor(line.amount), "a line that is not its transactions");
                assert_eq!(line.fingerprint().len(), 32);
                change += minor(line.change());
                lines += 1;
            }
            Part::End(tail) => {
                let head = head.take().expect("an end without a beginning");
                if let (Some(opening), Some(closing)) = (head.opening, tail.closing) {
                    let sum = minor(opening.amount) + change;
                    assert_eq!(sum, minor(closing.amount), "a statement that does not add up");
                }
            }
        }
    }
    assert!(head.is_none(), "a statement without an end");
    assert_eq!((counts.lines, counts.statements), (lines, statements), "counted wrongly");
}

fn check_problems(input: &[u8], problems: &[Problem]) {
    assert!(!problems.is_empty() && problems.len() <= 1_000, "refused, and nobody says why");
    for problem in problems {
        let text = problem.to_string();
        let strange = text.chars().find(|letter| letter.is_control());
        assert!(strange.is_none(), "{strange:?} in {text:?}");
        // Names of fields and columns are the user's own; nothing else is quoted from a file.
        let is_name = problem.column.as_ref().is_some_and(|column| column.contains(CANARY));
        let is_mapping = input.starts_with(b"[statement");
        assert!(is_name || is_mapping || !text.contains(CANARY), "a value is shown: {text}");
    }
}

fn minor(amount: Money) -> i128 {
    i128::from(amount.minor)
}

/// Stands for what names a person.
const CANARY: &str = "canary";

pub(crate) fn seeds_camt() -> Vec<Vec<u8>> {
    seeds("xml")
}

pub(crate) fn seeds_mt940() -> Vec<Vec<u8>> {
    seeds("sta")
}

pub(crate) fn seeds_table() -> Vec<Vec<u8>> {
    let files = files("csv").into_iter().map(|(name, text)| {
        let mapping = name.trim_end_matches(".csv").split_once('@').map_or("", |(_, name)| name);
        [mapping.as_bytes(), b"\n", &text].concat()
    });
    files.collect()
}

pub(crate) fn seeds_mapping() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pagos-statement/mappings");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    seeds.extend(files("toml").into_iter().map(|(_, text)| text));
    seeds
}

/// The awkward files of a kind, with the names in them replaced by what must not be shown.
fn seeds(kind: &str) -> Vec<Vec<u8>> {
    files(kind).into_iter().map(|(_, text)| text).collect()
}

fn files(kind: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pagos-statement/tests/awkward");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        names.filter(|path| path.extension().is_some_and(|it| it == kind)).collect();
    paths.sort();
    let file = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut bytes = fs::read(path).unwrap();
        if let Ok(text) = std::str::from_utf8(&bytes) {
            bytes = text.replace("Ana", CANARY).replace("ANA", CANARY).into_bytes();
        }
        (name, bytes)
    };
    paths.iter().map(file).collect()
}
