//! Does what is due: one round for tests and tools, or a loop until it is stopped.
//!
//! Work is divided into lanes, one kind of work of one account each. Every lane has places of its
//! own, so that a slow provider, an account with a long queue, or one that is out of service delays
//! no other. `lanes.rs` knows which lanes have room; the loop is in `work/run.rs`.

mod run;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError},
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use pagos_core::{AccountName, OrderKey, Timestamp};

use crate::{
    decide::{Rules, Task, task},
    delivery::{InboxItem, Trust},
    engine::{Engine, EngineError},
    lanes::{Found, Held, Lanes},
    payment::Payment,
    place::Place,
    point::Point,
    record::Writer,
    store::{Claim, ClaimRequest, Lane, Payout, Share, StoreErrorKind, Work},
    witness::passed::Passage,
};

/// How many deliveries are applied concurrently.
pub(crate) const INBOX_BATCH: usize = 128;

/// What one round of [`Engine::work`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Deliveries that were applied, deferred or closed.
    pub deliveries: usize,
    /// Payouts that were sent or queried.
    pub payouts: usize,
    /// Payments that were queried.
    pub payments: usize,
}

impl Worked {
    /// Whether there was nothing to do.
    pub fn is_idle(self) -> bool {
        self == Self::default()
    }
}

