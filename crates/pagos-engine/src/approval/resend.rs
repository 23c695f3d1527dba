//! Sending a payout once more by decision: if its amount needs approval by itself, others than the
//! one who decides must approve that too. The decision is kept until they have.

use std::collections::BTreeSet;

use pagos_core::{Money, OrderKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    approval::record::{Approval, parse, text},
    decide::{Outcome, Rules},
    engine::{Engine, EngineError},
    history::{Entry, Notice, NoticeAbout, NoticeKind, OrderNews},
    operator::{Decision, Order},
    point::Point,
    record::Writer,
    records::{RecordKind, RecordWrite, RecordWritten},
    store::Payout,
};

/// Records of decisions to send a payout once more.
pub(super) const RESEND: &str = "resend/";

/// How many records are read at once.
const PAGE: usize = 100;

/// The decision to send a payout once more, while it waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resend {
    /// The payout.
    pub key: OrderKey,
    /// The attempt that certainly did not pay.
    pub attempt: u32,
    /// How much would be sent once more.
    pub amount: Money,
    /// How many people must approve.
    pub needed: u32,
    /// Who decided, on what evidence.
    pub decided: Approval,
    /// Who approved, in order; none of them decided it.
    pub approvals: Vec<Approval>,
}

impl Resend {
    /// How many people must still approve.
    pub fn missing(&self) -> u32 {
        let mut by: BTreeSet<String> = self.approvals.iter().map(|said| said.by.folded()).collect();
        by.remove(&self.decided.by.folded());
        self.needed.saturating_sub(u32::try_from(by.len()).unwrap_or(u32::MAX))
    }

    fn name(&self) -> String {
        name_of(&self.key, self.attempt)
    }
}

impl Engine {
    /// Lets a decision to send again pass that needs nobody else; keeps one that does.
    pub(crate) async fn resend_may_pass(
        &self,
        payout: &Payout,
        order: Order<'_>,
    ) -> Result<(), EngineError> {
        let needed = self.approvers_to_resend(payout);
        if needed == 0 {
            return Ok(());
        }
        self.would_accept(payout, order)?;
        let key = &payout.order.key;
        let refused = |because: String| EngineError::Refused(format!("{key} {because}"));
        let Some(by) = order.by.filter(|by| by.is_proven()) else {
            let because = "may be sent again only with the approval of others, so who decides must \
                           be proven: use a token (PAGOS_TOKEN at a terminal)";
            return Err(refused(because.to_owned()));
        };
        let Some(open) = payout.progress.open else {
            return Err(refused("has no open attempt".to_owned()));
        };
        let resend = Resend {
            key: key.clone(),
            attempt: open.number,
            amount: payout.order.amount,
            needed,
            decided: self.said(by, order.note),
            approvals: Vec::new(),
        };
        let notice = notice(payout, NoticeKind::WaitingForApproval, self.timer.now());
        if self.keep_resend(&resend, None, Some(notice)).await? {
            return Err(EngineError::ResendWaits(Box::new(resend)));
        }
        Err(refused("waits for approval to be sent again already".to_owned()))
    }

    /// The decision to send a payout again that waits for approval, if there is one about its
    /// present attempt.
    ///
    /// # Errors
    /// [`EngineError::NoPayout`], [`EngineError::Archived`], or the error of the store.
    pub async fn resend(&self, key: &OrderKey) -> Result<Option<Resend>, EngineError> {
        let payout = self.load(key).await?;
        Ok(self.resend_of(&payout).await?.map(|(resend, _)| resend))
    }

