//! Following payments: questions when they are due, and what webhooks tell. Opens nothing.

use std::pin::pin;

use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::select_biased;
use futures_util::stream::FuturesUnordered;
use pagos_core::Error;
use pagos_core::ErrorKind;
use pagos_core::Lookup;
use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_core::PaymentRef;
use pagos_core::ProviderRef;

use crate::door::PaymentDoor;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::payment::Payment;
use crate::payment::decide::Answer;
use crate::payment::decide::PaymentOutcome;
use crate::payment::decide::PaymentRules;
use crate::point::Point;
use crate::store::InboxId;

/// Payments that are asked about side by side.
const PAYMENTS_BATCH: usize = 16;

impl Engine {
    /// Asks about the payments that are due; returns how many there were.
    pub(crate) async fn follow_payments(&self) -> Result<usize, EngineError> {
        let due = self.store.due_payments(self.timer.now(), PAYMENTS_BATCH).await?;
        let ours: Vec<Payment> =
            due.into_iter().filter(|payment| self.payments_of(&payment.order).is_ok()).collect();
        let count = ours.len();
        let mut asking: FuturesUnordered<_> =
            ours.into_iter().map(|payment| self.ask_payment_now(payment)).collect();
        while let Some(asked) = asking.next().await {
            asked?;
        }
        Ok(count)
    }

    /// Asks the provider about one payment now, and records the answer.
    ///
    /// # Errors
    /// If there is no such payment or account, or the store fails. What the provider does not
    /// answer is recorded, and no error.
    pub async fn ask_payment(&self, key: &OrderKey) -> Result<Payment, EngineError> {
        let payment = self.load_payment(key).await?;
        self.ask_payment_now(payment).await?;
        self.load_payment(key).await
    }

    async fn ask_payment_now(&self, payment: Payment) -> Result<(), EngineError> {
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
                Err(error) => Answer::InVain(error.to_string()),
            };
            if matches!(answer, Answer::Ambiguous(_)) {
                break;
            }
        }
        let decide = |payment: &Payment, rules: &PaymentRules<'_>| {
            rules.answered(&payment.progress, &told, &answer, asked_at)
        };
        self.write_payment(Point::RecordPaymentAnswer, &payment.order.key, None, decide).await
    }

    async fn query_payment(
        &self,
        provider: PaymentDoor<'_>,
        payment: &PaymentRef<'_>,
    ) -> Result<Lookup<Vec<Observation>>, Error> {
        let mut call = pin!(provider.query(payment).fuse());
        let mut deadline = self.timer.sleep(self.policy.deadline).fuse();
        select_biased! {
            answer = call => answer,
            () = deadline => {
                Err(Error::new(ErrorKind::Undelivered, "no answer within the deadline"))
            }
        }
    }

    /// Takes note that a person has looked at a payment that called for one, and of what was done:
    /// a surplus given back, a contradiction cleared up. The provider is asked again.
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
        self.write_payment(Point::RecordPaymentDecision, key, None, decide).await?;
        self.load_payment(key).await
    }

    /// Records what a verified delivery told about a payment, and closes the delivery.
    pub(crate) async fn learn_payment(
        &self,
        key: &OrderKey,
        id: InboxId,
        seen: &Observation,
    ) -> Result<(), EngineError> {
        let decide = |payment: &Payment, rules: &PaymentRules<'_>| {
            rules.learn(&payment.progress, std::slice::from_ref(seen))
        };
        self.write_payment(Point::ApplyPaymentDelivery, key, Some(id), decide).await
    }

    /// Changes nothing but that the provider is asked now.
    pub(crate) async fn hint_payment(
        &self,
        key: &OrderKey,
        id: Option<InboxId>,
    ) -> Result<(), EngineError> {
        let decide = |payment: &Payment, rules: &PaymentRules<'_>| {
            rules.ask_now(&payment.progress, payment.due_at)
        };
        self.write_payment(Point::SchedulePaymentQuestion, key, id, decide).await
    }

    /// Decides over the present payment and writes the outcome, as often as it takes.
    async fn write_payment(
        &self,
        point: Point,
        key: &OrderKey,
        applies: Option<InboxId>,
        decide: impl Fn(&Payment, &PaymentRules<'_>) -> PaymentOutcome + Send + Sync,
    ) -> Result<(), EngineError> {
        loop {
            let mut payment = self.load_payment(key).await?;
            let outcome = decide(&payment, &self.payment_rules(&payment)?);
            if self.commit_payment(point, &mut payment, outcome, applies).await? {
                return Ok(());
            }
            // Someone else wrote in between, so this loop ends when the others do.
        }
    }
}
