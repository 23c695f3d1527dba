//! The whole in one process: workers, store, twins, clocks, network and post, from one seed and in
//! virtual time. What is true in the end is judged by what the twins really paid.
//!
//! A schedule depends on its seed and on nothing else: not on the store that it runs over, the
//! machine or the time of day.

mod campaign;
mod clock;
mod deliveries;
mod incident;
mod judge;
mod judge_past;
mod log;
mod merchant;
mod network;
mod participant;
mod past;
mod plan;
mod reader;
mod statement;
mod workers;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pagos_core::{Clock, PayoutProvider, Timestamp, Transport};
use pagos_engine::{Accounts, Engine, InboxState, InstrumentedStore, Lane, RunId, Store, Timer};
use pagos_twin::{Faults, Span, SplitMix64, World};

use crate::{
    bank::ForgetfulBank,
    drive::finish,
    fault_injector::FaultInjector,
    faulty::{FaultyProvider, FaultyTransport},
    harness,
    judge::without_epochs,
    recording::{Act, RecordingStore},
    sample::{key, start},
    timer::VirtualTimer,
};

use self::{
    log::Log,
    merchant::Agenda,
    network::{Line, Network},
    past::Past,
    reader::Reader,
    workers::WorkerSlot,
};

pub use self::{
    campaign::{Campaign, Report},
    incident::expected,
    judge::Summary,
    log::{Counts, Detail},
    participant::Participant,
    plan::{GoingBack, Schedule},
};

/// A schedule under way.
pub(crate) struct Simulation {
    plan: Schedule,
    timer: Arc<VirtualTimer>,
    calm_from: Timestamp,
    store: Arc<dyn Store>,
    /// Only of a store that can go back.
    past: Option<Past>,
    record: Arc<Mutex<Vec<Act>>>,
    world: Arc<Mutex<World>>,
    network: Arc<Network>,
    banks: Vec<(Participant, ForgetfulBank)>,
    decoders: Accounts,
    lanes: Vec<Lane>,
    agenda: Agenda,
    hands: Vec<WorkerSlot>,
    /// The runs that were released, with the number of their orders.
    runs: BTreeMap<RunId, u64>,
    reader: Reader,
    chance: SplitMix64,
    log: Arc<Log>,
    /// Rises with everything that may give an idle worker something to do.
    changes: u64,
    /// When the store has something to do next.
    due: Option<Timestamp>,
}

/// What is left of a schedule: the summary, and everything that happened if it was written down.
#[derive(Debug)]
pub struct Ended {
    /// What the judge says.
    pub summary: Result<Summary, String>,
    /// A line for everything that happened; empty without [`Detail::Trace`].
    pub trace: Vec<String>,
}

/// Plays one schedule over an empty store, which never goes back and has no witness, and judges it.
///
/// # Errors
/// What did not hold is in the summary of [`Ended`]; an expectation of a tool that breaks panics.
pub fn simulate(plan: &Schedule, store: Arc<dyn Store>, detail: Detail) -> Ended {
    Simulation::new(plan.clone(), store, None, detail).play()
}

/// Plays one schedule over a store in memory, which may go back as the schedule has it, and judges it.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_with_past(plan: &Schedule, detail: Detail) -> Ended {
    let past = Past::new(plan.fate, plan.seed);
    Simulation::new(plan.clone(), past.store(), Some(past), detail).play()
}

impl Simulation {
    fn play(mut self) -> Ended {
        let ran = self.run();
        let summary = match self.is_judged() {
            true => ran.and_then(|()| self.judge()),
            // Only a figure is wanted; where something is paid twice, it may never come to rest.
            false => Ok(self.count_duplicates()),
        };
        self.tell_histories();
        Ended { summary, trace: self.log.lines() }
    }

    fn new(plan: Schedule, store: Arc<dyn Store>, past: Option<Past>, detail: Detail) -> Self {
        let seed = plan.seed;
        let timer = VirtualTimer::starting_at(start());
        let log = Log::new(Arc::clone(&timer), detail);
        let mut chance = SplitMix64::for_occasion(seed, "schedule", "", 0);
        let calm_from = timer.now().plus(plan.calm_after);
        let participants = || plan.mix.iter().map(|(participant, _)| *participant);
        let twin = |participant: Participant| {
            participant.kit().map(|kit| kit.twin(Faults::new(plan.profile, seed), plan.terms))
        };
        let world = Arc::new(Mutex::new(World::new(participants().filter_map(twin).collect())));
        let bank = |participant: Participant| {
            participant.bank(&timer, seed).map(|bank| (participant, bank))
        };
        let banks = participants().filter_map(bank).collect();
        let network = Network::new(
            Arc::clone(&world),
            Arc::clone(&timer),
            Arc::clone(&log),
            plan.network_per_mille,
            calm_from,
            seed,
        );
        let orders =
            plan.keys().iter().map(|(name, participant)| participant.order(name)).collect();
        let agenda = Agenda::of(orders, timer.now(), &mut chance);
        let lanes = harness::lanes(participants().map(Participant::account));
        let mut simulation = Self {
            plan,
            timer: Arc::clone(&timer),
            calm_from,
            store,
            past,
            record: Arc::default(),
            world,
            network,
            banks,
            decoders: Accounts::new(),
            lanes,
            agenda,
            hands: Vec::new(),
            runs: BTreeMap::new(),
            reader: Reader::new(seed),
            chance,
            log,
            changes: 1,
            due: None,
        };
        simulation.decoders = simulation.accounts(&Arc::new(FaultInjector::new()), timer, |_| true);
        simulation.hire();
        simulation
    }

