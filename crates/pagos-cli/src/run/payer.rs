//! Waits for a payer. It applies webhooks and queries payments, but opens no session and sends no
//! payout, so that it can run beside `pagos serve` on one store.

use std::time::Duration;

use pagos_core::OrderKey;
use pagos_engine::{EngineError, Payment};

use crate::{
    console,
    exit::Failure,
    run::{instance::Instance, signal::Stop},
};

const BEAT: Duration = Duration::from_millis(250);

/// How the wait ended.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The payment is paid or failed, or a person must look at it.
    Ended(Payment),
    /// The process was asked to stop.
    Interrupted(Payment),
}

/// Waits until a payment is final, or needs a person.
pub(crate) async fn wait(instance: &Instance, key: &OrderKey) -> Result<Waited, Failure> {
    let stop = Stop::listen(instance.engine.sending());
    console::tell("waiting for the payer; Ctrl-C ends the waiting and nothing else");
    loop {
        // No payout is claimed if there is room for none, so a signal cuts off only queries.
        tokio::select! {
            worked = instance.engine.work(0) => drop(worked?),
            () = stop.requested() => {}
        }
        let payment = instance.store.payment(key).await?;
        let payment = payment.ok_or_else(|| EngineError::NoPayment(key.clone()))?;
        if payment.progress.status().is_final() || payment.progress.is_quarantined() {
            return Ok(Waited::Ended(payment));
        }
        if stop.is_requested() {
            return Ok(Waited::Interrupted(payment));
        }
        tokio::select! {
            () = stop.requested() => {}
            () = instance.woken() => {}
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}
