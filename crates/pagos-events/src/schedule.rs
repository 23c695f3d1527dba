//! When a failed delivery is tried again, and what an answer of an endpoint means. Pure.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

/// How long an endpoint, or an event that it refuses, is tried before it is put off or given up.
pub const HORIZON: Duration = Duration::from_secs(3 * 24 * 3600);

/// How long an endpoint must have failed to be told that it recovered.
pub(crate) const A_WHILE: Duration = Duration::from_secs(300);

/// The most that an endpoint's `Retry-After` delays a try.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// The waits after the first, second ... failure in a row, in seconds. The last one repeats, so that an
/// endpoint that works again is noticed within an hour.
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
}

/// The wait after `tries` failures in a row (1 for the first). An endpoint can make it longer, not
/// shorter.
pub(crate) fn wait(tries: u32, retry_after: Option<Duration>) -> Duration {
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = WAITS_S.len() - 1;
    let own = WAITS_S.get(place.min(last)).copied().map_or(A_WHILE, Duration::from_secs);
    own.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX))
}

/// What an answer means. A redirect is a failure: whoever it leads to was not configured.
pub(crate) fn judge(status: StatusCode, headers: &HeaderMap) -> Outcome {
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
    Outcome::Failed(Failure { because, retry_after: retry_after(headers), blames })
}

/// `Retry-After` in seconds. A date is ignored: the clock that it is read by is not ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_2xx_is_a_delivery() {
        for code in 200..300 {
            let outcome = judge(StatusCode::from_u16(code).unwrap(), &HeaderMap::new());
            assert_eq!(outcome, Outcome::Delivered, "{code}");
        }
        for code in (100..200).chain(300..600).filter(|code| *code != 410) {
            let outcome = judge(StatusCode::from_u16(code).unwrap(), &HeaderMap::new());
            assert!(matches!(outcome, Outcome::Failed(_)), "{code}");
        }
        assert_eq!(judge(StatusCode::GONE, &HeaderMap::new()), Outcome::Gone);
    }

    #[test]
    fn waits_grow_to_an_hour_and_an_endpoint_can_ask_for_more() {
        let seconds = |tries| wait(tries, None).as_secs();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].map(seconds),
            [5, 5, 30, 120, 600, 1_800, 3_600, 3_600, 3_600]
        );
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            match judge(StatusCode::SERVICE_UNAVAILABLE, &headers) {
                Outcome::Failed(failure) => wait(1, failure.retry_after).as_secs(),
                other => panic!("{other:?}"),
            }
        };
        let cases =
            [("60", 60), ("0", 5), ("99999999999", 21_600), ("Fri, 31 Dec 1999", 5), ("-1", 5)];
        for (text, expected_s) in cases {
            assert_eq!(asked(text), expected_s, "{text}");
        }
    }
}
