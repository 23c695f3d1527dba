//! Steps that wait at the same moment go to the server together. Nothing waits for company: a step that
//! finds a free way goes at once, alone.
//!
//! A group is a future that all of its callers share, and whoever is polled drives it. So no task is
//! spawned, a caller that is dropped takes nobody along, and a group ends only with its last caller.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::FutureExt;
use futures_util::future::Shared;
use futures_util::future::WeakShared;
use futures_util::future::join_all;
use pagos_core::OrderKey;
use pagos_engine::Committed;
use pagos_engine::Step;
use pagos_engine::StoreError;
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::failure::Kind;
use crate::pool::Pool;
use crate::step::Stepped;
use crate::step::Steps;

/// Steps of one group: its statement holds the locks of all of them.
const STEPS_MAX: usize = 64;

/// Groups on their way at once: one is prepared while the server flushes the other. With more of them
/// the groups are smaller, and the server does more for each step.
const WAYS: usize = 2;

/// The groups of one store.
pub(crate) struct Groups {
    ways: Semaphore,
    /// The group that the next step joins, if it has not left.
    waiting: Mutex<Option<Waiting>>,
}

/// A group that has not left.
struct Waiting {
    group: Group,
    keys: HashSet<OrderKey>,
    /// Weak: a group that nobody waits for any more does not stay in the queue for a way.
    going: WeakShared<Going>,
}

/// The steps of a group, until it leaves with them.
type Group = Arc<Mutex<Vec<Step>>>;

type Going = Pin<Box<dyn Future<Output = Answers> + Send>>;

/// An answer per step, each of which one caller takes.
type Answers = Arc<Mutex<Vec<Option<Answer>>>>;

type Answer = Result<Committed, StoreError>;

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups")
    }
}

impl Groups {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { ways: Semaphore::new(WAYS), waiting: Mutex::default() })
    }

    /// Writes a step, together with those that wait at the same moment.
    ///
    /// Dropping the future leaves open whether the step happens; the others of its group go on.
    pub(crate) async fn commit(self: &Arc<Self>, pool: &Arc<Pool>, step: Step) -> Answer {
        let (going, place) = self.join(pool, step);
        let answers = going.await;
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get_mut(place).and_then(Option::take);
        answer.unwrap_or_else(|| Err(StoreError::new("a step has no answer; read it again")))
    }

    /// Takes the next place of the group that waits, or begins one. The steps of a group are of different
    /// payouts: the second one of a payout is computed from what the first one replaces.
    fn join(self: &Arc<Self>, pool: &Arc<Pool>, step: Step) -> (Shared<Going>, usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = &mut *waiting
            && let Some(going) = waiting.going.upgrade()
            && waiting.keys.len() < STEPS_MAX
            && waiting.keys.insert(step.key.clone())
        {
            let mut steps = waiting.group.lock().unwrap_or_else(PoisonError::into_inner);
            steps.push(step);
            return (going, steps.len() - 1);
        }
        let keys = HashSet::from([step.key.clone()]);
        let group = Arc::new(Mutex::new(vec![step]));
        let (groups, pool, steps) = (Arc::clone(self), Arc::clone(pool), Arc::clone(&group));
        let going: Going = Box::pin(async move {
            let answers = groups.go(&pool, &steps).await;
            Arc::new(Mutex::new(answers.into_iter().map(Some).collect()))
        });
        let going = going.shared();
        *waiting = going.downgrade().map(|going| Waiting { group, keys, going });
        (going, 0)
    }

    async fn go(&self, pool: &Pool, group: &Group) -> Vec<Answer> {
        let way = self.ways.acquire().await;
        let steps = self.leave(group);
        let answers = commit_together(pool, &steps).await;
        drop(way);
        answers
    }

    /// From here on nobody joins the group.
    fn leave(&self, group: &Group) -> Vec<Step> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take_if(|waiting| Arc::ptr_eq(&waiting.group, group));
        std::mem::take(&mut *group.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// All of them in one statement. If the server refuses that, or others are in the way, nothing of it
/// happened, and each step goes on its own: one that cannot be written takes no other along.
async fn commit_together(pool: &Pool, steps: &[Step]) -> Vec<Answer> {
    if let [step] = steps {
        return vec![commit_alone(pool, step).await];
    }
    match pool.fly_undisturbed(&Steps { steps }).await {
        Ok(stepped) => {
            let answer = |stepped: Stepped| Ok(stepped.into_committed()?);
            stepped.into_iter().map(answer).collect()
        }
        Err(Failure { kind: Kind::Refused | Kind::Collision, .. }) => {
            join_all(steps.iter().map(|step| commit_alone(pool, step))).await
        }
        Err(Failure { kind: Kind::Lost | Kind::Unsettled, error }) => {
            steps.iter().map(|_| Err(repeat(&error))).collect()
        }
    }
}

async fn commit_alone(pool: &Pool, step: &Step) -> Answer {
    let stepped = pool.fly(&Steps { steps: std::slice::from_ref(step) }).await?;
    match stepped.first() {
        Some(stepped) => Ok(stepped.into_committed()?),
        None => Err(StoreError::new("a step has no answer; read it again")),
    }
}

/// One error is told to several callers.
fn repeat(error: &StoreError) -> StoreError {
    StoreError { kind: error.kind, message: error.message.clone(), source: None }
}
