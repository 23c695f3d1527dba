//! What came out of the failovers, in figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use crate::{
    crash::Judged,
    failover::{Options, blow::Kind, meter::percentile},
};

/// What happened on the way to the judgement.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) events: Vec<Event>,
    pub(super) starts: u64,
    pub(super) gave_up: BTreeMap<String, u64>,
    pub(super) lost_orders: BTreeSet<String>,
    pub(super) lost_attempts: BTreeSet<String>,
}

/// One blow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// Until HAProxy led to the next primary.
    pub(super) taken_over_after: Duration,
    /// Until somebody could commit there.
    pub(super) committed_after: Duration,
    /// The longest time without a payout, from the last one before the blow on.
    pub(super) stall: Duration,
}

impl Event {
    fn is_change(&self) -> bool {
        self.from != self.to
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, .. } = self;
        let kind = self.kind.name();
        write!(
            f,
            "{kind:<13} {from} -> {to}, primary after {:.1?}, commit after {:.1?}, stall {:.1?}",
            self.taken_over_after, self.committed_after, self.stall
        )
    }
}

impl Figures {
    /// How often another server took over.
    pub(super) fn changes(&self) -> u64 {
        let changes = self.events.iter().filter(|event| event.is_change()).count();
        u64::try_from(changes).unwrap_or(u64::MAX)
    }
}

/// Prints everything, with the seed.
pub(super) fn print(options: &Options, figures: &Figures, judged: &Judged, took: Duration) {
    println!(
        "failover: seed {}, {}, {} failovers after {} blows, {} rows, faults {}, {} workers, \
         {} starts, {took:.0?}",
        options.seed,
        options.mode.name(),
        figures.changes(),
        figures.events.len(),
        options.rows(),
        options.faults.word(),
        options.workers,
        figures.starts,
    );
    for kind in &options.kinds {
        let events = figures.events.iter().filter(|event| event.kind == *kind);
        let (blows, changes) = events.fold((0, 0), |(blows, changes), event| {
            (blows + 1, changes + u64::from(event.is_change()))
        });
        println!("failover: {:<13} {blows:>4} blows, {changes:>4} failovers", kind.name());
        print_times("stall", figures, |event| (event.kind == *kind).then_some(event.stall));
    }
    println!("failover: all");
    print_times("stall", figures, |event| Some(event.stall));
    print_times("next primary", figures, |event| {
        event.is_change().then_some(event.taken_over_after)
    });
    print_times("first commit", figures, |event| {
        event.is_change().then_some(event.committed_after)
    });
    for (said, times) in &figures.gave_up {
        println!("failover: {times} workers ended: {said}");
    }
    println!(
        "failover: {} movements, {} paid twice, {} orders lost, {} attempts lost, {} decided by \
         the operator, {} violations",
        judged.movements,
        judged.paid_twice,
        figures.lost_orders.len(),
        figures.lost_attempts.len(),
        judged.decided,
        judged.violations.len(),
    );
    for (kind, times) in count_kinds(&judged.violations) {
        println!("failover: {times} violations: {kind}");
    }
    let lost = figures.lost_orders.iter().map(|key| format!("{key}: the order was lost"));
    let forgotten = figures.lost_attempts.iter().map(|key| format!("{key}: an attempt was lost"));
    for line in judged.violations.iter().cloned().chain(lost).chain(forgotten).take(LINES_MAX) {
        println!("failover: {line}");
    }
}

const LINES_MAX: usize = 20;

/// How many there are of each kind. A violation names its payout first, if it is about one.
fn count_kinds(violations: &[String]) -> BTreeMap<&str, u64> {
    let mut kinds = BTreeMap::new();
    for violation in violations {
        let kind = violation.split_once(": ").map_or(violation.as_str(), |(_, kind)| kind);
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

fn print_times(what: &str, figures: &Figures, time: impl Fn(&Event) -> Option<Duration>) {
    let mut times: Vec<Duration> = figures.events.iter().filter_map(time).collect();
    times.sort_unstable();
    if let Some(most) = times.last() {
        let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
        println!("failover:   {what}: p50 {p50:.1?}, p99 {p99:.1?}, most {most:.1?}");
    }
}

#[cfg(test)]
mod tests {
    use super::count_kinds;

    #[test]
    fn violations_are_counted_by_what_they_are_not_by_whose() {
        let told = ["a: PAID TWICE", "b: in doubt", "c: in doubt", "exit code 3 instead of 0"];
        let told = told.map(str::to_owned);
        let kinds = count_kinds(&told).into_iter().collect::<Vec<_>>();
        let right = [("PAID TWICE", 1), ("exit code 3 instead of 0", 1), ("in doubt", 2)];
        assert_eq!(kinds, right);
    }
}
