//! Numbers from a seed, so that a run can be repeated. Not for keys or nonces.

use pagos_twin::SplitMix64;

/// A stream of numbers that the seed determines.
#[derive(Debug, Clone)]
pub struct Random {
    numbers: SplitMix64,
}

impl Random {
    /// The stream of `seed`. Two purposes in one run take two streams, by `stream`.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { numbers: SplitMix64::new(seed ^ stream.wrapping_mul(0xA076_1D64_78BD_642F)) }
    }

    /// A number of `min..=max`. The bias of the remainder is below 2^-40 for our ranges.
    pub fn draw(&mut self, min: u64, max: u64) -> u64 {
        let width = max.saturating_sub(min).saturating_add(1);
        min + self.numbers.next_u64() % width
    }

    /// One of `items`, all equally likely; `None` if there is none.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(items.len()).ok()?.checked_sub(1)?;
        items.get(usize::try_from(self.draw(0, last)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_stream_and_the_range_holds() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            (0..100).map(|_| random.draw(50, 1_500)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(8, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert!(draw(7, 1).iter().all(|it| (50..=1_500).contains(it)));
    }

    #[test]
    fn every_item_is_chosen_at_some_time() {
        let mut random = Random::new(7, 1);
        let mut chosen: Vec<u8> =
            (0..100).filter_map(|_| random.choose(&[1, 2, 3]).copied()).collect();
        assert_eq!(chosen.len(), 100);
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen, [1, 2, 3]);
        assert_eq!(random.choose::<u8>(&[]), None);
    }
}
