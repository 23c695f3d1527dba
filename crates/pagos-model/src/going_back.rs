//! The store goes back to an earlier state, as a model of its own: two workers, a provider that pays
//! whatever arrives, a witness that refuses what it has, and a merchant who pays a refused debt
//! otherwise.
//!
//! Waiting is left out. Absence is answered truthfully and only where nothing of the attempt that is
//! open can be on its way, which is what the grace is for; what another state's attempt is about is
//! not covered by it. The store does not go back to a state in which the payout is in doubt after its
//! failure was told: that is a known limit, which `docs/SAFETY.md` names.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model, Property};

/// What keeps the promises. Each can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WitnessGuard {
    /// There is a witness at all.
    Witness,
    /// An attempt is noted before its request leaves.
    NotedFirst,
    /// The witness refuses an attempt that it has.
    RefuseKnown,
    /// A worker compares the store with the witness before it claims on a line of history.
    CompareFirst,
    /// What is recalled is sent again by a person only.
    RecalledRests,
    /// A proof closes the very attempt that it is about, not another one of the same number.
    ThisAttempt,
}

impl WitnessGuard {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Witness,
        Self::NotedFirst,
        Self::RefuseKnown,
        Self::CompareFirst,
        Self::RecalledRests,
        Self::ThisAttempt,
    ];
}

/// The world of one payout whose store can go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoingBackWorld {
    /// What goes back.
    pub kind: WhatGoesBack,
    without: Option<WitnessGuard>,
}

/// What goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhatGoesBack {
    /// A server, which says that it continues on another line of history. Workers go on.
    Server,
    /// A file, which nobody has open meanwhile.
    File,
    /// A file that is exchanged under running workers. Of this one not everything is promised.
    FileInUse,
}

/// One attempt. No two have the same `id`, and after the store went back two can have one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Begun {
    number: u8,
    id: u8,
}

/// The row of the payout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    attempts: u8,
    open: Option<Begun>,
    is_recalled: bool,
    is_settled: bool,
    is_failed: bool,
    /// The number of the newest claim, and whether it holds.
    epoch: u8,
    is_leased: bool,
}

/// What a worker is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Doing {
    Nothing,
    /// Its attempt is durable.
    Begun(Begun),
    /// The witness let it pass.
    Passed(Begun),
    /// Its request has left.
    Waiting(Begun),
    /// Its request certainly does not leave.
    Closing(Begun),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Worker {
    doing: Doing,
    epoch: u8,
    /// The line of history on which it claimed.
    line: u8,
    /// Whether its claim is over.
    is_late: bool,
    /// The line of history on which it compared last.
    compared: Option<u8>,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GoingBackState {
    row: Row,
    kept: Row,
    line: u8,
    workers: [Worker; 2],
    /// The attempt with the highest number that the witness has.
    noted: Option<Begun>,
    /// Requests on their way.
    wire: BTreeSet<u8>,
    paid: u8,
    is_paid_otherwise: bool,
    /// Whether the merchant was ever told that it failed.
    was_told_failed: bool,
    begun: u8,
    returns_left: u8,
    crashes_left: u8,
    /// Ghost: a worker began an attempt although a later one was noted before.
    has_begun_blindly: bool,
}

/// What can happen. The number is the worker's, or the attempt's on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GoingBackAction {
    /// A worker compares the store with the witness.
    Compare(u8),
    /// It claims the payout, and its attempt begins.
    Claim(u8),
    /// It asks the witness.
    Note(u8),
    /// Its request leaves.
    Send(u8),
    /// It waits no longer.
    GiveUp(u8),
    /// It closes the attempt that it did not send.
    Close(u8),
    /// Its claim is over.
    Expire(u8),
    /// It ends, and another one begins in its place.
    Crash(u8),
    /// Whoever claims it next queries the provider.
    Ask,
    /// A request arrives and is paid.
    Pay(u8),
    /// A request arrives and is refused for good.
    Refuse(u8),
    /// A request is lost.
    Lose(u8),
    /// The present state is one that the store can go back to.
    Keep,
    /// The store goes back.
    GoBack,
    /// The merchant pays a failed debt under another key.
    PayOtherwise,
}

/// What must hold.
pub const GOING_BACK_PROMISES: [&str; 2] =
    ["a debt is paid once", "nothing begins on a line of history that was not compared"];

/// What has to be seen somewhere.
pub const GOING_BACK_SIGHTS: [&str; 4] = [
    "paid after the store went back",
    "recalled and found",
    "recalled and waiting for a person",
    "failed, paid otherwise, and forgotten",
];

