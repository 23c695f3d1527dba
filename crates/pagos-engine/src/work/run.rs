//! The loop: begins whatever has room and a turn, takes in what ends, and sleeps until something is due.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{
    FutureExt, StreamExt, future::BoxFuture, select_biased, stream::FuturesUnordered,
};
use pagos_core::{AccountName, Timestamp};

use super::lane_of_payment;
use crate::{
    engine::{Engine, EngineError},
    lanes::{Found, Held, Lanes},
    payment::Payment,
    place::Place,
    spread::{self, Spawner},
    store::Lane,
};

/// What has ended in the loop.
enum Done {
    Claimed(Found<Held>),
    ClaimedPayments(Found<Payment>),
    Applied(usize),
    Heeded(usize),
    Handled(Lane),
    Mended,
}

/// How often approvals are looked at that an ended process left behind.
const MEND_BEAT: Duration = Duration::from_secs(60);

/// The accounts whose lists are being read. Dropping this loses nothing.
type Sweeping<'a> = FuturesUnordered<BoxFuture<'a, (AccountName, Result<(), EngineError>)>>;

/// How a claimed payout is handled.
type Handle<'a, 'it> =
    dyn Fn(Held, Place) -> BoxFuture<'a, Result<(), EngineError>> + Send + Sync + 'it;

type UnderWay<'a> = FuturesUnordered<BoxFuture<'a, Result<Done, EngineError>>>;

impl Engine {
    /// Works until `stop` resolves. Then it begins nothing new, waits for what is under way,
    /// commits everything learned, and returns what `stop` resolved to.
    ///
    /// At most `concurrency` payouts of each lane are under way: for each account, that many are
    /// being sent and that many are being queried. `wake` returns a future that resolves when there
    /// may be something to do earlier than expected, such as a new webhook.
    ///
    /// Dropping the future instead leaves the payouts that are being sent in doubt
    /// ([`Engine::sending`] counts them), as a crash does; the next engine on the store queries
    /// them.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use std::future::pending;
    /// use pagos_core::Status;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// // Until this payout is settled, and without news from outside.
    /// let payout = engine.run(16, engine.settled(&key), pending::<()>).await??;
    /// assert_eq!(payout.status(), Status::Succeeded);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The first error of the store, after what was under way has ended. Nothing is lost by it:
    /// check its [`crate::StoreErrorKind`], and run again.
    pub async fn run<Stopped, Wake: Future<Output = ()> + Send>(
        &self,
        concurrency: usize,
        stop: impl Future<Output = Stopped> + Send,
        wake: impl Fn() -> Wake + Send + Sync,
    ) -> Result<Stopped, EngineError> {
        let handle = |held, place| self.handle(held, place).boxed();
        self.run_handling(&handle, concurrency, stop, wake).await
    }

