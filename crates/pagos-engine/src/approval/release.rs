//! The one place where a held payout becomes due. Every caller (the command, the API, a page, the
//! library) comes here, and no other code of the workspace can make a [`Permit`].

use std::collections::HashSet;

use pagos_core::OrderKey;

use crate::{
    approval::{
        content::Content,
        record::{ApprovalState, RunApproval, Stored},
        spending::Stop,
    },
    engine::{Engine, EngineError},
    history::NoticeKind,
    intent::{Closed, Permit, Released, Run, RunId},
};

/// How many payouts of a run are read at once.
const PAGE: usize = 1_000;

impl Engine {
    /// Makes the orders of a run due and fixes its members; returns how many were held. `expected`
    /// is the number of orders that the caller submitted to the run.
    ///
    /// If the rules of an account ask for approval ([`crate::Approvals`]), its members are fixed,
    /// nothing becomes due, and the answer is [`EngineError::WaitsForApproval`]: whoever may approve
    /// calls [`Engine::approve`], which releases the run with the last approval needed.
    ///
    /// Orders that another run released before are already due. Calling it again completes a
    /// release that was interrupted.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{EngineError, RunId};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let run = RunId::from("payroll of May");
    /// engine.submit(&run, vec![scene::order("may-1")]).await?;
    /// let refused = engine.release(&run, 2).await;
    /// assert!(matches!(refused, Err(EngineError::Incomplete { members: 1, .. })));
    /// assert_eq!(engine.release(&run, 1).await?, 1);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// Nothing is released if the run does not have `expected` members
    /// ([`EngineError::Incomplete`]), if it waits for approval, if somebody rejected it
    /// ([`EngineError::RunRejected`]), if it is over a limit ([`EngineError::OverLimit`]), or if it
    /// shares a payout with a run that waits or was rejected ([`EngineError::Refused`]).
    pub async fn release(&self, run: &RunId, expected: u64) -> Result<u64, EngineError> {
        let Some(known) = self.store.run(run).await? else {
            return Err(incomplete(run, expected, 0));
        };
        let is_guarded = self.accounts().has_guards() || known.closed_at.is_some();
        let cleared = match known.released_at {
            // It was decided then; what an interruption left is completed.
            Some(_) => None,
            None if is_guarded => self.clear(run, &known, expected).await?,
            None => None,
        };
        let permit = Permit::for_run(known.id, expected);
        let made_due = self.release_with(run, permit).await?;
        if let Some(stored) = cleared {
            self.put_away(stored, ApprovalState::Released, None).await?;
        }
        Ok(made_due)
    }

    /// Releases a run whose only order was new to the store a moment ago. So its members were not
    /// fixed, and where no account has rules or limits there is nothing to read first.
    pub(crate) async fn release_new(&self, run: &RunId) -> Result<u64, EngineError> {
        match self.accounts().has_guards() {
            true => self.release(run, 1).await,
            false => self.release_with(run, Permit::for_members(1)).await,
        }
    }

    async fn release_with(&self, run: &RunId, permit: Permit) -> Result<u64, EngineError> {
        match self.store.release(run, permit, self.timer.now()).await? {
            Released::Done { made_due } => Ok(made_due),
            Released::Incomplete { members } => Err(incomplete(run, permit.expected(), members)),
            Released::AnotherRun => Err(incomplete(run, permit.expected(), 0)),
        }
    }

    /// Lets a run pass that needs nobody, or that enough people approved; then its approval is
    /// returned. It is counted in what was spent on the day.
    async fn clear(
        &self,
        run: &RunId,
        known: &Run,
        expected: u64,
    ) -> Result<Option<Stored>, EngineError> {
        if known.members != expected {
            return Err(incomplete(run, expected, known.members));
        }
        let content = self.content(run).await?;
        if let Some(stored) = self.approval_of(known.id).await? {
            return self.advance(stored, known, &content).await.map(Some);
        }
        let unknown =
            content.sums.keys().find(|(name, _)| self.accounts().provider(name).is_none());
        if let Some((account, _)) = unknown.filter(|_| self.accounts().has_guards()) {
            return Err(EngineError::NoAccount(account.clone()));
        }
        if !content.is_guarded(self.accounts()) {
            return Ok(None);
        }
        self.refuse_shared(run, &content).await?;
        match self.reserve(known.id, &content, 0).await? {
            Ok(()) => Ok(None),
            Err(Stop::Limit(because)) => Err(EngineError::OverLimit { run: run.clone(), because }),
            Err(Stop::Approvers(needed)) => {
                let stored = self.ask_for_approval(run, expected, needed).await?;
                Err(EngineError::WaitsForApproval(Box::new(stored)))
            }
        }
    }

