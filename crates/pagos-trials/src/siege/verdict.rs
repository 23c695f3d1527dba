//! What is demanded of `serve` under siege, and the table of what was found.

use std::time::Duration;

use crate::siege::harness::QUERIES_PER_SECOND;

const ACKNOWLEDGED_MS_MAX: u64 = 2_000;
const APPLIED_MS_MAX: u64 = 5_000;
const PEAK_KIB_MAX: u64 = 128 * 1024;

/// How much of the disk strangers may take in a minute, and what a short attack may seem to take
/// because pages are written whole.
const STRANGERS_KIB_A_MINUTE_MAX: i64 = 1_024;
const PAGES_KIB: i64 = 128;

/// A bucket of a second's queries may be full when an attack begins.
const QUERIES_AT_ONCE: u64 = QUERIES_PER_SECOND;

/// Of about ten genuine deliveries a second at least one must come, or nothing was shown.
const DELIVERED_PER_SECOND_MIN: u64 = 1;

/// What happened to one genuine delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeliveryOutcome {
    /// The time to its answer, whatever that was.
    pub(super) answered_ms: u64,
    pub(super) is_acknowledged: bool,
    /// From the acknowledgement to the notice; `None` if there was no notice.
    pub(super) applied_ms: Option<u64>,
}

/// What was found during one attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) name: &'static str,
    pub(super) lasted: Duration,
    pub(super) requests: u64,
    pub(super) outcomes: Vec<DeliveryOutcome>,
    /// Where there is a `/proc`.
    pub(super) peak_kib: Option<u64>,
    /// What the database grew by beyond what genuine work needs.
    pub(super) strangers_kib: i64,
    /// The queries about payouts of the account that was asked about most.
    pub(super) queries: u64,
    /// What the attack itself found wrong.
    pub(super) complaints: Vec<String>,
}

impl Figures {
    fn slowest_answer_ms(&self) -> u64 {
        self.outcomes.iter().map(|outcome| outcome.answered_ms).max().unwrap_or(0)
    }

    fn slowest_apply_ms(&self) -> u64 {
        self.outcomes.iter().filter_map(|outcome| outcome.applied_ms).max().unwrap_or(0)
    }

    fn strangers_kib_a_minute(&self) -> i64 {
        let lasted_ms = i64::try_from(self.lasted.as_millis()).unwrap_or(i64::MAX).max(1);
        self.strangers_kib * 60_000 / lasted_ms
    }

    fn strangers_kib_max(&self) -> i64 {
        let lasted_ms = i64::try_from(self.lasted.as_millis()).unwrap_or(i64::MAX);
        STRANGERS_KIB_A_MINUTE_MAX * lasted_ms / 60_000 + PAGES_KIB
    }

