//! Sends one payout; the only place that calls `create`.
//!
//! Intent and attempt are durable before the request is sent, and nothing here sends a second time.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::{FutureExt, select_biased};
use pagos_core::{
    AccountName, Departure, Error, ErrorKind, FailReason, Handle, Observation, Source, Status,
    Timestamp,
};

use crate::{
    decide::{Outcome, Rules},
    engine::{Engine, EngineError},
    history::Proof,
    instrumented::InstrumentedProvider,
    place::Place,
    point::Point,
    record::Writer,
    service::Told,
    store::{Begun, Claim, Committed, Lease, Payout, Step},
    witness::passed::{Passage, Passed},
};

impl Engine {
    /// Sends a payout whose attempt did not begin with its claim: it is prepared first, and its
    /// attempt begins with what was prepared.
    pub(crate) async fn send(&self, claim: Claim, place: Place) -> Result<(), EngineError> {
        // Where its attempt may not begin, nothing is prepared either; the claim says why.
        let may_begin = self.rules(&claim.payout, self.provider_of(&claim.payout)?);
        let may_begin = may_begin.begin(&claim.payout.progress, claim.payout.epoch).is_some();
        if !may_begin || !self.has_time(&claim.payout, claim.lease_until) {
            return self.give_back(claim).await;
        }
        let Some((payout, handle)) = self.prepare(claim.payout).await? else { return Ok(()) };
        // While the attempt is being written, it may or may not have begun.
        let _on_its_way = self.sending.begin();
        let line = self.store.lineage();
        let Some(payout) = self.begin(payout, handle).await? else { return Ok(()) };
        let Some((payout, passed)) = self.pass(payout, &line).await? else { return Ok(()) };
        self.send_begun(payout, claim.lease_until, passed, place).await
    }

    /// Sends what the witness let pass, and records the result. A refusal keeps its place until it is
    /// recorded, so that an account out of service gets no further payout meanwhile.
    pub(crate) async fn send_begun(
        &self,
        payout: Payout,
        lease_until: Timestamp,
        _: Passed,
        place: Place,
    ) -> Result<(), EngineError> {
        let Some(attempt) = payout.progress.open else { return Ok(()) };
        let writer = Writer::Holder { epoch: payout.epoch };
        if !self.has_time(&payout, lease_until) {
            // A slow commit used up the lease. Nothing was sent, and the next worker to claim it
            // must know that.
            let because = "the claim ran out before the request left";
            return self.close(payout, writer, Proof::NeverReached, because, None).await;
        }
        let account = payout.order.account.clone();
        let asked_at = self.timer.now();
        let answer = self.create(&payout, self.departure(&payout, lease_until)).await;
        let told = Told::by(&answer);
        if told == Told::Works {
            drop(place);
        }
        // The answer is recorded first: nothing may come between an answer and its record.
        match answer {
            Ok(seen) => self.learn(Point::RecordReply, payout, writer, &seen).await,
            Err(error) => self.settle(payout, writer, attempt.number, asked_at, &error).await,
        }?;
        self.note_service(&account, told).await
    }

    /// The call itself, under the deadline. An elapsed deadline is doubt, not failure.
    async fn create(&self, payout: &Payout, departure: Departure) -> Result<Observation, Error> {
        let provider = self.provider_to_call(&payout.order.account)?;
        let late = Error::new(
            ErrorKind::Unknown,
            "no answer within the deadline; outcome unknown, do not pay again",
        );
        let attempt = payout.progress.open.map(|attempt| attempt.number);
        let handle = payout.progress.handle.as_ref();
        let call = provider.create(&payout.order, handle, attempt, departure);
        self.within_deadline(&payout.order.account, call, late).await
    }

    /// Checks the deadline before it polls the call: a worker that stood still beyond it must not
    /// send the request any more. An answer that is lost by this is queried again.
    pub(crate) async fn within_deadline<T>(
        &self,
        account: &AccountName,
        call: impl Future<Output = Result<T, Error>>,
        late: Error,
    ) -> Result<T, Error> {
        let mut call = pin!(call.fuse());
        let mut deadline = self.timer.sleep(self.policy_of(account).deadline).fuse();
        select_biased! {
            () = deadline => Err(late),
            answer = call => answer,
        }
    }

