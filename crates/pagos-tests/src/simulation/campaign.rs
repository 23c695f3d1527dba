//! Many schedules: seed after seed on several threads, added up, with the seeds that failed.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::simulation::{
    Ended,
    incident::expected,
    judge::Summary,
    log::Detail,
    participant::Participant,
    plan::{GoingBack, Schedule},
    simulate_with_past,
};

/// Which schedules to play.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// How many; their seeds follow each other.
    pub schedules: u64,
    /// The first seed.
    pub seed: u64,
    /// On how many threads. The outcome does not depend on it.
    pub jobs: usize,
    /// Who may take part.
    pub among: Vec<Participant>,
    /// How often the store goes back.
    pub going_back: GoingBack,
}

/// What came of them.
#[derive(Debug, Clone)]
pub struct Report {
    campaign: Campaign,
    /// Everything of the schedules in which all held, added up.
    pub sum: Summary,
    /// Seeds that failed, and why; the first ten of them.
    pub failed: Vec<(u64, String)>,
    /// How many seeds failed.
    pub failures: u64,
    /// Kinds of trouble that never came up, although so many schedules must meet them.
    pub never_met: Vec<(&'static str, &'static str)>,
    took: Duration,
}

impl Campaign {
    /// Plays them all over stores in memory. A seed that fails stops nobody.
    pub fn run(&self) -> Report {
        let begun = Instant::now();
        let next = AtomicU64::new(0);
        let parts: Vec<Part> = std::thread::scope(|scope| {
            let work = || scope.spawn(|| self.play(&next));
            let threads: Vec<_> = (0..self.jobs.max(1)).map(|_| work()).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut whole = Part::default();
        for part in parts {
            whole.add(part);
        }
        whole.failed.sort_unstable();
        let is_large = self.schedules >= SCHEDULES_THAT_MEET_ALL
            && self.among == Participant::all()
            && self.going_back == GoingBack::AtTimes;
        let is_missing = |kind: &(_, _)| !whole.sum.counts.contains_key(kind);
        Report {
            campaign: self.clone(),
            failures: whole.failed.len() as u64,
            never_met: expected().into_iter().filter(|it| is_large && is_missing(it)).collect(),
            failed: whole.failed.into_iter().take(10).collect(),
            sum: whole.sum,
            took: begun.elapsed(),
        }
    }

    /// Plays the first schedule and writes down everything that happens.
    pub fn replay(&self) -> Ended {
        simulate_with_past(&self.schedule(self.seed), Detail::Trace)
    }

    fn schedule(&self, seed: u64) -> Schedule {
        Schedule::of(seed, &self.among).going_back(self.going_back)
    }

    fn play(&self, next: &AtomicU64) -> Part {
        let mut part = Part::default();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= self.schedules {
                return part;
            }
            let seed = self.seed.wrapping_add(nth);
            let schedule = self.schedule(seed);
            let play = || simulate_with_past(&schedule, Detail::Counts).summary;
            match catch_unwind(AssertUnwindSafe(play)) {
                Ok(Ok(summary)) => add(&mut part.sum, summary),
                Ok(Err(because)) => part.failed.push((seed, because)),
                Err(panic) => part.failed.push((seed, said(panic.as_ref()))),
            }
        }
    }
}

impl Report {
    /// Did everything hold, and did everything happen that should?
    pub fn is_good(&self) -> bool {
        self.failures == 0 && self.never_met.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { payouts, attempts, paid, failed, reversals_told, .. } = self.sum;
        for ((what, place), count) in &self.sum.counts {
            writeln!(f, "{count:>12}  {what:<34} {place}")?;
        }
        for ((provider, reason), count) in &self.sum.in_doubt {
            writeln!(f, "{count:>12}  in doubt at {provider}: {reason}")?;
        }
        let in_doubt: u64 = self.sum.in_doubt.values().sum();
        let count = |wanted: &str| -> u64 {
            let counts = self.sum.counts.iter();
            counts.filter(|((what, _), _)| *what == wanted).map(|(_, count)| count).sum()
        };
        for (state, count) in &self.sum.inbox {
            writeln!(f, "{count:>12}  deliveries that ended as {state}")?;
        }
        writeln!(f, "{:>12}  calls for a person", self.sum.calls)?;
        let Summary { recalled, recalled_in_doubt, paid_twice, .. } = self.sum;
        writeln!(f, "{recalled:>12}  recalled by the witness")?;
        writeln!(f, "{recalled_in_doubt:>12}  of them wait for a person")?;
        writeln!(f, "{paid_twice:>12}  paid twice where nothing prevents it")?;
        let (crashes, stalls) = (count("crash"), count("stall"));
        let schedules = self.campaign.schedules;
        let ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = |things: u64| things.saturating_mul(1_000) / ms;
        writeln!(f, "schedules {schedules}, payouts {payouts}, attempts {attempts}")?;
        writeln!(f, "paid {paid}, failed {failed}, in doubt {in_doubt}")?;
        writeln!(f, "crashes {crashes}, stalls {stalls}, reversals told {reversals_told}")?;
        let Summary { lines, differences, .. } = self.sum;
        writeln!(f, "lines of statements {lines}, differences with a person called {differences}")?;
        writeln!(
            f,
            "{} s, {} schedules/s, {} payouts/s",
            ms / 1_000,
            rate(schedules),
            rate(payouts)
        )?;
        for (what, place) in &self.never_met {
            writeln!(f, "never happened: {what} {place}")?;
        }
        for (seed, because) in &self.failed {
            writeln!(f, "seed {seed} failed: {because}")?;
            write!(f, "  replay: cargo xtask simulate --seed {seed} --schedules 1 --trace")?;
            if self.campaign.among != Participant::all() {
                let names: Vec<_> = self.campaign.among.iter().map(|it| it.name()).collect();
                write!(f, " --providers {}", names.join(","))?;
            }
            write!(f, "{}", self.campaign.going_back.flag())?;
            writeln!(f)?;
        }
        let summary = match self.failures {
            0 => "duplicates 0, lost reversals 0, false finals 0".to_owned(),
            failures => format!("{failures} schedules failed"),
        };
        write!(f, "{summary}")
    }
}

#[derive(Debug, Default)]
struct Part {
    sum: Summary,
    failed: Vec<(u64, String)>,
}

impl Part {
    fn add(&mut self, other: Self) {
        add(&mut self.sum, other.sum);
        self.failed.extend(other.failed);
    }
}

fn add(sum: &mut Summary, other: Summary) {
    sum.payouts += other.payouts;
    sum.attempts += other.attempts;
    sum.paid += other.paid;
    sum.failed += other.failed;
    sum.reversals_told += other.reversals_told;
    sum.returns_told += other.returns_told;
    sum.calls += other.calls;
    sum.lines += other.lines;
    sum.differences += other.differences;
    sum.paid_twice += other.paid_twice;
    sum.recalled += other.recalled;
    sum.recalled_in_doubt += other.recalled_in_doubt;
    merge(&mut sum.inbox, other.inbox);
    merge(&mut sum.in_doubt, other.in_doubt);
    merge(&mut sum.counts, other.counts);
}

fn merge<K: Ord>(sum: &mut BTreeMap<K, u64>, other: BTreeMap<K, u64>) {
    for (key, count) in other {
        *sum.entry(key).or_insert(0) += count;
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without words"))
}

/// So many schedules among all participants meet every kind of trouble.
const SCHEDULES_THAT_MEET_ALL: u64 = 5_000;
