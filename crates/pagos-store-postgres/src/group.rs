//! Sends steps that wait at the same moment to the server together, one group at a time. A step
//! never waits to be joined: if no group is on its way, it is sent at once, alone.
//!
//! A group has a task of its own, so a caller that is dropped or not polled holds up no other. A
//! step whose caller is gone before its group is sent is not written.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use pagos_core::OrderKey;
use pagos_engine::{Committed, Step, StoreError};
use tokio::sync::{Semaphore, oneshot};

use crate::{
    failure::{Failure, Kind},
    pool::Pool,
    step::Steps,
    telemetry::Sent,
};

/// The maximum number of steps in a group, because its statement holds the locks of all of them.
const STEPS_MAX: usize = 64;

/// The groups of one store.
pub(crate) struct Groups {
    /// Held by the group on its way. With two at once the groups would be smaller, and a group
    /// costs the server as much as some ten of its steps.
    way: Semaphore,
    /// The group that the next step joins, if it has not been sent.
    waiting: Mutex<Option<Waiting>>,
}

/// A group that has not been sent.
struct Waiting {
    group: Group,
    keys: HashSet<OrderKey>,
}

/// The steps of a group until it is sent, each with the caller that waits for its answer.
type Group = Arc<Mutex<Vec<(Step, oneshot::Sender<Answer>)>>>;

type Answer = Result<Committed, StoreError>;

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups")
    }
}

impl Groups {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { way: Semaphore::new(1), waiting: Mutex::default() })
    }

    /// Writes a step, together with those that wait at the same moment.
    ///
    /// If the future is dropped, the step may or may not happen; the others of its group go on.
    pub(crate) async fn commit(self: &Arc<Self>, pool: &Arc<Pool>, step: Step) -> Answer {
        let (answers, answer) = oneshot::channel();
        if let Some(group) = self.join(step, answers) {
            tokio::spawn(Arc::clone(self).go(Arc::clone(pool), group));
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::new("a step has no answer; read it again")))
    }

    /// Adds a step to the waiting group, or begins a group, which is returned. A group has only one
    /// step for each payout: a second step would be computed from what the first one replaces.
    fn join(&self, step: Step, answers: oneshot::Sender<Answer>) -> Option<Group> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = &mut *waiting
            && waiting.keys.len() < STEPS_MAX
            && waiting.keys.insert(step.key.clone())
        {
            let mut steps = waiting.group.lock().unwrap_or_else(PoisonError::into_inner);
            steps.push((step, answers));
            return None;
        }
        let keys = HashSet::from([step.key.clone()]);
        let group = Arc::new(Mutex::new(vec![(step, answers)]));
        *waiting = Some(Waiting { group: Arc::clone(&group), keys });
        Some(group)
    }

    async fn go(self: Arc<Self>, pool: Arc<Pool>, group: Group) {
        let way = self.way.acquire().await;
        let mut group = self.leave(&group);
        group.retain(|(_, answers)| !answers.is_closed());
        let (steps, answers): (Vec<Step>, Vec<_>) = group.into_iter().unzip();
        if steps.is_empty() {
            return;
        }
        let telling = Sent::begin();
        let stepped = pool.fly_undisturbed(&Steps::new(&steps, false)).await;
        telling.ended(steps.len(), &stepped);
        drop(way);
        match stepped {
            Ok(stepped) => {
                for (answers, stepped) in answers.into_iter().zip(stepped) {
                    answer(answers, stepped.into_committed().map_err(StoreError::from));
                }
            }
            // The server refused it, or others were in the way: nothing of it happened. The steps
            // are then sent one by one, so that one that cannot be written does not affect the
            // others.
            Err(Failure { kind: Kind::Refused | Kind::Collision, .. }) => {
                for (step, answers) in steps.into_iter().zip(answers) {
                    let pool = Arc::clone(&pool);
                    tokio::spawn(async move { answer(answers, commit_alone(&pool, &step).await) });
                }
            }
            Err(failure @ Failure { kind: Kind::Lost | Kind::Unsettled, .. }) => {
                let error = StoreError::from(failure);
                for answers in answers {
                    answer(answers, Err(repeat(&error)));
                }
            }
        }
    }

    /// Closes the group: no step joins it from here on.
    fn leave(&self, group: &Group) -> Vec<(Step, oneshot::Sender<Answer>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take_if(|waiting| Arc::ptr_eq(&waiting.group, group));
        std::mem::take(&mut *group.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sends an answer, which a caller that is gone does not need.
fn answer(answers: oneshot::Sender<Answer>, answer: Answer) {
    let _ = answers.send(answer);
}

async fn commit_alone(pool: &Pool, step: &Step) -> Answer {
    let stepped = pool.fly(&Steps::new(std::slice::from_ref(step), true)).await?;
    match stepped.first() {
        Some(stepped) => Ok(stepped.into_committed()?),
        None => Err(StoreError::new("a step has no answer; read it again")),
    }
}

/// A copy of an error, for several callers.
fn repeat(error: &StoreError) -> StoreError {
    StoreError { kind: error.kind, message: error.message.clone(), source: None }
}
