//! Everything that can happen, and what can happen next. What it does is in `step.rs`.

use crate::state::{State, Status, Worker};

/// What the provider does with a request that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Takes it, or says that it has the key already; the answer arrives if anybody waits.
    Answered,
    /// The same, and the answer is lost.
    Unanswered,
    /// Refuses it for good.
    Refused,
    /// Refuses it unread.
    Unread,
}

/// What a query is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The truth about a payout that is there.
    Found,
    /// "No such payout", which may be true.
    Absent,
    /// Nothing that helps.
    Nothing,
}

/// A person's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// "I saw how it ended."
    End,
    /// "It did not and will not arrive: it failed."
    Failed,
    /// "It did not and will not arrive: send it again."
    SendAgain,
    /// "Ask again."
    Ask,
}

/// One thing that happens. The first number is the worker's, or the place of a request on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Time passes.
    Tick,
    /// A worker claims the payout.
    Claim(u8),
    /// It makes an attempt durable.
    Begin(u8),
    /// It ends its claim and sends nothing: there is no time for it.
    GiveBack(u8),
    /// It looks whether there is time to send.
    Check(u8),
    /// The request leaves, unless the deadline is over.
    Send(u8),
    /// The request certainly does not leave.
    NoConnection(u8),
    /// It waits no longer.
    GiveUp(u8),
    /// It asks and is answered. What happens between query and answer could only make the answer
    /// newer than its query, and so count for less.
    Ask(u8, Answer),
    /// It reads the row to write down what it heard; only without the guard that makes this one
    /// with the write.
    Read(u8),
    /// It writes. A conflict repeats reading and writing, so that both are one step.
    Write(u8),
    /// As [`Action::Write`], and there were so many queries that a person is called.
    WriteAndCall(u8),
    /// It tells the application; only without the guard that makes this one with the write.
    Tell(u8),
    /// It ends, and another one starts in its place.
    Crash(u8),
    /// A request arrives.
    Arrive(u8, Fate),
    /// A request is lost.
    Lose(u8),
    /// The provider forgets the key.
    Forget,
    /// The provider comes to an end with it.
    Settle(Status),
    /// The provider takes the end back.
    Reverse,
    /// The return window closes, here and there.
    CloseWindow,
    /// A verified event about a truth arrives and is applied: in time, late, or again.
    Event(u8),
    /// Something unverified arrives that claims this.
    Forged(Status),
    /// A person decides.
    Decide(Word),
}

/// Everything that may happen next; what turns out to change nothing is dropped by `step`.
pub(crate) fn possible(state: &State, actions: &mut Vec<Action>) {
    actions.push(Action::Tick);
    for worker in [0, 1] {
        of_worker(state, worker, actions);
    }
    let requests = u8::try_from(state.wire.len()).unwrap_or(u8::MAX);
    for place in 0..requests {
        let fates = [Fate::Answered, Fate::Unanswered, Fate::Refused, Fate::Unread];
        actions.extend(fates.map(|fate| Action::Arrive(place, fate)));
        actions.push(Action::Lose(place));
    }
    actions.extend([Status::Succeeded, Status::Failed].map(Action::Settle));
    actions.extend([Action::Reverse, Action::CloseWindow, Action::Forget]);
    actions.extend((1..=state.provider.truth).map(Action::Event));
    actions.extend([Status::Succeeded, Status::Failed].map(Action::Forged));
    if state.bounds.operator > 0 {
        actions.extend([Word::End, Word::Failed, Word::SendAgain, Word::Ask].map(Action::Decide));
    }
}

fn of_worker(state: &State, worker: u8, actions: &mut Vec<Action>) {
    let doing = &state.workers[usize::from(worker)];
    match doing {
        Worker::Idle => {
            actions.push(Action::Claim(worker));
            return;
        }
        Worker::Sending(_) => actions.extend([Action::Begin(worker), Action::GiveBack(worker)]),
        Worker::Begun(_) => actions.push(Action::Check(worker)),
        Worker::Ready(..) => actions.extend([Action::Send(worker), Action::NoConnection(worker)]),
        Worker::Waiting(..) => actions.push(Action::GiveUp(worker)),
        Worker::Asking => {
            let answers = [Answer::Found, Answer::Absent, Answer::Nothing];
            actions.extend(answers.map(|answer| Action::Ask(worker, answer)));
        }
        Worker::Heard(..) => actions.extend([
            Action::Read(worker),
            Action::Write(worker),
            Action::WriteAndCall(worker),
        ]),
        Worker::Telling(_) => actions.push(Action::Tell(worker)),
    }
    actions.push(Action::Crash(worker));
}
