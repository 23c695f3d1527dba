//! What people say to a run that waits, and what happens to its approval when the run is taken back
//! or a process ended in between.

use pagos_core::PayoutOrder;

use crate::{
    actor::Actor,
    approval::{
        content::RunDigest,
        record::{Approval, ApprovalState, RunApproval, Stored},
    },
    engine::{Engine, EngineError},
    history::NoticeKind,
    intent::{Run, RunId},
};

impl Engine {
    /// Approves a run as `by`, who looked at the content with this digest. The last approval that is
    /// needed releases the run in the same call; a call that was interrupted is repeated.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, ApprovalState, EngineError, RunId};
    ///
    /// # scene::play(async {
    /// # let engine = scene::guarded_engine().await; // more than 10000 CLP need one approver
    /// # let (ana, leo) = (Actor::new("ana").unwrap(), Actor::new("leo").unwrap());
    /// let run = RunId::from("payroll of May");
    /// engine.submit_by(&run, vec![scene::order("may-1")], &ana).await?;
    /// let Err(EngineError::WaitsForApproval(waits)) = engine.release(&run, 1).await else { panic!() };
    /// let refused = engine.approve(&run, &waits.digest, &ana, "").await;
    /// assert!(matches!(refused, Err(EngineError::Refused(_)))); // she submitted it
    /// let approval = engine.approve(&run, &waits.digest, &leo, "as agreed").await?;
    /// assert_eq!(approval.state, ApprovalState::Released);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoRun`]; [`EngineError::Refused`] if the run does not wait, if the digest is
    /// another one, if `by` submitted the run or approved it before, or if it is not known who
    /// submitted it; [`EngineError::OverLimit`] if the approval counts and the run cannot be
    /// released today.
    pub async fn approve(
        &self,
        run: &RunId,
        digest: &RunDigest,
        by: &Actor,
        note: &str,
    ) -> Result<RunApproval, EngineError> {
        loop {
            let (known, mut stored) = self.waiting(run).await?;
            let approval = &mut stored.approval;
            approval.note_submitters(&known);
            self.may_approve(approval, digest, by)?;
            let is_repeated = approval.approvals.iter().any(|said| said.by.is_same(by));
            if !is_repeated {
                approval.approvals.push(self.said(by, note));
            }
            if is_repeated || self.keep_approval(&mut stored, None).await? {
                let id = stored.approval.id;
                return match self.release(run, stored.approval.members).await {
                    Ok(_) => match self.approval_of(id).await? {
                        Some(released) => Ok(released.approval),
                        None => Ok(stored.approval),
                    },
                    Err(EngineError::WaitsForApproval(waits)) => Ok(*waits),
                    Err(error) => Err(error),
                };
            }
        }
    }

