//! What one action does to a state, or that it cannot happen. Decisions are in `decide.rs`.

use crate::{
    action::{Action, Answer, Fate, Word},
    decide::{Change, Rules, Seen, Source},
    state::{News, Progress, Request, Said, State, Status, Worker},
    world::{Guard, Patience, Repeats, World},
};

/// What is to be done about a claimed payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Begin an attempt and send it.
    Send,
    /// Say that nobody knows what came of the attempt.
    AdmitDoubt,
    /// Ask the provider.
    Ask,
}

/// The engine's own table of what to do, as it depends on status and open attempt.
pub fn task(world: &World, progress: &Progress) -> Task {
    match (progress.status, progress.open) {
        (Status::Created | Status::Unknown, None) => Task::Send,
        (Status::Created | Status::Unknown, Some(_)) if !world.holds(Guard::OneOpenAttempt) => {
            Task::Send
        }
        (Status::Created, Some(_)) => Task::AdmitDoubt,
        (Status::Unknown, Some(_)) => Task::Ask,
        (Status::Pending | Status::Succeeded | Status::Failed | Status::Rejected, _) => Task::Ask,
    }
}

/// The state after `action`; `None` if it cannot happen or changes nothing.
pub(crate) fn step(world: &World, last: &State, action: Action) -> Option<State> {
    let mut moving = Moving { world, state: last.clone() };
    moving.act(action)?;
    let mut state = moving.state;
    state.ghost.as_of_max = state.ghost.as_of_max.max(state.progress.as_of);
    state.normalise(world.is_symmetric);
    (state != *last).then_some(state)
}

struct Moving<'a> {
    world: &'a World,
    state: State,
}

