//! Decisions of a person. They are observations like others, with a note that is kept.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use pagos_core::{FailReason, Observation, OrderKey, Source, Status};

use crate::{
    actor::Actor,
    decide::{Outcome, Rules},
    engine::{Engine, EngineError},
    history::{Entry, Proof},
    point::Point,
    record::Writer,
    store::Payout,
};

/// What a person decides about a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The bank statement shows it paid.
    Succeeded,
    /// The provider or the bank confirmed that it is not and will not be paid.
    Failed,
    /// Nothing is wrong: lift the quarantine, forget the doubt, ask the provider again.
    Ask,
    /// It is certain that the open attempt did not and cannot pay: send the same key once more.
    SendAgain,
}

impl Decision {
    /// The word, as `pagos resolve --as` has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Ask => "ask",
            Self::SendAgain => "resend",
        }
    }
}

/// A decision, and everything that belongs to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) decision: Decision,
    pub(crate) note: &'a str,
    /// Where the payout stands, if the person who decides knows.
    pub(crate) present: Option<&'a str>,
    /// Who decides, if that is known.
    pub(crate) by: Option<&'a Actor>,
    /// The attempt that it is about, and who approved it, if it had to be approved.
    pub(crate) approved: Option<(u32, &'a [Actor])>,
}

impl Engine {
    /// Records a person's decision, with a note that says who decided on what evidence.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Decision, EngineError};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// // It was never sent, so it cannot have succeeded.
    /// let note = "statement of 12 May, checked by Ana";
    /// let refused = engine.resolve(&key, Decision::Succeeded, note).await;
    /// assert!(matches!(refused, Err(EngineError::Refused(_))));
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// Refuses an empty note, and a decision that does not fit:
    ///
    /// * Only a payout in doubt can be sent again.
    /// * Neither "send again" nor "failed" is accepted before the attempt is older than lease and
    ///   deadline together, since a worker may be about to send it.
    /// * "Send again" is refused if others must approve it: see [`Engine::resolve_by`].
    /// * "Succeeded" is refused for a payout that was never sent.
    /// * "Succeeded" and "failed" are refused for a payout that is pending or settled, has no doubt
    ///   and calls for nobody: see [`Engine::resolve_although`].
    pub async fn resolve(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
    ) -> Result<Payout, EngineError> {
        let order = Order { decision, note, present: None, by: None, approved: None };
        self.take_decision(key, order).await
    }

    /// Like [`Engine::resolve`], for a caller that knows where the payout stands: `present` is its
    /// word, as in [`crate::Progress::word`]. The decision is then accepted even if the payout is not in
    /// doubt. Use it after restoring a backup, or if a bank's statement contradicts the provider.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::Decision;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// // A backup was restored, and the statement shows that the payout of after it was paid.
    /// let note = "statement of 12 May, checked by Ana";
    /// let payout = engine.resolve_although(&key, Decision::Succeeded, note, "created").await?;
    /// assert_eq!(payout.status(), pagos_core::Status::Succeeded);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::resolve`]; also if the payout has another status by now.
    pub async fn resolve_although(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
        present: &str,
    ) -> Result<Payout, EngineError> {
        let present = Some(present);
        let order = Order { decision, note, present, by: None, approved: None };
        self.take_decision(key, order).await
    }

