//! Hints about payouts that wait to be sent again: they must not leave earlier than others of their
//! kind that nobody mentions.

use std::time::{Duration, Instant};

use pagos_kit::{
    Kit,
    people::{self, Row},
};

use super::{Outcome, Target, flood::flood, hints};
use crate::{
    failure::Failure,
    siege::{
        harness::{self, Harness},
        proxy::Call,
    },
};

/// How many payouts are not taken. Every other one is mentioned.
const COUNT: u64 = 20;

const HINTS_PER_SECOND: u64 = 500;

/// What two payouts of one schedule may differ by: jitter, and the limit of the rate.
const SLACK: usize = 3;

/// What an attempt of them needs before there is anything to hint at.
const HEAD_START: Duration = Duration::from_millis(500);

pub(super) fn launch(harness: &mut Harness, until: Instant) -> Result<Outcome, Failure> {
    let rows: Vec<Row> = people::rows(COUNT, 3, provider()).collect();
    let begun = Instant::now();
    harness.proxy.refuse(rows.iter().map(|row| row.key.clone()).collect());
    harness.pay("unsent", rows.clone())?;
    std::thread::sleep(HEAD_START);
    let hinted: Vec<Row> = rows.iter().step_by(2).cloned().collect();
    let target = Target { known: &hinted, ..Target::of(harness, until) };
    let requests = flood(&target, Some(HINTS_PER_SECOND), |stranger| {
        let Some(row) = stranger.random.choose(target.known) else { return Ok(0) };
        let hint = hints::build(row.provider, &row.key, "", "");
        stranger.ask(&hint).map(|_| 1)
    });
    let complaints = judge(&harness.proxy.calls(begun, until), &rows);
    Ok(Outcome { requests, complaints })
}

/// One whose events are not signed.
fn provider() -> Vec<Kit> {
    harness::unsigned().into_iter().take(1).collect()
}

/// Every other payout was mentioned, and none of those left more often than the rest.
fn judge(calls: &[Call], rows: &[Row]) -> Vec<String> {
    let attempts = |row: &Row| {
        calls.iter().filter(|call| call.refused.as_deref() == Some(row.key.as_str())).count()
    };
    let mentioned: usize = rows.iter().step_by(2).map(attempts).sum();
    let others: usize = rows.iter().skip(1).step_by(2).map(attempts).sum();
    if others == 0 {
        return vec!["no payout was tried, so this shows nothing".to_owned()];
    }
    if mentioned > others + SLACK {
        return vec![format!(
            "{mentioned} attempts of payouts that were mentioned, {others} of as many others"
        )];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::siege::proxy::Kind;

    #[test]
    fn attempts_of_those_mentioned_are_compared_with_the_rest() {
        let rows: Vec<Row> = people::rows(4, 3, provider()).collect();
        let call = |nth: usize| Call {
            provider: provider()[0].name(),
            kind: Kind::Create,
            refused: Some(rows[nth].key.clone()),
            at: Instant::now(),
        };
        let calls = |numbers: &[usize]| numbers.iter().map(|nth| call(*nth)).collect::<Vec<_>>();
        assert!(judge(&calls(&[0, 1, 2, 3, 0, 2, 0]), &rows).is_empty());
        assert_eq!(judge(&calls(&[0, 1, 2, 3, 0, 2, 0, 0, 0, 0]), &rows).len(), 1);
        assert_eq!(judge(&[], &rows).len(), 1);
    }
}
