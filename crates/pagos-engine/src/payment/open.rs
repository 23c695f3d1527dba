//! Opens a session; the only place that calls a payment provider's `create`.
//!
//! The session and its secret are durable before anybody is told the address.

use std::pin::pin;

use futures_util::{FutureExt, select_biased};
use pagos_core::{Error, ErrorKind, OrderKey, PaymentOrder, PaymentSession};

use crate::{
    engine::{Engine, EngineError},
    history::Proof,
    instrumented::InstrumentedPayments,
    payment::{
        Payment,
        decide::{MayOpen, PaymentOutcome, PaymentRules},
        follow::{By, SESSION_TAKEN, Wrote},
        store::{PaymentCommitted, PaymentStep, SubmittedPayment},
    },
    point::Point,
};

/// A payment with the session that payers are sent to.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The stored payment.
    pub payment: Payment,
    /// Whether this call opened a session. Otherwise one was open, or the payment is paid.
    pub is_new: bool,
}

impl Opened {
    /// The page on which the payer pays, if the last session has one.
    pub fn url(&self) -> Option<&str> {
        self.payment.progress.sessions.last()?.url.as_deref()
    }
}

impl Engine {
    /// Collects a payment: stores the order, opens a session, stores the session. Called again with
    /// the same order, it returns the session that is open, and opens another one only when nobody
    /// can pay in the last one any more.
    ///
    /// Dropping the future leaves at most a session whose address nobody knows.
    ///
    /// ```
    /// use pagos_core::PaymentOrder;
    /// use pagos_engine::{Engine, EngineError};
    ///
    /// async fn send_payer(engine: &Engine, order: PaymentOrder) -> Result<String, EngineError> {
    ///     let opened = engine.open_payment(order).await?;
    ///     // Durable by now, so that its outcome can be verified.
    ///     Ok(opened.url().unwrap_or_default().to_owned())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`EngineError::Invalid`] before anything is stored or sent; [`EngineError::Refused`] for a
    /// key that names another payment, or that cannot be used again; [`EngineError::Provider`] with
    /// the provider's next step.
    pub async fn open_payment(&self, order: PaymentOrder) -> Result<Opened, EngineError> {
        let provider = self.payments_of(&order)?;
        provider.check(&order).map_err(EngineError::Invalid)?;
        let key = order.key.clone();
        let mut payment = match self.store.submit_payment(order, self.timer.now()).await? {
            SubmittedPayment::New(payment) | SubmittedPayment::Existing(payment) => payment,
            SubmittedPayment::Conflict => {
                return Err(EngineError::Refused(format!(
                    "{key} names a payment with another body; use another key"
                )));
            }
        };
        let rules = self.payment_rules(&payment)?;
        match rules.may_open(&payment.progress) {
            MayOpen::Yes => {}
            MayOpen::NotNeeded => return Ok(Opened { payment, is_new: false }),
            MayOpen::No(because) => {
                return Err(EngineError::Refused(format!("{key}: {because}")));
            }
        }
        let begun = rules.begin_opening(&payment.progress);
        let wrote =
            self.commit_payment(Point::BeginOpening, &mut payment, begun, By::ANYONE).await?;
        if wrote != Wrote::Done {
            return Err(EngineError::Refused(format!(
                "{key}: another process is opening its session; run it again in a moment"
            )));
        }
        match self.create_session(provider, &payment.order).await {
            Ok(session) => self.keep(payment, &session).await,
            Err(error) => {
                self.note_unopened(&mut payment, &error).await?;
                Err(EngineError::Provider(error))
            }
        }
    }

    async fn create_session(
        &self,
        provider: InstrumentedPayments<'_>,
        order: &PaymentOrder,
    ) -> Result<PaymentSession, Error> {
        let mut call = pin!(provider.create(order).fuse());
        let mut deadline = self.timer.sleep(self.policy_of(&order.account).deadline).fuse();
        select_biased! {
            answer = call => answer,
            () = deadline => Err(Error::new(ErrorKind::Unknown, "no answer within the deadline")),
        }
    }

