//! One order as a run of its own, stored and made due in one call.

use pagos_core::PayoutOrder;

use crate::{
    actor::Actor,
    engine::{Engine, EngineError},
    intent::{RunId, Submitted},
    store::Payout,
};

impl Engine {
    /// Checks, stores and releases one order as a run of its own, which may wait for approval as
    /// any other ([`Engine::release`]). Calling it again with the same
    /// order changes nothing, so it is safe to repeat after a crash or an error of the store.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::EngineError;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let order = scene::order("salary-7");
    /// engine.pay(order.clone()).await?;
    /// engine.pay(order.clone()).await?; // the same order: nothing happens
    /// let other = order.with_description("a bonus");
    /// assert!(matches!(engine.pay(other).await, Err(EngineError::Conflict(_))));
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::submit`] and [`Engine::release`]; [`EngineError::Archived`] if the same
    /// order was settled and archived earlier.
    pub async fn pay(&self, order: PayoutOrder) -> Result<Payout, EngineError> {
        self.pay_as(order, None).await
    }

    /// Like [`Engine::pay`], for somebody who is known by name: see [`Engine::submit_by`].
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, EngineError};
    ///
    /// # scene::play(async {
    /// # let engine = scene::guarded_engine().await; // more than 10000 CLP need one approver
    /// # let ana = Actor::new("ana").unwrap();
    /// let waits = engine.pay_by(scene::order("salary-7"), &ana).await;
    /// assert!(matches!(waits, Err(EngineError::WaitsForApproval(_)))); // stored, and not sent
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::pay`].
    pub async fn pay_by(&self, order: PayoutOrder, by: &Actor) -> Result<Payout, EngineError> {
        self.pay_as(order, Some(by.clone())).await
    }

    async fn pay_as(&self, order: PayoutOrder, by: Option<Actor>) -> Result<Payout, EngineError> {
        let key = order.key.clone();
        self.make_due(order, by).await?;
        self.load(&key).await
    }

    /// Like [`Engine::pay_by`], for a caller that reads the payout itself: the answer says only
    /// whether the store had the order before.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, Submitted};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let ana = Actor::new("ana").unwrap();
    /// assert_eq!(engine.make_due_by(scene::order("salary-7"), &ana).await?, Submitted::New);
    /// let again = engine.make_due_by(scene::order("salary-7"), &ana).await?;
    /// assert!(matches!(again, Submitted::Existing { .. }));
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::submit`] and [`Engine::release`].
    pub async fn make_due_by(
        &self,
        order: PayoutOrder,
        by: &Actor,
    ) -> Result<Submitted, EngineError> {
        self.make_due(order, Some(by.clone())).await
    }

    async fn make_due(
        &self,
        order: PayoutOrder,
        by: Option<Actor>,
    ) -> Result<Submitted, EngineError> {
        let run = RunId::of_one(&order.key);
        // One order has one answer.
        let answers = self.submit_as(&run, vec![order], by).await?;
        match answers.first() {
            Some(Submitted::New) => self.release_new(&run).await?,
            _ => self.release(&run, 1).await?,
        };
        Ok(answers.first().copied().unwrap_or(Submitted::New))
    }
}
