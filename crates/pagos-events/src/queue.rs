//! What is tried next at an endpoint, and what an outcome means for it. Pure.
//!
//! A failure says nothing about whose fault it is: it can be the endpoint's or the event's. So the next
//! thing that is tried is an event of another lane, alone. If that fails too, the endpoint is down, and
//! nothing but a try at growing intervals leaves. If it is accepted, the event is to blame: it is set aside, and
//! its lane waits with it.

use std::sync::Arc;

use pagos_core::Timestamp;

use crate::{
    event::Event,
    schedule::{self, A_WHILE, Blame, Failure, HORIZON, Jitter, Outcome},
    state::{Health, PersonsOrder, State},
    window::{Candidate, Room, WINDOW, Window},
};

/// The events of one endpoint, and how it stands.
#[derive(Debug)]
pub(crate) struct Queue {
    endpoint: String,
    window: Window,
    health: Health,
    evidence: Evidence,
    in_flight: usize,
    in_flight_max: usize,
    /// The number of tries so far, and how many of them had begun when the endpoint failed first.
    starts: u64,
    failing_after: u64,
    /// The lane that is set aside and being tried.
    aside_in_flight: Option<String>,
    has_suspect_in_flight: bool,
    refuses_greeting: bool,
    has_told_no_room: bool,
    replay: Option<u64>,
    /// That of the waits that follow from the latest outcome.
    jitter: Jitter,
    /// What to tell a person, once it is durable.
    calls: Vec<String>,
    is_changed: bool,
}

/// Which lanes have failed since the last success.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Evidence {
    Nothing,
    OneLane(String),
    SeveralLanes,
}

/// One try.
#[derive(Debug)]
pub(crate) struct Start {
    serial: u64,
    is_suspect: bool,
    /// The number of the try, from 1: of the event since it was read, or of the endpoint since it fails.
    pub(crate) attempt: u32,
    pub(crate) task: Task,
}

/// What is tried.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// An event of the window.
    Event { number: u64, event: Arc<Event> },
    /// The first event of a lane that is set aside; it has to be read.
    Aside { lane: String, number: u64 },
    /// `endpoint.recovered`, which says since when the endpoint failed.
    Greeting { since: Timestamp, settled: u64 },
}

impl Queue {
    /// The queue as it was stored. `position` is the reader's.
    pub(crate) fn load(endpoint: &str, in_flight_max: usize, state: State, position: u64) -> Self {
        let is_failing = state.health.failing_since.is_some();
        Self {
            endpoint: endpoint.to_owned(),
            window: Window::new(state.head.unwrap_or(position), state.asides),
            health: state.health,
            evidence: if is_failing { Evidence::SeveralLanes } else { Evidence::Nothing },
            in_flight: 0,
            in_flight_max,
            starts: 0,
            failing_after: 0,
            aside_in_flight: None,
            has_suspect_in_flight: false,
            refuses_greeting: false,
            has_told_no_room: false,
            replay: None,
            jitter: Jitter::default(),
            calls: Vec::new(),
            is_changed: false,
        }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    pub(crate) fn push(&mut self, number: u64, event: Event) {
        self.is_changed |= self.window.push(number, event);
    }

    /// Whether events are to be read: it has room for many, or none.
    pub(crate) fn wants_events(&self) -> bool {
        let room = self.window.room();
        self.health.off_since.is_none() && self.replay.is_none() && room >= WINDOW / 2
    }

    /// Whether everything is as it should be.
    pub(crate) fn is_working(&self) -> bool {
        self.health.failing_since.is_none() && self.health.off_since.is_none()
    }

    /// Whether something has to be written, other than the position of the reader.
    pub(crate) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// The durable part, and what to tell a person with it. `position` is the reader's.
    pub(crate) fn state(&self, position: u64) -> (State, &[String]) {
        let (head, asides) = (self.window.head(), self.window.asides());
        let state = State {
            lease: None,
            head: (!asides.is_empty() || head != position).then_some(head),
            health: self.health.clone(),
            asides,
            orders: self.replay.map(|from| PersonsOrder::Replay { from }).into_iter().collect(),
        };
        (state, &self.calls)
    }

    /// The durable part was written.
    pub(crate) fn note_written(&mut self) {
        self.is_changed = false;
        self.calls.clear();
    }

    /// The next try, if there is one now.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<Start> {
        self.rewind();
        if self.health.off_since.is_some() || self.replay.is_some() {
            return None;
        }
        let (task, is_suspect) = match self.health.failing_since {
            _ if self.in_flight >= self.in_flight_max => return None,
            None => self.next_of_many(now)?,
            Some(_) if self.in_flight > 0 => return None,
            Some(since) => (self.next_probe(since, now)?, false),
        };
        let tries = match &task {
            Task::Event { number, .. } => self.window.start(*number),
            Task::Aside { lane, .. } => {
                self.aside_in_flight = Some(lane.clone());
                self.window.aside_tries(lane)
            }
            Task::Greeting { .. } => self.health.tries,
        };
        self.has_suspect_in_flight |= is_suspect;
        self.in_flight += 1;
        self.starts += 1;
        let attempt = tries.saturating_add(1);
        Some(Start { serial: self.starts, is_suspect, attempt, task })
    }