    /// Like [`Engine::resolve_although`], for somebody who is known by name, as in
    /// [`Engine::resolve_by`].
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, Decision};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let (order, ana) = (scene::order("salary-7"), Actor::new("ana").unwrap());
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// let (paid, note) = (Decision::Succeeded, "statement of 12 May");
    /// engine.resolve_although_by(&key, paid, note, "created", &ana).await?;
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::resolve_although`]; [`EngineError::ResendWaits`] if others must approve
    /// first.
    pub async fn resolve_although_by(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
        present: &str,
        by: &Actor,
    ) -> Result<Payout, EngineError> {
        let (present, by) = (Some(present), Some(by));
        let order = Order { decision, note, present, by, approved: None };
        self.take_decision(key, order).await
    }

    /// Like [`Engine::resolve`], for somebody who is known by name, whom the history then names.
    ///
    /// To send a payout again whose amount needs approval by itself ([`crate::Measure::Payout`]),
    /// others must approve that with [`Engine::approve_resend`].
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, Decision};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let (order, ana) = (scene::order("salary-7"), Actor::new("ana").unwrap());
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// engine.resolve_by(&key, Decision::Ask, "the bank has it", &ana).await?;
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::resolve`]; [`EngineError::ResendWaits`] if others must approve first.
    pub async fn resolve_by(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
        by: &Actor,
    ) -> Result<Payout, EngineError> {
        let order = Order { decision, note, present: None, by: Some(by), approved: None };
        self.take_decision(key, order).await
    }

    /// Records who looked at what is not shown to everybody, such as the full account number, and
    /// returns the payout. Nothing else about the payout changes.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::Actor;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let (order, ana) = (scene::order("salary-7"), Actor::new("ana").unwrap());
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// let payout = engine.disclose(&key, &ana).await?;
    /// let number = payout.order.beneficiary.account_number.as_str(); // the history says who saw it
    /// # assert!(!number.is_empty());
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such payout, or if the store fails; then nothing may be shown.
    pub async fn disclose(&self, key: &OrderKey, by: &Actor) -> Result<Payout, EngineError> {
        let payout = self.load(key).await?;
        let note = |payout: &Payout, rules: &Rules<'_>| {
            Some(Outcome {
                progress: payout.progress.clone(),
                due_at: payout.due_at,
                entries: vec![Entry::Disclosed { at: rules.now, by: by.clone() }],
                notices: Vec::new(),
            })
        };
        let written = self.write(Point::RecordDecision, payout, Writer::Anyone, note).await?;
        written.ok_or_else(|| EngineError::NoPayout(key.clone()))
    }

    async fn take_decision(&self, key: &OrderKey, order: Order<'_>) -> Result<Payout, EngineError> {
        if order.note.trim().is_empty() {
            return Err(EngineError::Refused(
                "a decision needs a note: who decided, on what evidence".to_owned(),
            ));
        }
        let payout = self.load(key).await?;
        if order.decision == Decision::SendAgain {
            self.resend_may_pass(&payout, order).await?;
        }
        self.carry_out(payout, order).await
    }

    /// Writes a decision that nobody must approve any more.
    pub(crate) async fn carry_out(
        &self,
        payout: Payout,
        order: Order<'_>,
    ) -> Result<Payout, EngineError> {
        let (key, decision) = (payout.order.key.clone(), order.decision);
        let objected = Mutex::new(None);
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            let objection = objection(payout, order);
            let is_free = objection.is_none();
            // Nothing panics while it holds the lock.
            *objected.lock().unwrap_or_else(PoisonError::into_inner) = objection;
            if is_free { decided(payout, rules, order) } else { None }
        };
        let on_the_way = self.policy_of(&payout.order.account).time_on_the_way();
        let written = self.write(Point::RecordDecision, payout, Writer::Anyone, decide).await?;
        written.ok_or_else(|| {
            if let Some(objection) = objected.into_inner().unwrap_or_else(PoisonError::into_inner) {
                return EngineError::Refused(format!("{key} {objection}"));
            }
            refused(&key, decision, on_the_way)
        })
    }

    /// Tells whether the decision would be accepted now. Writes nothing.
    pub(crate) fn would_accept(
        &self,
        payout: &Payout,
        order: Order<'_>,
    ) -> Result<(), EngineError> {
        let key = &payout.order.key;
        if let Some(objection) = objection(payout, order) {
            return Err(EngineError::Refused(format!("{key} {objection}")));
        }
        let rules = self.rules(payout, self.provider_of(payout)?);
        match decided(payout, &rules, order) {
            Some(_) => Ok(()),
            None => Err(refused(key, order.decision, rules.policy.time_on_the_way())),
        }
    }
}

fn refused(key: &OrderKey, decision: Decision, on_the_way: Duration) -> EngineError {
    let age_s = on_the_way.as_millis().div_ceil(1_000);
    let young = format!(
        "its attempt is younger than {age_s} s and may still be on its way; wait, then decide"
    );
    EngineError::Refused(match decision {
        Decision::SendAgain => format!("{key} is not in doubt, or {young}"),
        Decision::Succeeded | Decision::Failed | Decision::Ask => format!("{key}: {young}"),
    })
}

