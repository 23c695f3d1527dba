//! Running the checker: everything in a world, or the shortest way to a broken promise.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, Instant},
};

use stateright::{Checker, HasDiscoveries, Model};

use crate::{action::Action, property::Promise, world::World};

/// What was found in a world that was explored completely.
#[derive(Debug, Clone)]
pub struct Explored {
    /// The world.
    pub world: World,
    /// Steps that were looked at.
    pub states: usize,
    /// Different states among where they lead.
    pub unique: usize,
    /// The longest of the shortest ways to a state.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
    /// Promises that are broken, with the shortest way to it.
    pub broken: Vec<Counterexample>,
    /// What should be seen somewhere, and is not.
    pub unseen: Vec<&'static str>,
}

/// The shortest way to a broken promise.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// The name of the promise.
    pub promise: &'static str,
    /// The way.
    pub actions: Vec<Action>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" in {} steps:", self.promise, self.actions.len())?;
        self.actions.iter().try_for_each(|action| write!(f, " {action:?}"))
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, states, unique, depth, time, .. } = self;
        let seconds = time.as_secs();
        let (bounds, millis) = (world.bounds, time.subsec_millis());
        write!(
            f,
            "{:<10} {states:>11} states, {unique:>10} unique, depth {depth:>3}, {seconds}.{millis:03} s; \
             lease {}, deadline {}, queue {:?}, lag {:?}, grace {}, answers {}, lost {}; {bounds:?}",
            world.name,
            world.lease,
            world.deadline,
            world.queue,
            world.lag,
            world.grace,
            world.answers_min,
            world.lost_max,
        )
    }
}

/// Explores everything that can happen in `world`, on so many threads.
pub fn explore(world: &World, threads: usize) -> Explored {
    let start = Instant::now();
    let checker = world.clone().checker().threads(threads).spawn_bfs().join();
    let mut broken = Vec::new();
    let mut unseen = Vec::new();
    for property in world.properties() {
        let found = checker.discovery(property.name);
        match (Promise::ALL.iter().any(|promise| promise.0 == property.name), found) {
            (true, Some(path)) => {
                broken
                    .push(Counterexample { promise: property.name, actions: path.into_actions() });
            }
            (false, None) => unseen.push(property.name),
            (true, None) | (false, Some(_)) => {}
        }
    }
    Explored {
        world: world.clone(),
        states: checker.state_count(),
        unique: checker.unique_state_count(),
        depth: checker.max_depth(),
        time: start.elapsed(),
        broken,
        unseen,
    }
}

/// The shortest way to break `promise` in `world`; `None` if there is none at all.
pub fn find_counterexample(world: &World, promise: Promise) -> Option<Counterexample> {
    let enough = HasDiscoveries::AnyOf(BTreeSet::from([promise.0]));
    // One thread: the first counter-example found is then the shortest one, and always the same.
    let checker = world.clone().checker().finish_when(enough).spawn_bfs().join();
    let path = checker.discovery(promise.0)?;
    Some(Counterexample { promise: promise.0, actions: path.into_actions() })
}
