//! What must always hold, and what must be seen at least once so that it does not hold of nothing.

use stateright::{Model, Property};

use crate::{
    action::{Action, possible},
    calm,
    state::{State, Status, Worker},
    step::step,
    world::World,
};

/// A promise, by its name in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise(pub &'static str);

impl Promise {
    /// The provider pays one payout at most once.
    pub const PAID_ONCE: Promise = Promise("paid at most once");
    /// No request leaves before its attempt is durable.
    pub const DURABLE_FIRST: Promise = Promise("durable before it leaves");
    /// Nothing fails unless the provider, or a person, has said so.
    pub const FAILED_BY_EVIDENCE: Promise = Promise("failed only with evidence");
    /// Nothing that is held to be refused was paid, or is paid later.
    pub const REFUSED_IS_UNPAID: Promise = Promise("what is refused is never paid");
    /// An unverified event changes no status.
    pub const FORGERY_IS_NOTHING: Promise = Promise("an unverified event changes nothing");
    /// What is held is never replaced by evidence about an earlier truth.
    pub const NEVER_OLDER: Promise = Promise("newer state is never overwritten");
    /// What is settled or reversed is told to the application.
    pub const APPLICATION_KNOWS: Promise = Promise("the application is told");
    /// When faults stop, it ends at the provider's truth, or a person was called.
    pub const CONVERGES: Promise = Promise("ends at the truth or calls a person");

    /// All of them.
    pub const ALL: [Promise; 8] = [
        Promise::PAID_ONCE,
        Promise::DURABLE_FIRST,
        Promise::FAILED_BY_EVIDENCE,
        Promise::REFUSED_IS_UNPAID,
        Promise::FORGERY_IS_NOTHING,
        Promise::NEVER_OLDER,
        Promise::APPLICATION_KNOWS,
        Promise::CONVERGES,
    ];
}

/// What has to be seen somewhere in every world, by name.
pub const SIGHTS: [&str; 8] = [
    "paid and known",
    "failed and known",
    "refused and known",
    "not taken, sent again",
    "reversed to failed",
    "reversed to paid",
    "two workers at once",
    "a request on its way that nobody waits for",
];

fn paid_once(_: &World, state: &State) -> bool {
    state.provider.paid <= 1
}

fn durable_first(_: &World, state: &State) -> bool {
    !state.ghost.has_left_early
}

fn failed_by_evidence(_: &World, state: &State) -> bool {
    let has_failed =
        (2..=state.provider.truth).any(|it| state.provider.status_at(it) == Status::Failed);
    match state.progress.status {
        Status::Failed => has_failed || state.provider.has_refused,
        Status::Rejected => state.provider.has_refused,
        Status::Created | Status::Unknown | Status::Pending | Status::Succeeded => true,
    }
}

fn refused_is_unpaid(_: &World, state: &State) -> bool {
    state.progress.status != Status::Rejected || state.provider.paid == 0
}

fn forgery_is_nothing(_: &World, state: &State) -> bool {
    !state.ghost.is_forgery_believed
}

fn never_older(_: &World, state: &State) -> bool {
    state.progress.as_of == state.ghost.as_of_max
}

fn application_knows(_: &World, state: &State) -> bool {
    let is_telling = state.workers.iter().any(|worker| matches!(worker, Worker::Telling(_)));
    is_telling || state.progress.status.is_like(state.ghost.application)
}

/// Asked of quiet states only: from every other one the same calm steps lead to a quiet one, which
/// is explored, too.
fn converges(world: &World, state: &State) -> bool {
    if !state.is_quiet() {
        return true;
    }
    let Some(end) = calm::rest(world, state) else { return false };
    if end.progress.person {
        return true;
    }
    match end.provider.paid {
        0 => end.progress.status.is_failure(),
        _ => end.progress.status.is_like(end.provider.status()) && end.provider.truth >= 2,
    }
}

fn knows(state: &State, status: Status) -> bool {
    state.progress.status == status
}

fn properties() -> Vec<Property<World>> {
    let mut properties = vec![
        Property::always(Promise::PAID_ONCE.0, paid_once),
        Property::always(Promise::DURABLE_FIRST.0, durable_first),
        Property::always(Promise::FAILED_BY_EVIDENCE.0, failed_by_evidence),
        Property::always(Promise::REFUSED_IS_UNPAID.0, refused_is_unpaid),
        Property::always(Promise::FORGERY_IS_NOTHING.0, forgery_is_nothing),
        Property::always(Promise::NEVER_OLDER.0, never_older),
        Property::always(Promise::APPLICATION_KNOWS.0, application_knows),
        Property::always(Promise::CONVERGES.0, converges),
    ];
    let sights: [fn(&World, &State) -> bool; 8] = [
        |_, state| knows(state, Status::Succeeded) && state.provider.status() == Status::Succeeded,
        |_, state| knows(state, Status::Failed) && state.provider.status() == Status::Failed,
        |_, state| knows(state, Status::Rejected),
        |_, state| state.progress.attempts == 2 && state.provider.paid == 1,
        |_, state| knows(state, Status::Failed) && state.progress.as_of >= 3,
        |_, state| knows(state, Status::Succeeded) && state.progress.as_of >= 3,
        |_, state| state.workers.iter().all(|worker| *worker != Worker::Idle),
        |_, state| state.wire.iter().any(|request| request.waits.is_none()),
    ];
    let named = SIGHTS.into_iter().zip(sights);
    properties.extend(named.map(|(name, sight)| Property::sometimes(name, sight)));
    properties
}

impl World {
    /// The state after `action`; `None` if that cannot happen or changes nothing.
    pub fn after(&self, state: &State, action: Action) -> Option<State> {
        step(self, state, action)
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self.bounds)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        step(self, last, action)
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.progress.attempts <= state.bounds.attempts
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties()
    }
}
