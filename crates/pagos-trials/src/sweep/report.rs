//! The table of a sweep: points down, providers across, and why what was not got to was not. Prints
//! and counts; nothing is started here.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use pagos_engine::Point;

use pagos_kit::Kit;

use crate::{
    crash::Database,
    sweep::{
        Options, fault,
        harness::{Outcome, Plan},
    },
};

/// What came of all cases.
#[derive(Debug)]
pub(crate) struct Report {
    outcomes: Vec<(Plan, Outcome)>,
}

/// What came of one point with one provider.
#[derive(Debug, Default)]
struct Cell {
    aborts: u32,
    /// Combinations that no process gets to, by reason.
    never: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Report {
    pub(super) fn new(outcomes: Vec<(Plan, Outcome)>) -> Self {
        Self { outcomes }
    }

    /// How many things are wrong.
    pub(crate) fn violations(&self) -> usize {
        self.sum(|outcome| outcome.violations.len())
    }

    /// How many processes were ended at a point.
    pub(crate) fn aborts(&self) -> usize {
        self.sum(|outcome| outcome.aborts.values().map(|count| *count as usize).sum())
    }

    pub(super) fn print(&self, options: &Options, database: Database, took: Duration) {
        let cells = self.cells();
        let names = options.providers.iter().map(|it| format!("{:>11}", it.name()));
        println!("sweep: {:<26}{}", "aborts", names.collect::<String>());
        for point in &options.points() {
            let row = options.providers.iter().map(|provider| {
                let cell = cells.get(&(*point, *provider));
                match cell.map_or(0, |cell| cell.aborts) {
                    0 => format!("{:>11}", "-"),
                    count => format!("{count:>11}"),
                }
            });
            println!("sweep: {:<26}{}", point.word(), row.collect::<String>());
        }
        self.print_reasons(&cells);
        println!(
            "sweep: {}, seed {}, {} cases, {} aborts, {} starts, {} payouts, {} payments, {} movements, \
             {} decisions of the operator, {took:.1?}",
            database.word(),
            options.seed,
            self.outcomes.len(),
            self.aborts(),
            self.sum(|outcome| outcome.starts as usize),
            self.sum(|outcome| outcome.rows),
            self.sum(|outcome| outcome.payments as usize),
            self.sum(|outcome| outcome.movements),
            self.sum(|outcome| usize::try_from(outcome.decided).unwrap_or(usize::MAX)),
        );
        let paid_twice = self.sum(|outcome| outcome.paid_twice);
        println!("sweep: {paid_twice} paid twice, {} violations", self.violations());
        let violations = self.outcomes.iter().flat_map(|(_, outcome)| &outcome.violations);
        violations.take(40).for_each(|violation| println!("sweep: VIOLATION: {violation}"));
    }

    /// Each reason once for a point, with the providers and how many faults it holds for.
    fn print_reasons(&self, cells: &BTreeMap<(Point, Kit), Cell>) {
        let mut reasons: BTreeMap<(Point, &str), Vec<String>> = BTreeMap::new();
        for ((point, provider), cell) in cells {
            for (because, faults) in &cell.never {
                let what = match (cell.aborts, faults.len()) {
                    (0, _) if cell.never.len() == 1 => provider.name().to_owned(),
                    (_, 1..=3) => {
                        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
                        format!("{} with {}", provider.name(), faults.join(" or "))
                    }
                    (_, count) => format!("{} with {count} faults", provider.name()),
                };
                reasons.entry((*point, *because)).or_default().push(what);
            }
        }
        for ((point, because), whose) in reasons {
            println!("sweep: not got to: {point}: {because} ({})", whose.join(", "));
        }
    }

    fn cells(&self) -> BTreeMap<(Point, Kit), Cell> {
        let mut cells: BTreeMap<(Point, Kit), Cell> = BTreeMap::new();
        for (plan, outcome) in &self.outcomes {
            for (place, count) in &outcome.aborts {
                cells.entry((place.point, plan.provider)).or_default().aborts += count;
            }
            for (place, because) in &outcome.never {
                let cell = cells.entry((place.point, plan.provider)).or_default();
                cell.never.entry(because).or_default().insert(fault::word(plan.injected));
            }
        }
        cells
    }

    fn sum(&self, count: impl Fn(&Outcome) -> usize) -> usize {
        self.outcomes.iter().map(|(_, outcome)| count(outcome)).sum()
    }
}
