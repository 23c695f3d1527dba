//! Reproducible random choices for the suite: SplitMix64. Not for keys, nonces or secrets.

/// The same seed makes the same choices.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `bound`, which is not 0. The small bias of a remainder does no harm here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, of which there is at least one.
    pub(super) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).expect("a length fits 64 bits");
        let place = usize::try_from(self.below(count)).expect("below a length");
        choices[place].clone()
    }

    // Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_seed_is_a_sequence() {
        // The first output for seed 0 is the reference implementation's.
        assert_eq!(Random::new(0).draw(), 0xe220_a839_7b1d_cdaf);
        let mut random = Random::new(7);
        let drawn: Vec<u64> = (0..100).map(|_| random.below(3)).collect();
        assert!((0..3).all(|number| drawn.contains(&number)));
    }
}
