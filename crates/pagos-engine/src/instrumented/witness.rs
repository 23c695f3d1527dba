//! The witness of a store, beside it.

use std::sync::Arc;

use pagos_core::OrderKey;

use super::InstrumentedStore;
use crate::{
    point::{Phase, Point},
    telemetry::Writing,
    witness::{Noted, Witness, WitnessError, WitnessRules},
};

impl InstrumentedStore {
    /// The same store with a witness, which an engine asks before it sends.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_engine::{InstrumentedStore, MemoryStore, MemoryWitness, WitnessRules};
    ///
    /// let witness = Arc::new(MemoryWitness::new("w"));
    /// let store = InstrumentedStore::from(Arc::new(MemoryStore::new()));
    /// let witnessed = store.witnessed_by(witness, WitnessRules::STRICT);
    /// # drop(witnessed);
    /// ```
    #[must_use]
    pub fn witnessed_by(self, witness: Arc<dyn Witness>, rules: WitnessRules) -> Self {
        Self { witness: Some((witness, rules)), ..self }
    }

    pub(crate) fn witness(&self) -> Option<(&dyn Witness, WitnessRules)> {
        self.witness.as_ref().map(|(witness, rules)| (witness.as_ref(), *rules))
    }

    pub(crate) fn lineage(&self) -> Option<String> {
        self.store.lineage()
    }

    /// Appends to the witness, as a write of the store is made.
    pub(crate) async fn note_attempts(
        &self,
        key: Option<&OrderKey>,
        appending: impl Future<Output = Result<Vec<Noted>, WitnessError>>,
    ) -> Result<Vec<Noted>, WitnessError> {
        self.probe.at(Point::NoteAttempts, Phase::Before, key);
        let mut telling = Writing::begin(Point::NoteAttempts, key, self.clock.as_ref());
        let noted = appending.await;
        telling.noted(&noted);
        drop(telling);
        let noted = noted?;
        self.probe.at(Point::NoteAttempts, Phase::After, key);
        Ok(noted)
    }
}
