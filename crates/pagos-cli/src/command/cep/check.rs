//! `pagos cep check`: finds the payout that a proof is about, and says how they differ.

use std::{collections::HashMap, io::Write, path::Path};

use pagos_bankfile::cep::{self, Cep, Comparison, Found};
use serde::Serialize;

use crate::{
    arguments::CepCheckArguments,
    command::cep::{Paid, paid},
    console,
    exit::{Exit, Failure},
    input::path_text,
    output::{Column, Grid, Kind, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::new("FILE", Kind::Whole),
    Column::new("KEY", Kind::Whole),
    Column::new("RESULT", Kind::Whole),
    Column::new("FOUND BY", Kind::Whole),
    Column::new("DIFFERENCES", Kind::Note),
];

/// What became of one file. The names in JSON are stable.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    /// The payout, if there is one.
    key: Option<String>,
    /// `agrees`, `differs`, `several`, `none` or `unreadable`.
    result: &'static str,
    /// `tracking key`, or `account, amount and date`.
    found_by: Option<&'static str>,
    /// What each comparison found: `same`, `differs` or `not_said`.
    compared: Option<[(&'static str, &'static str); 4]>,
    /// In words.
    differences: Vec<String>,
}

pub(super) async fn check(arguments: &CepCheckArguments) -> Result<Exit, Failure> {
    let (paid, _) = paid(&arguments.payouts).await?;
    let (mut rows, mut proofs) = (Vec::new(), HashMap::<String, String>::new());
    for path in &arguments.files {
        rows.push(row(path, &paid, &mut proofs)?);
    }
    match arguments.json {
        true => {
            console::print_json(&serde_json::json!({ "ceps": rows, "is_seal_verified": false }))?
        }
        false => print(&rows)?,
    }
    console::tell("the seals are not verified: Banco de México's page does that");
    Ok(match rows.iter().all(|row| row.result == "agrees") {
        true => Exit::Succeeded,
        false if rows.iter().any(|row| row.result == "unreadable") => Exit::Refused,
        false => Exit::InDoubt,
    })
}

/// `proofs` has the sealed chain of the CEP that each payout was found with.
fn row(path: &Path, paid: &[Paid], proofs: &mut HashMap<String, String>) -> Result<Row, Failure> {
    let file = path_text(path);
    let bytes = std::fs::read(path).map_err(|error| Failure::new(format!("{file}: {error}")))?;
    let cep = match cep::read(&bytes) {
        Ok(cep) => cep,
        Err(problems) => {
            let differences = problems.iter().map(ToString::to_string).collect();
            return Ok(Row::without_payout(file, "unreadable", differences));
        }
    };
    let mut row = find(file, &cep, paid);
    if let (Some(key), "agrees") = (&row.key, row.result) {
        let chain = proofs.entry(key.clone()).or_insert_with(|| cep.chain.clone());
        if *chain != cep.chain {
            row.result = "differs";
            let because = "another CEP agrees with this payout too: was it paid twice?";
            row.differences.push(because.to_owned());
        }
    }
    Ok(row)
}

fn find(file: String, cep: &Cep, paid: &[Paid]) -> Row {
    let by_key = |it: &&Paid| it.tracking_key.is_some() && it.tracking_key == cep.tracking_key;
    if let Some(found) = paid.iter().find(by_key) {
        return Row::of(file, found, "tracking key", &cep.compare(&found.expected()));
    }
    let compared = paid.iter().map(|it| (it, cep.compare(&it.expected())));
    let (agreeing, others): (Vec<_>, Vec<_>) = compared.partition(|(_, found)| found.agrees());
    match agreeing.as_slice() {
        [(found, comparison)] => Row::of(file, found, "account, amount and date", comparison),
        [] => Row::without_payout(file, "none", nearly(&others)),
        several => {
            let keys = several.iter().map(|(it, _)| it.order.key.to_string()).collect();
            Row::without_payout(file, "several", keys)
        }
    }
}

/// How the payouts differ of which only one thing does.
fn nearly(others: &[(&Paid, Comparison)]) -> Vec<String> {
    let near = others.iter().filter_map(|(paid, comparison)| match &differences(comparison)[..] {
        [one] => Some(format!("{}: {one}", paid.order.key)),
        _ => None,
    });
    near.take(3).collect()
}

fn differences(comparison: &Comparison) -> Vec<String> {
    let differs = comparison.fields().into_iter().filter_map(|(name, found)| match found {
        Found::Differs(because) => Some(format!("{name}: {because}")),
        Found::Same | Found::NotSaid => None,
    });
    differs.collect()
}

impl Row {
    fn of(file: String, paid: &Paid, found_by: &'static str, comparison: &Comparison) -> Self {
        let compared = comparison.fields().map(|(name, found)| match found {
            Found::Same => (name, "same"),
            Found::Differs(_) => (name, "differs"),
            Found::NotSaid => (name, "not_said"),
        });
        Self {
            file,
            key: Some(paid.order.key.to_string()),
            result: if comparison.agrees() { "agrees" } else { "differs" },
            found_by: Some(found_by),
            compared: Some(compared),
            differences: differences(comparison),
        }
    }

    fn without_payout(file: String, result: &'static str, differences: Vec<String>) -> Self {
        Self { file, key: None, result, found_by: None, compared: None, differences }
    }
}

fn print(rows: &[Row]) -> Result<(), Failure> {
    let mut grid = Grid::new(&COLUMNS);
    for row in rows {
        let key = row.key.clone().unwrap_or_else(|| "-".to_owned());
        let by = row.found_by.unwrap_or("-").to_owned();
        let differences = row.differences.join("; ");
        grid.push_plain([row.file.clone(), key, row.result.to_owned(), by, differences]);
    }
    let mut out = console::stdout();
    grid.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}