    /// Like [`Engine::run`], but the calls to providers and the decisions about their answers run
    /// in tasks of `spawner`, on as many cores as it has.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::Spawner;
    ///
    /// # scene::play(async {
    /// # use futures_util::future::BoxFuture;
    /// # let engine = std::sync::Arc::new(scene::engine().await);
    /// /// Whoever has a runtime spawns a task here; see [`pagos_engine::Spawner`].
    /// #[derive(Debug)]
    /// struct Here;
    ///
    /// impl Spawner for Here {
    ///     fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    ///         work
    ///     }
    /// }
    ///
    /// engine.run_on(&Here, 16, std::future::ready(()), std::future::pending::<()>).await?;
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::run`].
    pub async fn run_on<Stopped, Wake: Future<Output = ()> + Send>(
        self: &Arc<Self>,
        spawner: &dyn Spawner,
        concurrency: usize,
        stop: impl Future<Output = Stopped> + Send,
        wake: impl Fn() -> Wake + Send + Sync,
    ) -> Result<Stopped, EngineError> {
        let handle = |held, place| spread::handle(self, spawner, held, place);
        self.run_handling(&handle, concurrency, stop, wake).await
    }

    async fn run_handling<'a, Stopped, Wake: Future<Output = ()> + Send>(
        &'a self,
        handle: &Handle<'a, '_>,
        concurrency: usize,
        stop: impl Future<Output = Stopped> + Send,
        wake: impl Fn() -> Wake + Send + Sync,
    ) -> Result<Stopped, EngineError> {
        let mut stop = std::pin::pin!(stop.fuse());
        let mut under_way = UnderWay::new();
        let mut lanes = Lanes::default();
        let mut sweeping = Sweeping::new();
        let mut ending = Ending::NotYet;
        let mut mend_at = self.timer.now();
        loop {
            self.beat();
            lanes.leave();
            lanes.note(self.agenda.take(), self.timer.now());
            ending = match ending {
                Ending::NotYet => {
                    self.begin_more(concurrency.max(1), &mut lanes, &mut under_way);
                    self.begin_sweeps(&mut lanes, &mut sweeping);
                    self.begin_mending(&mut mend_at, &mut under_way);
                    Ending::NotYet
                }
                Ending::Stopped(stopped) if under_way.is_empty() => return Ok(stopped),
                Ending::Failed(error) if under_way.is_empty() => return Err(error),
                Ending::Stopped(_) | Ending::Failed(_) => {
                    sweeping.clear();
                    ending
                }
            };
            let mut nap = self.timer.sleep(lanes.nap(self.timer.now())).fuse();
            let mut woken = std::pin::pin!(wake().fuse());
            let freed = lanes.freed.clone();
            let mut left = std::pin::pin!(freed.any().fuse());
            select_biased! {
                stopped = stop => ending.stop(stopped),
                done = under_way.select_next_some() => match done {
                    Ok(done) => self.take_in(done, handle, &ending, &mut lanes, &mut under_way),
                    Err(error) => ending.fail(error),
                },
                (account, swept) = sweeping.select_next_some() => {
                    lanes.sweeping.remove(&account);
                    if let Err(error) = swept {
                        ending.fail(error);
                    }
                },
                () = left => {}
                () = nap => lanes.look_again(),
                () = woken => lanes.look_again(),
            }
        }
    }

    /// Starts claims and reads of the inbox wherever there may be something.
    fn begin_more<'a>(&'a self, most: usize, lanes: &mut Lanes, under_way: &mut UnderWay<'a>) {
        if lanes.may_claim_payouts() {
            lanes.forget_waits();
        }
        // Both take turns from the rate of queries, so they alternate in being first.
        lanes.is_payments_turn = !lanes.is_payments_turn;
        if lanes.is_payments_turn {
            self.begin_payments(lanes, under_way);
        }
        if lanes.may_claim_payouts() {
            let shares = self.shares_of_payouts(most, lanes);
            if !shares.is_empty() {
                lanes.is_claiming = true;
                under_way.push(self.claim(shares).map(|found| found.map(Done::Claimed)).boxed());
            }
        }
        if !lanes.is_payments_turn {
            self.begin_payments(lanes, under_way);
        }
        if lanes.may_apply() {
            lanes.is_applying = true;
            under_way.push(self.apply_inbox().map(|count| count.map(Done::Applied)).boxed());
        }
        if lanes.may_heed() {
            let shares = self.shares_of_hints(lanes);
            if !shares.is_empty() {
                lanes.is_heeding = true;
                let heeding = self.heed_hints(shares);
                under_way.push(heeding.map(|count| count.map(Done::Heeded)).boxed());
            }
        }
    }

    /// Without rules of approval and limits there is nothing to look at.
    fn begin_mending<'a>(&'a self, mend_at: &mut Timestamp, under_way: &mut UnderWay<'a>) {
        let now = self.timer.now();
        if self.accounts().has_guards() && now >= *mend_at {
            *mend_at = now.plus(MEND_BEAT);
            under_way.push(self.mend_approvals().map(|done| done.map(|()| Done::Mended)).boxed());
        }
    }

    fn begin_sweeps<'a>(&'a self, lanes: &mut Lanes, sweeping: &mut Sweeping<'a>) {
        for account in self.accounts_to_sweep() {
            if lanes.sweeping.insert(account.clone()) {
                let swept = async move {
                    let swept = self.sweep(&account).await;
                    (account, swept)
                };
                sweeping.push(swept.boxed());
            }
        }
    }

    fn begin_payments<'a>(&'a self, lanes: &mut Lanes, under_way: &mut UnderWay<'a>) {
        if !lanes.may_claim_payments() {
            return;
        }
        let shares = self.shares_of_payments(lanes);
        if !shares.is_empty() {
            lanes.is_following = true;
            let claiming = self.claim_payments(shares);
            under_way.push(claiming.map(|found| found.map(Done::ClaimedPayments)).boxed());
        }
    }

    fn take_in<'a>(
        &'a self,
        done: Done,
        handle: &Handle<'a, '_>,
        ending: &Ending<impl Sized>,
        lanes: &mut Lanes,
        under_way: &mut UnderWay<'a>,
    ) {
        match done {
            // This was claimed before it was known that nothing new may begin.
            Done::Claimed(found) if ending.has_begun() => {
                lanes.claimed(&found);
                for held in found.claims {
                    let lane = held.lane();
                    let stopped = async move {
                        self.stop(held.claim, held.passage).await?;
                        drop(held.on_its_way);
                        Ok(Done::Handled(lane))
                    };
                    under_way.push(stopped.boxed());
                }
            }
            Done::Claimed(found) => {
                lanes.claimed(&found);
                for held in found.claims {
                    let lane = held.lane();
                    let place = Place::of(lane.clone(), &lanes.freed);
                    let handled =
                        handle(held, place).map(|done| done.map(|()| Done::Handled(lane)));
                    under_way.push(handled.boxed());
                }
            }
            Done::ClaimedPayments(found) => {
                lanes.claimed_payments(&found);
                for payment in found.claims {
                    let lane = lane_of_payment(&payment);
                    let handled =
                        self.follow(payment).map(|done| done.map(|()| Done::Handled(lane)));
                    under_way.push(handled.boxed());
                }
            }
            Done::Handled(lane) => lanes.handled(&lane),
            // A run that was released is due, and the loop has not been told of that.
            Done::Mended => lanes.look_again(),
            Done::Applied(count) => lanes.applied(count),
            Done::Heeded(count) => lanes.heeded(count),
        }
    }
}

/// Why the loop ends.
enum Ending<Stopped> {
    NotYet,
    /// The caller stopped it.
    Stopped(Stopped),
    /// The first failure. It takes precedence over the caller's stop.
    Failed(EngineError),
}

impl<Stopped> Ending<Stopped> {
    fn has_begun(&self) -> bool {
        !matches!(self, Self::NotYet)
    }

    fn stop(&mut self, stopped: Stopped) {
        if !self.has_begun() {
            *self = Self::Stopped(stopped);
        }
    }

    fn fail(&mut self, error: EngineError) {
        if !matches!(self, Self::Failed(_)) {
            *self = Self::Failed(error);
        }
    }
}
