//! Chance that can be repeated: a small generator, and seeds derived from names.
//! Not for secrets, nonces or anything else that must not be guessed.

use std::time::Duration;

/// A SplitMix64 generator: 64 bits of state, one addition and a mixing function per number.
///
/// Equal seeds give equal numbers on every machine. Source: Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014; the constants are those of its Java form.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// A generator that starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator for one occasion, which depends on nothing but its arguments.
    ///
    /// Chance drawn this way is the same whatever else happens at the same time, so concurrent
    /// callers cannot disturb each other's draws.
    #[must_use]
    pub fn for_occasion(seed: u64, occasion: &str, key: &str, nth: u32) -> Self {
        let mut hash = Fnv1a::default();
        hash.write(&seed.to_le_bytes());
        hash.write(occasion.as_bytes());
        hash.write(&[0xff]);
        hash.write(key.as_bytes());
        hash.write(&[0xff]);
        hash.write(&nth.to_le_bytes());
        Self::new(hash.finish())
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `bound`; 0 if `bound` is 0.
    ///
    /// The remainder favours small numbers by less than `bound / 2^64`, which nothing here can see.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// A duration within `span`, ends included, in whole milliseconds.
    pub fn within(&mut self, span: Span) -> Duration {
        let (Ok(min_ms), Ok(max_ms)) =
            (u64::try_from(span.min.as_millis()), u64::try_from(span.max.as_millis()))
        else {
            return span.min;
        };
        let width_ms = max_ms.saturating_sub(min_ms);
        Duration::from_millis(min_ms + self.below(width_ms.saturating_add(1)))
    }
}

/// A range of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The shortest.
    pub min: Duration,
    /// The longest. Anything below `min` counts as `min`.
    pub max: Duration,
}

impl Span {
    /// Always the same duration.
    #[must_use]
    pub const fn exactly(duration: Duration) -> Self {
        Self { min: duration, max: duration }
    }

    /// From `min` to `max` milliseconds.
    #[must_use]
    pub const fn from_millis(min: u64, max: u64) -> Self {
        Self { min: Duration::from_millis(min), max: Duration::from_millis(max) }
    }
}

/// FNV-1a over 64 bits: turns names into seeds. Not a protection against anything.
#[derive(Debug)]
pub(crate) struct Fnv1a(u64);

impl Fnv1a {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) const fn finish(&self) -> u64 {
        self.0
    }
}

impl Default for Fnv1a {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_published_ones() {
        let mut random = SplitMix64::new(1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| random.next_u64()).collect();
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(drawn, published);
    }

    #[test]
    fn an_occasion_depends_on_each_of_its_parts() {
        let base = SplitMix64::for_occasion(1, "create", "k", 0).next_u64();
        assert_eq!(base, SplitMix64::for_occasion(1, "create", "k", 0).next_u64());
        for other in [
            SplitMix64::for_occasion(2, "create", "k", 0),
            SplitMix64::for_occasion(1, "query", "k", 0),
            SplitMix64::for_occasion(1, "create", "l", 0),
            SplitMix64::for_occasion(1, "create", "k", 1),
        ] {
            assert_ne!(base, other.clone().next_u64(), "{other:?}");
        }
    }

    #[test]
    fn durations_stay_within_their_span() {
        let mut random = SplitMix64::new(9);
        for _ in 0..1_000 {
            let drawn = random.within(Span::from_millis(10, 12)).as_millis();
            assert!((10..=12).contains(&drawn), "{drawn}");
        }
        assert_eq!(random.within(Span::from_millis(5, 1)), Duration::from_millis(5));
        assert_eq!(random.below(0), 0);
    }
}