    /// All decisions to send a payout again that wait for approval, by key. One whose attempt has
    /// ended since is void and is left out.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn resends(&self) -> Result<Vec<Resend>, EngineError> {
        let (mut found, mut after) = (Vec::new(), RESEND.to_owned());
        loop {
            let page = self.store.records(RecordKind::Approval, &after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for record in page {
                if !record.name.starts_with(RESEND) {
                    return Ok(found);
                }
                let resend: Resend = parse(&record.name, &record.body)?;
                let payout = self.store.payout(&resend.key).await?;
                let open = payout.and_then(|payout| payout.progress.open);
                if open.is_some_and(|open| open.number == resend.attempt) {
                    found.push(resend);
                }
                after = record.name;
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Approves as `by` that a payout is sent once more. With the last approval that is needed, the
    /// decision is carried out under the rules of [`Engine::resolve`]. `None`: it waits for more.
    ///
    /// ```no_run
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::Actor;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let (key, leo) = (scene::order("salary-7").key, Actor::new("leo").unwrap());
    /// match engine.approve_resend(&key, 1, &leo, "I saw the statement").await? {
    ///     Some(payout) => println!("{} is sent again", payout.order.key),
    ///     None => println!("one more must approve"),
    /// }
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::Refused`] if nothing waits for approval about this attempt, or if `by` decided
    /// it or approved it before; and the errors of [`Engine::resolve`].
    pub async fn approve_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        by: &Actor,
        note: &str,
    ) -> Result<Option<Payout>, EngineError> {
        loop {
            let payout = self.load(key).await?;
            let (mut resend, version) = self.resend_about(&payout, attempt).await?;
            // The rules may have changed since.
            resend.needed = self.approvers_to_resend(&payout).max(1);
            if !resend.decided.by.is_proven() {
                let because = "was decided by somebody who proved no name; reject that and decide \
                               anew with a token";
                return Err(EngineError::Refused(format!("to send {key} again {because}")));
            }
            let has_approved = resend.approvals.iter().any(|said| said.by.is_same(by));
            let is_decider = resend.decided.by.is_same(by);
            if is_decider || !by.is_proven() || (has_approved && resend.missing() > 0) {
                let because = "must be approved by somebody else";
                return Err(EngineError::Refused(format!("to send {key} again {because}")));
            }
            if !has_approved {
                resend.approvals.push(self.said(by, note));
            }
            let approved = || notice(&payout, NoticeKind::Approved, self.timer.now());
            let notice = (!has_approved && resend.missing() == 0).then(approved);
            // Without a new approval this call completes one that was interrupted.
            if !has_approved && !self.keep_resend(&resend, Some(version), notice).await? {
                continue;
            }
            if resend.missing() > 0 {
                return Ok(None);
            }
            let approved_by: Vec<Actor> = resend.approvals.iter().map(|it| it.by.clone()).collect();
            let order = Order {
                decision: Decision::SendAgain,
                note: &resend.decided.note,
                present: None,
                by: Some(&resend.decided.by),
                approved: Some((attempt, &approved_by)),
            };
            let payout = self.carry_out(payout, order).await?;
            self.forget_resend(&resend, None).await?;
            return Ok(Some(payout));
        }
    }

    /// Rejects that a payout is sent once more. It can be decided anew.
    ///
    /// # Errors
    /// [`EngineError::Refused`] without a note, or if nothing waits for approval about this attempt.
    pub async fn reject_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
    ) -> Result<(), EngineError> {
        if note.trim().is_empty() {
            return Err(EngineError::Refused("a rejection needs a note: why".to_owned()));
        }
        let payout = self.load(key).await?;
        let (resend, _) = self.resend_about(&payout, attempt).await?;
        let event = NoticeKind::Rejected { because: note.trim().to_owned() };
        self.forget_resend(&resend, Some(notice(&payout, event, self.timer.now()))).await
    }

    /// Like [`Engine::reject_resend`], for somebody who is known by name, whom the history then
    /// names.
    ///
    /// # Errors
    /// The same as [`Engine::reject_resend`].
    pub async fn reject_resend_by(
        &self,
        key: &OrderKey,
        attempt: u32,
        by: &Actor,
        note: &str,
    ) -> Result<(), EngineError> {
        let payout = self.load(key).await?;
        if !note.trim().is_empty() && self.resend_about(&payout, attempt).await.is_ok() {
            let decide = |payout: &Payout, rules: &Rules<'_>| {
                Some(Outcome {
                    progress: payout.progress.clone(),
                    due_at: payout.due_at,
                    entries: vec![Entry::Decided {
                        at: rules.now,
                        by: by.clone(),
                        decision: REJECTED.to_owned(),
                        note: note.trim().to_owned(),
                        approved_by: Vec::new(),
                    }],
                    notices: Vec::new(),
                })
            };
            self.write(Point::RecordDecision, payout, Writer::Anyone, decide).await?;
        }
        // The notice has one text, so the name is in it.
        let told = match note.trim() {
            "" => String::new(),
            note => format!("{by}: {note}"),
        };
        self.reject_resend(key, attempt, &told).await
    }

    fn approvers_to_resend(&self, payout: &Payout) -> u32 {
        let rules = self.accounts().approvals(&payout.order.account);
        rules.map_or(0, |rules| rules.needed_for_payout(payout.order.amount))
    }

    async fn resend_of(&self, payout: &Payout) -> Result<Option<(Resend, u64)>, EngineError> {
        let Some(open) = payout.progress.open else { return Ok(None) };
        let name = name_of(&payout.order.key, open.number);
        match self.store.record(RecordKind::Approval, &name).await? {
            Some(record) => Ok(Some((parse(&name, &record.body)?, record.version))),
            None => Ok(None),
        }
    }

    async fn resend_about(
        &self,
        payout: &Payout,
        attempt: u32,
    ) -> Result<(Resend, u64), EngineError> {
        let found = self.resend_of(payout).await?.filter(|(resend, _)| resend.attempt == attempt);
        found.ok_or_else(|| {
            let key = &payout.order.key;
            let because = "is not waiting for approval to be sent again after attempt";
            EngineError::Refused(format!("{key} {because} {attempt}"))
        })
    }

    async fn keep_resend(
        &self,
        resend: &Resend,
        was: Option<u64>,
        notice: Option<Notice>,
    ) -> Result<bool, EngineError> {
        let write = RecordWrite {
            kind: RecordKind::Approval,
            name: resend.name(),
            was,
            body: Some(text(resend)?),
            notices: notice.into_iter().collect(),
        };
        Ok(matches!(self.store.write_record(write).await?, RecordWritten::Done { .. }))
    }

    async fn forget_resend(
        &self,
        resend: &Resend,
        notice: Option<Notice>,
    ) -> Result<(), EngineError> {
        let name = resend.name();
        let Some(record) = self.store.record(RecordKind::Approval, &name).await? else {
            return Ok(());
        };
        let (kind, was) = (RecordKind::Approval, Some(record.version));
        let notices = notice.into_iter().collect();
        let write = RecordWrite { kind, name, was, body: None, notices };
        self.store.write_record(write).await?;
        Ok(())
    }
}

fn name_of(key: &OrderKey, attempt: u32) -> String {
    format!("{RESEND}{key}/{attempt}")
}

/// The word in the history for a decision to send again that was rejected.
const REJECTED: &str = "no-resend";

fn notice(payout: &Payout, event: NoticeKind, at: Timestamp) -> Notice {
    let progress = &payout.progress;
    let news = OrderNews {
        key: payout.order.key.clone(),
        runs: Vec::new(),
        status: progress.status(),
        was: Some(progress.status()),
        reason: progress.reason(),
        amount: payout.order.amount,
        returned: None,
        reference: progress.standing.reference().cloned(),
    };
    Notice { account: payout.order.account.clone(), event, about: NoticeAbout::Payout(news), at }
}
