//! The judges: what must hold of a ledger, of a history, of a stored status. They read, and act not.

use std::collections::BTreeMap;

use pagos_core::{Observation, Standing, Timestamp};
use pagos_engine::{Entry, Proof};
use pagos_twin::{Direction, Movement};

/// The most payments of one key that were alive at one time, over every prefix of the ledger.
pub fn live_payments_max<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> i32 {
    let mut live = BTreeMap::new();
    let mut most = 0;
    for movement in movements {
        let count = live.entry(&*movement.key).or_insert(0);
        *count += match movement.direction {
            Direction::Out => 1,
            Direction::Back => -1,
        };
        most = most.max(*count);
    }
    most
}

/// Does every attempt follow a recorded proof about the one before?
///
/// # Errors
/// The attempt that does not.
pub fn attempts_one_at_a_time(history: &[Entry]) -> Result<u32, String> {
    let mut open = None;
    let mut begun = 0;
    let mut was_held_back = false;
    for entry in history {
        match entry {
            Entry::AttemptBegun { number, .. } => {
                if let Some(earlier) = open {
                    return Err(format!("attempt {number} began while {earlier} was open"));
                }
                // What the witness did not let pass gives its number back.
                begun += u32::from(!(was_held_back && *number == begun));
                was_held_back = false;
                if *number != begun {
                    return Err(format!("attempt {number} is the {begun}. in the history"));
                }
                open = Some(*number);
            }
            Entry::AttemptClosed { number, proof, .. } => {
                was_held_back = *proof == Proof::NeverReached;
                if *proof == Proof::Rejected {
                    continue;
                }
                // What was closed by denials alone is in doubt again when it is too late to send it, and
                // then only a person closes the last attempt once more.
                let is_again = *proof == Proof::Operator && open.is_none() && *number == begun;
                if open.take() != Some(*number) && !is_again {
                    return Err(format!("attempt {number} was closed and is not open"));
                }
            }
            Entry::Observed { .. }
            | Entry::Contradicted { .. }
            | Entry::Asked { .. }
            | Entry::Decided { .. }
            | Entry::Disclosed { .. }
            | Entry::Attention { .. } => {}
        }
    }
    Ok(begun)
}

/// Does no attempt come after one with a higher number? Returns the highest.
///
/// # Errors
/// The attempt that does.
pub(crate) fn attempts_in_order(history: &[Entry]) -> Result<u32, String> {
    let mut last = 0;
    for entry in history {
        if let Entry::AttemptBegun { number, .. } = entry {
            if *number < last {
                return Err(format!("attempt {number} began after {last}"));
            }
            last = *number;
        }
    }
    Ok(last)
}

/// What the observations of a history amount to, folded again from nothing, with the repetition that
/// is `held_back` from it.
pub fn refold(
    history: &[Entry],
    held_back: Option<&Observation>,
    created_at: Timestamp,
) -> Standing {
    let told = history.iter().filter_map(|entry| match entry {
        Entry::Observed { observation, .. } => Some(observation),
        _ => None,
    });
    let mut standing = Standing::new(created_at);
    for seen in told.chain(held_back) {
        standing.apply(seen);
    }
    standing
}

/// A history without the epochs of its attempts, which each store draws by chance.
pub fn without_epochs(history: impl IntoIterator<Item = Entry>) -> Vec<Entry> {
    let undrawn = |entry| match entry {
        Entry::AttemptBegun { number, at, .. } => Entry::AttemptBegun { number, at, epoch: 0 },
        entry => entry,
    };
    history.into_iter().map(undrawn).collect()
}
