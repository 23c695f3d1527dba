//! `cargo xtask bench`: the benches of every crate that has some, one crate after the other, so
//! that they do not disturb each other. Each bench prints its figures, floors and budgets; those with a
//! budget are repeated at the end as one table in Markdown, which docs/PERFORMANCE.md takes over, together
//! with what a test counts. What is over budget is no failure: figures move with the machine.

use clap::Args;

use crate::{failure::Failure, process, workspace::Workspace};

/// Runs the benches of every crate that has some, and prints a table of their budgets.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the benches of this crate.
    #[arg(long, value_name = "NAME")]
    package: Option<String>,
}

/// Runs all benches, or those of one crate.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let is_wanted = |name: &str| options.package.as_ref().is_none_or(|package| package == name);
    let mut rows = Vec::new();
    for package in workspace.packages.iter().filter(|package| is_wanted(&package.name)) {
        for bench in &package.benches {
            let words = ["bench", "-p", &package.name, "--all-features", "--bench", bench];
            let heard = process::overhear(&mut workspace.cargo(&words))?;
            if !heard.is_success {
                return Err(Failure::new(format!("bench {bench} of {} failed", package.name)));
            }
            let command = format!("cargo bench -p {} --bench {bench}", package.name);
            rows.extend(parse(&heard.text, &command));
        }
    }
    rows.extend(COUNTED.iter().filter(|counted| is_wanted(counted.package)).map(Counted::row));
    println!("\n{HEAD}");
    rows.iter().for_each(|row| println!("{}", row.print()));
    Ok(())
}

const HEAD: &str = "\
| what | figure | floor | ratio | budget | verdict | command |
|---|---|---|---|---|---|---|";

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    what: String,
    figure: String,
    floor: String,
    ratio: String,
    budget: String,
    verdict: String,
    command: String,
}

impl Row {
    fn print(&self) -> String {
        let Self { what, figure, floor, ratio, budget, verdict, command } = self;
        format!("| {what} | {figure} | {floor} | {ratio} | {budget} | {verdict} | `{command}` |")
    }

    /// Reads `WHAT  FIGURE  [BESIDES, ]RATIOx FLOOR (budget BUDGET): VERDICT`, with at least two blanks
    /// where there are two here.
    fn parse(line: &str, command: &str) -> Option<Self> {
        let (line, judged) = line.split_once(" (budget ")?;
        let (budget, verdict) = judged.split_once("): ")?;
        if !verdict.starts_with("within") && !verdict.starts_with("over") {
            return None;
        }
        let mut columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
        let (what, figure, compared) = (columns.next()?, columns.next()?, columns.next()?);
        // What it is beside and has no budget comes before.
        let judged = compared.rsplit(", ").next()?;
        let (ratio, floor) = judged.split_once(' ')?;
        let [what, figure, floor, ratio, budget, verdict, command] =
            [what, figure, floor, ratio, budget, verdict, command].map(str::to_owned);
        Some(Self { what, figure, floor, ratio, budget, verdict, command })
    }
}

/// What a bench said of its budgets; `the same` is what the row before is about.
fn parse(text: &str, command: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for mut row in text.lines().filter_map(|line| Row::parse(line, command)) {
        if row.what == "the same" {
            let before = rows.last().map(|before| before.what.clone());
            row.what = before.unwrap_or(row.what);
        }
        rows.push(row);
    }
    rows
}

/// What a test counts and asserts, so that it has no figure that moves: it holds, or the tests fail.
struct Counted {
    what: &'static str,
    figure: &'static str,
    budget: &'static str,
    package: &'static str,
    target: &'static str,
    test: &'static str,
}

const COUNTED: [Counted; 4] = [
    Counted {
        what: "a step on PostgreSQL, round trips",
        figure: "1",
        budget: "1",
        package: "pagos-store-postgres",
        target: "commit",
        test: "a_step_takes_one_round_trip",
    },
    Counted {
        what: "a payout on PostgreSQL, stored, released, sent and asked about once, round trips in a payroll of 64",
        figure: "2.1",
        budget: "5",
        package: "pagos-store-postgres",
        target: "commit",
        test: "a_payout_of_a_payroll_takes_little_more_than_two_round_trips",
    },
    Counted {
        what: "queries about a settled payout over 30 days, and versions of its row: without a list",
        figure: "8, 12",
        budget: "8, 12",
        package: "pagos-tests",
        target: "listing",
        test: "what_a_settled_payout_costs_over_its_thirty_days",
    },
    Counted {
        what: "the same, where its provider has a list and the reply settles it",
        figure: "1, 5",
        budget: "1, 12",
        package: "pagos-tests",
        target: "listing",
        test: "what_a_settled_payout_costs_over_its_thirty_days",
    },
];

impl Counted {
    fn row(&self) -> Row {
        let Self { what, figure, budget, package, target, test } = self;
        let command = format!("cargo test -p {package} --test {target} {test}");
        let [what, figure, floor, ratio, budget, verdict] =
            [what, figure, "", "", budget, "asserted"].map(str::to_owned);
        Row { what, figure, floor, ratio, budget, verdict, command }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn a_line_with_a_budget_is_a_row_and_others_are_none() {
        let text = "raw  1 us\nHs256: verify, then serde    12.00 us  1.05x by hand, \
                    0.45x jsonwebtoken (budget 0.5x): within\nabout (budget none): unclear\n";
        let printed: Vec<String> = parse(text, "cargo bench").iter().map(Row::print).collect();
        let expected = "| Hs256: verify, then serde | 12.00 us | jsonwebtoken | 0.45x | 0.5x | within \
                        | `cargo bench` |";
        assert_eq!(printed, [expected]);
    }

    #[test]
    fn the_same_is_what_stands_before_it_and_every_verdict_is_kept() {
        let text = "pay, 64 under way   3000 rows/s  0.10x the calls (budget 0.3x, aim 0.5x): over\n  \
                    the same     3000 rows/s  0.40x a commit (budget 0.3x, aim 0.5x): within, and \
                    short of the aim\n";
        let rows = parse(text, "cargo bench");
        let told = |row: &Row| (row.what.clone(), row.budget.clone(), row.verdict.clone());
        let expected = [("over", "the calls"), ("within, and short of the aim", "a commit")];
        assert_eq!(rows.len(), expected.len());
        for (row, (verdict, floor)) in rows.iter().zip(expected) {
            let budget = "0.3x, aim 0.5x".to_owned();
            assert_eq!(told(row), ("pay, 64 under way".to_owned(), budget, verdict.to_owned()));
            assert_eq!(row.floor, floor);
        }
    }

    #[test]
    fn the_tests_that_count_are_there() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        for Counted { package, target, test, .. } in COUNTED {
            let file = crates.join(package).join("tests").join(format!("{target}.rs"));
            let text = fs::read_to_string(file).unwrap();
            assert!(text.contains(&format!("fn {test}()")), "{test} is not in {target}");
        }
    }
}
