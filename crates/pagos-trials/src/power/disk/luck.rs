//! What is lost and what is kept at a power cut, by a seed.

use pagos_kit::Random;

/// The chances of one cut. A cut that loses everything and one that loses little find different
/// faults, so each draws how much it keeps first.
#[derive(Debug)]
pub(super) struct Luck {
    random: Random,
    kept_of_eight: u64,
}

impl Luck {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 11);
        let kept_of_eight = random.choose(&[0, 1, 4, 4, 7, 8]).copied().unwrap_or(4);
        Self { random, kept_of_eight }
    }

    /// Nothing that is not durable is kept.
    pub(super) fn none() -> Self {
        Self { random: Random::new(0, 11), kept_of_eight: 0 }
    }

    /// One of the versions that something unsynced had, mostly the last; or `None` if all are lost.
    pub(super) fn pick<'a, T>(&mut self, versions: &'a [T]) -> Option<&'a T> {
        if versions.is_empty() || self.random.draw(1, 8) > self.kept_of_eight {
            return None;
        }
        match self.random.draw(1, 4) {
            1 => self.random.choose(versions),
            _ => versions.last(),
        }
    }

    /// How many of so many operations in a row happened.
    pub(super) fn count(&mut self, count: usize) -> usize {
        let all = u64::try_from(count).unwrap_or(u64::MAX);
        let drawn = match self.kept_of_eight {
            0 => 0,
            8 => all,
            _ => self.random.draw(0, all),
        };
        usize::try_from(drawn).unwrap_or(count)
    }
}
