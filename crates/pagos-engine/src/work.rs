//! Doing what is due: one round for tests and tools, or a loop until told to stop.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::select_biased;
use futures_util::stream::FuturesUnordered;
use pagos_core::Timestamp;

use crate::decide::Task;
use crate::decide::task;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::store::Claim;
use crate::store::ClaimRequest;

/// Deliveries that are applied side by side.
const INBOX_BATCH: usize = 128;

/// What one round of [`Engine::work`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Deliveries applied, put off or closed.
    pub deliveries: usize,
    /// Payouts sent or asked about.
    pub payouts: usize,
    /// Payments asked about.
    pub payments: usize,
}

impl Worked {
    /// Was there nothing to do?
    pub fn is_idle(self) -> bool {
        self == Self::default()
    }
}

enum Done {
    /// Some claims, or none and the moment at which something will be due.
    Claimed(Vec<Claim>, Option<Timestamp>),
    Handled,
    Applied(usize),
    Followed(usize),
}

type UnderWay<'a> = FuturesUnordered<BoxFuture<'a, Result<Done, EngineError>>>;

impl Engine {
    /// Does what is due now, once, with at most `limit` payouts side by side.
    ///
    /// Dropping the future leaves what was in flight in doubt; it is found and asked about later.
    ///
    /// # Errors
    /// The first failure of the store, after everything else that was under way has ended.
    pub async fn work(&self, limit: usize) -> Result<Worked, EngineError> {
        let deliveries = self.apply_inbox().await?;
        let payments = self.follow_payments().await?;
        let claims = self.claim(limit).await?;
        let payouts = claims.len();
        let mut handling: FuturesUnordered<_> =
            claims.into_iter().map(|claim| self.handle(claim)).collect();
        let mut outcome = Ok(Worked { deliveries, payouts, payments });
        while let Some(handled) = handling.next().await {
            if let Err(error) = handled {
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }

    /// Works until `stop` resolves: then nothing new is begun, what is in flight is waited for, and
    /// everything learned is committed. `wake` is called for a future that resolves when there may
    /// be something to do earlier than expected, such as a new webhook.
    ///
    /// # Errors
    /// The first failure of the store, after what was in flight has ended.
    pub async fn run<Wake: Future<Output = ()> + Send>(
        &self,
        concurrency: usize,
        stop: impl Future<Output = ()> + Send,
        wake: impl Fn() -> Wake + Send + Sync,
    ) -> Result<(), EngineError> {
        let mut stop = std::pin::pin!(stop.fuse());
        let mut under_way = UnderWay::new();
        let mut state = Loop::default();
        loop {
            self.begin_more(concurrency.max(1), &mut state, &mut under_way);
            if state.is_stopping && under_way.is_empty() {
                return state.failure.map_or(Ok(()), Err);
            }
            let mut nap = self.timer.sleep(state.nap(self.timer.now())).fuse();
            let mut woken = std::pin::pin!(wake().fuse());
            select_biased! {
                () = stop => state.is_stopping = true,
                done = under_way.select_next_some() => self.take_in(done, &mut state, &mut under_way),
                () = nap => state.look_again(),
                () = woken => state.look_again(),
            }
        }
    }

    /// Starts a claim and a look into the inbox where there may be something.
    fn begin_more<'a>(&'a self, most: usize, state: &mut Loop, under_way: &mut UnderWay<'a>) {
        if state.is_stopping {
            return;
        }
        let free = most.saturating_sub(state.in_flight);
        // Claims come in batches: a transaction for each single payout would be wasteful.
        if !state.is_claiming && !state.has_nothing_due && free * 2 >= most {
            state.is_claiming = true;
            under_way.push(self.claim_or_due(free).boxed());
        }
        if !state.is_applying && !state.has_empty_inbox {
            state.is_applying = true;
            under_way.push(self.apply_inbox().map(|count| count.map(Done::Applied)).boxed());
        }
        if !state.is_following && !state.has_no_payment_due {
            state.is_following = true;
            let following = self.follow_payments();
            under_way.push(following.map(|count| count.map(Done::Followed)).boxed());
        }
    }

    fn take_in<'a>(
        &'a self,
        done: Result<Done, EngineError>,
        state: &mut Loop,
        under_way: &mut UnderWay<'a>,
    ) {
        match done {
            Ok(Done::Claimed(claims, due_at)) => {
                state.is_claiming = false;
                state.has_nothing_due = claims.is_empty();
                state.due_at = due_at;
                state.in_flight += claims.len();
                for claim in claims {
                    let handled = self.handle(claim);
                    under_way.push(handled.map(|done| done.map(|()| Done::Handled)).boxed());
                }
            }
            Ok(Done::Handled) => state.in_flight = state.in_flight.saturating_sub(1),
            Ok(Done::Applied(count)) => {
                state.is_applying = false;
                state.has_empty_inbox = count == 0;
                state.has_nothing_due &= count == 0;
                state.has_no_payment_due &= count == 0;
            }
            Ok(Done::Followed(count)) => {
                state.is_following = false;
                state.has_no_payment_due = count == 0;
            }
            Err(error) => {
                state.is_stopping = true;
                state.failure = state.failure.take().or(Some(error));
            }
        }
    }

