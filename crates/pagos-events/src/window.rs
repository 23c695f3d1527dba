//! The events that an endpoint has not got yet, as far as they were read: in order within a lane (one
//! payout, say), and no lane waits for another. Pure.
//!
//! **Invariant:** the head passes a number only when its event was delivered, given up, or is durable as
//! set aside. **Invariant:** of a lane, only the first event that is left is ever tried.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use pagos_core::Timestamp;

use crate::{
    event::Event,
    schedule::{self, Jitter},
    state::Aside,
};

/// The most events that are read ahead of the first one that is left.
pub(crate) const WINDOW: usize = 256;

/// The most lanes that are set aside, and the most events in them.
const ASIDES_MAX: usize = 32;
const ASIDE_EVENTS_MAX: usize = 1_000;

/// Events in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Everything up to here is delivered, set aside or given up.
    head: u64,
    read_to: u64,
    slots: BTreeMap<u64, Slot>,
    /// The numbers of each lane that are left in `slots`.
    lanes: HashMap<String, VecDeque<u64>>,
    asides: BTreeMap<String, Aside>,
    /// The first events of the lanes that are neither under way nor set aside.
    ready: BTreeSet<u64>,
    /// Those of them that failed before.
    suspects: BTreeSet<u64>,
}

#[derive(Debug)]
struct Slot {
    event: Arc<Event>,
    course: Course,
    tries: u32,
    not_before: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Waiting,
    InFlight,
    /// Nothing is left to do with it here.
    Done,
}

/// An event that may be tried.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) number: u64,
    pub(crate) event: Arc<Event>,
    /// How often it was tried in vain.
    pub(crate) tries: u32,
    pub(crate) not_before: Timestamp,
}

/// What an attempt to set an event aside led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// The event is set aside, or there is none.
    SetAside,
    /// There is no room to set it aside.
    NoRoom,
}

impl Window {
    /// A window that begins after `head`.
    pub(crate) fn new(head: u64, asides: Vec<Aside>) -> Self {
        let asides = asides.into_iter().filter(|aside| !aside.numbers.is_empty());
        let asides = asides.map(|aside| (aside.lane.clone(), aside)).collect();
        Self { head, read_to: head, asides, ..Self::default() }
    }

    /// The number up to which everything is delivered, set aside or given up.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// The number up to which everything is delivered or given up; notices after it must be kept.
    pub(crate) fn floor(&self) -> u64 {
        let first = self.asides.values().filter_map(|aside| aside.numbers.first()).min();
        first.map_or(self.head, |first| self.head.min(first.saturating_sub(1)))
    }

    /// The number up to which notices were read.
    pub(crate) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// How many more may be read.
    pub(crate) fn room(&self) -> usize {
        WINDOW.saturating_sub(self.slots.len())
    }

    /// How many numbers from the first on are dealt with, here and before.
    pub(crate) fn settled(&self) -> u64 {
        let done = self.slots.values().filter(|slot| slot.course == Course::Done).count();
        let settled = self.head.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
        settled.saturating_sub(u64::try_from(self.aside_events()).unwrap_or(u64::MAX))
    }

    /// What is set aside.
    pub(crate) fn asides(&self) -> Vec<Aside> {
        self.asides.values().cloned().collect()
    }

    fn aside_events(&self) -> usize {
        self.asides.values().map(|aside| aside.numbers.len()).sum()
    }

    /// Takes the next event of the outbox. Returns whether it waits behind an event that is set aside.
    pub(crate) fn push(&mut self, number: u64, event: Event) -> bool {
        self.read_to = number;
        let has_room = self.aside_events() < ASIDE_EVENTS_MAX;
        let is_first_here = !self.lanes.contains_key(&event.lane);
        let aside = self.asides.get_mut(&event.lane).filter(|_| has_room && is_first_here);
        let is_behind = aside.is_some();
        let course = match aside {
            Some(aside) => {
                aside.numbers.push(number);
                Course::Done
            }
            None => {
                self.lanes.entry(event.lane.clone()).or_default().push_back(number);
                Course::Waiting
            }
        };
        let not_before = Timestamp::from_millis(i64::MIN);
        if course == Course::Waiting && is_first_here && !self.asides.contains_key(&event.lane) {
            self.ready.insert(number);
        }
        let slot = Slot { event: Arc::new(event), course, tries: 0, not_before };
        self.slots.insert(number, slot);
        self.advance();
        is_behind
    }