const ATTEMPTS_MAX: u8 = 3;

impl GoingBackWorld {
    /// A world with every guard.
    pub fn new(kind: WhatGoesBack) -> Self {
        Self { kind, without: None }
    }

    /// The same world without a guard.
    #[must_use]
    pub fn without(self, guard: WitnessGuard) -> Self {
        Self { without: Some(guard), ..self }
    }

    fn holds(&self, guard: WitnessGuard) -> bool {
        self.without != Some(guard)
    }

    fn change(&self, state: &mut GoingBackState, action: GoingBackAction) -> Option<()> {
        match action {
            GoingBackAction::Compare(nth) => self.compare(state, nth)?,
            GoingBackAction::Claim(nth) => self.claim(state, nth)?,
            GoingBackAction::Note(nth) => self.note(state, nth)?,
            GoingBackAction::Send(nth) => self.send(state, nth)?,
            GoingBackAction::GiveUp(nth) => {
                let Doing::Waiting(_) = worker(state, nth).doing else { return None };
                state.end_claim(nth);
            }
            GoingBackAction::Close(nth) => self.close(state, nth)?,
            GoingBackAction::Expire(nth) => {
                let worker = worker(state, nth);
                (worker.doing != Doing::Nothing && !worker.is_late).then_some(())?;
                worker.is_late = true;
                let epoch = worker.epoch;
                state.row.is_leased &= state.row.epoch != epoch;
            }
            GoingBackAction::Crash(nth) => {
                state.crashes_left = state.crashes_left.checked_sub(1)?;
                state.end_claim(nth);
                worker(state, nth).compared = None;
            }
            GoingBackAction::Ask => self.ask(state)?,
            GoingBackAction::Pay(id) => {
                state.wire.remove(&id).then_some(())?;
                state.paid += 1;
            }
            GoingBackAction::Refuse(id) => state.refuse(id)?,
            GoingBackAction::Lose(id) => state.wire.remove(&id).then_some(())?,
            GoingBackAction::Keep => state.kept = state.row.clone(),
            GoingBackAction::GoBack => {
                // That a payout failed which is in doubt in the earlier state, no witness knows.
                (!state.was_told_failed || state.kept.open.is_none()).then_some(())?;
                state.returns_left = state.returns_left.checked_sub(1)?;
                state.row = state.kept.clone();
                // Nobody is alive whose claim this is, or it runs out.
                state.row.is_leased = false;
                state.line += u8::from(self.kind == WhatGoesBack::Server);
                if self.kind == WhatGoesBack::File {
                    for nth in [0, 1] {
                        state.end_claim(nth);
                        worker(state, nth).compared = None;
                    }
                }
            }
            GoingBackAction::PayOtherwise => {
                (state.was_told_failed && !state.is_paid_otherwise).then_some(())?;
                state.is_paid_otherwise = true;
            }
        }
        Some(())
    }

    fn compare(&self, state: &mut GoingBackState, nth: u8) -> Option<()> {
        let line = state.line;
        (self.holds(WitnessGuard::Witness) && worker(state, nth).compared != Some(line))
            .then_some(())?;
        worker(state, nth).compared = Some(line);
        if let Some(noted) = state.noted
            && state.row.attempts < noted.number
        {
            state.row.recall(noted);
        }
        Some(())
    }

    fn claim(&self, state: &mut GoingBackState, nth: u8) -> Option<()> {
        let line = state.line;
        let is_compared = worker(state, nth).compared == Some(line);
        let may_claim = is_compared
            || !self.holds(WitnessGuard::CompareFirst)
            || !self.holds(WitnessGuard::Witness);
        let is_idle = worker(state, nth).doing == Doing::Nothing;
        let row = &state.row;
        let is_to_send = row.open.is_none() && !row.is_settled && !row.is_failed && !row.is_leased;
        (may_claim && is_idle && is_to_send).then_some(())?;
        state.begun += 1;
        state.row.attempts += 1;
        let begun = Begun { number: state.row.attempts, id: state.begun };
        state.row.open = Some(begun);
        state.row.epoch += 1;
        state.row.is_leased = true;
        let is_blind = state.noted.is_some_and(|noted| noted.number >= begun.number);
        state.has_begun_blindly |= is_blind && self.kind != WhatGoesBack::FileInUse;
        let epoch = state.row.epoch;
        let worker = worker(state, nth);
        worker.line = line;
        (worker.doing, worker.epoch, worker.is_late) = (Doing::Begun(begun), epoch, false);
        if !self.holds(WitnessGuard::Witness) {
            worker.doing = Doing::Passed(begun);
        }
        Some(())
    }

