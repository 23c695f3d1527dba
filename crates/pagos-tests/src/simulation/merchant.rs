//! The merchant: hands in orders in one or two runs, and does it again when it does not know whether
//! it did; also later, and once with another amount, which must be refused.

use std::{sync::Arc, time::Duration};

use pagos_core::{Clock, Money, PayoutOrder, Timestamp};
use pagos_engine::{Engine, EngineError, RunId, Submitted};
use pagos_twin::{Span, SplitMix64};

use crate::{
    drive::finish,
    fault_injector::{FaultInjector, Plan},
    simulation::Simulation,
};

/// What the merchant still has to do, each at its time.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    things: Vec<(Timestamp, Submission)>,
    /// What was taken, each once.
    handed_in: Vec<Submission>,
}

#[derive(Debug, Clone)]
pub(super) struct Submission {
    run: RunId,
    orders: Vec<PayoutOrder>,
    is_repeated: bool,
}

impl Agenda {
    /// All orders now, or half of them now and half within an hour.
    pub(super) fn of(orders: Vec<PayoutOrder>, now: Timestamp, chance: &mut SplitMix64) -> Self {
        let mut first = orders;
        let is_split = first.len() > 1 && chance.below(4) == 0;
        let second = if is_split { first.split_off(first.len() / 2) } else { Vec::new() };
        let submission = |name: &str, orders| Submission {
            run: RunId(name.to_owned()),
            orders,
            is_repeated: false,
        };
        let mut things = vec![(now, submission("first", first))];
        if !second.is_empty() {
            let later = now.plus(chance.within(Span::from_millis(1, 3_600_000)));
            things.push((later, submission("second", second)));
        }
        Self { things, handed_in: Vec::new() }
    }

    pub(super) fn add(&mut self, at: Timestamp, submission: Submission) {
        self.things.push((at, submission));
    }

    /// What was taken, to be handed in again.
    pub(super) fn handed_in(&self) -> Vec<Submission> {
        let again = |it: &Submission| Submission { is_repeated: true, ..it.clone() };
        self.handed_in.iter().map(again).collect()
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.things.iter().map(|(at, _)| *at).min()
    }
}

impl Simulation {
    /// Does what the merchant has to do by now. Returns how much that was.
    pub(super) fn run_errands(&mut self) -> usize {
        let now = self.timer.now();
        let (due, later) =
            std::mem::take(&mut self.agenda.things).into_iter().partition(|(at, _)| *at <= now);
        self.agenda.things = later;
        let due: Vec<(Timestamp, Submission)> = due;
        let count = due.len();
        for (_, submission) in due {
            self.log.turn(|| "merchant".to_owned());
            self.run_submission(submission);
        }
        count
    }

    fn run_submission(&mut self, submission: Submission) {
        let injector = Arc::new(FaultInjector::new());
        if self.is_bad_day() && self.chance.below(1_000) < self.plan.worker_per_mille {
            injector.plan(Plan::FailAt(1 + self.chance.below(4)));
        }
        let engine = self.engine(&injector, Arc::clone(&self.timer) as _, |_| true);
        let outcome = hand_in(&engine, &submission);
        if let Some(point) = injector.take_met() {
            self.log.count("store failed", point);
        }
        let now = self.timer.now();
        let Some(submitted) = outcome else {
            return self.agenda.things.push((now.plus(PATIENCE), submission));
        };
        self.runs.insert(submission.run.clone(), submission.orders.len() as u64);
        if submission.is_repeated {
            let is_known = |it: &Submitted| matches!(it, Submitted::Existing { .. });
            let may_be_forgotten = self.past.as_ref().is_some_and(|past| past.returned > 0);
            assert!(
                may_be_forgotten || submitted.iter().all(is_known),
                "a repeated order is new: {submitted:?}"
            );
            return;
        }
        self.agenda.handed_in.push(submission.clone());
        assert_conflict(&engine, &submission);
        if self.chance.below(8) == 0 {
            self.log.count("orders handed in twice", "");
            let later = now.plus(self.chance.within(Span::from_millis(1, 7_200_000)));
            self.agenda.things.push((later, Submission { is_repeated: true, ..submission }));
        }
    }
}

/// `None` if the store failed; then nobody knows what it has.
fn hand_in(engine: &Engine, submission: &Submission) -> Option<Vec<Submitted>> {
    let submitted = match finish(engine.submit(&submission.run, submission.orders.clone())) {
        Ok(submitted) => submitted,
        Err(EngineError::Store(_)) => return None,
        Err(refused) => panic!("orders of one's own were refused: {refused}"),
    };
    match finish(engine.release(&submission.run, submission.orders.len() as u64)) {
        Ok(_) => Some(submitted),
        Err(EngineError::Store(_)) => None,
        Err(refused) => panic!("a run of one's own was not released: {refused}"),
    }
}

/// The same key with another amount is refused, and changes nothing.
fn assert_conflict(engine: &Engine, submission: &Submission) {
    let Some(order) = submission.orders.first() else { return };
    let amount = Money::new(order.amount.minor + 100, order.amount.currency);
    let other = PayoutOrder { amount, ..order.clone() };
    match finish(engine.submit(&submission.run, vec![other])) {
        Err(EngineError::Conflict(keys)) => assert_eq!(keys, std::slice::from_ref(&order.key)),
        Err(EngineError::Store(_)) => {}
        taken => panic!("another amount under a known key: {taken:?}"),
    }
}

/// How long the merchant waits before it tries again what failed.
const PATIENCE: Duration = Duration::from_secs(30);
