//! What happens when faults stop: requests arrive, answers come, workers finish, time passes. One
//! schedule, so that "it converges" can be asked of every single state.

use crate::{
    action::{Action, Answer, Fate},
    state::{State, Status, Worker},
    step::step,
    world::{Guard, World},
};

/// The state in which nothing is due any more or a person was called; `None` if it never comes.
/// No webhook arrives: what is learned is learned by asking.
pub(crate) fn rest(world: &World, state: &State) -> Option<State> {
    let mut state = state.clone();
    for _ in 0..STEPS_MAX {
        let Some(next) = calm_step(world, &state) else { return Some(state) };
        state = next;
    }
    None
}

fn calm_step(world: &World, state: &State) -> Option<State> {
    for (place, _) in (0_u8..).zip(&state.wire) {
        if let Some(next) = step(world, state, Action::Arrive(place, Fate::Answered)) {
            return Some(next);
        }
    }
    for (worker, doing) in (0_u8..).zip(&state.workers) {
        let action = match doing {
            Worker::Idle => continue,
            Worker::Sending(_) => Action::Begin(worker),
            Worker::Begun(_) => Action::Check(worker),
            Worker::Ready(..) => Action::Send(worker),
            Worker::Waiting(..) => Action::GiveUp(worker),
            Worker::Asking if state.provider.paid > 0 => Action::Ask(worker, Answer::Found),
            Worker::Asking => Action::Ask(worker, Answer::Absent),
            Worker::Heard(_, None) if !world.holds(Guard::CompareAndSet) => Action::Read(worker),
            Worker::Heard(..) => Action::Write(worker),
            Worker::Telling(_) => Action::Tell(worker),
        };
        return step(world, state, action);
    }
    if state.progress.person {
        return None;
    }
    let by_itself = [Action::Settle(Status::Succeeded), Action::CloseWindow, Action::Tick];
    let by_itself = by_itself.into_iter().find_map(|action| step(world, state, action));
    by_itself.or_else(|| step(world, state, Action::Claim(0)))
}

/// More than any calm end needs.
const STEPS_MAX: u32 = 400;