    fn note(&self, state: &mut GoingBackState, nth: u8) -> Option<()> {
        let (line, claimed) = (state.line, worker(state, nth).line);
        let is_compared = worker(state, nth).compared == Some(line) && claimed == line;
        let doing = worker(state, nth).doing;
        let begun = match doing {
            Doing::Begun(begun) => begun,
            // It notes what it has sent already.
            Doing::Waiting(begun) if !self.holds(WitnessGuard::NotedFirst) => begun,
            _ => return None,
        };
        if !is_compared && self.holds(WitnessGuard::CompareFirst) && doing == Doing::Begun(begun) {
            worker(state, nth).doing = Doing::Closing(begun);
            return Some(());
        }
        let known = state.noted.filter(|noted| noted.number >= begun.number);
        match known.filter(|_| self.holds(WitnessGuard::RefuseKnown)) {
            Some(noted) => {
                (doing == Doing::Begun(begun)).then_some(())?;
                let epoch = worker(state, nth).epoch;
                if state.row.epoch == epoch {
                    state.row.recall(noted);
                }
                state.end_claim(nth);
            }
            None => {
                state.noted = Some(state.noted.unwrap_or(begun).max(begun));
                if doing == Doing::Begun(begun) {
                    worker(state, nth).doing = Doing::Passed(begun);
                }
            }
        }
        Some(())
    }

    fn send(&self, state: &mut GoingBackState, nth: u8) -> Option<()> {
        let worker = worker(state, nth);
        let begun = match worker.doing {
            Doing::Passed(begun) => begun,
            Doing::Begun(begun) if !self.holds(WitnessGuard::NotedFirst) => begun,
            _ => return None,
        };
        if worker.is_late {
            worker.doing = Doing::Closing(begun);
            return Some(());
        }
        worker.doing = Doing::Waiting(begun);
        state.wire.insert(begun.id);
        Some(())
    }

    fn close(&self, state: &mut GoingBackState, nth: u8) -> Option<()> {
        let Doing::Closing(begun) = worker(state, nth).doing else { return None };
        let epoch = worker(state, nth).epoch;
        let is_this = |open: Begun| match self.holds(WitnessGuard::ThisAttempt) {
            true => open == begun,
            false => open.number == begun.number,
        };
        let row = &mut state.row;
        if row.epoch == epoch && row.open.is_some_and(is_this) && self.may_close(row) {
            row.open = None;
        }
        state.end_claim(nth);
        Some(())
    }

    fn may_close(&self, row: &Row) -> bool {
        !row.is_recalled || !self.holds(WitnessGuard::RecalledRests)
    }

    fn ask(&self, state: &mut GoingBackState) -> Option<()> {
        let open = state.row.open.filter(|_| !state.row.is_leased && !state.row.is_failed)?;
        if state.paid > 0 {
            (state.row.is_settled, state.row.open) = (true, None);
            return Some(());
        }
        let is_alive = state.wire.contains(&open.id)
            || state.workers.iter().any(|it| it.doing.is_about(open) && !it.is_late);
        (!is_alive && self.may_close(&state.row)).then_some(())?;
        state.row.open = None;
        Some(())
    }
}

impl Row {
    fn recall(&mut self, noted: Begun) {
        self.attempts = self.attempts.max(noted.number);
        self.is_recalled = true;
        self.is_leased = false;
        if !self.is_settled {
            self.open = Some(noted);
        }
    }
}

impl Doing {
    fn is_about(self, attempt: Begun) -> bool {
        match self {
            Doing::Nothing | Doing::Closing(_) => false,
            Doing::Begun(it) | Doing::Passed(it) | Doing::Waiting(it) => it == attempt,
        }
    }
}

impl GoingBackState {
    fn first() -> Self {
        let row = Row {
            attempts: 0,
            open: None,
            is_recalled: false,
            is_settled: false,
            is_failed: false,
            epoch: 0,
            is_leased: false,
        };
        let worker =
            Worker { doing: Doing::Nothing, epoch: 0, line: 0, is_late: false, compared: None };
        Self {
            kept: row.clone(),
            row,
            line: 0,
            workers: [worker.clone(), worker],
            noted: None,
            wire: BTreeSet::new(),
            paid: 0,
            is_paid_otherwise: false,
            was_told_failed: false,
            begun: 0,
            returns_left: 2,
            crashes_left: 1,
            has_begun_blindly: false,
        }
    }