    /// Calls `prepare`. `None` if it failed, which is recorded.
    async fn prepare(
        &self,
        payout: Payout,
    ) -> Result<Option<(Payout, Option<Handle>)>, EngineError> {
        let account = payout.order.account.clone();
        let provider = self.provider_of(&payout)?;
        if !needs_preparing(&payout, provider) {
            return Ok(Some((payout, None)));
        }
        // The call moves no money, so a lost answer is no doubt.
        let late = Error::new(ErrorKind::Undelivered, "no answer within the deadline");
        let call = provider.prepare(&payout.order);
        let prepared = self.within_deadline(&account, call, late).await;
        // If nothing had to be prepared, that says nothing about the account.
        let told = match &prepared {
            Ok(None) => Told::Nothing,
            answer => Told::by(answer),
        };
        let prepared = match prepared {
            Ok(handle) => Some((payout, handle)),
            Err(error) => {
                self.note_service(&account, told).await?;
                match error.kind() {
                    // Nothing was sent, and nothing ever can be.
                    ErrorKind::Invalid | ErrorKind::Rejected => self.refuse(payout, &error).await?,
                    ErrorKind::Unknown
                    | ErrorKind::Undelivered
                    | ErrorKind::Throttled
                    | ErrorKind::Unauthorized => self.put_off(payout, &error).await?,
                }
                return Ok(None);
            }
        };
        self.note_service(&account, told).await?;
        Ok(prepared)
    }

    /// Decides whether an attempt begins with the claim of a payout: not if something must be
    /// prepared first, nor if its account went out of service while it was being claimed.
    pub(crate) fn begin_with_claim(&self, payout: &Payout) -> Option<Begun> {
        let provider = self.providers.to(&payout.order.account)?;
        if self.is_out_of_service(&payout.order.account) || needs_preparing(payout, provider) {
            return None;
        }
        let Outcome { progress, due_at, entries, .. } =
            self.rules(payout, provider).begin(&payout.progress, payout.epoch)?;
        Some(Begun { progress, due_at, entries })
    }

    /// Makes the attempt durable, with what was prepared for it. Only after this commit may the
    /// request be sent. `None` on any conflict: the other writer knows more, and the payout is
    /// found again when the claim ends.
    async fn begin(
        &self,
        mut payout: Payout,
        handle: Option<Handle>,
    ) -> Result<Option<Payout>, EngineError> {
        let provider = self.provider_of(&payout)?;
        if let Some(handle) = handle {
            payout.progress.handle = Some(handle);
        }
        let rules = self.rules(&payout, provider);
        let Some(outcome) = rules.begin(&payout.progress, payout.epoch) else { return Ok(None) };
        let step = Step {
            key: payout.order.key.clone(),
            version: payout.version,
            fence: Some(payout.epoch),
            lease: Lease::Keep,
            progress: outcome.progress.clone(),
            due_at: outcome.due_at,
            entries: outcome.entries,
            notices: outcome.notices,
            applies: None,
        };
        match self.store.commit(Point::BeginAttempt, step).await? {
            Committed::Done { version } => {
                payout.progress = outcome.progress;
                payout.due_at = outcome.due_at;
                payout.version = version;
                Ok(Some(payout))
            }
            Committed::Conflict => Ok(None),
        }
    }