    /// Rejects a run that waits, with the reason. It stays rejected until it is withdrawn.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, EngineError, RunId};
    ///
    /// # scene::play(async {
    /// # let engine = scene::guarded_engine().await; // more than 10000 CLP need one approver
    /// # let (ana, leo) = (Actor::new("ana").unwrap(), Actor::new("leo").unwrap());
    /// let run = RunId::from("payroll of May");
    /// engine.submit_by(&run, vec![scene::order("may-1")], &ana).await?;
    /// assert!(engine.release(&run, 1).await.is_err());
    /// engine.reject(&run, &leo, "the bonus is missing").await?;
    /// assert!(matches!(engine.release(&run, 1).await, Err(EngineError::RunRejected(_))));
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoRun`]; [`EngineError::Refused`] without a note, or if the run does not wait.
    pub async fn reject(
        &self,
        run: &RunId,
        by: &Actor,
        note: &str,
    ) -> Result<RunApproval, EngineError> {
        if note.trim().is_empty() {
            return Err(EngineError::Refused("a rejection needs a note: why".to_owned()));
        }
        loop {
            let (_, mut stored) = self.waiting(run).await?;
            let approval = &mut stored.approval;
            if approval.state == ApprovalState::Approved {
                let because = "is approved and being released; withdraw it if it does not leave";
                return Err(EngineError::Refused(format!("run {} {because}", run.0)));
            }
            approval.state = ApprovalState::Rejected;
            approval.rejection = Some(self.said(by, note));
            let event = NoticeKind::Rejected { because: note.trim().to_owned() };
            if self.keep_approval(&mut stored, Some(event)).await? {
                return Ok(stored.approval);
            }
        }
    }

    /// Where the approval of a run stands; `None` if it never needed one, or if nothing was ever
    /// submitted to it.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn approval(&self, run: &RunId) -> Result<Option<RunApproval>, EngineError> {
        let Some(known) = self.store.run(run).await? else { return Ok(None) };
        let Some(mut stored) = self.approval_of(known.id).await? else { return Ok(None) };
        stored.approval.note_submitters(&known);
        Ok(Some(stored.approval))
    }

    /// The approvals of all runs that are not released: those that wait and those that were
    /// rejected, oldest first.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn approvals(&self) -> Result<Vec<RunApproval>, EngineError> {
        let open = self.open_approvals().await?;
        Ok(open.into_iter().map(|stored| stored.approval).collect())
    }

    /// Tells whether enough of those who may approve are left for a run that waits; if not, there is
    /// a notice, once. The caller knows who has a token to approve with.
    ///
    /// # Errors
    /// [`EngineError::NoRun`]; [`EngineError::Refused`] if the run does not wait.
    pub async fn has_approvers(
        &self,
        run: &RunId,
        who_may_approve: &[Actor],
    ) -> Result<bool, EngineError> {
        loop {
            let (known, mut stored) = self.waiting(run).await?;
            let approval = &mut stored.approval;
            approval.note_submitters(&known);
            let is_blocked = approval.lacks_approvers(who_may_approve);
            if is_blocked == approval.is_blocked {
                return Ok(!is_blocked);
            }
            approval.is_blocked = is_blocked;
            if self.keep_approval(&mut stored, is_blocked.then_some(NoticeKind::Blocked)).await? {
                return Ok(!is_blocked);
            }
        }
    }

    /// Takes back a run that was not released; returns how many orders were deleted. Orders that
    /// are also in another run stay. What the run reserved of a day's limits is given back.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::RunId;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let run = RunId::from("payroll of May");
    /// engine.submit(&run, vec![scene::order("may-1")]).await?;
    /// assert_eq!(engine.withdraw(&run).await?, 1);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn withdraw(&self, run: &RunId) -> Result<u64, EngineError> {
        let Some(known) = self.store.run(run).await? else { return Ok(0) };
        let content = match self.accounts().has_guards() {
            true => Some(self.content(run).await?),
            false => None,
        };
        let deleted = self.store.withdraw(run).await?;
        if self.store.run(run).await?.is_some_and(|still| still.id == known.id) {
            return Ok(deleted);
        }
        if let Some(stored) = self.approval_of(known.id).await? {
            self.put_away(stored, ApprovalState::Withdrawn, Some(NoticeKind::Withdrawn)).await?;
        }
        // Only now: nobody can release the run any more.
        if let Some(content) = content {
            self.return_spent(known.id, &content).await?;
        }
        Ok(deleted)
    }

    /// Completes what a process left when it ended between an approval and the release.
    pub(crate) async fn mend_approvals(&self) -> Result<(), EngineError> {
        for stored in self.open_approvals().await? {
            let approval = &stored.approval;
            let known = self.store.run(&approval.run).await?;
            match known.filter(|known| known.id == approval.id) {
                None => {
                    let event = Some(NoticeKind::Withdrawn);
                    self.put_away(stored, ApprovalState::Withdrawn, event).await?;
                }
                Some(known) if known.released_at.is_some() => {
                    self.put_away(stored, ApprovalState::Released, None).await?;
                }
                Some(_) if approval.state == ApprovalState::Rejected => {}
                Some(_) if approval.missing() > 0 => {}
                // Unless the store fails, it waits for more, for another day, or for another engine.
                Some(_) => {
                    let released = self.release(&approval.run, approval.members).await;
                    if let Err(error @ EngineError::Store(_)) = released {
                        return Err(error);
                    }
                }
            }
        }
        self.forget_days().await
    }

    /// A run that waits, with its approval.
    async fn waiting(&self, run: &RunId) -> Result<(Run, Stored), EngineError> {
        let known = self.store.run(run).await?;
        let known = known.ok_or_else(|| EngineError::NoRun(run.clone()))?;
        let refused = |because: &str| EngineError::Refused(format!("run {} {because}", run.0));
        if known.released_at.is_some() {
            return Err(refused("is released"));
        }
        let Some(stored) = self.approval_of(known.id).await? else {
            return Err(refused("does not wait for approval: release it first"));
        };
        match stored.approval.state {
            ApprovalState::Waiting | ApprovalState::Approved => Ok((known, stored)),
            ApprovalState::Rejected => {
                Err(refused("was rejected; withdraw it and submit it again"))
            }
            ApprovalState::Released | ApprovalState::Withdrawn => {
                Err(refused("does not wait for approval any more"))
            }
        }
    }

    /// Whether this actor may approve this content.
    fn may_approve(
        &self,
        approval: &RunApproval,
        digest: &RunDigest,
        by: &Actor,
    ) -> Result<(), EngineError> {
        let because = if !by.is_proven() {
            "can be approved only by somebody who proves a name: use a token"
        } else if approval.digest != *digest {
            "holds something else than what you looked at; look at it again"
        } else if approval.has_unknown_submitter {
            "was submitted by somebody who proved no name, so nobody can approve it; withdraw it \
             and submit it with a token"
        } else if approval.submitters.iter().any(|it| it.is_same(by)) {
            "was submitted by you; somebody else must approve it"
        } else if approval.missing() > 0 && approval.approvals.iter().any(|it| it.by.is_same(by)) {
            "was approved by you; somebody else must approve it too"
        } else {
            return Ok(());
        };
        Err(EngineError::Refused(format!("run {} {because}", approval.run.0)))
    }

    /// Who submits orders without a name, where that matters: an account has rules of approval.
    pub(crate) fn nobody(&self, orders: &[PayoutOrder]) -> Option<Actor> {
        let has_rules = |order: &PayoutOrder| self.accounts().approvals(&order.account).is_some();
        let nobody = || Actor::new(RunApproval::NOBODY).ok();
        orders.iter().any(has_rules).then(nobody).flatten()
    }

    pub(super) fn said(&self, by: &Actor, note: &str) -> Approval {
        Approval { by: by.clone(), at: self.timer.now(), note: note.trim().to_owned() }
    }
}