impl Engine {
    /// Does what is due now, once, with at most `limit` payouts of each lane concurrently. An
    /// engine without the turn works on no payout.
    ///
    /// Dropping the future leaves payouts that are being sent in doubt; they are found and queried
    /// later.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// engine.pay(scene::order("salary-7")).await?;
    /// let mut rounds = 0;
    /// while !engine.work(16).await?.is_idle() {
    ///     rounds += 1;
    /// }
    /// assert_eq!(rounds, 1); // it was sent and paid; the watch is due later
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The first error of the store, after everything else that was under way has ended.
    pub async fn work(&self, limit: usize) -> Result<Worked, EngineError> {
        let mut lanes = Lanes::default();
        let hints = self.shares_of_hints(&mut lanes);
        let deliveries = self.apply_inbox().await? + self.heed_hints(hints).await?;
        let following = self.claim_payments(self.shares_of_payments(&mut lanes)).await?.claims;
        let claims = self.claim_all(limit, &mut lanes).await?;
        let (payouts, payments) = (claims.len(), following.len());
        let mut handling: FuturesUnordered<BoxFuture<'_, Result<(), EngineError>>> =
            claims.into_iter().map(|held| self.handle(held, Place::nowhere()).boxed()).collect();
        handling.extend(following.into_iter().map(|payment| self.follow(payment).boxed()));
        let mut outcome = Ok(Worked { deliveries, payouts, payments });
        for account in self.accounts_to_sweep() {
            handling.push(async move { self.sweep(&account).await }.boxed());
        }
        while let Some(handled) = handling.next().await {
            if let Err(error) = handled {
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }

    /// When there is something to do next, for a caller of [`Engine::work`] instead of
    /// [`Engine::run`]. `None` if nothing is to be done until an order is released or a webhook
    /// arrives.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert_eq!(engine.due_at().await?, None);
    /// engine.pay(scene::order("salary-7")).await?;
    /// assert!(engine.due_at().await?.is_some());
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn due_at(&self) -> Result<Option<Timestamp>, EngineError> {
        let lanes_of =
            |account: &AccountName| Work::ALL.map(|work| Lane { account: account.clone(), work });
        let lanes: Vec<Lane> = self.providers.names().flat_map(lanes_of).collect();
        Ok(self.store.next_due(&lanes).await?)
    }

    /// Claims as long as a lane may have more. A lane that was found empty leaves its turns to the
    /// next.
    async fn claim_all(&self, limit: usize, lanes: &mut Lanes) -> Result<Vec<Held>, EngineError> {
        let mut claims = Vec::new();
        // Each round claims something or finds a lane empty, so this ends.
        loop {
            let shares = self.shares_of_payouts(limit, lanes);
            if shares.is_empty() {
                return Ok(claims);
            }
            let found = self.claim(shares).await?;
            lanes.claimed(&found);
            claims.extend(found.claims);
        }
    }

    async fn claim(&self, shares: Vec<Share>) -> Result<Found<Held>, EngineError> {
        if shares.is_empty() {
            return Ok(Found::default());
        }
        let shares = self.leave_closed(shares).await?;
        let request = ClaimRequest { now: self.timer.now(), shares: shares.clone() };
        let line = self.store.lineage();
        // While an attempt is being written, it may or may not have begun, so it counts from
        // before.
        let on_their_way = Mutex::new(BTreeMap::new());
        let begin = |payout: &Payout| {
            let begun = self.begin_with_claim(payout)?;
            let mut on_their_way = on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
            let key = payout.order.key.clone();
            on_their_way.entry(key).or_insert_with(|| self.sending.begin());
            Some(begun)
        };
        let claims = self.store.claim(request, &begin).await?;
        let mut on_their_way = on_their_way.into_inner().unwrap_or_else(PoisonError::into_inner);
        let hold = |claim: Claim| {
            let on_its_way = on_their_way.remove(&claim.payout.order.key);
            Held { claim, on_its_way, passage: None }
        };
        let claims = self.pass_claims(claims.into_iter().map(hold).collect(), &line).await;
        let is_used = |held: &&Held| matches!(held.passage, None | Some(Passage::Passed(_)));
        let used: Vec<Lane> = claims.iter().filter(is_used).map(Held::lane).collect();
        self.give_back_turns(&shares, &used);
        let next_at = if claims.is_empty() { self.next_due(&shares).await? } else { None };
        Ok(Found { shares, claims, next_at })
    }

    async fn claim_payments(&self, shares: Vec<Share>) -> Result<Found<Payment>, EngineError> {
        if shares.is_empty() {
            return Ok(Found::default());
        }
        let now = self.timer.now();
        let lanes: Vec<Lane> = shares.iter().map(|share| share.lane.clone()).collect();
        // Usually nothing is due, and a read is cheaper than a claim, which is a transaction.
        let is_due = self.store.next_due(&lanes).await?.is_some_and(|due_at| due_at <= now);
        let claims = match is_due {
            true => self.store.claim_payments(ClaimRequest { now, shares: shares.clone() }).await?,
            false => Vec::new(),
        };
        self.give_back_turns(&shares, &claims.iter().map(lane_of_payment).collect::<Vec<_>>());
        Ok(Found { shares, claims, next_at: None })
    }

    /// When something is due in the lanes that were just found empty, or in lanes without payouts.
    /// Other events wake the lanes that have no room or no turn or are out of service.
    async fn next_due(&self, shares: &[Share]) -> Result<Option<Timestamp>, EngineError> {
        let mut lanes: Vec<Lane> = shares.iter().map(|share| share.lane.clone()).collect();
        for account in self.providers.names() {
            for work in [Work::Follow, Work::Apply, Work::Hint] {
                let lane = Lane { account: account.clone(), work };
                if self.has_turn_for(&lane) {
                    lanes.push(lane);
                }
            }
        }
        Ok(self.store.next_due(&lanes).await?)
    }

    /// Does what is due about one payout. A panic in a provider's code ends only the work on this
    /// payout, which is put into quarantine.
    pub(crate) async fn handle(&self, held: Held, place: Place) -> Result<(), EngineError> {
        let Held { claim, on_its_way: _on_its_way, passage } = held;
        let key = claim.payout.order.key.clone();
        let handling = Box::pin(self.handle_claim(claim, passage, place));
        match AssertUnwindSafe(handling).catch_unwind().await {
            Ok(Err(EngineError::Store(error))) if error.kind == StoreErrorKind::UnreadableRow => {
                // Another version wrote it meanwhile. The next worker to claim it sets it aside.
                Ok(())
            }
            Ok(handled) => handled,
            Err(_) => self.record_panic(&key).await,
        }
    }

    async fn handle_claim(
        &self,
        claim: Claim,
        passage: Option<Passage>,
        place: Place,
    ) -> Result<(), EngineError> {
        let is_halted = || self.is_out_of_service(&claim.payout.order.account);
        match passage {
            Some(Passage::Passed(passed)) => {
                return self.send_begun(claim.payout, claim.lease_until, passed, place).await;
            }
            Some(passage) => return self.turn_back(claim.payout, passage).await,
            None => {}
        }
        match task(&claim.payout.progress) {
            Task::Send if is_halted() => self.give_back(claim).await,
            Task::Send => self.send(claim, place).await,
            Task::AdmitDoubt => self.admit_doubt(claim).await,
            Task::Ask => self.ask(claim, place).await,
            Task::Rest => self.give_back(claim).await,
        }
    }

    /// The panic's message is on standard error only, since it may contain more than may be stored.
    async fn record_panic(&self, key: &OrderKey) -> Result<(), EngineError> {
        let because = "the provider's code panicked: a fault of this program, see its standard \
                       error; look at the provider's panel, then decide with `pagos resolve`";
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            Some(rules.ambiguous(&payout.progress, because.to_owned()))
        };
        let payout = self.load(key).await?;
        self.write(Point::RecordPanic, payout, Writer::Anyone, decide).await.map(drop)
    }

    async fn apply_inbox(&self) -> Result<usize, EngineError> {
        let accounts: Vec<AccountName> = self.providers.names().cloned().collect();
        let now = self.timer.now();
        let items = self.store.inbox(Trust::Verified, &accounts, now, INBOX_BATCH).await?;
        self.apply_all(items).await
    }

    /// Turns hints into queries, separately from verified deliveries, which never wait for them.
    async fn heed_hints(&self, shares: Vec<Share>) -> Result<usize, EngineError> {
        let now = self.timer.now();
        let lanes: Vec<Lane> = shares.iter().map(|share| share.lane.clone()).collect();
        // Usually there are none, and one read over all accounts is cheaper than one for each.
        let is_due = self.store.next_due(&lanes).await?.is_some_and(|due_at| due_at <= now);
        let mut items = Vec::new();
        for Share { lane, limit, .. } in shares.iter().filter(|_| is_due) {
            let account = std::slice::from_ref(&lane.account);
            items.extend(self.store.inbox(Trust::Unverified, account, now, *limit).await?);
        }
        let lane = |item: &InboxItem| Lane { account: item.account.clone(), work: Work::Hint };
        self.give_back_turns(&shares, &items.iter().map(lane).collect::<Vec<_>>());
        self.apply_all(items).await
    }

    async fn apply_all(&self, items: Vec<InboxItem>) -> Result<usize, EngineError> {
        let count = items.len();
        let mut applying: FuturesUnordered<_> =
            items.into_iter().map(|item| self.apply(item)).collect();
        while let Some(applied) = applying.next().await {
            applied?;
        }
        Ok(count)
    }
}

fn lane_of_payment(payment: &Payment) -> Lane {
    Lane { account: payment.order.account.clone(), work: Work::Follow }
}