    async fn claim_or_due(&self, limit: usize) -> Result<Done, EngineError> {
        let claims = self.claim(limit).await?;
        let due_at = if claims.is_empty() { self.store.next_due().await? } else { None };
        Ok(Done::Claimed(claims, due_at))
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claim>, EngineError> {
        let request = ClaimRequest {
            now: self.timer.now(),
            lease: self.policy.lease,
            limit,
            except: self.halted().into_keys().collect(),
        };
        Ok(self.store.claim(request).await?)
    }

    async fn handle(&self, claim: Claim) -> Result<(), EngineError> {
        let account = &claim.payout.order.account;
        if self.providers.to(account).is_none() {
            // Another engine's account. The claim ends by itself; nothing of it is claimed again.
            self.halt(account, "not configured here".to_owned());
            return Ok(());
        }
        match task(&claim.payout.progress) {
            Task::Send if self.halted().contains_key(account) => self.give_back(&claim).await,
            Task::Send => self.send(claim).await,
            Task::AdmitDoubt => self.admit_doubt(claim).await,
            Task::Ask => self.ask(claim).await,
            Task::Rest => self.give_back(&claim).await,
        }
    }

    async fn apply_inbox(&self) -> Result<usize, EngineError> {
        let items = self.store.inbox(self.timer.now(), INBOX_BATCH).await?;
        let count = items.len();
        let mut applying: FuturesUnordered<_> =
            items.into_iter().map(|item| self.apply(item)).collect();
        while let Some(applied) = applying.next().await {
            applied?;
        }
        Ok(count)
    }
}

/// What the loop knows of itself.
#[derive(Debug, Default)]
struct Loop {
    in_flight: usize,
    is_claiming: bool,
    is_applying: bool,
    is_following: bool,
    is_stopping: bool,
    has_nothing_due: bool,
    has_empty_inbox: bool,
    has_no_payment_due: bool,
    due_at: Option<Timestamp>,
    failure: Option<EngineError>,
}

impl Loop {
    /// How long to wait before looking again: until something is due, but briefly while payouts
    /// are under way (each may become due again), and never longer than a second (another process
    /// may write to the store).
    fn nap(&self, now: Timestamp) -> Duration {
        const SHORTEST: Duration = Duration::from_millis(5);
        const BEAT: Duration = Duration::from_millis(50);
        const LONGEST: Duration = Duration::from_secs(1);
        let longest = if self.in_flight > 0 { BEAT } else { LONGEST };
        let wait = self.due_at.map_or(longest, |due_at| due_at.since(now));
        wait.clamp(SHORTEST, longest)
    }

    fn look_again(&mut self) {
        self.has_nothing_due = false;
        self.has_empty_inbox = false;
        self.has_no_payment_due = false;
    }
}