    /// A request is refused, and whoever waits for it writes that down if it still may.
    fn refuse(&mut self, id: u8) -> Option<()> {
        self.wire.remove(&id).then_some(())?;
        for nth in [0, 1] {
            let Doing::Waiting(begun) = worker(self, nth).doing else { continue };
            if begun.id != id {
                continue;
            }
            let epoch = worker(self, nth).epoch;
            let row = &mut self.row;
            let is_this = row.open.is_some_and(|open| open.number == begun.number);
            if row.epoch == epoch && is_this && !row.is_recalled {
                (row.is_failed, row.open) = (true, None);
                self.was_told_failed = true;
            }
            self.end_claim(nth);
        }
        Some(())
    }

    fn end_claim(&mut self, nth: u8) {
        let epoch = worker(self, nth).epoch;
        self.row.is_leased &= self.row.epoch != epoch;
        let worker = worker(self, nth);
        (worker.doing, worker.epoch, worker.line, worker.is_late) = (Doing::Nothing, 0, 0, false);
    }
}

fn worker(state: &mut GoingBackState, nth: u8) -> &mut Worker {
    &mut state.workers[usize::from(nth)]
}

impl Model for GoingBackWorld {
    type State = GoingBackState;
    type Action = GoingBackAction;

    fn init_states(&self) -> Vec<GoingBackState> {
        vec![GoingBackState::first()]
    }

    fn actions(&self, state: &GoingBackState, actions: &mut Vec<GoingBackAction>) {
        for nth in [0, 1] {
            actions.extend([
                GoingBackAction::Compare(nth),
                GoingBackAction::Claim(nth),
                GoingBackAction::Note(nth),
                GoingBackAction::Send(nth),
                GoingBackAction::GiveUp(nth),
                GoingBackAction::Close(nth),
                GoingBackAction::Expire(nth),
                GoingBackAction::Crash(nth),
            ]);
        }
        for id in &state.wire {
            actions.extend([
                GoingBackAction::Pay(*id),
                GoingBackAction::Refuse(*id),
                GoingBackAction::Lose(*id),
            ]);
        }
        actions.extend([
            GoingBackAction::Ask,
            GoingBackAction::Keep,
            GoingBackAction::GoBack,
            GoingBackAction::PayOtherwise,
        ]);
    }

    fn next_state(&self, last: &GoingBackState, action: GoingBackAction) -> Option<GoingBackState> {
        let mut state = last.clone();
        self.change(&mut state, action)?;
        (state != *last).then_some(state)
    }

    fn within_boundary(&self, state: &GoingBackState) -> bool {
        state.begun <= ATTEMPTS_MAX
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let promises: [fn(&Self, &GoingBackState) -> bool; 2] = [
            |_, state| state.paid + u8::from(state.is_paid_otherwise) <= 1,
            |_, state| !state.has_begun_blindly,
        ];
        let sights: [fn(&Self, &GoingBackState) -> bool; 4] = [
            |_, state| state.paid == 1 && state.returns_left == 0 && !state.row.is_recalled,
            |_, state| state.row.is_recalled && state.row.is_settled,
            |_, state| state.row.is_recalled && state.paid == 0 && state.wire.is_empty(),
            |_, state| state.is_paid_otherwise && !state.row.is_failed,
        ];
        let promised = GOING_BACK_PROMISES.into_iter().zip(promises);
        let seen = GOING_BACK_SIGHTS.into_iter().zip(sights);
        promised
            .map(|(name, holds)| Property::always(name, holds))
            .chain(seen.map(|(name, sight)| Property::sometimes(name, sight)))
            .collect()
    }
}

/// Explores the world completely: how many states there are, and which sights were not seen.
///
/// # Errors
/// The shortest way to a broken promise.
pub fn explore_going_back(
    world: &GoingBackWorld,
) -> Result<(usize, Vec<&'static str>), Vec<GoingBackAction>> {
    let checker = world.clone().checker().threads(2).spawn_bfs().join();
    if let Some(path) = GOING_BACK_PROMISES.iter().find_map(|name| checker.discovery(name)) {
        return Err(path.into_actions());
    }
    let unseen = GOING_BACK_SIGHTS.into_iter().filter(|name| checker.discovery(name).is_none());
    Ok((checker.unique_state_count(), unseen.collect()))
}

/// The shortest way to break one of [`GOING_BACK_PROMISES`] in this world.
pub fn way_back(world: &GoingBackWorld, promise: &'static str) -> Option<Vec<GoingBackAction>> {
    let enough = HasDiscoveries::AnyOf(BTreeSet::from([promise]));
    let checker = world.clone().checker().finish_when(enough).spawn_bfs().join();
    Some(checker.discovery(promise)?.into_actions())
}
