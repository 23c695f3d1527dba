//! Who knows a key, and who does not, must be told the same: hints about payouts that there are
//! beside hints about payouts that there are not.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Outcome, Target, flood::flood, hints};
use pagos_kit::people::Row;

use crate::trial::wire::Message;

/// Politely: an overload may be answered, and that is about no key.
const PAIRS_PER_SECOND: u64 = 20;

pub(super) fn launch(target: &Target<'_>) -> Outcome {
    let (differences, compared) = (Mutex::new(BTreeMap::new()), AtomicU64::new(0));
    let requests = flood(target, Some(PAIRS_PER_SECOND), |stranger| {
        let known = stranger.random.choose(target.known);
        let Some(Row { provider, key, .. }) = known else { return Ok(0) };
        // As long, and nobody's.
        let unknown = key.replacen('C', "Z", 1);
        let of_known = stranger.ask(&hints::build(*provider, key, "", ""))?;
        let of_unknown = stranger.ask(&hints::build(*provider, &unknown, "", ""))?;
        if !is_busy(&of_known) && !is_busy(&of_unknown) {
            compared.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(difference) = compare(&of_known, &of_unknown) {
            let mut differences = differences.lock().unwrap_or_else(PoisonError::into_inner);
            differences.entry(provider.name()).or_insert(difference);
        }
        Ok(2)
    });
    let differences = differences.into_inner().unwrap_or_else(PoisonError::into_inner);
    let complaint = |(provider, difference)| format!("{provider}: {difference}");
    let mut complaints: Vec<String> = differences.into_iter().map(complaint).collect();
    if compared.into_inner() == 0 {
        complaints.push("no two answers could be compared".to_owned());
    }
    Outcome { requests, complaints }
}

/// How the answers differ, if they do.
fn compare(of_known: &Message, of_unknown: &Message) -> Option<String> {
    if is_busy(of_known) || is_busy(of_unknown) || of_known.told() == of_unknown.told() {
        return None;
    }
    let status = |answer: &Message| answer.status().unwrap_or(0);
    let (first, second) = (status(of_known), status(of_unknown));
    Some(match first == second {
        true => "another head or body about a payout that there is than about others".to_owned(),
        false => format!("{first} about a payout that there is, {second} about others"),
    })
}

fn is_busy(answer: &Message) -> bool {
    matches!(answer.status(), Some(429 | 503))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::wire;

    #[test]
    fn answers_that_differ_tell_who_has_which_payouts() {
        let good = wire::answer("200 OK");
        let longer = Message { body: b"x".to_vec(), ..good.clone() };
        assert_eq!(compare(&good, &good), None);
        assert!(compare(&good, &longer).unwrap().starts_with("another head or body"));
        let difference = compare(&good, &wire::answer("404 Not Found")).unwrap();
        assert_eq!(difference, "200 about a payout that there is, 404 about others");
        assert_eq!(compare(&good, &wire::answer("503 Service Unavailable")), None);
    }
}