    /// The first events of the lanes that are neither under way nor set aside, in order.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.ready.iter().filter_map(|number| self.candidate(*number))
    }

    /// Those of them that failed before.
    pub(crate) fn suspects(&self) -> impl Iterator<Item = Candidate> {
        self.suspects.iter().filter_map(|number| self.candidate(*number))
    }

    fn candidate(&self, number: u64) -> Option<Candidate> {
        let slot = self.slots.get(&number)?;
        let (event, tries, not_before) = (Arc::clone(&slot.event), slot.tries, slot.not_before);
        Some(Candidate { number, event, tries, not_before })
    }

    /// The event is being tried. Returns how often it was tried before.
    pub(crate) fn start(&mut self, number: u64) -> u32 {
        self.ready.remove(&number);
        self.suspects.remove(&number);
        let Some(slot) = self.slots.get_mut(&number) else { return 0 };
        slot.course = Course::InFlight;
        slot.tries
    }

    /// How often the first event of a lane that is set aside was tried.
    pub(crate) fn aside_tries(&self, lane: &str) -> u32 {
        self.asides.get(lane).map_or(0, |aside| aside.tries)
    }

    /// The event was delivered.
    pub(crate) fn deliver(&mut self, number: u64) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        slot.course = Course::Done;
        let lane = slot.event.lane.clone();
        self.leave_lane(&lane, number);
        self.advance();
    }

    /// The event was not delivered; its lane waits for it.
    pub(crate) fn fail(&mut self, number: u64, now: Timestamp, jitter: Jitter) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        slot.course = Course::Waiting;
        slot.tries = slot.tries.saturating_add(1);
        slot.not_before = now.plus(schedule::wait(slot.tries, None, jitter));
        self.ready.insert(number);
        self.suspects.insert(number);
    }

    /// The endpoint works as a whole: whatever failed may be tried at once.
    pub(crate) fn clear_waits(&mut self) {
        for slot in self.slots.values_mut() {
            slot.not_before = Timestamp::from_millis(i64::MIN);
        }
    }

    /// The first event of `lane` failed, and the endpoint accepted another one right after: it is set
    /// aside with the later ones of its lane, and tried again on its own.
    pub(crate) fn set_aside(
        &mut self,
        lane: &str,
        because: &str,
        now: Timestamp,
        jitter: Jitter,
    ) -> Room {
        if !self.lanes.contains_key(lane) {
            return Room::SetAside;
        }
        let room = ASIDE_EVENTS_MAX.saturating_sub(self.aside_events());
        if room == 0 || self.asides.len() >= ASIDES_MAX {
            return Room::NoRoom;
        }
        let numbers: Vec<u64> =
            self.lanes.get(lane).into_iter().flatten().take(room).copied().collect();
        // However long the endpoint was down, this event has been refused by a working one only once.
        let (tries, next_try) = (1, now.plus(schedule::wait(1, None, jitter)));
        let (name, last_error) = (lane.to_owned(), because.to_owned());
        let (lane_name, leaving) = (name.clone(), numbers.clone());
        let aside = Aside { lane: lane_name, numbers, since: now, tries, next_try, last_error };
        self.asides.insert(name, aside);
        for number in leaving {
            if let Some(slot) = self.slots.get_mut(&number) {
                slot.course = Course::Done;
            }
            self.leave_lane(lane, number);
        }
        self.advance();
        Room::SetAside
    }

    /// The first event of a lane that is set aside is done with: delivered, given up or forgotten.
    pub(crate) fn finish_aside(&mut self, lane: &str, now: Timestamp) {
        let Some(aside) = self.asides.get_mut(lane) else { return };
        if !aside.numbers.is_empty() {
            aside.numbers.remove(0);
        }
        (aside.since, aside.next_try, aside.tries) = (now, now, 0);
        if aside.numbers.is_empty() {
            self.asides.remove(lane);
            // What found no room behind it.
            let first = self.lanes.get(lane).and_then(VecDeque::front).copied();
            self.ready.extend(first);
        }
    }

    /// The first event of a lane that is set aside failed again. Returns its number if it has been refused
    /// for so long, and so often, that it is to be given up.
    pub(crate) fn fail_aside(
        &mut self,
        lane: &str,
        because: &str,
        now: Timestamp,
        jitter: Jitter,
    ) -> Option<u64> {
        let aside = self.asides.get_mut(lane)?;
        aside.tries = aside.tries.saturating_add(1);
        aside.next_try = now.plus(schedule::wait(aside.tries, None, jitter));
        because.clone_into(&mut aside.last_error);
        let is_over =
            now.since(aside.since) >= schedule::HORIZON && aside.tries >= GIVE_UP_TRIES_MIN;
        aside.numbers.first().copied().filter(|_| is_over)
    }

    /// The lane that is set aside and due first, but for `busy`.
    pub(crate) fn next_aside(&self, busy: Option<&str>) -> Option<&Aside> {
        let idle = self.asides.values().filter(|aside| busy != Some(aside.lane.as_str()));
        idle.min_by_key(|aside| aside.next_try)
    }

    /// Begins again at `from`: whatever is set aside from there on comes again in its turn.
    pub(crate) fn rewind(&mut self, from: u64) {
        let mut asides = self.asides();
        for aside in &mut asides {
            aside.numbers.retain(|number| *number < from);
        }
        *self = Self::new(self.head.min(from.saturating_sub(1)), asides);
    }

    fn leave_lane(&mut self, lane: &str, number: u64) {
        self.ready.remove(&number);
        self.suspects.remove(&number);
        let Some(numbers) = self.lanes.get_mut(lane) else { return };
        numbers.retain(|other| *other != number);
        match numbers.front() {
            Some(next) if !self.asides.contains_key(lane) => {
                self.ready.insert(*next);
            }
            Some(_) => {}
            None => {
                self.lanes.remove(lane);
            }
        }
    }

    /// Moves the head over everything that is done.
    fn advance(&mut self) {
        while let Some(first) = self.slots.first_entry() {
            if first.get().course != Course::Done {
                return;
            }
            self.head = *first.key();
            first.remove();
        }
        self.head = self.read_to;
    }
}