    /// Ends the trace with what is stored about every payout.
    fn tell_histories(&self) {
        if self.log.detail() == Detail::Counts {
            return;
        }
        self.log.turn(|| "history".to_owned());
        for (name, _) in self.plan.keys() {
            let history = finish(self.store.history(&key(&name))).unwrap_or_default();
            let history = without_epochs(history);
            history.iter().for_each(|entry| self.log.say(|| format!("{name} {entry:?}")));
        }
    }

    /// Runs until everything rests and nothing more can come.
    fn run(&mut self) -> Result<(), String> {
        for _ in 0..STEPS_MAX {
            self.meet_past();
            let mut is_busy = self.run_errands() > 0;
            self.reader.read(self.store.as_ref());
            self.due =
                finish(self.store.next_due(&self.lanes)).map_err(|error| error.to_string())?;
            is_busy |= self.work();
            if (!is_busy || self.chance.below(4) == 0) && self.carry_post() > 0 {
                is_busy = true;
            }
            if is_busy {
                self.changes += 1;
                continue;
            }
            if self.is_over() {
                if self.goes_back_at_the_end() {
                    continue;
                }
                return Ok(());
            }
            self.turn_the_clock()?;
        }
        Err(format!("no end after {STEPS_MAX} steps"))
    }

    fn turn_the_clock(&mut self) -> Result<(), String> {
        self.due = finish(self.store.next_due(&self.lanes)).map_err(|error| error.to_string())?;
        let now = self.timer.now();
        let moments = [
            self.agenda.next(),
            self.next_of_workers(),
            self.world().next_due(),
            self.network.next_arrival(),
            self.timer.next_wake(),
            self.banks.iter().filter_map(|(_, bank)| bank.next_late()).min(),
            self.is_bad_day().then_some(self.calm_from),
            self.past.as_ref().and_then(Past::next),
        ];
        let next =
            moments.into_iter().flatten().min().ok_or("nothing is due, yet it is not over")?;
        let mut next = next.max(now.plus(Duration::from_millis(1)));
        self.log.turn(|| "time".to_owned());
        if self.is_bad_day() && self.chance.below(40) == 0 {
            next = next.plus(self.chance.within(Span::from_millis(0, 900_000)));
            self.log.count("clock jumped", "");
        }
        if next > start().plus(TIME_MAX) {
            return Err(format!("no end after {} days", TIME_MAX.as_secs() / 86_400));
        }
        self.timer.advance_to(next);
        self.network.deliver();
        self.changes += 1;
        Ok(())
    }

    /// Is there nothing left that could happen, but for queries in vain?
    fn is_over(&mut self) -> bool {
        let is_without_witness = self.past.as_ref().and_then(Past::next).is_some();
        if self.is_bad_day()
            || self.is_anybody_busy()
            || self.agenda.next().is_some()
            || is_without_witness
        {
            return false;
        }
        let is_quiet = self.network.next_arrival().is_none()
            && self.banks.iter().all(|(_, bank)| bank.next_late().is_none())
            && self.world().next_due().is_none();
        is_quiet && self.is_at_rest()
    }

    fn is_at_rest(&self) -> bool {
        let tally = finish(self.store.tally(None)).unwrap();
        let open = finish(self.store.deliveries(Some(InboxState::Open), 0, 1)).unwrap();
        tally.at_rest() == tally.total() && open.is_empty() && !self.is_anything_to_come()
    }

    /// An engine whose every step goes through `injector`. It does not send before it takes the turn.
    fn engine(
        &self,
        injector: &Arc<FaultInjector>,
        timer: Arc<dyn Timer>,
        serves: impl Fn(Participant) -> bool,
    ) -> Engine {
        let record = Arc::clone(&self.record);
        let store = RecordingStore::over(Arc::clone(&self.store), Arc::clone(injector), record);
        let store = InstrumentedStore::from(store as Arc<dyn Store>);
        let store = match &self.past {
            Some(past) => past.witnessed(store, injector),
            None => store,
        };
        let clock = Arc::clone(&timer);
        let accounts = self.accounts(injector, clock, serves);
        let policy = self.plan.policy.clone();
        finish(Engine::open_beside(store, &harness::simulated(), accounts, timer, policy)).unwrap()
    }

    fn accounts(
        &self,
        injector: &Arc<FaultInjector>,
        clock: Arc<dyn Clock>,
        serves: impl Fn(Participant) -> bool,
    ) -> Accounts {
        let line = Line(Arc::clone(&self.network));
        let transport: Arc<dyn Transport> =
            Arc::new(FaultyTransport::new(line, Arc::clone(injector)));
        let provider = |participant: Participant| -> Arc<dyn PayoutProvider> {
            if let Some(kit) = participant.kit() {
                return kit.provider(Arc::clone(&transport), Arc::clone(&clock), self.plan.seed);
            }
            let (_, bank) = self.banks.iter().find(|(it, _)| *it == participant).unwrap();
            FaultyProvider::new(Arc::new(bank.clone()), Arc::clone(injector))
        };
        let served = self.plan.mix.iter().filter(|(participant, _)| serves(*participant));
        served.fold(Accounts::new(), |accounts, (participant, _)| {
            accounts.with(participant.account(), provider(*participant))
        })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More steps than a schedule without a livelock takes.
const STEPS_MAX: u32 = 500_000;

/// Longer than any schedule takes.
const TIME_MAX: Duration = Duration::from_secs(200 * 86_400);