/// Why the decision is more likely wrong than the record, as text that follows the key.
fn objection(payout: &Payout, order: Order<'_>) -> Option<String> {
    let progress = &payout.progress;
    let (word, decision) = (progress.word(), order.decision);
    let is_of_attempt = |(number, _)| progress.open.is_some_and(|open| open.number == number);
    if !order.approved.is_none_or(is_of_attempt) {
        return Some("has begun or ended an attempt since; decide again".to_owned());
    }
    let is_held = payout.due_at.is_none()
        && progress.status() == Status::Created
        && progress.attention.is_none();
    if decision == Decision::Ask && is_held {
        return Some("is held until its run is released, so there is nothing to query".to_owned());
    }
    match order.present {
        Some(present) if present == word => return None,
        Some(present) => return Some(format!("is {word} and not {present}: look at it again")),
        None => {}
    }
    match decision {
        // Neither makes anything final, and each has a rule of its own.
        Decision::Ask | Decision::SendAgain => return None,
        Decision::Succeeded | Decision::Failed => {}
    }
    if decision == Decision::Succeeded && progress.attempts == 0 {
        return Some(format!(
            "was never sent from this database: it is {word}, and cannot have succeeded. If the \
             provider has it all the same, as after a backup was restored, say so with \
             `--although {word}`"
        ));
    }
    let standing = &progress.standing;
    let is_called_for = progress.attention.is_some()
        || standing.confirm_since().is_some()
        || standing.not_understood().is_some();
    if is_called_for {
        return None;
    }
    let because = match progress.status() {
        Status::Created | Status::Unknown => return None,
        Status::Pending => "the provider has it and is asked until it is done",
        Status::Succeeded | Status::Failed(_) => {
            "the provider said so and is asked again by itself"
        }
    };
    Some(format!(
        "is {word}, and nothing about that is in doubt: {because}. `--as ask` asks it now; if you know \
         better, say so with `--although {word}`"
    ))
}

/// The decision's outcome; the entry that names who decided comes first.
fn decided(payout: &Payout, rules: &Rules<'_>, order: Order<'_>) -> Option<Outcome> {
    let note = order.note.trim();
    let mut outcome = changed(payout, rules, order.decision, note)?;
    if let Some(by) = order.by {
        let approved_by = order.approved.map(|(_, by)| by.to_vec()).unwrap_or_default();
        let (decision, note) = (order.decision.word().to_owned(), note.to_owned());
        let entry = Entry::Decided { at: rules.now, by: by.clone(), decision, note, approved_by };
        outcome.entries.insert(0, entry);
    }
    Some(outcome)
}

fn changed(payout: &Payout, rules: &Rules<'_>, decision: Decision, note: &str) -> Option<Outcome> {
    let because = format!("operator: {note}");
    let mut progress = payout.progress.clone();
    progress.attention = None;
    progress.waiting = None;
    // A worker may be about to send it at this moment, whatever a person has seen.
    let is_on_its_way = progress
        .open
        .is_some_and(|attempt| rules.now.since(attempt.begun_at) < rules.policy.time_on_the_way());
    let status = match decision {
        Decision::Succeeded => Status::Succeeded,
        Decision::Failed if is_on_its_way => return None,
        Decision::Failed => Status::Failed(FailReason::Declined),
        Decision::Ask => {
            progress.asking = crate::progress::Asking::default();
            progress.ahead_of = None;
            return Some(Outcome {
                progress,
                due_at: Some(rules.now),
                entries: vec![Entry::Attention { at: rules.now, because }],
                notices: Vec::new(),
            });
        }
        Decision::SendAgain => {
            let is_in_doubt = payout.progress.status() == Status::Unknown;
            let closed = rules.close(&progress, Proof::Operator, because, None);
            return closed.filter(|_| is_in_doubt && !is_on_its_way);
        }
    };
    let seen = Observation {
        message: Some(because),
        ..Observation::new(status, Source::Operator, rules.now)
    };
    Some(rules.learn(&progress, &seen))
}