    /// While the endpoint works: whatever is due. Of the events that failed before, one at a time, so that
    /// a second failure of one of them is evidence against that one.
    fn next_of_many(&self, now: Timestamp) -> Option<(Task, bool)> {
        if self.aside_in_flight.is_none()
            && let Some(aside) = self.window.next_aside(None).filter(|it| it.next_try <= now)
            && let Some(number) = aside.numbers.first()
        {
            return Some((Task::Aside { lane: aside.lane.clone(), number: *number }, false));
        }
        let mut due = self.window.candidates().filter(|candidate| candidate.not_before <= now);
        let next = due.find(|candidate| candidate.tries == 0 || !self.has_suspect_in_flight)?;
        let is_suspect = next.tries > 0;
        Some((next.into(), is_suspect))
    }

    /// While it fails: one try when it is due, or at once if only one lane has failed and there is an event
    /// of another one.
    fn next_probe(&self, since: Timestamp, now: Timestamp) -> Option<Task> {
        let unheard = match &self.evidence {
            Evidence::OneLane(lane) => {
                self.window.candidates().find(|it| it.tries == 0 && it.event.lane != *lane)
            }
            Evidence::Nothing | Evidence::SeveralLanes => None,
        };
        let is_due = self.health.next_try.is_none_or(|next_try| next_try <= now);
        if !is_due && unheard.is_none() {
            return None;
        }
        let is_long = self.health.must_greet || now.since(since) >= A_WHILE;
        if is_long && !self.refuses_greeting {
            return Some(Task::Greeting { since, settled: self.window.settled() });
        }
        let next = unheard.or_else(|| self.window.candidates().min_by_key(|it| it.tries));
        next.map(Task::from).or_else(|| {
            let aside = self.window.next_aside(None)?;
            Some(Task::Aside { lane: aside.lane.clone(), number: *aside.numbers.first()? })
        })
    }

