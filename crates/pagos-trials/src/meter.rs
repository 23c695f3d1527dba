//! What a process costs while it runs: processor time and resident memory, from `/proc`. Linux only.

use std::{
    fs,
    process::{Child, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use crate::failure::Failure;

/// How often to look. The system keeps the peak of the memory itself; what a process takes in its
/// last moments, after the last look, is not seen.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ticks of a second in `/proc`: the same on every Linux that Rust knows.
const TICKS_PER_SECOND: u64 = 100;

/// What a process cost from its start to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// By the clock on the wall.
    pub(crate) elapsed: Duration,
    /// Processor time of its own code, all threads together; in steps of 10 ms.
    pub(crate) user: Duration,
    /// Processor time that the system spent for it.
    pub(crate) system: Duration,
    /// Both of all the processes that it started, as far as it waited for them.
    pub(crate) children: Duration,
    /// The most resident memory, in KiB.
    pub(crate) peak_kib: u64,
}

/// Waits for the end of a process that has just been started, and reads its cost.
pub(crate) fn watch(child: &mut Child) -> Result<(ExitStatus, Cost), Failure> {
    let begun = Instant::now();
    let folder = format!("/proc/{}", child.id());
    let mut cost = Cost::default();
    loop {
        // A process that has ended and was not waited for still tells its times.
        let stat = fs::read_to_string(format!("{folder}/stat"))
            .map_err(Failure::while_doing("/proc, which only Linux has"))?;
        let stat = Stat::parse(&stat).ok_or_else(|| Failure::new("a strange line in /proc"))?;
        (cost.user, cost.system) = (stat.user, stat.system);
        cost.children = stat.children;
        if stat.has_ended {
            break;
        }
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        cost.peak_kib = cost.peak_kib.max(parse_peak_kib(&status).unwrap_or(0));
        thread::sleep(LOOK_EVERY);
    }
    cost.elapsed = begun.elapsed();
    let status = child.wait().map_err(Failure::while_doing("waiting for a process"))?;
    Ok((status, cost))
}

struct Stat {
    has_ended: bool,
    user: Duration,
    system: Duration,
    children: Duration,
}

impl Stat {
    /// Reads `PID (NAME) STATE ...`; the name may hold blanks and parentheses.
    fn parse(line: &str) -> Option<Self> {
        let (_, fields) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let time = |at: usize| {
            let ticks: u64 = fields.get(at)?.parse().ok()?;
            Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
        };
        Some(Self {
            has_ended: *fields.first()? == "Z",
            user: time(11)?,
            system: time(12)?,
            children: time(13)? + time(14)?,
        })
    }
}

/// The peak that `/proc/PID/status` tells; a process that is ending has none any more.
fn parse_peak_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_the_end_are_read_whatever_the_name() {
        let line = |state: &str| {
            format!("7 (a ) b) {state} 1 7 7 0 -1 4194304 99 0 0 0 231 17 40 3 20 0 3 0 55 1 1")
        };
        let running = Stat::parse(&line("R")).unwrap();
        assert_eq!(running.user, Duration::from_millis(2_310));
        assert_eq!(running.system, Duration::from_millis(170));
        assert_eq!(running.children, Duration::from_millis(430));
        assert!(!running.has_ended);
        assert!(Stat::parse(&line("Z")).unwrap().has_ended);
        assert!(Stat::parse("7 (pagos) R 1").is_none());
        assert!(Stat::parse("").is_none());
    }

    #[test]
    fn the_peak_is_read_if_there_is_one() {
        assert_eq!(
            parse_peak_kib("Name:\tpagos\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"),
            Some(12_345)
        );
        assert_eq!(parse_peak_kib("Name:\tpagos\nState:\tZ (zombie)\n"), None);
    }
}
