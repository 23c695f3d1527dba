//! Identifiers in the shapes of Fintoc's, which look random and can be repeated.
//! Not secrets worth the name: whoever knows the seed knows them all.

use std::sync::Arc;

use crate::random::SplitMix64;

/// A prefix and 27 letters and digits. Source: rec: `tr_329NGN1M4If6VvcMRALv4gjAQJx`.
pub(super) fn prefixed(prefix: &str, mut chance: SplitMix64) -> Arc<str> {
    let drawn = (0..27).filter_map(|_| {
        let place = usize::try_from(chance.below(62)).ok()?;
        ALPHABET.get(place).map(|it| char::from(*it))
    });
    prefix.chars().chain(drawn).collect::<String>().into()
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_those_of_the_recordings() {
        let id = prefixed("tr_", SplitMix64::new(1));
        assert_eq!(id.len(), "tr_329NGN1M4If6VvcMRALv4gjAQJx".len());
    }
}
