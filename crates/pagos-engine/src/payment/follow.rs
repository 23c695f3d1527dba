//! Follows payments: sends queries when they are due, and applies what webhooks report.

use std::{panic::AssertUnwindSafe, pin::pin};

use futures_util::{FutureExt, select_biased};
use pagos_core::{Error, ErrorKind, Lookup, Observation, OrderKey, PaymentRef, ProviderRef};

use crate::{
    delivery::InboxId,
    engine::{Engine, EngineError},
    inbox::Hinted,
    instrumented::InstrumentedPayments,
    payment::{
        Payment,
        decide::{Answer, PaymentOutcome, PaymentRules},
    },
    point::Point,
    store::{Lease, StoreErrorKind},
};

/// How many payments are queried side by side.
pub(crate) const PAYMENTS_BATCH: usize = 16;

impl Engine {
    /// Queries one claimed payment. A panic in a provider's code ends only the work on this
    /// payment, which is put into quarantine.
    pub(crate) async fn follow(&self, payment: Payment) -> Result<(), EngineError> {
        let key = payment.order.key.clone();
        match AssertUnwindSafe(self.ask_payment_now(payment, Lease::End)).catch_unwind().await {
            Ok(Err(EngineError::Store(error))) if error.kind == StoreErrorKind::UnreadableRow => {
                // Another version wrote it meanwhile. The next worker to claim it sets it aside.
                Ok(())
            }
            Ok(asked) => asked,
            Err(_) => {
                let because = "the provider's code panicked: a fault of this program, see its \
                               standard error; look at the provider's panel";
                self.quarantine_payment(Point::RecordPaymentAnswer, &key, None, because).await
            }
        }
    }

    /// Queries the provider about one payment now, and records the answer.
    ///
    /// ```
    /// use pagos_core::{OrderKey, Status};
    /// use pagos_engine::{Engine, EngineError};
    ///
    /// async fn is_paid(engine: &Engine, invoice: &OrderKey) -> Result<bool, EngineError> {
    ///     Ok(engine.ask_payment(invoice).await?.progress.status() == Status::Succeeded)
    /// }
    /// ```
    ///
    /// # Errors
    /// If there is no such payment or account, or the store fails. If the provider does not answer,
    /// that is recorded and is no error.
    pub async fn ask_payment(&self, key: &OrderKey) -> Result<Payment, EngineError> {
        let payment = self.load_payment(key).await?;
        self.ask_payment_now(payment, Lease::Keep).await?;
        self.load_payment(key).await
    }

