//! What people are told about a comparison with the witness.

use pagos_core::OrderKey;
use pagos_engine::{Comparison, SentAttempt};

use crate::words::{Text, payout, witness};

/// How many keys a line names.
const KEYS_MAX: usize = 5;

/// What was found, and the next step; nothing if the database had forgotten nothing.
pub(crate) fn lines(found: &Comparison) -> Vec<Text> {
    let mut lines = Vec::new();
    if !found.recalled.is_empty() {
        let count = payout::payouts_of(found.recalled.len() as u64);
        lines.push(witness::recalled(count, keys_shown(&found.recalled)));
    }
    if !found.forgotten.is_empty() {
        let count = payout::payouts_of(found.forgotten.len() as u64);
        lines.push(witness::forgotten(count, keys_shown(&found.forgotten)));
    }
    if found.is_ahead {
        lines.push(witness::is_ahead());
    }
    for (account, because) in &found.lists {
        if let Some(because) = because {
            lines.push(witness::list_is_not_read(account.as_str(), Text::heard(because)));
        }
    }
    lines
}

/// The first keys, and how many more there are.
pub(crate) fn keys_shown(keys: &[OrderKey]) -> Text {
    let shown: Vec<&str> = keys.iter().take(KEYS_MAX).map(OrderKey::as_str).collect();
    match keys.len().saturating_sub(shown.len()) {
        0 => shown.join(", ").into(),
        more => witness::and_more_keys(shown.join(", "), more),
    }
}

/// One forgotten payout.
pub(crate) fn forgotten_line(sent: &SentAttempt) -> Text {
    let (key, account) = (sent.key.as_str(), sent.account.as_str());
    payout::forgotten_line(key, account, sent.number, sent.at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_keys_are_named_and_the_others_counted() {
        let keys: Vec<OrderKey> =
            (1..=7).map(|number| OrderKey::new(format!("k{number}")).unwrap()).collect();
        assert_eq!(keys_shown(&keys[..5]).to_string(), "k1, k2, k3, k4, k5");
        assert_eq!(keys_shown(&keys).to_string(), "k1, k2, k3, k4, k5 and 2 more");
        let found = Comparison { compared: 9, ..Comparison::default() };
        assert!(lines(&found).is_empty());
        let found = Comparison { recalled: keys[..1].to_vec(), is_ahead: true, ..found };
        let told = lines(&found);
        assert!(told[0].english().contains("sent 1 payout: k1;") && told.len() == 2, "{told:?}");
    }
}
