//! Who knows a key, and who does not, must be told the same: hints about payouts that there are
//! beside hints about payouts that there are not.

use std::sync::Mutex;
use std::sync::PoisonError;

use super::Outcome;
use super::Target;
use super::flood::flood;
use super::hints;
use crate::trial::payroll::Provider;

const COMPLAINTS_MAX: usize = 3;

/// Politely: an overload may be answered, and that is about no key.
const PAIRS_PER_SECOND: u64 = 100;

pub(super) fn launch(target: &Target<'_>) -> Outcome {
    let complaints = Mutex::new(Vec::new());
    let requests = flood(target, Some(PAIRS_PER_SECOND), |stranger| {
        let known = stranger.random.choose(target.known);
        let (provider, key) =
            known.map_or((Provider::Virtualpos, ""), |row| (row.provider, row.key.as_str()));
        // As long, and of nobody.
        let unknown = key.replacen('C', "Z", 1);
        let connection = stranger.connection()?;
        let of_known = connection.exchange(&hints::build(provider, key, "", ""))?;
        let of_unknown = connection.exchange(&hints::build(provider, &unknown, "", ""))?;
        let is_busy =
            [&of_known, &of_unknown].iter().any(|it| matches!(it.status(), Some(429 | 503)));
        if !is_busy && of_known.told() != of_unknown.told() {
            let mut complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
            if complaints.len() < COMPLAINTS_MAX {
                complaints.push(format!(
                    "{} answers {:?} about a payout that there is, and {:?} about another",
                    provider.name(),
                    of_known.told(),
                    of_unknown.told()
                ));
            }
        }
        Ok(2)
    });
    let complaints = complaints.into_inner().unwrap_or_else(PoisonError::into_inner);
    Outcome { requests, complaints }
}
