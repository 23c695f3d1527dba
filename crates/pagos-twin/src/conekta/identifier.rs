//! Identifiers in the shapes of Conekta's, which look random and can be repeated.
//! Not secrets worth the name: whoever knows the seed knows them all.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::wire::seconds;
use crate::random::SplitMix64;

/// 24 hexadecimal digits, of which the first eight are the second of creation.
///
/// Source: `mock: GET /transfers`, where the two agree.
pub(super) fn object_id(at: Timestamp, mut chance: SplitMix64) -> Arc<str> {
    format!("{:08x}{:016x}", seconds(at), chance.next_u64()).into()
}

/// A prefix and 17 letters and digits that cannot be mistaken for each other.
///
/// Source: manual; `mock: GET /transfers`, e.g. `payee_2qJLL3ruTBAa39LAZ`.
pub(super) fn prefixed(prefix: &str, mut chance: SplitMix64) -> Arc<str> {
    let drawn = (0..17).filter_map(|_| {
        let place = usize::try_from(chance.below(58)).ok()?;
        ALPHABET.get(place).map(|it| char::from(*it))
    });
    prefix.chars().chain(drawn).collect::<String>().into()
}

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_those_of_the_samples() {
        let at = Timestamp::from_millis(1_682_319_664_999);
        let id = object_id(at, SplitMix64::new(1));
        assert_eq!((id.len(), &id[..8]), (24, "64462930"));
        let payee = prefixed("payee_", SplitMix64::new(1));
        assert_eq!(payee.len(), "payee_2qJLL3ruTBAa39LAZ".len());
    }
}