    fn per_second(&self, count: u64) -> u64 {
        count * 1_000 / u64::try_from(self.lasted.as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

/// What is wrong, in words; nothing if all is well.
pub(super) fn judge(figures: &Figures) -> Vec<String> {
    let mut faults = figures.complaints.clone();
    judge_fates(figures, &mut faults);
    if let Some(peak_kib) = figures.peak_kib.filter(|peak_kib| *peak_kib > PEAK_KIB_MAX) {
        faults.push(format!("{} MiB of memory, allowed {}", peak_kib >> 10, PEAK_KIB_MAX >> 10));
    }
    if figures.strangers_kib > figures.strangers_kib_max() {
        faults.push(format!(
            "the database grew by {} KiB a minute for strangers, allowed {}",
            figures.strangers_kib_a_minute(),
            STRANGERS_KIB_A_MINUTE_MAX
        ));
    }
    let seconds = figures.lasted.as_secs() + 1;
    if figures.queries > QUERIES_PER_SECOND * seconds + QUERIES_AT_ONCE {
        faults.push(format!(
            "{} queries a second and account, allowed {QUERIES_PER_SECOND}",
            figures.per_second(figures.queries)
        ));
    }
    faults
}

fn judge_fates(figures: &Figures, faults: &mut Vec<String>) {
    let count = |is_meant: fn(&DeliveryOutcome) -> bool| {
        figures.outcomes.iter().filter(|it| is_meant(it)).count()
    };
    let delivered = u64::try_from(figures.outcomes.len()).unwrap_or(u64::MAX);
    if delivered < DELIVERED_PER_SECOND_MIN * figures.lasted.as_secs().max(1) {
        faults.push(format!("only {delivered} genuine deliveries"));
    }
    let refused = count(|outcome| !outcome.is_acknowledged);
    if refused > 0 {
        faults.push(format!("{refused} of {delivered} genuine deliveries not acknowledged"));
    }
    let late =
        count(|outcome| outcome.is_acknowledged && outcome.answered_ms > ACKNOWLEDGED_MS_MAX);
    if late > 0 {
        faults.push(format!("{late} acknowledged after more than {ACKNOWLEDGED_MS_MAX} ms"));
    }
    let lost = count(|outcome| outcome.is_acknowledged && outcome.applied_ms.is_none());
    if lost > 0 {
        faults.push(format!("{lost} acknowledged and not applied"));
    }
    let late = count(|outcome| outcome.applied_ms.is_some_and(|ms| ms > APPLIED_MS_MAX));
    if late > 0 {
        faults.push(format!("{late} applied after more than {APPLIED_MS_MAX} ms"));
    }
}

/// One line for each, with its verdict, and a headline.
pub(super) fn table(all: &[Figures]) -> Vec<String> {
    let headline = format!(
        "{:<14} {:>9} {:>9} {:>8} {:>8} {:>8} {:>10} {:>11}  {}",
        "attack",
        "requests",
        "genuine",
        "ack ms",
        "apply ms",
        "peak MiB",
        "KiB/minute",
        "queries/s",
        "verdict"
    );
    let line = |figures: &Figures| {
        let faults = judge(figures);
        let verdict = if faults.is_empty() { "held".to_owned() } else { faults.join("; ") };
        let peak = figures.peak_kib.map_or("-".to_owned(), |kib| (kib >> 10).to_string());
        format!(
            "{:<14} {:>9} {:>9} {:>8} {:>8} {:>8} {:>10} {:>11}  {verdict}",
            figures.name,
            figures.requests,
            figures.outcomes.len(),
            figures.slowest_answer_ms(),
            figures.slowest_apply_ms(),
            peak,
            figures.strangers_kib_a_minute(),
            figures.per_second(figures.queries),
        )
    };
    std::iter::once(headline).chain(all.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Figures {
        let outcome =
            DeliveryOutcome { answered_ms: 12, is_acknowledged: true, applied_ms: Some(300) };
        Figures {
            name: "idle",
            lasted: Duration::from_secs(20),
            requests: 5,
            outcomes: vec![outcome; 200],
            peak_kib: Some(20 * 1024),
            strangers_kib: 4,
            queries: 300,
            complaints: Vec::new(),
        }
    }

    fn check(change: impl FnOnce(&mut Figures), expected: &str) {
        let mut figures = held();
        change(&mut figures);
        assert_eq!(judge(&figures).join("; "), expected);
    }

    #[test]
    fn every_demand_can_fail() {
        check(|_| {}, "");
        check(|it| it.peak_kib = None, "");
        check(|it| it.outcomes.clear(), "only 0 genuine deliveries");
        check(|it| it.outcomes[3].answered_ms = 2_001, "1 acknowledged after more than 2000 ms");
        check(|it| it.outcomes[3].applied_ms = Some(5_001), "1 applied after more than 5000 ms");
        check(|it| it.outcomes[3].applied_ms = None, "1 acknowledged and not applied");
        check(
            |it| it.outcomes[3].is_acknowledged = false,
            "1 of 200 genuine deliveries not acknowledged",
        );
        check(|it| it.peak_kib = Some(128 * 1024 + 1_024), "129 MiB of memory, allowed 128");
        check(
            |it| it.strangers_kib = 500,
            "the database grew by 1500 KiB a minute for strangers, allowed 1024",
        );
        check(|it| it.queries = 2_000, "100 queries a second and account, allowed 20");
        check(|it| it.complaints.push("answers differ".to_owned()), "answers differ");
    }

    #[test]
    fn what_only_one_page_more_can_explain_is_no_growth() {
        check(|it| it.strangers_kib = 1_024 / 3 + 128, "");
        let short = |it: &mut Figures| (it.lasted, it.queries) = (Duration::from_secs(2), 40);
        check(
            |it| {
                short(it);
                it.strangers_kib = 128;
            },
            "",
        );
        check(|it| it.strangers_kib = -40, "");
    }

    #[test]
    fn the_table_has_a_line_for_each_attack() {
        let mut broken = held();
        broken.name = "large-hints";
        broken.complaints = vec!["a".to_owned(), "b".to_owned()];
        let table = table(&[held(), broken]);
        assert_eq!(table.len(), 3);
        assert!(table[0].starts_with("attack  "), "{}", table[0]);
        assert!(table[1].ends_with("  held"), "{}", table[1]);
        assert!(table[2].ends_with("  a; b"), "{}", table[2]);
        let column = |line: &str| line.find("200").unwrap();
        assert_eq!(column(&table[1]), column(&table[2]));
    }
}