    /// Stores the session. One that cannot be stored is not handed out: its outcome could not be
    /// verified.
    async fn keep(
        &self,
        mut payment: Payment,
        session: &PaymentSession,
    ) -> Result<Opened, EngineError> {
        let rules = self.payment_rules(&payment)?;
        let Some(opened) = rules.opened(&payment.progress, session) else {
            let error = Error::new(ErrorKind::Unknown, "the answer names no session");
            self.note_unopened(&mut payment, &error).await?;
            return Err(EngineError::Provider(error));
        };
        let key = payment.order.key.clone();
        match self.commit_payment(Point::KeepSession, &mut payment, opened, By::ANYONE).await? {
            Wrote::Done => Ok(Opened { payment, is_new: true }),
            Wrote::Nothing => Err(EngineError::Refused(format!(
                "{key} changed while its session was opened; run it again"
            ))),
            Wrote::SessionTaken => {
                self.quarantine_payment(Point::KeepSession, &key, None, SESSION_TAKEN).await?;
                Err(EngineError::Refused(format!("{key}: {SESSION_TAKEN}")))
            }
        }
    }

    async fn note_unopened(&self, payment: &mut Payment, error: &Error) -> Result<(), EngineError> {
        let rules = self.payment_rules(payment)?;
        let because = error.to_string();
        let proof = match error.kind() {
            ErrorKind::Unknown => None,
            ErrorKind::Invalid | ErrorKind::Rejected => Some(Proof::Rejected),
            ErrorKind::Undelivered => Some(Proof::NeverReached),
            ErrorKind::Throttled | ErrorKind::Unauthorized => Some(Proof::RefusedUnread),
        };
        let outcome = match proof {
            Some(proof) => rules.not_opened(&payment.progress, proof, because),
            None => rules.unanswered(&payment.progress, because),
        };
        // Whoever wrote in between knows more than "it was not opened".
        self.commit_payment(Point::RecordUnopened, payment, outcome, By::ANYONE).await.map(drop)
    }

    /// Writes an outcome, and updates `payment` if it was written.
    pub(crate) async fn commit_payment(
        &self,
        point: Point,
        payment: &mut Payment,
        outcome: PaymentOutcome,
        by: By,
    ) -> Result<Wrote, EngineError> {
        let step = PaymentStep {
            key: payment.order.key.clone(),
            version: payment.version,
            lease: by.lease,
            progress: outcome.progress.clone(),
            opens: outcome.opens,
            due_at: outcome.due_at,
            entries: outcome.entries,
            notices: outcome.notices,
            applies: by.applies,
        };
        let version = match self.store.commit_payment(point, step).await? {
            PaymentCommitted::Done { version } => version,
            PaymentCommitted::Conflict => return Ok(Wrote::Nothing),
            PaymentCommitted::SessionTaken => return Ok(Wrote::SessionTaken),
        };
        payment.progress = outcome.progress;
        payment.due_at = outcome.due_at;
        payment.version = version;
        Ok(Wrote::Done)
    }

    pub(crate) fn payments_of(
        &self,
        order: &PaymentOrder,
    ) -> Result<InstrumentedPayments<'_>, EngineError> {
        let account = &order.account;
        let provider = self.providers.to(account);
        let provider = provider.ok_or_else(|| EngineError::NoAccount(account.clone()))?;
        provider
            .payments()
            .ok_or_else(|| EngineError::Refused(format!("account {account} takes no payments")))
    }

    pub(crate) fn payment_rules<'a>(
        &'a self,
        payment: &'a Payment,
    ) -> Result<PaymentRules<'a>, EngineError> {
        Ok(PaymentRules {
            order: &payment.order,
            terms: self.payments_of(&payment.order)?.terms(),
            policy: self.policy_of(&payment.order.account),
            now: self.timer.now(),
        })
    }

    pub(crate) async fn load_payment(&self, key: &OrderKey) -> Result<Payment, EngineError> {
        let payment = self.store.payment(key).await?;
        payment.ok_or_else(|| EngineError::NoPayment(key.clone()))
    }
}
