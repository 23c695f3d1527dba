//! Payouts and a statement that differ in as many planted ways as one likes.

use pagos_core::Status;
use pagos_reconcile::Outcome;
use pagos_statement::Line;

use super::{Planned, failed, line, planned, returned};

/// The kinds of planted differences.
pub(crate) const KINDS: [Outcome; 6] = [
    Outcome::MissingThere,
    Outcome::MissingHere,
    Outcome::AmountDiffers,
    Outcome::StatusDiffers,
    Outcome::Returned,
    Outcome::DuplicateThere,
];

/// What was planted.
#[derive(Default)]
pub(crate) struct Planted {
    pub(crate) payouts: Vec<Planned>,
    pub(crate) lines: Vec<Line>,
    /// The outcome and the key of each payout that differs.
    pub(crate) differences: Vec<(Outcome, String)>,
}

/// `count` payouts and their lines, with `each` differences of each kind spread over them. A third
/// of the lines names the key, a third the provider's reference, and a third only the account.
pub(crate) fn planted(count: usize, each: usize) -> Planted {
    let mut planted = Planted::default();
    let Planted { payouts, lines, differences } = &mut planted;
    for number in 0..count {
        let key = format!("nomina-{number:07}");
        // Every amount occurs often, and every account belongs to a few.
        let amount = 100_000 + (number as i64 % 5_000) * 7;
        let kind = kind(number, count, each);
        let name = match number % 3 {
            0 => format!("TRANSF {key}"),
            1 => format!("PAGO REF tr_{key}"),
            _ if kind.is_none() => account(&key),
            _ => format!("ABONO {}", key.to_uppercase()),
        };
        let booked = |change| line("2026-05-11", change, &name);
        let status = match kind {
            Some(Outcome::StatusDiffers) => failed(),
            Some(Outcome::Returned) => returned(),
            _ => Status::Succeeded,
        };
        match kind {
            Some(Outcome::MissingThere) => {}
            Some(Outcome::MissingHere) => {
                lines.push(booked(-amount));
                lines.push(line("2026-05-11", -amount, &format!("CHEQUE {number}")));
            }
            Some(Outcome::AmountDiffers) => {
                lines.push(line("2026-05-11", -amount - 1, &format!("TRANSF {key}")));
            }
            Some(Outcome::Returned) => lines.extend([booked(-amount), booked(amount)]),
            Some(Outcome::DuplicateThere) => lines.extend([booked(-amount), booked(-amount)]),
            _ => lines.push(booked(-amount)),
        }
        payouts.push(planned(&key, amount, status));
        differences.extend(kind.filter(|it| *it != Outcome::MissingHere).map(|kind| (kind, key)));
    }
    differences.sort();
    planted
}

fn kind(number: usize, count: usize, each: usize) -> Option<Outcome> {
    let spacing = count / (each * KINDS.len());
    let place = number / spacing;
    (number % spacing == 0 && place < each * KINDS.len()).then(|| KINDS[place % KINDS.len()])
}

/// The account that the scene gives the payout with this key.
fn account(key: &str) -> String {
    let digits: String = key.bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
    format!("TEF 77{digits}")
}
