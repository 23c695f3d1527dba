//! The witness of a store, beside it.

use std::sync::Arc;

use super::InstrumentedStore;
use crate::{
    point::Probe,
    witness::{Witness, WitnessRules},
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

    pub(crate) fn probe(&self) -> &dyn Probe {
        self.probe.as_ref()
    }
}
