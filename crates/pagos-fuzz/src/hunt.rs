//! The loop: runs a target on its corpus, its seeds, and mutations of both. Stops at the first input
//! that breaks a rule, makes it smaller, and tells it. Decides nothing about time: the caller does.

use std::panic::{self, AssertUnwindSafe};

use crate::{
    Target, corpus,
    mutate::{Mutator, Random},
};

/// An input that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The input, as small as it got.
    pub input: Vec<u8>,
    /// What was said.
    pub because: String,
}

/// A target with everything that its mutations start from.
#[derive(Debug)]
pub struct Hunt {
    target: &'static Target,
    mutator: Mutator,
    random: Random,
    /// How many of the inputs were run as they are.
    begun: usize,
}

impl Hunt {
    /// Reads corpus and seeds.
    ///
    /// # Errors
    /// Whatever the file system says about the corpus.
    pub fn new(target: &'static Target, seed: u64) -> std::io::Result<Self> {
        let mut inputs = corpus::read(&target.name)?;
        inputs.extend(target.seeds());
        inputs.push(Vec::new());
        let random = Random::new(seed ^ corpus::digest(target.name.as_bytes()));
        Ok(Self { target, mutator: Mutator::new(inputs), random, begun: 0 })
    }

    /// How many inputs there are before any mutation.
    pub fn inputs(&self) -> usize {
        self.mutator.inputs().len()
    }

    /// Runs one input: the next of the corpus and the seeds, then mutations without end.
    ///
    /// # Errors
    /// The input that broke a rule.
    pub fn step(&mut self) -> Result<(), Finding> {
        let input = match self.mutator.inputs().get(self.begun) {
            Some(input) => input.clone(),
            None => self.mutator.mutate(&mut self.random),
        };
        self.begun += 1;
        let Some(because) = broken(self.target, &input) else { return Ok(()) };
        Err(self.smaller(input, because))
    }

    /// Takes parts away as long as the rest breaks a rule too.
    fn smaller(&self, mut input: Vec<u8>, mut because: String) -> Finding {
        let mut tries = 0;
        let mut width = input.len() / 2;
        while width > 0 && tries < TRIES_MAX {
            let mut start = 0;
            while start < input.len() && tries < TRIES_MAX {
                let mut shorter = input.clone();
                shorter.drain(start..(start + width).min(input.len()));
                tries += 1;
                match broken(self.target, &shorter) {
                    Some(told) => (input, because) = (shorter, told),
                    None => start += width,
                }
            }
            width /= 2;
        }
        Finding { input, because }
    }
}

/// What the target says against the input; `None` if it has nothing against it.
pub fn broken(target: &Target, input: &[u8]) -> Option<String> {
    let caught = panic::catch_unwind(AssertUnwindSafe(|| target.run(input)));
    let payload = caught.err()?;
    let text = payload.downcast_ref::<String>().cloned();
    Some(
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "a panic without a word".to_owned()),
    )
}

const TRIES_MAX: usize = 2_000;
