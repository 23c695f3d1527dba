//! What happens in one schedule: counted by name, and written down where somebody wants to read it.
//! Decides nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pagos_core::Clock;

use crate::timer::VirtualTimer;

/// What happened, and where if that matters: `("crash", "commit, after")`.
pub type Counts = BTreeMap<(&'static str, &'static str), u64>;

/// Whether lines are kept beside the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Counts only.
    Counts,
    /// A line for everything that happens, with every request to a provider, byte for byte.
    Trace,
}

/// The log of a schedule.
#[derive(Debug)]
pub(crate) struct Log {
    timer: Arc<VirtualTimer>,
    detail: Detail,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    lines: Vec<String>,
    whose_turn: String,
}

impl Log {
    pub(crate) fn new(timer: Arc<VirtualTimer>, detail: Detail) -> Arc<Self> {
        Arc::new(Self { timer, detail, state: Mutex::default() })
    }

    pub(crate) const fn detail(&self) -> Detail {
        self.detail
    }

    /// Counts one thing that went wrong.
    pub(crate) fn count(&self, what: &'static str, place: &'static str) {
        *self.state().counts.entry((what, place)).or_insert(0) += 1;
        self.say(|| format!("! {what} {place}"));
    }

    /// Whose doing the next lines are.
    pub(crate) fn turn(&self, whose: impl FnOnce() -> String) {
        if self.detail == Detail::Trace {
            self.state().whose_turn = whose();
        }
    }

    /// Writes a line, if lines are kept.
    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if self.detail == Detail::Trace {
            let now = self.timer.now();
            let mut state = self.state();
            let line = format!("{now} {:<9} {}", state.whose_turn, line());
            state.lines.push(line);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
