//! A queue of things that happen at a time, in logarithmic time per thing.
//! Not a timer: it never looks at a clock.

use std::{cmp::Ordering, collections::BinaryHeap, fmt};

use pagos_core::Timestamp;

/// Things to come, earliest first; things of one instant come in the order they were added.
pub(crate) struct Schedule<T> {
    heap: BinaryHeap<Entry<T>>,
    added: u64,
}

impl<T> Schedule<T> {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), added: 0 }
    }

    pub(crate) fn add(&mut self, at: Timestamp, thing: T) {
        self.heap.push(Entry { at, nth: self.added, thing });
        self.added += 1;
    }

    /// Takes the earliest thing that is due by `now`, with its own time.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|entry| (entry.at, entry.thing))
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|entry| entry.at)
    }
}

impl<T> fmt::Debug for Schedule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").field("len", &self.heap.len()).finish_non_exhaustive()
    }
}

struct Entry<T> {
    at: Timestamp,
    nth: u64,
    thing: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    /// Reversed: the heap of the standard library gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.nth).cmp(&(self.at, self.nth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_equal_times_in_order_of_adding() {
        let at = Timestamp::from_millis;
        let mut schedule = Schedule::new();
        for (time, name) in [(20, 'c'), (10, 'a'), (20, 'd'), (10, 'b')] {
            schedule.add(at(time), name);
        }
        assert_eq!(schedule.next(), Some(at(10)));
        assert_eq!(schedule.take_due(at(9)), None);
        let mut taken = String::new();
        while let Some((_, name)) = schedule.take_due(at(20)) {
            taken.push(name);
        }
        assert_eq!(taken, "abcd");
        assert_eq!(schedule.next(), None);
    }
}