    async fn ask_payment_now(&self, payment: Payment, lease: Lease) -> Result<(), EngineError> {
        let provider = self.payments_of(&payment.order)?;
        let rules = self.payment_rules(&payment)?;
        let sessions = payment.progress.sessions.iter();
        let mut asked: Vec<Option<&ProviderRef>> = sessions
            .filter(|session| !rules.is_forgotten(session))
            .map(|session| Some(&session.reference))
            .collect();
        if payment.progress.sessions.is_empty() {
            asked.push(None);
        }
        let asked_at = self.timer.now();
        let (mut told, mut answer) = (Vec::new(), Answer::Nothing);
        for reference in asked {
            let payment_ref = PaymentRef { order: &payment.order, reference };
            answer = match self.query_payment(provider, &payment_ref).await {
                Ok(Lookup::Found(seen)) if seen.is_empty() => Answer::Nothing,
                Ok(Lookup::Found(seen)) => {
                    told.extend(seen);
                    Answer::Told
                }
                Ok(Lookup::Absent) => Answer::Nothing,
                Ok(Lookup::Ambiguous(because)) => Answer::Ambiguous(because),
                Ok(Lookup::CannotTell(because)) => Answer::InVain(because),
                Err(error) => {
                    self.heed_quiet(&payment.order.account, &error);
                    Answer::InVain(error.to_string())
                }
            };
            if matches!(answer, Answer::Ambiguous(_)) {
                break;
            }
        }
        let decide = |payment: &Payment, rules: &PaymentRules<'_>| {
            rules.answered(&payment.progress, &told, &answer, asked_at)
        };
        let by = By { applies: None, lease };
        self.write_payment(Point::RecordPaymentAnswer, &payment.order.key, by, decide).await
    }

    async fn query_payment(
        &self,
        provider: InstrumentedPayments<'_>,
        payment: &PaymentRef<'_>,
    ) -> Result<Lookup<Vec<Observation>>, Error> {
        let mut call = pin!(provider.query(payment).fuse());
        let policy = self.policy_of(&payment.order.account);
        let mut deadline = self.timer.sleep(policy.deadline).fuse();
        select_biased! {
            answer = call => answer,
            () = deadline => {
                Err(Error::new(ErrorKind::Undelivered, "no answer within the deadline"))
            }
        }
    }

    /// Notes that a person has looked at a payment that called for one, and what was done: a
    /// surplus was given back, a contradiction was cleared up. The provider is queried again.
    ///
    /// ```
    /// use pagos_core::OrderKey;
    /// use pagos_engine::{Engine, EngineError};
    ///
    /// async fn refunded(engine: &Engine, invoice: &OrderKey) -> Result<(), EngineError> {
    ///     let note = "paid twice; Ana sent the second payment back on 12 May";
    ///     engine.resolve_payment(invoice, note).await.map(drop)
    /// }
    /// ```
    ///
    /// # Errors
    /// Refuses an empty note, and a payment that calls for nobody.
    pub async fn resolve_payment(
        &self,
        key: &OrderKey,
        note: &str,
    ) -> Result<Payment, EngineError> {
        let note = note.trim();
        if note.is_empty() {
            return Err(EngineError::Refused(
                "a decision needs a note: who decided, on what evidence".to_owned(),
            ));
        }
        if self.load_payment(key).await?.progress.attention.is_none() {
            return Err(EngineError::Refused(format!("payment {key} calls for nobody")));
        }
        let decide =
            |payment: &Payment, rules: &PaymentRules<'_>| rules.looked(&payment.progress, note);
        self.write_payment(Point::RecordPaymentDecision, key, By::ANYONE, decide).await?;
        self.load_payment(key).await
    }

    /// Records what a verified delivery reports about a payment, and closes the delivery.
    pub(crate) async fn learn_payment(
        &self,
        key: &OrderKey,
        id: InboxId,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        let decide = |payment: &Payment, rules: &PaymentRules<'_>| {
            rules.learn(&payment.progress, std::slice::from_ref(seen))
        };
        self.write_payment(Point::ApplyPaymentDelivery, key, By::inbox(id), decide).await
    }

    /// Only brings the query forward.
    pub(crate) async fn hint_payment(
        &self,
        key: &OrderKey,
        id: InboxId,
    ) -> Result<Hinted, EngineError> {
        let (point, by) = (Point::SchedulePaymentQuery, By::inbox(id));
        loop {
            let mut payment = self.load_payment(key).await?;
            let rules = self.payment_rules(&payment)?;
            let Some(outcome) = rules.hinted(&payment.progress, payment.due_at) else {
                let is_due = payment.due_at.is_some_and(|due_at| due_at <= self.timer.now());
                return Ok(if is_due { Hinted::UnderWay } else { Hinted::Needless });
            };
            if self.commit_payment(point, &mut payment, outcome, by).await? == Wrote::Done {
                return Ok(Hinted::Asked);
            }
            // The step opens no session, so none can be taken: another worker wrote in between.
        }
    }

    /// Decides over the present payment and writes the outcome, repeatedly if need be. A session
    /// that belongs to another payment is no race: it puts this payment into quarantine.
    async fn write_payment(
        &self,
        point: Point,
        key: &OrderKey,
        by: By,
        decide: impl Fn(&Payment, &PaymentRules<'_>) -> PaymentOutcome + Send + Sync,
    ) -> Result<(), EngineError> {
        loop {
            let mut payment = self.load_payment(key).await?;
            let outcome = decide(&payment, &self.payment_rules(&payment)?);
            match self.commit_payment(point, &mut payment, outcome, by).await? {
                Wrote::Done => return Ok(()),
                // Another writer was faster, so this loop ends when the others do.
                Wrote::Nothing => {}
                Wrote::SessionTaken => {
                    return self.quarantine_payment(point, key, by.applies, SESSION_TAKEN).await;
                }
            }
        }
    }

    /// Calls a person for a payment, and sends no more queries about it until somebody has looked.
    pub(crate) async fn quarantine_payment(
        &self,
        point: Point,
        key: &OrderKey,
        applies: Option<InboxId>,
        because: &str,
    ) -> Result<(), EngineError> {
        let by = By { applies, lease: Lease::End };
        loop {
            let mut payment = self.load_payment(key).await?;
            let outcome =
                self.payment_rules(&payment)?.ambiguous(&payment.progress, because.to_owned());
            match self.commit_payment(point, &mut payment, outcome, by).await? {
                Wrote::Done => return Ok(()),
                // The step opens no session, so none can be taken: another worker wrote in between.
                Wrote::Nothing | Wrote::SessionTaken => {}
            }
        }
    }
}

pub(crate) const SESSION_TAKEN: &str = "the provider named a session that belongs to another payment: \
    payers may have paid the wrong one; ask the provider";

/// Who writes a step of a payment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By {
    /// The delivery that is applied.
    pub(crate) applies: Option<InboxId>,
    /// What becomes of the claim.
    pub(crate) lease: Lease,
}

impl By {
    /// A writer without a claim. A claim of somebody else is left alone.
    pub(crate) const ANYONE: Self = Self { applies: None, lease: Lease::Keep };

    fn inbox(id: InboxId) -> Self {
        Self { applies: Some(id), lease: Lease::Keep }
    }
}

/// The result of writing a step of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrote {
    Done,
    /// Another writer was faster.
    Nothing,
    /// The session belongs to another payment.
    SessionTaken,
}