impl Moving<'_> {
    fn act(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Tick => self.tick(),
            Action::Claim(worker) => self.claim(worker)?,
            Action::Begin(worker) => self.begin(worker)?,
            Action::GiveBack(worker) => {
                let is_sending = matches!(self.worker(worker), Worker::Sending(_));
                (is_sending && self.is_holder(worker)).then_some(())?;
                self.leave(worker);
                self.state.lease = 0;
            }
            Action::Check(worker) => self.check(worker)?,
            Action::Send(worker) => self.send(worker)?,
            Action::NoConnection(worker) => self.fail_to_connect(worker)?,
            Action::GiveUp(worker) => self.give_up(worker)?,
            Action::Ask(worker, answer) => self.ask(worker, answer)?,
            Action::Read(worker) => {
                (!self.world.holds(Guard::CompareAndSet)).then_some(())?;
                let progress = Box::new(self.state.progress.clone());
                let Worker::Heard(_, copy @ None) = self.worker(worker) else { return None };
                *copy = Some(progress);
            }
            Action::Write(worker) => self.write(worker)?,
            Action::WriteAndCall(worker) => self.write_and_call(worker)?,
            Action::Tell(worker) => {
                let Worker::Telling(status) = *self.worker(worker) else { return None };
                self.state.ghost.application = status;
                *self.worker(worker) = Worker::Idle;
            }
            Action::Crash(worker) => {
                (*self.worker(worker) != Worker::Idle).then_some(())?;
                spend(&mut self.state.bounds.crashes)?;
                self.leave(worker);
            }
            Action::Arrive(place, fate) => self.arrive(place, fate)?,
            Action::Lose(place) => drop(self.state.wire.remove(usize::from(place))),
            Action::Settle(end) => {
                (self.state.provider.truth == 1).then_some(())?;
                self.state.provider.truth = 2;
                self.state.provider.first_end = end;
            }
            Action::Reverse => {
                let provider = &mut self.state.provider;
                (provider.truth >= 2 && !provider.is_window_over).then_some(())?;
                spend(&mut self.state.bounds.reversals)?;
                provider.truth += 1;
            }
            Action::CloseWindow => {
                // Ours opens when we learn of the end, so it closes after the provider's.
                let is_settled = self.state.progress.status.is_final();
                let provider = &mut self.state.provider;
                let is_at_an_end = provider.truth >= 2 || provider.paid == 0;
                // It is so long that nothing can be left on its way.
                let is_alive = |it: &Worker| {
                    matches!(it, Worker::Begun(_) | Worker::Ready(..) | Worker::Waiting(_))
                };
                let is_sending = self.state.workers.iter().any(is_alive);
                let is_over = is_at_an_end && self.state.wire.is_empty() && !is_sending;
                (is_settled && is_over).then_some(())?;
                provider.is_window_over = true;
            }
            Action::Forget => {
                let provider = &mut self.state.provider;
                let is_forgettable = self.world.memory.is_some_and(|it| provider.key_age >= it);
                (is_forgettable && provider.key > 0).then_some(())?;
                (provider.key, provider.key_age) = (0, 0);
            }
            Action::Event(truth) => {
                let status = self.state.provider.status_at(truth);
                self.learn(status, Source::Event { told: truth }, truth);
            }
            Action::Forged(claimed) => self.hear_forgery(claimed),
            Action::Decide(word) => self.decide(word)?,
        }
        Some(())
    }

    fn worker(&mut self, worker: u8) -> &mut Worker {
        &mut self.state.workers[usize::from(worker)]
    }

    fn rules(&self) -> Rules<'_> {
        Rules { world: self.world, is_window_over: self.state.provider.is_window_over }
    }

    /// The worker has nothing more to do with this payout; what it sent stays sent.
    fn leave(&mut self, worker: u8) {
        *self.worker(worker) = Worker::Idle;
        self.state.is_fenced_off[usize::from(worker)] = false;
        if self.state.holder == Some(worker) {
            self.state.holder = None;
        }
        for request in &mut self.state.wire {
            request.waits = request.waits.filter(|waits| *waits != worker);
        }
    }

    fn tick(&mut self) {
        let age_max = self.world.age_max();
        let memory = self.world.memory.unwrap_or(0);
        let first_max = self.world.resend_until().map_or(0, |until| until + 1);
        let older = |progress: &mut Progress| {
            let first_age = progress.first_age + u8::from(progress.attempts > 0);
            progress.first_age = first_max.min(first_age);
            progress.open = progress.open.map(|age| age_max.min(age + 1));
        };
        older(&mut self.state.progress);
        self.state.lease = self.state.lease.saturating_sub(1);
        for worker in &mut self.state.workers {
            match worker {
                Worker::Ready(_, age) => *age = self.world.deadline.min(*age + 1),
                Worker::Sending(Some(copy)) | Worker::Heard(_, Some(copy)) => older(copy),
                Worker::Idle
                | Worker::Sending(None)
                | Worker::Begun(_)
                | Worker::Waiting(_)
                | Worker::Asking
                | Worker::Heard(_, None)
                | Worker::Telling(_) => {}
            }
        }
        if self.world.queue.is_some() {
            self.state.wire.retain_mut(|request| {
                let is_alive = request.left > 0;
                request.left = request.left.saturating_sub(1);
                is_alive
            });
        }
        let provider = &mut self.state.provider;
        provider.key_age = memory.min(provider.key_age + u8::from(provider.key > 0));
        let lag = self.world.lag.unwrap_or(0);
        self.state.provider.age = lag.min(self.state.provider.age + 1);
    }

    fn claim(&mut self, worker: u8) -> Option<()> {
        let is_free = self.state.lease == 0 && self.state.progress.is_due;
        (is_free && *self.worker(worker) == Worker::Idle).then_some(())?;
        self.state.lease = self.world.lease;
        self.state.holder = Some(worker);
        let is_kept = !self.world.holds(Guard::CompareAndSet);
        let copy = is_kept.then(|| Box::new(self.state.progress.clone()));
        let doing = match task(self.world, &self.state.progress) {
            Task::Send => {
                self.fence_off_others(worker);
                Worker::Sending(copy)
            }
            Task::Ask => Worker::Asking,
            Task::AdmitDoubt => Worker::Heard(news(Said::Reply(Status::Unknown)), None),
        };
        *self.worker(worker) = doing;
        Some(())
    }

    fn fence_off_others(&mut self, worker: u8) {
        let others = (0_u8..).zip(&self.state.workers).zip(&mut self.state.is_fenced_off);
        for ((other, doing), is_fenced_off) in others {
            *is_fenced_off = other != worker && *doing != Worker::Idle;
        }
    }

    fn is_holder(&self, worker: u8) -> bool {
        let is_fenced_off = self.state.is_fenced_off[usize::from(worker)];
        !is_fenced_off || !self.world.holds(Guard::Fence)
    }

    fn begin(&mut self, worker: u8) -> Option<()> {
        let Worker::Sending(copy) = self.worker(worker).clone() else { return None };
        if !self.is_holder(worker) {
            // Somebody else claimed: the commit is refused, and whoever it was knows more.
            self.leave(worker);
            return Some(());
        }
        let mut copy = copy.map_or_else(|| self.state.progress.clone(), |copy| *copy);
        if let Some(reopened) = self.rules().reopened(&copy) {
            self.leave(worker);
            self.state.lease = 0;
            self.store(worker, reopened);
            return Some(());
        }
        copy.attempts += 1;
        copy.absences = 0;
        copy.open = Some(0);
        copy.is_due = true;
        *self.worker(worker) = Worker::Begun(copy.attempts);
        if self.world.holds(Guard::DurableBegin) {
            self.state.ghost.durable = copy.attempts;
            self.store(worker, copy);
        }
        Some(())
    }

    /// Commits: everybody else's copy of the row is outdated from now on. Whoever was about to begin
    /// an attempt over it will be refused, and does nothing more.
    fn store(&mut self, writer: u8, progress: Progress) {
        self.state.progress = progress;
        if !self.world.holds(Guard::CompareAndSet) {
            return;
        }
        for (worker, doing) in (0_u8..).zip(&mut self.state.workers) {
            match doing {
                Worker::Sending(_) if worker != writer => {
                    *doing = Worker::Idle;
                    self.state.is_fenced_off[usize::from(worker)] = false;
                    self.state.holder = self.state.holder.filter(|holder| *holder != worker);
                }
                _ => {}
            }
        }
    }

    fn check(&mut self, worker: u8) -> Option<()> {
        let Worker::Begun(attempt) = *self.worker(worker) else { return None };
        let has_time = self.state.holder == Some(worker) && self.state.lease > self.world.deadline;
        if has_time || !self.world.holds(Guard::TimeToSend) {
            *self.worker(worker) = Worker::Ready(attempt, 0);
        } else {
            self.hear(worker, Said::NotTaken);
        }
        Some(())
    }

    fn send(&mut self, worker: u8) -> Option<()> {
        let Worker::Ready(attempt, age) = *self.worker(worker) else { return None };
        if age >= self.world.deadline && self.world.holds(Guard::TimeToSend) {
            self.hear(worker, Said::Reply(Status::Unknown));
            return Some(());
        }
        self.state.ghost.has_left_early |= attempt > self.state.ghost.durable;
        let key = if self.world.holds(Guard::SameKey) { 1 } else { attempt };
        let left = self.world.queue.unwrap_or(0);
        self.state.wire.push(Request { key, left, waits: Some(worker) });
        *self.worker(worker) = Worker::Waiting(attempt);
        Some(())
    }

    fn fail_to_connect(&mut self, worker: u8) -> Option<()> {
        let Worker::Ready(..) = self.worker(worker) else { return None };
        spend(&mut self.state.bounds.untaken)?;
        self.hear(worker, Said::NotTaken);
        Some(())
    }

    fn give_up(&mut self, worker: u8) -> Option<()> {
        let Worker::Waiting(attempt) = *self.worker(worker) else { return None };
        for request in &mut self.state.wire {
            request.waits = request.waits.filter(|waits| *waits != worker);
        }
        let said = if !self.world.holds(Guard::TimeoutIsUnknown) {
            Said::Refused
        } else if !self.world.holds(Guard::TimeoutIsNotNonArrival) {
            Said::NotTaken
        } else {
            Said::Reply(Status::Unknown)
        };
        if said == Said::Refused {
            self.hear_refusal(worker, attempt);
        } else {
            self.hear(worker, said);
        }
        Some(())
    }

    fn hear(&mut self, worker: u8, said: Said) {
        *self.worker(worker) = Worker::Heard(news(said), None);
    }

    fn hear_refusal(&mut self, worker: u8, attempt: u8) {
        let seen = self.state.now();
        *self.worker(worker) = Worker::Heard(News { attempt, seen, ..news(Said::Refused) }, None);
    }

    fn arrive(&mut self, place: u8, fate: Fate) -> Option<()> {
        let request = self.state.wire.remove(usize::from(place));
        let is_repeat = self.world.repeats == Repeats::Refused
            && self.state.provider.paid > 0
            && self.state.provider.key == request.key;
        let said = match fate {
            Fate::Unread => {
                spend(&mut self.state.bounds.untaken)?;
                Said::NotTaken
            }
            // It may do so before it looks at the key.
            Fate::Refused => {
                self.state.provider.has_refused = true;
                Said::Refused
            }
            // It answers what it answered first.
            Fate::Answered | Fate::Unanswered if is_repeat && self.world.memory.is_some() => {
                Said::Reply(Status::Pending)
            }
            Fate::Answered | Fate::Unanswered if is_repeat => {
                match self.world.holds(Guard::DuplicateIsUnknown) {
                    true => Said::Reply(Status::Unknown),
                    false => Said::Refused,
                }
            }
            Fate::Answered | Fate::Unanswered => {
                let provider = &mut self.state.provider;
                provider.paid += 1;
                provider.key = request.key;
                provider.age = 0;
                provider.truth = provider.truth.max(1);
                Said::Reply(Status::Pending)
            }
        };
        let Some(worker) = request.waits.filter(|_| fate != Fate::Unanswered) else {
            return Some(());
        };
        let Worker::Waiting(attempt) = *self.worker(worker) else { return None };
        match said {
            Said::Refused => self.hear_refusal(worker, attempt),
            _ => self.hear(worker, said),
        }
        Some(())
    }

    fn ask(&mut self, worker: u8, answer: Answer) -> Option<()> {
        let Worker::Asking = self.worker(worker) else { return None };
        let has_it = self.state.provider.paid > 0;
        let is_closing = self.state.provider.is_window_over;
        let heard = match answer {
            Answer::Found if has_it => {
                let asked = self.state.now();
                let as_of = self.state.provider.truth;
                let told = news(Said::Query(self.state.provider.status()));
                News { asked, seen: asked + 1, is_closing, as_of, ..told }
            }
            Answer::Found => return None,
            Answer::Absent if self.world.is_in_order && !self.state.wire.is_empty() => {
                return None;
            }
            Answer::Absent => {
                let is_visible = self.world.lag.is_some_and(|lag| self.state.provider.age >= lag);
                if has_it && is_visible {
                    spend(&mut self.state.bounds.wrong_absences)?;
                }
                let age = self.state.progress.open;
                let is_old = age.is_some_and(|age| age >= self.world.grace);
                // In the window after the window, a wrong absence is followed by a right answer.
                let is_closing = is_closing && !has_it;
                News { is_closing, is_old, ..news(Said::Absent) }
            }
            Answer::Nothing => news(Said::Nothing),
        };
        *self.worker(worker) = Worker::Heard(heard, None);
        Some(())
    }

    fn write(&mut self, worker: u8) -> Option<()> {
        let Worker::Heard(news, copy) = self.worker(worker).clone() else { return None };
        let copy = match copy {
            None if self.world.holds(Guard::CompareAndSet) => self.state.progress.clone(),
            None => return None,
            Some(copy) => *copy,
        };
        let is_holder = self.is_holder(worker);
        let heard = self.rules().hear(&copy, &news, is_holder);
        let is_told = self.world.holds(Guard::NoticeInCommit);
        let ended = is_holder && heard.is_some();
        self.leave(worker);
        if ended {
            self.state.lease = 0;
        }
        let Some((progress, change)) = heard else { return Some(()) };
        let status = progress.status;
        self.store(worker, progress);
        if is_told {
            self.notice(change);
        } else if matches!(change, Change::Advanced | Change::Reversed) {
            *self.worker(worker) = Worker::Telling(status);
        }
        Some(())
    }

    fn write_and_call(&mut self, worker: u8) -> Option<()> {
        let Worker::Heard(news, _) = self.worker(worker) else { return None };
        let is_query = matches!(news.said, Said::Absent | Said::Nothing | Said::Refused);
        (is_query && self.world.patience == Patience::Any).then_some(())?;
        self.write(worker)?;
        let progress = &mut self.state.progress;
        progress.person |= progress.status == Status::Unknown && progress.open.is_some();
        Some(())
    }

    fn notice(&mut self, change: Change) {
        match change {
            Change::Advanced | Change::Reversed => {
                self.state.ghost.application = self.state.progress.status;
            }
            Change::Same | Change::Stale | Change::Confirm => {}
        }
    }

    /// Evidence from outside, read and written at once: an application that is interrupted leaves
    /// the delivery in the inbox, and a conflict repeats it.
    fn learn(&mut self, status: Status, source: Source, as_of: u8) {
        let now = self.state.now();
        let seen = Seen { status, source, seen: now, as_of };
        let (progress, change) = self.rules().learn(&self.state.progress, &seen);
        self.store(NOBODY, progress);
        self.notice(change);
    }

    fn hear_forgery(&mut self, claimed: Status) {
        let before = self.state.progress.status;
        if self.world.holds(Guard::UnverifiedOnlyAsks) {
            let progress = Progress { is_due: true, ..self.state.progress.clone() };
            self.store(NOBODY, progress);
        } else {
            let told = self.state.provider.truth + 1;
            self.learn(claimed, Source::Event { told }, self.state.progress.as_of);
        }
        self.state.ghost.is_forgery_believed |= before != self.state.progress.status;
    }

    /// A person tells the truth as far as the provider's books show it. They show neither what a worker of
    /// ours is about to do nor what is on its way.
    fn decide(&mut self, word: Word) -> Option<()> {
        let is_nowhere = self.state.provider.paid == 0;
        spend(&mut self.state.bounds.operator)?;
        match word {
            Word::End => {
                let truth = self.state.provider.truth;
                (truth >= 2).then_some(())?;
                self.learn(self.state.provider.status(), Source::Operator, truth);
            }
            Word::Failed => {
                let is_over = self.rules().is_over(&self.state.progress);
                (is_nowhere && is_over).then_some(())?;
                self.state.provider.has_refused = true;
                self.learn(Status::Failed, Source::Operator, 0);
            }
            Word::SendAgain => {
                is_nowhere.then_some(())?;
                let progress = self.rules().send_again(&self.state.progress)?;
                self.store(NOBODY, progress);
            }
            Word::Ask => {
                let before = self.state.progress.clone();
                let asked = Progress { person: false, absences: 0, is_due: true, ..before };
                self.store(NOBODY, asked);
            }
        }
        Some(())
    }
}

/// Heard, with no more about it than matters for most of what can be heard.
fn news(said: Said) -> News {
    let as_of = u8::from(said == Said::Reply(Status::Pending));
    News { said, attempt: 0, asked: 0, seen: 0, is_closing: false, is_old: false, as_of }
}

/// One less of what may go wrong; `None` if nothing of it is left.
fn spend(left: &mut u8) -> Option<()> {
    if *left != u8::MAX {
        *left = left.checked_sub(1)?;
    }
    Some(())
}

/// Not one of the workers.
const NOBODY: u8 = u8::MAX;