    /// Fixes the members of the run, and keeps what is to be approved.
    async fn ask_for_approval(
        &self,
        run: &RunId,
        expected: u64,
        needed: u32,
    ) -> Result<RunApproval, EngineError> {
        let now = self.timer.now();
        if let Closed::Incomplete { members } = self.store.close(run, expected, now).await? {
            return Err(incomplete(run, expected, members));
        }
        let known = self.store.run(run).await?.ok_or_else(|| incomplete(run, expected, 0))?;
        // Read once more, now that nothing can be added.
        let content = self.content(run).await?;
        let approval = RunApproval::new(run, &known, &content, needed, now);
        let mut stored = Stored { approval, version: None };
        if !self.keep_approval(&mut stored, Some(NoticeKind::WaitingForApproval)).await?
            && let Some(other) = self.approval_of(known.id).await?
        {
            return Ok(other.approval);
        }
        Ok(stored.approval)
    }

    /// Takes the approval of a run as far as it goes: to approved, or back to waiting if what was
    /// approved is void or no longer enough.
    async fn advance(
        &self,
        mut stored: Stored,
        known: &Run,
        content: &Content,
    ) -> Result<Stored, EngineError> {
        loop {
            let approval = &mut stored.approval;
            match approval.state {
                ApprovalState::Waiting | ApprovalState::Approved => {}
                ApprovalState::Rejected => {
                    return Err(EngineError::RunRejected(Box::new(stored.approval)));
                }
                ApprovalState::Released => return Ok(stored),
                ApprovalState::Withdrawn => {
                    return Err(incomplete(&approval.run, approval.members, 0));
                }
            }
            approval.note_submitters(known);
            if approval.digest != content.digest {
                approval.approvals.clear();
                (approval.digest, approval.totals) = (content.digest.clone(), content.totals());
                approval.since = self.timer.now();
                return Err(self.wait_again(stored).await?);
            }
            let approvers = if approval.has_unknown_submitter { 0 } else { approval.approved() };
            match self.reserve(known.id, content, approvers).await? {
                Ok(()) if stored.approval.state == ApprovalState::Approved => return Ok(stored),
                Ok(()) => {
                    stored.approval.state = ApprovalState::Approved;
                    if self.keep_approval(&mut stored, Some(NoticeKind::Approved)).await? {
                        return Ok(stored);
                    }
                }
                Err(Stop::Limit(because)) => {
                    return Err(EngineError::OverLimit { run: stored.approval.run, because });
                }
                Err(Stop::Approvers(needed)) => {
                    let was = (stored.approval.needed, stored.approval.state);
                    stored.approval.needed = needed;
                    if was == (needed, ApprovalState::Waiting) {
                        return Err(EngineError::WaitsForApproval(Box::new(stored.approval)));
                    }
                    return Err(self.wait_again(stored).await?);
                }
            }
            // Somebody else answered in between: read it and look again.
            let again = self.approval_of(known.id).await?;
            stored = again.ok_or_else(|| EngineError::NoRun(stored.approval.run.clone()))?;
        }
    }

    /// Puts an approval back to waiting. If somebody else wrote it, theirs stands, and the caller
    /// may ask again.
    async fn wait_again(&self, mut stored: Stored) -> Result<EngineError, EngineError> {
        stored.approval.state = ApprovalState::Waiting;
        self.keep_approval(&mut stored, Some(NoticeKind::WaitingForApproval)).await?;
        Ok(EngineError::WaitsForApproval(Box::new(stored.approval)))
    }

    /// Refuses a run with a payout that is in a run that waits or was rejected: otherwise that
    /// payout could leave by itself.
    async fn refuse_shared(&self, run: &RunId, content: &Content) -> Result<(), EngineError> {
        let open = self.open_approvals().await?;
        if open.is_empty() {
            return Ok(());
        }
        let keys: HashSet<&OrderKey> = content.keys.iter().collect();
        for Stored { approval, .. } in open.iter().filter(|stored| stored.approval.run != *run) {
            let mut after = None;
            loop {
                let page = self.store.held(&approval.run, after.as_ref(), PAGE).await?;
                if let Some(shared) = page.iter().find(|it| keys.contains(&it.order.key)) {
                    return Err(EngineError::Refused(format!(
                        "payout {} is in run {} too, which is {}; approve that run or withdraw it \
                         first",
                        shared.order.key,
                        approval.run.0,
                        approval.state.word()
                    )));
                }
                after = page.last().map(|last| last.order.key.clone());
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(())
    }
}

pub(super) fn incomplete(run: &RunId, expected: u64, members: u64) -> EngineError {
    EngineError::Incomplete { run: run.clone(), expected, members }
}
