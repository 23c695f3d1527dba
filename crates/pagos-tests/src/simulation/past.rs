//! The store goes back to an earlier state, as a restored file or a promoted standby does, and its
//! witness is gone for a time, is set back, or goes back with it.

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Timestamp};
use pagos_engine::{
    InstrumentedStore, MemoryStore, MemoryWitness, Snapshot, Store, WithoutWitness, WitnessRules,
};
use pagos_twin::{Span, SplitMix64};

use crate::{
    drive::finish,
    fault_injector::FaultInjector,
    faulty::FaultyWitness,
    recording::Act,
    simulation::{
        Simulation,
        plan::{Fate, Kind, OfWitness},
    },
};

/// A store that can go back, and its witness.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) fate: Fate,
    store: Arc<MemoryStore>,
    witness: Arc<MemoryWitness>,
    /// Some earlier states, and how much the witness had then.
    snapshots: Vec<(Snapshot, usize)>,
    chance: SplitMix64,
    /// How often the store went back.
    pub(super) returned: u32,
    /// How often the witness was taken away.
    pub(super) losses: u32,
    back_at: Option<Timestamp>,
    has_set_back: bool,
}

impl Past {
    pub(super) fn new(fate: Fate, seed: u64) -> Self {
        let store = match fate.kind {
            Kind::Server => MemoryStore::on_a_server(),
            Kind::File => MemoryStore::new(),
        };
        let store = Arc::new(store);
        let snapshots = vec![(store.snapshot(), 0)];
        Self {
            fate,
            store,
            witness: Arc::new(MemoryWitness::new("w")),
            snapshots,
            chance: SplitMix64::for_occasion(seed, "past", "", 0),
            returned: 0,
            losses: 0,
            back_at: None,
            has_set_back: false,
        }
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as _
    }

    /// When the witness comes back.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.back_at
    }

    /// The store of a worker with the witness, both behind the worker's injector.
    pub(super) fn witnessed(
        &self,
        store: InstrumentedStore,
        injector: &Arc<FaultInjector>,
    ) -> InstrumentedStore {
        if !self.fate.has_witness {
            return store;
        }
        let without = match self.fate.witness {
            OfWitness::Lost(without) => without,
            OfWitness::Kept | OfWitness::SetBack | OfWitness::GoesBack => WithoutWitness::Stop,
        };
        let witness = FaultyWitness::new(Arc::clone(&self.witness), Arc::clone(injector));
        store.witnessed_by(witness, WitnessRules { without, ..WitnessRules::STRICT })
    }

    fn keep(&mut self) {
        let kept = (self.store.snapshot(), self.witness.attempts().len());
        let place = usize::try_from(self.chance.below(SNAPSHOTS_MAX as u64)).unwrap();
        match self.snapshots.get_mut(place) {
            Some(snapshot) => *snapshot = kept,
            None => self.snapshots.push(kept),
        }
    }

    fn may_return(&self) -> bool {
        self.returned < self.fate.returns
    }
}

impl Simulation {
    /// Draws what happens to the store and its witness before the next step of a bad day.
    pub(super) fn meet_past(&mut self) {
        let (now, is_bad_day) = (self.timer.now(), self.is_bad_day());
        let Some(past) = &mut self.past else { return };
        if past.back_at.is_some_and(|at| at <= now) {
            past.back_at = None;
            past.witness.lose(false);
            self.log.say(|| "the witness is back".to_owned());
        }
        if !is_bad_day || past.fate == Fate::CALM {
            return;
        }
        if past.may_return() && past.chance.below(25) == 0 {
            past.keep();
        }
        let is_troubled = past.chance.below(60) == 0;
        match past.fate.witness {
            OfWitness::Lost(_) if is_troubled && past.losses < 2 && past.back_at.is_none() => {
                let wait = past.chance.within(Span::from_millis(1_000, 1_800_000));
                past.back_at = Some(now.plus(wait));
                past.losses += 1;
                past.witness.lose(true);
                self.log.count("witness lost", "");
            }
            OfWitness::SetBack if is_troubled && !past.has_set_back => {
                let length = past.witness.attempts().len() as u64;
                let left = past.chance.below(length + 1);
                past.has_set_back = true;
                past.witness.truncate(usize::try_from(left).unwrap());
                self.log.count("witness set back", "");
            }
            OfWitness::Lost(_) | OfWitness::SetBack | OfWitness::Kept | OfWitness::GoesBack => {}
        }
        let Some(past) = &mut self.past else { return };
        if past.may_return() && past.chance.below(80) == 0 {
            self.go_back();
        }
    }

    /// Goes back after everything came to rest, if that is left to do. Returns whether it did.
    pub(super) fn goes_back_at_the_end(&mut self) -> bool {
        let Some(past) = &mut self.past else { return false };
        let is_left = past.may_return() && (past.returned == 0 || past.chance.below(2) == 0);
        if is_left {
            self.go_back();
        }
        is_left
    }

    fn go_back(&mut self) {
        let Some(past) = &mut self.past else { return };
        past.returned += 1;
        let place = past.chance.below(past.snapshots.len() as u64);
        let (snapshot, length) = &past.snapshots[usize::try_from(place).unwrap()];
        past.store.go_back(snapshot);
        if past.fate.witness == OfWitness::GoesBack {
            past.witness.truncate(*length);
        }
        let (kind, do_workers_end) = (past.fate.kind, past.fate.do_workers_end);
        // What replaces a server or a file takes its time.
        let pause = past.chance.within(Span::from_millis(1, 60_000));
        self.timer.advance(pause);
        self.network.deliver();
        self.log.turn(|| "past".to_owned());
        self.log.count("store went back", kind.word());
        if do_workers_end {
            self.end_workers();
        }
        self.forget_what_was_told();
        self.submit_everything_again();
        self.changes += 1;
    }

    /// Deliveries and notices that the store has lost: nobody can be asked for them any more.
    fn forget_what_was_told(&mut self) {
        let filed = finish(self.store.deliveries(None, 0, usize::MAX)).unwrap();
        let is_filed = |act: &Act| match act {
            Act::Received(id) => filed.iter().any(|filed| filed.item.id == *id),
            _ => true,
        };
        self.record.lock().unwrap().retain(is_filed);
        self.reader.go_back(self.store.as_ref());
    }

    /// Whatever the merchant has heard, it hands in all of its files once more.
    fn submit_everything_again(&mut self) {
        let now = self.timer.now();
        for submission in self.agenda.handed_in() {
            let Some(past) = &mut self.past else { return };
            let pause = match past.chance.below(2) {
                0 => Duration::from_millis(1),
                _ => past.chance.within(Span::from_millis(1, 7_200_000)),
            };
            self.agenda.add(now.plus(pause), submission);
        }
    }
}

const SNAPSHOTS_MAX: usize = 4;
