//! When a failed delivery is tried again, and what an answer of an endpoint means. Pure.

use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderMap, StatusCode,
    header::{DATE, HeaderName, RETRY_AFTER},
};
use pagos_core::Timestamp;

/// How long an endpoint, or an event that it refuses, is tried before it is put off or given up.
pub const HORIZON: Duration = Duration::from_secs(3 * 24 * 3600);

/// How long an endpoint must have failed to be told that it recovered.
pub(crate) const A_WHILE: Duration = Duration::from_secs(300);

/// The most that an endpoint's `Retry-After` delays a try.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// The most that jitter adds to a wait.
const JITTER_MAX: Duration = Duration::from_secs(900);

/// The waits after the first, second ... failure in a row, in seconds. The last one repeats, so that an
/// endpoint that works again is noticed within an hour, jitter aside.
const WAITS_S: [u64; 6] = [5, 30, 120, 600, 1_800, 3_600];

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A 2xx.
    Delivered,
    /// There is no such notice any more: it was pruned.
    Forgotten,
    /// 410: the endpoint says that it is gone for good.
    Gone,
    /// Anything else.
    Failed(Failure),
}

/// Why a try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// In words, without anything of the URL but what an operator needs.
    pub(crate) because: String,
    /// How long the endpoint asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// What it speaks of.
    pub(crate) blames: Blame,
}

/// What a failure speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The endpoint read the request and refuses what is in it.
    Event,
    /// The endpoint is down, busy or does not let us in.
    Endpoint,
    /// There was no answer.
    Network,
}

/// How much longer a wait is than planned: by up to a quarter. Whatever failed at the same moment is so
/// not tried again at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Jitter {
    share: u8,
}

impl Jitter {
    /// The jitter that random bytes stand for.
    pub(crate) const fn of(drawn: [u8; 16]) -> Self {
        let [share, ..] = drawn;
        Self { share }
    }

    fn lengthen(self, wait: Duration) -> Duration {
        let more = wait.saturating_mul(u32::from(self.share)) / 1_024;
        wait.saturating_add(more.min(JITTER_MAX))
    }
}

/// The wait after `tries` failures in a row (1 for the first). An endpoint can make it longer, not
/// shorter.
pub(crate) fn wait(tries: u32, retry_after: Option<Duration>, jitter: Jitter) -> Duration {
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = WAITS_S.len() - 1;
    let own = WAITS_S.get(place.min(last)).copied().map_or(A_WHILE, Duration::from_secs);
    jitter.lengthen(own.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX)))
}

/// What an answer means that arrived at `now`. A redirect is a failure: whoever it leads to was not
/// configured.
pub(crate) fn judge(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    if status.is_success() {
        return Outcome::Delivered;
    }
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let because = match status.is_redirection() {
        true => {
            format!("it answered {} and wants to redirect, which is not followed", status.as_u16())
        }
        false => format!("it answered {}", status.as_u16()),
    };
    let blames = match status.as_u16() {
        401 | 403 | 404 | 405 | 407 | 408 | 425 | 429 => Blame::Endpoint,
        400..=499 => Blame::Event,
        _ => Blame::Endpoint,
    };
    Outcome::Failed(Failure { because, retry_after: retry_after(headers, now), blames })
}

/// `Retry-After`: seconds, or a date. The endpoint means a date by its own clock, so it is compared with
/// the `Date` of the same answer, and with our clock only if there is none.
///
/// Source: RFC 9110, sections 10.2.3 and 5.6.7.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|it| it.to_str().ok()).map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        // What does not fit is longer than the limit, whatever it is.
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = moment(asked)?;
    Some(until.since(text(DATE).and_then(moment).unwrap_or(now)))
}

fn moment(date: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_2xx_is_a_delivery() {
        for code in 200..300 {
            let outcome = judge(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), NOW);
            assert_eq!(outcome, Outcome::Delivered, "{code}");
        }
        for code in (100..200).chain(300..600).filter(|code| *code != 410) {
            let outcome = judge(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), NOW);
            assert!(matches!(outcome, Outcome::Failed(_)), "{code}");
        }
        assert_eq!(judge(StatusCode::GONE, &HeaderMap::new(), NOW), Outcome::Gone);
    }

    #[test]
    fn waits_grow_to_an_hour() {
        let seconds = |tries| wait(tries, None, Jitter::default()).as_secs();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].map(seconds),
            [5, 5, 30, 120, 600, 1_800, 3_600, 3_600, 3_600]
        );
    }

    #[test]
    fn jitter_makes_a_wait_longer_by_up_to_a_quarter_and_never_shorter() {
        let with = |share, wait: u64| {
            Jitter::of([share; 16]).lengthen(Duration::from_secs(wait)).as_millis()
        };
        for (share, wait_s, expected_ms) in [
            (0, 3_600, 3_600_000),
            (1, 1_024, 1_025_000),
            (128, 1_800, 2_025_000),
            (255, 3_600, 4_496_484),
            (255, 21_600, 22_500_000),
        ] {
            assert_eq!(with(share, wait_s), expected_ms, "{share} of {wait_s}");
        }
        let longest = wait(1, Some(Duration::MAX), Jitter::of([255; 16]));
        assert_eq!(longest, RETRY_AFTER_MAX + JITTER_MAX);
    }

    #[test]
    fn an_endpoint_can_ask_for_more_in_seconds_or_by_a_date() {
        let dated = "Sun, 06 Nov 1994 08:49:37 GMT";
        let cases = [
            ("60", None, 60),
            ("0", None, 5),
            ("99999999999", None, 21_600),
            ("99999999999999999999999", None, 21_600),
            ("-1", None, 5),
            ("1.5", None, 5),
            ("", None, 5),
            ("soon", None, 5),
            // Our clock shows 08:40:00.
            (dated, None, 577),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None, 577),
            ("Sun Nov  6 08:49:37 1994", None, 577),
            ("Sun, 06 Nov 1994 08:30:00 GMT", None, 5),
            ("Tue, 31 Dec 2199 00:00:00 GMT", None, 21_600),
            ("Fri, 31 Dec 1999", None, 5),
            // Its own clock shows 08:49:07, or is unreadable.
            (dated, Some("Sun, 06 Nov 1994 08:49:07 GMT"), 30),
            (dated, Some("yesterday"), 577),
        ];
        for (asked, date, expected_s) in cases {
            let mut headers = HeaderMap::from_iter([(RETRY_AFTER, asked.parse().unwrap())]);
            headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
            let outcome = judge(StatusCode::SERVICE_UNAVAILABLE, &headers, NOW);
            let Outcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
            let waited = wait(1, failure.retry_after, Jitter::default());
            assert_eq!(waited.as_secs(), expected_s, "{asked}, {date:?}");
        }
    }

    /// Sunday, 6 November 1994, 08:40:00 UTC.
    const NOW: Timestamp = Timestamp::from_millis(784_111_200_000);
}
