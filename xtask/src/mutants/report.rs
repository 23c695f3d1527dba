//! The table of what caught which bug, and the kill rate. Decides nothing.

use crate::mutants::{judge::MutantOutcome, list::Mutant};

/// One planted bug and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) invariant: String,
    pub(super) outcome: MutantOutcome,
    pub(super) seconds: u64,
}

impl Row {
    pub(super) fn line(&self) -> String {
        let end = match &self.outcome {
            MutantOutcome::Caught { test } => format!("caught    {test}"),
            MutantOutcome::Hung { test } => format!("hung      {test}"),
            MutantOutcome::Survived => "SURVIVED".to_owned(),
            MutantOutcome::Useless(because) => format!("USELESS   {because}"),
        };
        format!("{:<56} {:<8} {:>4} s  {end}", self.name, self.invariant, self.seconds)
    }
}

/// The list, for `--list`.
pub(super) fn print_list(mutants: &[Mutant]) {
    for mutant in mutants {
        println!("{:<56} {:<8} {}", mutant.name, mutant.invariant, mutant.breaks);
    }
    println!("{} planted bugs", mutants.len());
}

pub(super) fn print(rows: &[Row]) {
    println!("{:<56} {:<8} {:>6}  end", "bug", "breaks", "time");
    rows.iter().for_each(|row| println!("{}", row.line()));
    println!("{}", rate(rows));
}

fn rate(rows: &[Row]) -> String {
    let caught = rows.iter().filter(|row| row.outcome.is_caught()).count();
    let useless =
        rows.iter().filter(|row| matches!(row.outcome, MutantOutcome::Useless(_))).count();
    let survived = rows.len() - caught - useless;
    let percent = caught * 100 / rows.len().max(1);
    format!(
        "{caught} of {} caught ({percent} %), {survived} survived, {useless} useless",
        rows.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_not_rounded_up() {
        let row =
            |outcome| Row { name: "a".to_owned(), invariant: "I1".to_owned(), outcome, seconds: 1 };
        let caught = || row(MutantOutcome::Caught { test: "a b".to_owned() });
        let mut rows: Vec<Row> = (0..199).map(|_| caught()).collect();
        rows.push(row(MutantOutcome::Survived));
        assert_eq!(rate(&rows), "199 of 200 caught (99 %), 1 survived, 0 useless");
        rows.push(row(MutantOutcome::Useless("it does not compile".to_owned())));
        assert_eq!(rate(&rows), "199 of 201 caught (99 %), 1 survived, 1 useless");
        assert_eq!(rate(&[caught()]), "1 of 1 caught (100 %), 0 survived, 0 useless");
    }
}
