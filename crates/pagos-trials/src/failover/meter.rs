//! Notes when payouts reach the bank, and how long none did.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::failover::relay::Watch;

/// The moments at which payouts were sent. Each was committed to the database before.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    sent_at: Arc<Mutex<Vec<Instant>>>,
}

impl Meter {
    /// Notes payouts among what callers send.
    pub(super) fn watch(&self) -> Watch {
        let meter = self.clone();
        Arc::new(move |chunk| {
            if is_payout(chunk) {
                meter.sent_at().push(Instant::now());
            }
        })
    }

    /// The first payout at or after this moment.
    pub(super) fn first_since(&self, moment: Instant) -> Option<Instant> {
        let sent_at = self.sent_at();
        sent_at.get(sent_at.partition_point(|at| *at < moment)).copied()
    }

    /// The longest time without a payout, from the last one before `from` to the one at `until`.
    pub(super) fn longest_pause(&self, from: Instant, until: Instant) -> Duration {
        let sent_at = self.sent_at();
        let first = sent_at.partition_point(|at| *at < from).saturating_sub(1);
        let end = sent_at.partition_point(|at| *at <= until);
        let between = sent_at.get(first..end).unwrap_or_default();
        let pauses = between.iter().zip(between.iter().skip(1)).map(|(one, next)| *next - *one);
        pauses.max().unwrap_or_default()
    }

    fn sent_at(&self) -> MutexGuard<'_, Vec<Instant>> {
        // Only pushes and reads happen under the lock.
        self.sent_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value below which this part of all values lies; zero if there is none.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * percent).div_ceil(100)).copied().unwrap_or_default()
}

/// Does a request begin here that sends a payout? Requests are short, and begin with a chunk.
fn is_payout(chunk: &[u8]) -> bool {
    let line = chunk.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Some(line) = std::str::from_utf8(line).ok() else { return false };
    let mut words = line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return false };
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let Some((name, path)) = parts else { return false };
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    pagos_kit::find(name).is_some_and(|kit| kit.call(method, path) == pagos_kit::Call::Create)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_payouts_are_noted() {
        for (chunk, expected) in [
            ("POST /cashypro/stage-api/api/payOut HTTP/1.1\r\nhost: x\r\n\r\n{}", true),
            ("POST /cashypro/stage-api/api/payOutQuery HTTP/1.1\r\n\r\n", false),
            ("POST /etpay/platform/v1/payouts HTTP/1.1\r\n\r\n", true),
            ("GET /etpay/platform/v1/payouts?page=1 HTTP/1.1\r\n\r\n", false),
            ("GET /_twin/ledger HTTP/1.1\r\n\r\n", false),
            ("{\"key\":1}", false),
            ("", false),
        ] {
            assert_eq!(is_payout(chunk.as_bytes()), expected, "{chunk}");
        }
    }

    #[test]
    fn a_pause_begins_with_the_last_payout_before() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let meter = Meter::default();
        meter.sent_at().extend([at(0), at(900), at(1_000), at(6_000), at(6_100), at(20_000)]);
        assert_eq!(meter.first_since(at(1_001)), Some(at(6_000)));
        assert_eq!(meter.first_since(at(20_001)), None);
        assert_eq!(meter.longest_pause(at(1_500), at(6_000)), Duration::from_secs(5));
        assert_eq!(meter.longest_pause(at(6_050), at(6_100)), Duration::from_millis(100));
        assert_eq!(meter.longest_pause(at(21_000), at(22_000)), Duration::ZERO);
        assert_eq!(Meter::default().longest_pause(begun, begun), Duration::ZERO);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<Duration> = (1..=100).map(Duration::from_secs).collect();
        assert_eq!(percentile(&values, 50), Duration::from_secs(51));
        assert_eq!(percentile(&values, 99), Duration::from_secs(100));
        assert_eq!(percentile(&values[..1], 99), Duration::from_secs(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
