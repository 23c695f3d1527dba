//! Amounts, times and words as pages show them.

use crate::words::Words;

/// An amount in groups of three digits, with a narrow space between them. A point or a comma there
/// would mean thousands to some readers and decimals to others.
pub(crate) fn money(amount: &str, currency: &str) -> String {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(NARROW_SPACE);
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{decimals}{SPACE}{currency}")
}

const NARROW_SPACE: char = '\u{202f}';
const SPACE: char = '\u{a0}';

/// A moment of RFC 3339 in UTC as a page shows it, to the second.
pub(crate) fn moment(text: &str) -> String {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let time = time.trim_end_matches('Z').split('.').next().unwrap_or_default();
    if time.is_empty() { date.to_owned() } else { format!("{date} {time} UTC") }
}

/// A status in words.
pub(crate) fn status(words: &Words, status: &str) -> String {
    let word = match status {
        "created" => words.created,
        "unknown" => words.in_doubt,
        "pending" => words.pending,
        "succeeded" => words.paid,
        "failed" => words.failed,
        "quarantined" => words.quarantined,
        other => other,
    };
    word.to_owned()
}

/// Why it failed, in words.
pub(crate) fn failure(words: &Words, failure: &str) -> String {
    let word = match failure {
        "rejected" => words.rejected,
        "declined" => words.declined,
        "cancelled" => words.cancelled,
        "expired" => words.expired,
        "returned" => words.returned,
        other => other,
    };
    word.to_owned()
}

/// The state of a run in words.
pub(crate) fn run_state(words: &Words, state: &str) -> String {
    let word = match state {
        "held" => words.held,
        "waiting_for_approval" => words.waits_for_approval,
        "approved" => words.approved,
        "rejected" => words.rejected,
        "blocked" => words.blocked,
        "released" => words.released,
        "withdrawn" => words.withdrawn,
        other => other,
    };
    word.to_owned()
}

/// What became of a webhook, in words.
pub(crate) fn delivery_state(words: &Words, state: &str) -> String {
    let word = match state {
        "open" => words.open,
        "applied" => words.applied,
        "orphan" => words.orphan,
        "unreadable" => words.unreadable,
        other => other,
    };
    word.to_owned()
}

/// How an endpoint stands, in words.
pub(crate) fn standing(words: &Words, standing: &str) -> String {
    let word = match standing {
        "new" => words.endpoint_new,
        "working" => words.endpoint_working,
        "failing" => words.endpoint_failing,
        "off" => words.endpoint_off,
        other => other,
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_without_a_sign_that_could_be_a_decimal() {
        let cases = [
            ("0", "0 CLP"),
            ("999", "999 CLP"),
            ("150000", "150_000 CLP"),
            ("1234567.05", "1_234_567.05 CLP"),
            ("-1000", "-1_000 CLP"),
        ];
        for (amount, expected) in cases {
            let expected = expected.replace('_', "\u{202f}").replace(' ', "\u{a0}");
            assert_eq!(money(amount, "CLP"), expected);
        }
    }

    #[test]
    fn moments_lose_their_fractions() {
        assert_eq!(moment("2026-11-30T07:24:27.123Z"), "2026-11-30 07:24:27 UTC");
        assert_eq!(moment("2026-11-30"), "2026-11-30");
    }
}