/// An event is not given up after fewer tries, however long the endpoint was down in between.
const GIVE_UP_TRIES_MIN: u32 = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::EventType;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const PLANNED: Jitter = Jitter::of([0; 16]);

    fn event(number: u64, lane: &str) -> Event {
        let (id, lane) = (format!("evt_{number}"), lane.to_owned());
        Event { id, body: String::new(), kind: EventType::PayoutPending, lane }
    }

    fn window(lanes: &[&str]) -> Window {
        let mut window = Window::new(0, Vec::new());
        for (number, lane) in (1..).zip(lanes) {
            window.push(number, event(number, lane));
        }
        window
    }

    fn numbers(window: &Window) -> Vec<u64> {
        window.candidates().map(|candidate| candidate.number).collect()
    }

    #[test]
    fn a_lane_waits_for_its_first_event_and_for_no_other_lane() {
        let mut window = window(&["a", "b", "a", "c", "b"]);
        assert_eq!(numbers(&window), [1, 2, 4]);
        window.start(1);
        assert_eq!(numbers(&window), [2, 4]);
        window.fail(1, NOW, PLANNED);
        assert_eq!(numbers(&window), [1, 2, 4]);
        window.start(2);
        window.deliver(2);
        assert_eq!(numbers(&window), [1, 4, 5]);
    }

    #[test]
    fn the_head_moves_over_what_was_delivered_and_nothing_else() {
        let mut window = window(&["a", "b", "c"]);
        window.start(1);
        assert_eq!(window.head(), 0);
        window.deliver(2);
        assert_eq!((window.head(), window.settled()), (0, 1));
        window.fail(1, NOW, PLANNED);
        assert_eq!(window.head(), 0);
        window.deliver(1);
        assert_eq!((window.head(), window.floor()), (2, 2));
        window.deliver(3);
        assert_eq!((window.head(), window.room()), (3, WINDOW));
    }

    #[test]
    fn a_refused_event_is_set_aside_with_its_lane_and_comes_back_in_order() {
        let mut window = window(&["a", "b", "a"]);
        assert_eq!(window.set_aside("a", "it answered 400", NOW, PLANNED), Room::SetAside);
        assert_eq!(numbers(&window), [2]);
        window.deliver(2);
        assert_eq!((window.head(), window.floor(), window.settled()), (3, 0, 1));
        assert!(window.push(4, event(4, "a")));
        assert!(!window.push(5, event(5, "c")));
        assert_eq!(window.next_aside(None).unwrap().numbers, [1, 3, 4]);
        window.finish_aside("a", NOW);
        assert_eq!((window.floor(), window.head()), (2, 4));
        window.finish_aside("a", NOW);
        window.finish_aside("a", NOW);
        assert_eq!(window.floor(), 4);
        assert!(!window.push(6, event(6, "a")));
    }

    #[test]
    fn setting_aside_has_a_bound() {
        let lanes: Vec<String> = (0..=ASIDES_MAX).map(|lane| lane.to_string()).collect();
        let mut window = window(&lanes.iter().map(String::as_str).collect::<Vec<_>>());
        let struck: Vec<_> =
            lanes.iter().map(|lane| window.set_aside(lane, "no", NOW, PLANNED)).collect();
        assert_eq!(struck.iter().filter(|it| **it == Room::SetAside).count(), ASIDES_MAX);
        assert_eq!(struck.last(), Some(&Room::NoRoom));
        assert_eq!(numbers(&window).len(), 1);
    }

    #[test]
    fn an_event_is_given_up_after_three_days_and_enough_tries() {
        let mut window = window(&["a", "b"]);
        window.set_aside("a", "no", NOW, PLANNED);
        let late = NOW.plus(schedule::HORIZON);
        for _ in 2..GIVE_UP_TRIES_MIN {
            assert_eq!(window.fail_aside("a", "no", late, PLANNED), None);
        }
        assert_eq!(
            window.fail_aside("a", "no", late.minus(std::time::Duration::from_secs(1)), PLANNED),
            None
        );
        assert_eq!(window.fail_aside("a", "no", late, PLANNED), Some(1));
    }

    #[test]
    fn a_replay_begins_at_its_number() {
        let mut window = window(&["a", "b", "c", "a"]);
        window.set_aside("a", "no", NOW, PLANNED);
        window.deliver(2);
        window.deliver(3);
        window.rewind(3);
        assert_eq!((window.head(), window.read_to()), (2, 2));
        assert_eq!(window.next_aside(None).unwrap().numbers, [1]);
    }
}
