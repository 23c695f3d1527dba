//! Payouts and a statement that differ in as many planted ways as one likes.

use pagos_core::Status;
use pagos_reconcile::Outcome;
use pagos_statement::Line;

use super::{Planned, at, failed, line, planned as planned_of, returned};

/// The kinds of planted differences.
pub(crate) const KINDS: [Outcome; 6] = [
    Outcome::MissingThere,
    Outcome::MissingHere,
    Outcome::AmountDiffers,
    Outcome::StatusDiffers,
    Outcome::Returned,
    Outcome::DuplicateThere,
];

/// One payout, what the statement has about it, and how the two differ.
pub(crate) struct One {
    pub(crate) payout: Planned,
    pub(crate) lines: Vec<Line>,
    pub(crate) kind: Option<Outcome>,
}

/// `count` payouts in the order of their days, with `each` differences of each kind spread over
/// them. A third of the lines names the key, a third the provider's reference, and a third only the
/// account.
pub(crate) fn planted(count: usize, each: usize) -> impl Iterator<Item = One> {
    (0..count).map(move |number| one(number, count, each))
}

/// The outcome and the key of each payout that differs.
pub(crate) fn differences(count: usize, each: usize) -> Vec<(Outcome, String)> {
    let all = planted(count, each).filter_map(|it| Some((it.kind?, it.payout.key)));
    let mut found: Vec<_> = all.filter(|it| it.0 != Outcome::MissingHere).collect();
    found.sort();
    found
}

fn one(number: usize, count: usize, each: usize) -> One {
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
    let sent = 1 + number * DAYS / count;
    let day = format!("2026-05-{:02}", sent + 1);
    let booked = |change| line(&day, change, &name);
    let status = match kind {
        Some(Outcome::StatusDiffers) => failed(),
        Some(Outcome::Returned) => returned(),
        _ => Status::Succeeded,
    };
    let lines = match kind {
        Some(Outcome::MissingThere) => Vec::new(),
        Some(Outcome::MissingHere) => {
            vec![booked(-amount), line(&day, -amount, &format!("CHEQUE {number}"))]
        }
        Some(Outcome::AmountDiffers) => vec![line(&day, -amount - 1, &format!("TRANSF {key}"))],
        Some(Outcome::Returned) => vec![booked(-amount), booked(amount)],
        Some(Outcome::DuplicateThere) => vec![booked(-amount), booked(-amount)],
        _ => vec![booked(-amount)],
    };
    let payout =
        Planned { sent: at(&format!("2026-05-{sent:02}")), ..planned_of(&key, amount, status) };
    One { payout, lines, kind }
}

/// On how many days the payouts are sent.
const DAYS: usize = 20;

fn kind(number: usize, count: usize, each: usize) -> Option<Outcome> {
    let spacing = count / (each * KINDS.len());
    let place = number / spacing;
    (number.is_multiple_of(spacing) && place < each * KINDS.len())
        .then(|| KINDS[place % KINDS.len()])
}

/// The account that the scene gives the payout with this key.
fn account(key: &str) -> String {
    let digits: String = key.bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
    format!("TEF 77{digits}")
}
