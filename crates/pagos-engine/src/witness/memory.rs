//! A witness in memory, for tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use pagos_core::OrderKey;

use super::{Noted, Reading, SentAttempt, Witness, WitnessError, WitnessErrorKind, WitnessMark};

/// A witness that a test can take away, and set back to an earlier state.
#[derive(Debug)]
pub struct MemoryWitness {
    identity: String,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    attempts: Vec<SentAttempt>,
    /// The last attempt of each key.
    newest: BTreeMap<OrderKey, SentAttempt>,
    is_lost: bool,
    is_full: bool,
}

impl MemoryWitness {
    /// An empty witness.
    pub fn new(identity: &str) -> Self {
        Self { identity: identity.to_owned(), inner: Mutex::default() }
    }

    /// Takes it away, or gives it back.
    pub fn lose(&self, is_lost: bool) {
        self.inner().is_lost = is_lost;
    }

    /// Takes the room for attempts away, or gives it back: it can be read, and not be written.
    pub fn fill(&self, is_full: bool) {
        self.inner().is_full = is_full;
    }

    /// Everything that was appended.
    pub fn attempts(&self) -> Vec<SentAttempt> {
        self.inner().attempts.clone()
    }

    /// Sets it back to its first `length` attempts.
    pub fn truncate(&self, length: usize) {
        let mut inner = self.inner();
        inner.attempts.truncate(length);
        inner.newest = inner.attempts.iter().map(|it| (it.key.clone(), it.clone())).collect();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn there(&self) -> Result<MutexGuard<'_, Inner>, WitnessError> {
        let inner = self.inner();
        let kind = WitnessErrorKind::Unavailable;
        match inner.is_lost {
            true => Err(WitnessError { kind, message: "the witness is lost".to_owned() }),
            false => Ok(inner),
        }
    }
}

#[async_trait]
impl Witness for MemoryWitness {
    fn identity(&self) -> &str {
        &self.identity
    }

    async fn append(&self, attempts: &[SentAttempt]) -> Result<Vec<Noted>, WitnessError> {
        let mut inner = self.there()?;
        if inner.is_full {
            let (kind, message) = (WitnessErrorKind::Full, "the witness is full".to_owned());
            return Err(WitnessError { kind, message });
        }
        let mut noted = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            let newest = inner.newest.get(&attempt.key);
            match newest.filter(|known| known.number >= attempt.number) {
                Some(known) => noted.push(Noted::Known(known.clone())),
                None => {
                    inner.attempts.push(attempt.clone());
                    inner.newest.insert(attempt.key.clone(), attempt.clone());
                    noted.push(Noted::New);
                }
            }
        }
        Ok(noted)
    }

    async fn mark(&self) -> Result<WitnessMark, WitnessError> {
        Ok(WitnessMark(self.there()?.attempts.len().to_string()))
    }

    async fn read(
        &self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError> {
        let inner = self.there()?;
        let start = match after {
            None => Some(0),
            Some(mark) => mark.0.parse().ok().filter(|start| *start <= inner.attempts.len()),
        };
        let Some(start) = start else { return Ok(Reading::Unrecognised) };
        let attempts: Vec<_> = inner.attempts.iter().skip(start).take(limit).cloned().collect();
        let next = WitnessMark((start + attempts.len()).to_string());
        Ok(Reading::Attempts { attempts, next })
    }
}
