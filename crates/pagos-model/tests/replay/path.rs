//! Is what happened a path of the model? Everything that nobody could see happen may have happened
//! in between: time, looks at the claim, lost requests, ends at the bank.

use std::collections::BTreeSet;

use pagos_model::{Action, Answer, Fate, Said, State, Status, Worker, World};

use crate::trace::{Happened, Row};

/// Walks the trace through the model. Returns the most states that it could be in at one time.
///
/// # Errors
/// The place of what cannot happen, and the states that were possible before it.
pub(crate) fn walk(world: &World, trace: &[Happened]) -> Result<usize, String> {
    let mut states = BTreeSet::from([State::first(world.bounds)]);
    let mut most = 0;
    for (place, happened) in trace.iter().enumerate() {
        let before = close(world, states);
        most = most.max(before.len());
        assert!(before.len() < STATES_MAX, "{} states at step {place}", before.len());
        states = before.iter().flat_map(|state| follow(world, state, happened)).collect();
        if states.is_empty() {
            let some: Vec<&State> = before.iter().take(3).collect();
            return Err(format!("step {place}, {happened:?}, out of {some:?}"));
        }
    }
    Ok(most)
}

/// Adds every state that is reached by what nobody sees.
fn close(world: &World, states: BTreeSet<State>) -> BTreeSet<State> {
    let mut closed = BTreeSet::new();
    let mut open: Vec<State> = states.into_iter().collect();
    while let Some(state) = open.pop() {
        if closed.insert(state.clone()) {
            open.extend(hidden(world, &state));
        }
    }
    closed
}

fn hidden(world: &World, state: &State) -> Vec<State> {
    let ends = [Status::Succeeded, Status::Failed].map(Action::Settle);
    let always = [Action::Tick, Action::Reverse, Action::CloseWindow].into_iter().chain(ends);
    let mut next: Vec<State> = always.filter_map(|action| world.after(state, action)).collect();
    for worker in [0, 1] {
        let seen = |action| world.after(state, action);
        next.extend(seen(Action::Check(worker)));
        next.extend(seen(Action::GiveUp(worker)));
        // A query that does not reach the bank.
        next.extend(seen(Action::Ask(worker, Answer::Nothing)));
        // Past the deadline nothing leaves; a refused commit and a refused write leave nothing.
        let is_late = |it: &State| it.wire.len() == state.wire.len();
        next.extend(seen(Action::Send(worker)).filter(is_late));
        let is_nothing = |it: &State| it.progress == state.progress;
        next.extend(seen(Action::Begin(worker)).filter(is_nothing));
        next.extend(seen(Action::Write(worker)).filter(is_nothing));
    }
    next
}

/// The states after something that was seen.
fn follow(world: &World, state: &State, happened: &Happened) -> Vec<State> {
    let one = |action| world.after(state, action).into_iter().collect::<Vec<_>>();
    match happened {
        Happened::Claimed(slot) => one(Action::Claim(*slot)),
        Happened::Begun(slot, number) => {
            let mut next = one(Action::Begin(*slot));
            next.retain(|it| it.workers[usize::from(*slot)] == Worker::Begun(number_of(*number)));
            next
        }
        // Whoever stands still beyond the deadline does not hear why nothing came of it.
        Happened::NotConnected(slot) => {
            [one(Action::NoConnection(*slot)), lost(world, state, *slot)].concat()
        }
        Happened::Unread(slot) => {
            [sent(world, state, *slot, &[Fate::Unread]), lost(world, state, *slot)].concat()
        }
        Happened::Refused(slot) => {
            [sent(world, state, *slot, &[Fate::Refused]), lost(world, state, *slot)].concat()
        }
        Happened::Taken(slot) => sent(world, state, *slot, &[Fate::Answered, Fate::Unanswered]),
        Happened::HeldUp(slot) => left(world, state, *slot).into_iter().collect(),
        Happened::Lost(slot) => lost(world, state, *slot),
        Happened::ArrivedLate => {
            let places = 0..number_of(state.wire.len());
            let arrive = |place| world.after(state, Action::Arrive(place, Fate::Unanswered));
            places.filter_map(arrive).collect()
        }
        Happened::Asked(slot, answer, status) => {
            // The answer itself can be lost on its way back.
            let mut next = one(Action::Ask(*slot, *answer));
            next.retain(|it| match (&it.workers[usize::from(*slot)], status) {
                (Worker::Heard(news, _), Some(status)) => news.said == Said::Query(*status),
                _ => true,
            });
            next.extend(one(Action::Ask(*slot, Answer::Nothing)));
            next
        }
        Happened::Stored(slot, row) => stored(world, state, *slot, row),
        Happened::Ended(slot) if state.workers[usize::from(*slot)] == Worker::Idle => {
            vec![state.clone()]
        }
        Happened::Ended(slot) => one(Action::Crash(*slot)),
    }
}

fn left(world: &World, state: &State, slot: u8) -> Option<State> {
    world.after(state, Action::Send(slot)).filter(|it| it.wire.len() > state.wire.len())
}

/// The request left, and nothing came of it that the worker could hear.
fn lost(world: &World, state: &State, slot: u8) -> Vec<State> {
    let Some(left) = left(world, state, slot) else { return Vec::new() };
    let place = own_place(&left, slot);
    world.after(&left, Action::Lose(place)).into_iter().collect()
}

fn own_place(state: &State, slot: u8) -> u8 {
    let own = state.wire.iter().position(|request| request.waits == Some(slot));
    number_of(own.expect("a request that just left"))
}

fn sent(world: &World, state: &State, slot: u8, fates: &[Fate]) -> Vec<State> {
    let Some(left) = left(world, state, slot) else { return Vec::new() };
    let place = own_place(&left, slot);
    fates.iter().filter_map(|fate| world.after(&left, Action::Arrive(place, *fate))).collect()
}

fn stored(world: &World, state: &State, slot: u8, row: &Row) -> Vec<State> {
    let give_back = Action::GiveBack(slot);
    // Where it is too late to begin, the claim ends in doubt.
    let own = [Action::Write(slot), Action::WriteAndCall(slot), give_back, Action::Begin(slot)];
    let events = (1..=state.provider.truth).map(Action::Event);
    let hints = [Status::Succeeded].map(Action::Forged);
    let all = own.into_iter().chain(events).chain(hints);
    let mut next: Vec<State> = all.filter_map(|action| world.after(state, action)).collect();
    // A row may be written as it was: a handle beside it, an event that taught nothing.
    next.push(state.clone());
    next.retain(|it| row_of(it) == *row);
    next
}

fn row_of(state: &State) -> Row {
    let progress = &state.progress;
    Row {
        status: progress.status,
        attempts: progress.attempts.into(),
        lost: progress.lost.into(),
        is_open: progress.open.is_some(),
        is_due: progress.is_due,
        person: progress.person,
    }
}

fn number_of(number: impl TryInto<u8>) -> u8 {
    number.try_into().ok().expect("a small number")
}

/// More states than any honest trace is in at one time.
const STATES_MAX: usize = 200_000;
