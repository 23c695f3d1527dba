//! Every change that a request can make, with the name of whoever makes it. No other file of this
//! crate changes an order, so no change can leave the actor out.

use std::fmt::Debug;

use async_trait::async_trait;
use pagos_core::{Error, OrderKey, PaymentOrder, PayoutOrder};
use pagos_engine::{
    Actor, Decision, Engine, EngineError, InboxId, Opened, Payment, Payout, RunApproval, RunDigest,
    RunId, Submitted,
};

/// What the API has done for its callers. [`Engine`] does it; tests may stand between.
#[async_trait]
pub trait Acts: Debug + Send + Sync {
    /// [`Engine::submit`], by an actor.
    async fn submit(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
        by: &Actor,
    ) -> Result<Vec<Submitted>, EngineError>;

    /// [`Engine::release`], by an actor.
    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        by: &Actor,
    ) -> Result<ReleaseState, EngineError>;

    /// [`Engine::withdraw`], by an actor.
    async fn withdraw(&self, run: &RunId, by: &Actor) -> Result<u64, EngineError>;

    /// Approves a run, of which the approver has seen `digest`.
    async fn approve(
        &self,
        run: &RunId,
        digest: &str,
        note: &str,
        by: &Actor,
    ) -> Result<(), EngineError>;

    /// Refuses to approve a run, which can then be withdrawn only.
    async fn reject(&self, run: &RunId, note: &str, by: &Actor) -> Result<(), EngineError>;

    /// The approval of a run; `None` if it needs none.
    async fn approval(&self, run: &RunId) -> Result<Option<RunApproval>, EngineError>;

    /// Stores one order as a run of its own and makes it due, by an actor.
    async fn pay(
        &self,
        order: PayoutOrder,
        by: &Actor,
    ) -> Result<(Option<Submitted>, ReleaseState), EngineError>;

    /// [`Engine::approve_resend`]. `None`: others must approve it too.
    async fn approve_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
        by: &Actor,
    ) -> Result<Option<Payout>, EngineError>;

    /// [`Engine::reject_resend_by`].
    async fn reject_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
        by: &Actor,
    ) -> Result<(), EngineError>;

    /// [`Engine::resolve`] or [`Engine::resolve_although`], by an actor.
    async fn resolve(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
        although: Option<&str>,
        by: &Actor,
    ) -> Result<Payout, EngineError>;

    /// [`Engine::disclose`].
    async fn disclose(&self, key: &OrderKey, by: &Actor) -> Result<Payout, EngineError>;

    /// [`Engine::replay`], by an actor.
    async fn replay(&self, delivery: InboxId, by: &Actor) -> Result<bool, EngineError>;

    /// [`Engine::open_payment`], by an actor.
    async fn open_payment(&self, order: PaymentOrder, by: &Actor) -> Result<Opened, EngineError>;

    /// [`Engine::resolve_payment`], by an actor.
    async fn resolve_payment(
        &self,
        key: &OrderKey,
        note: &str,
        by: &Actor,
    ) -> Result<Payment, EngineError>;
}

/// What a release did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseState {
    /// The orders are due.
    Due,
    /// Nothing is due before somebody approves the run.
    WaitsForApproval,
}

#[async_trait]
impl Acts for Engine {
    async fn submit(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
        by: &Actor,
    ) -> Result<Vec<Submitted>, EngineError> {
        Engine::submit_by(self, run, orders, by).await
    }

    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        _: &Actor,
    ) -> Result<ReleaseState, EngineError> {
        match Engine::release(self, run, expected).await {
            Ok(_) => Ok(ReleaseState::Due),
            Err(EngineError::WaitsForApproval(_)) => Ok(ReleaseState::WaitsForApproval),
            Err(error) => Err(error),
        }
    }

    async fn withdraw(&self, run: &RunId, _: &Actor) -> Result<u64, EngineError> {
        Engine::withdraw(self, run).await
    }

    async fn approve(
        &self,
        run: &RunId,
        digest: &str,
        note: &str,
        by: &Actor,
    ) -> Result<(), EngineError> {
        let digest: RunDigest =
            digest.parse().map_err(|error: Error| EngineError::Refused(error.to_string()))?;
        Engine::approve(self, run, &digest, by, note).await.map(drop)
    }

    async fn reject(&self, run: &RunId, note: &str, by: &Actor) -> Result<(), EngineError> {
        Engine::reject(self, run, by, note).await.map(drop)
    }

    async fn approval(&self, run: &RunId) -> Result<Option<RunApproval>, EngineError> {
        Engine::approval(self, run).await
    }

    async fn pay(
        &self,
        order: PayoutOrder,
        by: &Actor,
    ) -> Result<(Option<Submitted>, ReleaseState), EngineError> {
        match Engine::make_due_by(self, order, by).await {
            Ok(submitted) => Ok((Some(submitted), ReleaseState::Due)),
            Err(EngineError::WaitsForApproval(_)) => Ok((None, ReleaseState::WaitsForApproval)),
            Err(error) => Err(error),
        }
    }

    async fn approve_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
        by: &Actor,
    ) -> Result<Option<Payout>, EngineError> {
        Engine::approve_resend(self, key, attempt, by, note).await
    }

    async fn reject_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
        by: &Actor,
    ) -> Result<(), EngineError> {
        Engine::reject_resend_by(self, key, attempt, by, note).await
    }

    async fn resolve(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
        although: Option<&str>,
        by: &Actor,
    ) -> Result<Payout, EngineError> {
        let note = signed(note, by)?;
        match although {
            Some(present) => {
                Engine::resolve_although_by(self, key, decision, &note, present, by).await
            }
            None => Engine::resolve_by(self, key, decision, &note, by).await,
        }
    }

    async fn disclose(&self, key: &OrderKey, by: &Actor) -> Result<Payout, EngineError> {
        Engine::disclose(self, key, by).await
    }

    async fn replay(&self, delivery: InboxId, _: &Actor) -> Result<bool, EngineError> {
        Engine::replay(self, delivery).await
    }

    async fn open_payment(&self, order: PaymentOrder, _: &Actor) -> Result<Opened, EngineError> {
        Engine::open_payment(self, order).await
    }

    async fn resolve_payment(
        &self,
        key: &OrderKey,
        note: &str,
        by: &Actor,
    ) -> Result<Payment, EngineError> {
        Engine::resolve_payment(self, key, &signed(note, by)?).await
    }
}

/// The note as the history keeps it. The name alone is no note.
pub(crate) fn signed(note: &str, by: &Actor) -> Result<String, EngineError> {
    match note.trim() {
        "" => Err(EngineError::Refused(
            "a decision needs a note: who decided, on what evidence".to_owned(),
        )),
        note => Ok(format!("{by}: {note}")),
    }
}