    /// Turns the error of a `create` into what it proves.
    async fn settle(
        &self,
        payout: Payout,
        writer: Writer,
        number: u32,
        asked_at: Timestamp,
        error: &Error,
    ) -> Result<(), EngineError> {
        let told = |status| Observation {
            asked_at: Some(asked_at),
            provider_code: error.provider_code().map(str::to_owned),
            message: Some(error.message().to_owned()),
            ..Observation::new(status, Source::Reply, self.timer.now())
        };
        let wait = self.policy_of(&payout.order.account).asked_delay(error.retry_after());
        let because = error.to_string();
        match error.kind() {
            ErrorKind::Unknown => {
                self.learn(Point::RecordDoubt, payout, writer, &told(Status::Unknown)).await
            }
            ErrorKind::Rejected | ErrorKind::Invalid => {
                let seen = told(Status::Failed(FailReason::Rejected));
                let decide = |payout: &Payout, rules: &Rules<'_>| {
                    Some(rules.refused(&payout.progress, number, &seen))
                };
                self.write(Point::RecordRefusal, payout, writer, decide).await.map(drop)
            }
            ErrorKind::Undelivered => {
                self.close(payout, writer, Proof::NeverReached, &because, wait).await
            }
            ErrorKind::Throttled | ErrorKind::Unauthorized => {
                self.close(payout, writer, Proof::RefusedUnread, &because, wait).await
            }
        }
    }

    /// Ends a claim from which nothing was sent: closes the attempt that began with it.
    pub(crate) async fn stop(
        &self,
        claim: Claim,
        passage: Option<Passage>,
    ) -> Result<(), EngineError> {
        if !claim.has_begun() {
            return self.give_back(claim).await;
        }
        if let Some(passage @ (Passage::Recalled(_) | Passage::Held(..))) = passage {
            return self.turn_back(claim.payout, passage).await;
        }
        let writer = Writer::Holder { epoch: claim.payout.epoch };
        let because = "the program was told to stop before the request left";
        self.close(claim.payout, writer, Proof::NeverReached, because, Some(Duration::ZERO)).await
    }

    /// Closes the current attempt with a proof. Only the holder of the claim may do that: for
    /// anybody else the attempt stays in doubt.
    pub(crate) async fn close(
        &self,
        payout: Payout,
        writer: Writer,
        proof: Proof,
        because: &str,
        wait: Option<Duration>,
    ) -> Result<(), EngineError> {
        let Some(attempt) = payout.progress.open else { return Ok(()) };
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            let because = because.to_owned();
            rules.close_attempt(&payout.progress, attempt, proof, because, wait)
        };
        self.write(Point::CloseAttempt, payout, writer, decide).await.map(drop)
    }

    /// Records that the order cannot be prepared: it failed before anything was sent.
    async fn refuse(&self, payout: Payout, error: &Error) -> Result<(), EngineError> {
        let rejected = Status::Failed(FailReason::Rejected);
        let seen = Observation {
            provider_code: error.provider_code().map(str::to_owned),
            message: Some(error.message().to_owned()),
            ..Observation::new(rejected, Source::Reply, self.timer.now())
        };
        let writer = Writer::Holder { epoch: payout.epoch };
        let decide =
            |payout: &Payout, rules: &Rules<'_>| Some(rules.unprepared(&payout.progress, &seen));
        self.write(Point::RecordUnprepared, payout, writer, decide).await.map(drop)
    }

    /// Records that nothing was sent, and tries again later.
    async fn put_off(&self, payout: Payout, error: &Error) -> Result<(), EngineError> {
        let writer = Writer::Holder { epoch: payout.epoch };
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            let wait = rules.policy.asked_delay(error.retry_after());
            Some(rules.put_off(&payout.progress, wait))
        };
        self.write(Point::PutOff, payout, writer, decide).await.map(drop)
    }

    /// Ends the claim and sends nothing.
    pub(crate) async fn give_back(&self, claim: Claim) -> Result<(), EngineError> {
        let writer = Writer::Holder { epoch: claim.payout.epoch };
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            Some(rules.given_back(&payout.progress, payout.due_at))
        };
        self.write(Point::GiveBack, claim.payout, writer, decide).await.map(drop)
    }

    /// Whether there is time for a whole call before the claim ends.
    fn has_time(&self, payout: &Payout, lease_until: Timestamp) -> bool {
        let deadline = self.policy_of(&payout.order.account).deadline;
        self.timer.now().plus(deadline) < lease_until
    }

    /// The latest moment at which the request may be sent: after it, there is no time for a whole
    /// call. The deadline of [`Engine::create`] alone is not enough, since a timer may stand still
    /// while the machine is suspended.
    fn departure(&self, payout: &Payout, lease_until: Timestamp) -> Departure {
        let deadline = self.policy_of(&payout.order.account).deadline;
        let deadline_ms = i64::try_from(deadline.as_millis()).unwrap_or(i64::MAX);
        let last_ms = lease_until.as_millis().saturating_sub(deadline_ms);
        Departure::NotAfter(Timestamp::from_millis(last_ms))
    }
}

/// Whether the payout must be prepared. What was prepared once is used for every attempt.
fn needs_preparing(payout: &Payout, provider: InstrumentedProvider<'_>) -> bool {
    payout.progress.handle.is_none() && provider.must_prepare()
}
