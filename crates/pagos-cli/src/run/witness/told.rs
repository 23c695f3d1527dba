//! What people are told about a comparison with the witness.

use pagos_core::OrderKey;
use pagos_engine::{Comparison, SentAttempt};

/// How many keys a line names.
const KEYS_MAX: usize = 5;

/// What was found, and the next step; nothing if the database had forgotten nothing.
pub(crate) fn lines(found: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    if !found.recalled.is_empty() {
        lines.push(format!(
            "the database had forgotten that it sent {}: {}; the witness knows it. They are in doubt and are \
             not sent again by themselves: `pagos history KEY` shows what is learned, `pagos resolve KEY` decides",
            payouts(found.recalled.len()),
            keys_shown(&found.recalled)
        ));
    }
    if !found.forgotten.is_empty() {
        lines.push(format!(
            "the database has forgotten even the orders of {} that it sent: {}; if they are submitted again, \
             they are in doubt and not sent: `pagos witness` lists them, the provider's panel shows them",
            payouts(found.forgotten.len()),
            keys_shown(&found.forgotten)
        ));
    }
    if found.is_ahead {
        lines.push(
            "the witness was replaced or set back and does not know everything that was sent before; it goes \
             on from here"
                .to_owned(),
        );
    }
    for (account, because) in &found.lists {
        if let Some(because) = because {
            lines.push(format!(
                "account {account}: its provider's list could not be read ({because}): compare what was sent \
                 shortly before with its panel"
            ));
        }
    }
    lines
}

/// The first keys, and how many more there are.
pub(crate) fn keys_shown(keys: &[OrderKey]) -> String {
    let shown: Vec<&str> = keys.iter().take(KEYS_MAX).map(OrderKey::as_str).collect();
    match keys.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// One forgotten payout.
pub(crate) fn forgotten_line(sent: &SentAttempt) -> String {
    format!("{} through {}, attempt {} at {}", sent.key, sent.account, sent.number, sent.at)
}

fn payouts(count: usize) -> String {
    if count == 1 { "1 payout".to_owned() } else { format!("{count} payouts") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_keys_are_named_and_the_others_counted() {
        let keys: Vec<OrderKey> =
            (1..=7).map(|number| OrderKey::new(format!("k{number}")).unwrap()).collect();
        assert_eq!(keys_shown(&keys[..5]), "k1, k2, k3, k4, k5");
        assert_eq!(keys_shown(&keys), "k1, k2, k3, k4, k5 and 2 more");
        let found = Comparison { compared: 9, ..Comparison::default() };
        assert!(lines(&found).is_empty());
        let found = Comparison { recalled: keys[..1].to_vec(), is_ahead: true, ..found };
        let told = lines(&found);
        assert!(told[0].contains("sent 1 payout: k1;") && told.len() == 2, "{told:?}");
    }
}
