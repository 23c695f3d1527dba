//! Numbers from a seed (splitmix64), so that a run can be repeated. Not for keys or nonces.

/// A stream of numbers that the seed determines.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of `seed`. Two purposes in one run take two streams, by `stream`.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { state: seed ^ stream.wrapping_mul(0xA076_1D64_78BD_642F) }
    }

    /// A number of `min..=max`. The bias of the remainder is below 2^-40 for our ranges.
    pub fn draw(&mut self, min: u64, max: u64) -> u64 {
        let width = max.saturating_sub(min).saturating_add(1);
        min + self.next() % width
    }

    /// One of `items`, all equally likely; `None` if there is none.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(items.len()).ok()?.checked_sub(1)?;
        items.get(usize::try_from(self.draw(0, last)).ok()?)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
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