    /// When [`Queue::next`] can have something that it has not now, without any new event or outcome.
    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        if self.health.off_since.is_some() {
            return None;
        }
        if self.health.failing_since.is_some() {
            return self.health.next_try.filter(|_| self.in_flight == 0);
        }
        let aside = self.window.next_aside(None).filter(|_| self.aside_in_flight.is_none());
        let suspect = self
            .window
            .suspects()
            .map(|it| it.not_before)
            .min()
            .filter(|_| !self.has_suspect_in_flight);
        aside.map(|aside| aside.next_try).into_iter().chain(suspect).min()
    }

    /// Learns what became of a try. Whatever waits because of it waits longer by `jitter`.
    pub(crate) fn settle(
        &mut self,
        start: Start,
        outcome: Outcome,
        now: Timestamp,
        jitter: Jitter,
    ) {
        let Start { serial, is_suspect, task, .. } = start;
        self.jitter = jitter;
        self.in_flight = self.in_flight.saturating_sub(1);
        self.has_suspect_in_flight &= !is_suspect;
        if let Task::Aside { .. } = task {
            self.aside_in_flight = None;
        }
        let is_probe = self.health.failing_since.is_some() && serial > self.failing_after;
        match outcome {
            Outcome::Forgotten => self.finish(&task, now),
            Outcome::Delivered => {
                self.finish(&task, now);
                if is_probe {
                    self.recover(&task, now);
                }
            }
            Outcome::Gone => {
                self.fail(&task, "it answered 410 Gone", now);
                self.health.last_error = Some("it answered 410 Gone".to_owned());
                self.health.failing_since.get_or_insert(now);
                self.put_off(now, "it says that it is gone for good (410)");
            }
            Outcome::Failed(failure) => {
                self.fail(&task, &failure.because, now);
                self.blame(&task, is_probe, failure, now);
            }
        }
        self.rewind();
    }

    fn finish(&mut self, task: &Task, now: Timestamp) {
        match task {
            Task::Event { number, .. } => self.window.deliver(*number),
            Task::Aside { lane, .. } => {
                self.window.finish_aside(lane, now);
                self.is_changed = true;
            }
            Task::Greeting { .. } => {}
        }
    }

    fn fail(&mut self, task: &Task, because: &str, now: Timestamp) {
        match task {
            Task::Event { number, .. } => self.window.fail(*number, now, self.jitter),
            Task::Aside { lane, .. } => {
                if let Some(number) = self.window.fail_aside(lane, because, now, self.jitter) {
                    self.window.finish_aside(lane, now);
                    let endpoint = &self.endpoint;
                    self.calls.push(format!(
                        "endpoint {endpoint} refused event {number} for three days ({because}) and \
                         accepted others, so it is given up; correct the receiver, then run `pagos \
                         events replay --endpoint {endpoint} --from {number}`"
                    ));
                }
                self.is_changed = true;
            }
            Task::Greeting { .. } => {}
        }
    }

    fn blame(&mut self, task: &Task, is_probe: bool, failure: Failure, now: Timestamp) {
        let Failure { because, retry_after, blames } = failure;
        match task {
            // It is known to be refused, which says nothing new while others are accepted.
            Task::Aside { .. } if !is_probe => return,
            // The endpoint may just not know this type. An event tells.
            Task::Greeting { .. } if blames == Blame::Event => {
                self.refuses_greeting = true;
                self.health.next_try = Some(now);
                return;
            }
            // It speaks of itself, and asks to be left alone.
            Task::Event { .. } if blames == Blame::Endpoint && retry_after.is_some() => {
                self.evidence = Evidence::SeveralLanes;
            }
            Task::Greeting { .. } => self.evidence = Evidence::SeveralLanes,
            Task::Event { .. } | Task::Aside { .. } => self.add_evidence(task.lane()),
        }
        let health = &mut self.health;
        health.last_error = Some(because);
        if health.failing_since.is_none() {
            (health.failing_since, health.trying_since) = (Some(now), Some(now));
            health.tries = 0;
            self.failing_after = self.starts;
        } else if !is_probe {
            return;
        }
        health.tries = health.tries.saturating_add(1);
        health.next_try = Some(now.plus(schedule::wait(health.tries, retry_after, self.jitter)));
        self.is_changed = true;
        if now.since(health.trying_since.unwrap_or(now)) >= HORIZON {
            self.put_off(now, "it failed for three days");
        }
    }

    fn add_evidence(&mut self, lane: &str) {
        self.evidence = match &self.evidence {
            Evidence::Nothing => Evidence::OneLane(lane.to_owned()),
            Evidence::OneLane(other) if other == lane => return,
            Evidence::OneLane(_) | Evidence::SeveralLanes => Evidence::SeveralLanes,
        };
    }

    /// The endpoint accepted something that was tried after it had failed.
    fn recover(&mut self, task: &Task, now: Timestamp) {
        let because = self.health.last_error.clone().unwrap_or_default();
        match std::mem::replace(&mut self.evidence, Evidence::Nothing) {
            Evidence::OneLane(lane) if lane != task.lane() => {
                if self.window.set_aside(&lane, &because, now, self.jitter) == Room::NoRoom {
                    self.call_for_room(&because);
                }
            }
            Evidence::Nothing | Evidence::OneLane(_) | Evidence::SeveralLanes => {
                self.window.clear_waits();
            }
        }
        self.health = Health::default();
        self.refuses_greeting = false;
        self.is_changed = true;
    }

    fn call_for_room(&mut self, because: &str) {
        if std::mem::replace(&mut self.has_told_no_room, true) {
            return;
        }
        self.calls.push(format!(
            "endpoint {} refuses more events than can be set aside ({because}), so that the others wait; \
             correct the receiver",
            self.endpoint
        ));
    }

    fn put_off(&mut self, now: Timestamp, because: &str) {
        if self.health.off_since.is_some() {
            return;
        }
        (self.health.off_since, self.health.next_try) = (Some(now), None);
        let (endpoint, last) = (&self.endpoint, self.health.last_error.as_deref().unwrap_or("?"));
        self.calls.push(format!(
            "endpoint {endpoint} is put off, because {because}; the last answer: {last}. Its events wait; \
             correct it, then run `pagos events enable {endpoint}`"
        ));
        self.is_changed = true;
    }

    /// Does what a person ordered.
    pub(crate) fn obey(&mut self, order: &PersonsOrder, now: Timestamp) {
        self.is_changed = true;
        let health = &mut self.health;
        match order {
            PersonsOrder::Replay { from } => {
                self.replay = Some(self.replay.map_or(*from, |other| other.min(*from)));
            }
            PersonsOrder::Disable => {
                health.off_since.get_or_insert(now);
                health.next_try = None;
                health.last_error.get_or_insert_with(|| "a person disabled it".to_owned());
            }
            PersonsOrder::Enable => {
                let Some(since) = health.failing_since.or(health.off_since) else { return };
                let last_error = health.last_error.take();
                self.health = Health {
                    failing_since: Some(since),
                    trying_since: Some(now),
                    next_try: Some(now),
                    must_greet: true,
                    last_error,
                    ..Health::default()
                };
                self.evidence = Evidence::SeveralLanes;
                self.refuses_greeting = false;
                self.failing_after = self.starts;
            }
        }
        self.rewind();
    }

    /// Begins a replay as soon as nothing is under way that it could overtake.
    fn rewind(&mut self) {
        if self.in_flight == 0
            && let Some(from) = self.replay.take()
        {
            self.window.rewind(from);
            self.is_changed = true;
        }
    }
}

impl Task {
    fn lane(&self) -> &str {
        match self {
            Self::Event { event, .. } => &event.lane,
            Self::Aside { lane, .. } => lane,
            // No lane has this name.
            Self::Greeting { .. } => "",
        }
    }
}

impl From<Candidate> for Task {
    fn from(candidate: Candidate) -> Self {
        Self::Event { number: candidate.number, event: candidate.event }
    }
}
