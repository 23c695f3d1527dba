//! Waits for the end of one payout or one payment.

use std::time::Duration;

use pagos_core::{OrderKey, Status};

use crate::{
    engine::{Engine, EngineError},
    payment::Payment,
    store::Payout,
};

/// The time between two reads of a payout that a caller waits for. Each reads one row.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

impl Engine {
    /// Waits until the payout is settled, or until a person must look at it: then its status is not
    /// final, and [`crate::Progress::reason`] says why. An engine must run meanwhile, in this
    /// process or another. The method reads the store every quarter of a second, by the engine's
    /// timer, for as long as the payout takes; that can be days. Dropping the future changes
    /// nothing.
    ///
    /// A settled payout can still be reversed, so a program that lives on should read notices
    /// instead ([`crate::Store::outbox`]).
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// while !engine.work(16).await?.is_idle() {} // here, or `run` beside it
    /// assert_eq!(engine.settled(&key).await?.status(), pagos_core::Status::Succeeded);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoPayout`], [`EngineError::Archived`], and the error of the store.
    pub async fn settled(&self, key: &OrderKey) -> Result<Payout, EngineError> {
        loop {
            let payout = self.load(key).await?;
            if payout.status().is_final() || payout.progress.is_quarantined() {
                return Ok(payout);
            }
            self.timer.sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Like [`Engine::settled`], for a payment: waits until it is paid, or nobody can pay it any
    /// more, or a person must look at it. A payer's failed try ends nothing while the session is
    /// open.
    ///
    /// ```
    /// use pagos_core::{OrderKey, Status};
    /// use pagos_engine::{Engine, EngineError};
    ///
    /// async fn is_paid(engine: &Engine, invoice: &OrderKey) -> Result<bool, EngineError> {
    ///     Ok(engine.payment_settled(invoice).await?.progress.status() == Status::Succeeded)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoPayment`], and the error of the store.
    pub async fn payment_settled(&self, key: &OrderKey) -> Result<Payment, EngineError> {
        loop {
            let payment = self.store.payment(key).await?;
            let payment = payment.ok_or_else(|| EngineError::NoPayment(key.clone()))?;
            let progress = &payment.progress;
            let is_over = match progress.status() {
                Status::Succeeded => true,
                Status::Failed(_) => progress.open_session(self.timer.now()).is_none(),
                Status::Created | Status::Unknown | Status::Pending => progress.is_quarantined(),
            };
            if is_over {
                return Ok(payment);
            }
            self.timer.sleep(BETWEEN_LOOKS).await;
        }
    }
}
