//! The approval of one run as it is stored: what is approved, by whom, and how many are missing.
//! Everything here is pure, except for reading and writing the record.

use std::collections::BTreeSet;

use pagos_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    approval::content::{Content, RunDigest, RunTotal},
    engine::{Engine, EngineError},
    history::{Notice, NoticeAbout, NoticeKind, RunNews},
    intent::{Run, RunId},
    records::{RecordKind, RecordWrite, RecordWritten},
    store::{StoreError, StoreErrorKind},
};

/// Records of runs that are not released yet; their names sort by the number of the run.
pub(super) const OPEN: &str = "open/";

/// Records of runs that are released or withdrawn.
pub(super) const DONE: &str = "done/";

/// How many records are read at once.
const PAGE: usize = 100;

/// Where the approval of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// People must approve; nothing is due.
    Waiting,
    /// Enough people approved, and the run is being released.
    Approved,
    /// Somebody said no. The run stays like this until it is withdrawn and submitted again.
    Rejected,
    /// The run is due.
    Released,
    /// The run was taken back.
    Withdrawn,
}

impl ApprovalState {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Released => "released",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What one actor said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// In their own words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The approval of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunApproval {
    /// The run.
    pub run: RunId,
    /// The number of the run; a run that is withdrawn and submitted again has another one.
    pub id: u64,
    /// How many members the run has.
    pub members: u64,
    /// What every approval is bound to.
    pub digest: RunDigest,
    /// Its sums by account and currency.
    pub totals: Vec<RunTotal>,
    /// How many people must approve.
    pub needed: u32,
    /// Who submitted it, as far as they gave a name. None of them can approve it.
    pub submitters: Vec<Actor>,
    /// Whether somebody submitted to it who is not known, or only by a name that proves nothing
    /// ([`Actor::is_proven`]). Then nobody can approve it.
    #[serde(default)]
    pub has_unknown_submitter: bool,
    /// Who approved, in order.
    pub approvals: Vec<Approval>,
    /// Who said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Approval>,
    /// Where it stands.
    pub state: ApprovalState,
    /// Since when it waits.
    pub since: Timestamp,
    /// Whether too few people were left who may approve when that was last looked at.
    #[serde(default)]
    pub is_blocked: bool,
}

impl RunApproval {
    /// The actor for submitters who gave no name. No token and no person can have it, because the
    /// engine never takes it from a caller.
    pub(crate) const NOBODY: &str = "(unknown)";

    pub(super) fn new(
        run: &RunId,
        known: &Run,
        content: &Content,
        needed: u32,
        at: Timestamp,
    ) -> Self {
        let mut approval = Self {
            run: run.clone(),
            id: known.id,
            members: known.members,
            digest: content.digest.clone(),
            totals: content.totals(),
            needed,
            submitters: Vec::new(),
            has_unknown_submitter: false,
            approvals: Vec::new(),
            rejection: None,
            state: ApprovalState::Waiting,
            since: at,
            is_blocked: false,
        };
        approval.note_submitters(known);
        approval
    }

    /// Takes over who submitted, which can still grow: a repeated submission is one too.
    pub(super) fn note_submitters(&mut self, known: &Run) {
        self.has_unknown_submitter =
            known.submitted_by.is_empty() || known.submitted_by.iter().any(|it| !it.is_proven());
        let named = known.submitted_by.iter().filter(|actor| actor.as_str() != Self::NOBODY);
        self.submitters = named.cloned().collect();
    }

    /// How many different people approved who proved who they are and did not submit it.
    pub fn approved(&self) -> u32 {
        let proven = self.approvals.iter().filter(|said| said.by.is_proven());
        let by: BTreeSet<String> = proven.map(|said| said.by.folded()).collect();
        let submitters: BTreeSet<String> = self.submitters.iter().map(Actor::folded).collect();
        let counted = by.into_iter().filter(|actor| !submitters.contains(actor)).count();
        u32::try_from(counted).unwrap_or(u32::MAX)
    }

    /// How many people must still approve.
    pub fn missing(&self) -> u32 {
        self.needed.saturating_sub(self.approved())
    }

    /// Whether too few of those who may approve are left: neither submitters nor anybody who
    /// approved already count. The caller knows who has a token to approve with.
    pub fn lacks_approvers(&self, who_may_approve: &[Actor]) -> bool {
        let has_said = |actor: &Actor| self.approvals.iter().any(|said| said.by.is_same(actor));
        let is_submitter = |actor: &Actor| self.submitters.iter().any(|it| it.is_same(actor));
        let left: BTreeSet<String> = who_may_approve
            .iter()
            .filter(|actor| !is_submitter(actor) && !has_said(actor))
            .map(Actor::folded)
            .collect();
        let missing = usize::try_from(self.missing()).unwrap_or(usize::MAX);
        self.has_unknown_submitter || left.len() < missing
    }

    pub(super) fn notice(&self, event: NoticeKind, at: Timestamp) -> Option<Notice> {
        let account = self.totals.first()?.account.clone();
        let about = NoticeAbout::Run(RunNews {
            run: self.run.clone(),
            digest: self.digest.clone(),
            totals: self.totals.clone(),
            needed: self.needed,
            approved_by: self.approvals.iter().map(|approval| approval.by.clone()).collect(),
        });
        Some(Notice { account, event, about, at })
    }
}

/// A record as it was read, with the version that a write must name.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) approval: RunApproval,
    pub(super) version: Option<u64>,
}

fn name_of(folder: &str, id: u64) -> String {
    format!("{folder}{id:020}")
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(
    name: &str,
    body: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|_| StoreError {
        kind: StoreErrorKind::UnreadableRow,
        message: format!(
            "record {name} cannot be read; it was written by a newer version, or is damaged"
        ),
        source: None,
    })
}

/// The text of a body. The bodies of this module consist of texts and numbers under text keys.
pub(super) fn text(body: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(body).map_err(|error| StoreError::new(format!("a record: {error}")))
}

impl Engine {
    /// The approval of the run with this number, whether it is open or done.
    pub(super) async fn approval_of(&self, id: u64) -> Result<Option<Stored>, EngineError> {
        for folder in [OPEN, DONE] {
            let name = name_of(folder, id);
            if let Some(record) = self.store.record(RecordKind::Approval, &name).await? {
                let approval = parse(&name, &record.body)?;
                let version = (folder == OPEN).then_some(record.version);
                return Ok(Some(Stored { approval, version }));
            }
        }
        Ok(None)
    }

    /// All approvals of runs that are not released, oldest first.
    pub(super) async fn open_approvals(&self) -> Result<Vec<Stored>, EngineError> {
        let (mut found, mut after) = (Vec::new(), OPEN.to_owned());
        loop {
            let page = self.store.records(RecordKind::Approval, &after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for record in page {
                if !record.name.starts_with(OPEN) {
                    return Ok(found);
                }
                let approval = parse(&record.name, &record.body)?;
                found.push(Stored { approval, version: Some(record.version) });
                after = record.name;
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Writes an open approval with the notice about its new state. False: somebody else wrote it.
    pub(super) async fn keep_approval(
        &self,
        stored: &mut Stored,
        event: Option<NoticeKind>,
    ) -> Result<bool, EngineError> {
        let approval = &stored.approval;
        let now = self.timer.now();
        let write = RecordWrite {
            kind: RecordKind::Approval,
            name: name_of(OPEN, approval.id),
            was: stored.version,
            body: Some(text(approval)?),
            notices: event.and_then(|event| approval.notice(event, now)).into_iter().collect(),
        };
        match self.store.write_record(write).await? {
            RecordWritten::Done { version } => {
                stored.version = Some(version);
                Ok(true)
            }
            RecordWritten::Conflict => Ok(false),
        }
    }

    /// Keeps an approval that is over, and removes it from the open ones. Interrupted, it is
    /// repeated: the engine looks for open approvals of released runs.
    pub(super) async fn put_away(
        &self,
        mut stored: Stored,
        state: ApprovalState,
        event: Option<NoticeKind>,
    ) -> Result<RunApproval, EngineError> {
        stored.approval.state = state;
        let approval = stored.approval;
        let Some(version) = stored.version else { return Ok(approval) };
        let write = |folder, was, body, notices| RecordWrite {
            kind: RecordKind::Approval,
            name: name_of(folder, approval.id),
            was,
            body,
            notices,
        };
        let notices = event.and_then(|event| approval.notice(event, self.timer.now()));
        let body = Some(text(&approval)?);
        let done = write(DONE, None, body, notices.into_iter().collect());
        // A conflict means that it is there already: the move was interrupted, or done by another.
        self.store.write_record(done).await?;
        self.store.write_record(write(OPEN, Some(version), None, Vec::new())).await?;
        Ok(approval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(submitters: &[&str], by: &[&str]) -> RunApproval {
        let actor = |name: &&str| Actor::new(*name).unwrap();
        let at = Timestamp::from_millis(0);
        let said = |name| Approval { by: actor(name), at, note: String::new() };
        RunApproval {
            run: RunId::from("r"),
            id: 1,
            members: 1,
            digest: "0".repeat(64).parse().unwrap(),
            totals: Vec::new(),
            needed: 2,
            submitters: submitters.iter().map(actor).collect(),
            has_unknown_submitter: false,
            approvals: by.iter().map(said).collect(),
            rejection: None,
            state: ApprovalState::Waiting,
            since: at,
            is_blocked: false,
        }
    }

    /// Whatever got into the record, only different people who did not submit the run count.
    #[test]
    fn different_people_are_counted() {
        for (submitters, by, missing) in [
            (&["ana"][..], &[][..], 2),
            (&["ana"], &["leo", "leo"], 1),
            (&["ana"], &["ana", "leo"], 1),
            (&["ana"], &["leo", "eva", "max"], 0),
            (&["ana", "leo"], &["leo", "eva"], 1),
            (&["ana"], &["Ana", "leo", "LEO"], 1),
            (&["ana"], &["cli:leo", "eva"], 1),
        ] {
            assert_eq!(approval(submitters, by).missing(), missing, "{submitters:?} {by:?}");
        }
    }

    /// Ana at a terminal, with a token of her own in the other hand.
    #[test]
    fn the_name_of_a_terminal_proves_nobody() {
        for (submitters, is_unknown) in [
            (&["ana"][..], false),
            (&["cli:ana"], true),
            (&["ana", "cli:leo"], true),
            (&[RunApproval::NOBODY], true),
            (&[], true),
        ] {
            let mut approval = approval(&[], &[]);
            let submitted_by = submitters.iter().map(|name| Actor::new(*name).unwrap()).collect();
            approval.note_submitters(&Run {
                id: 1,
                members: 1,
                archived: 0,
                expected: None,
                created_at: None,
                closed_at: None,
                released_at: None,
                submitted_by,
            });
            assert_eq!(approval.has_unknown_submitter, is_unknown, "{submitters:?}");
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let approval = approval(&["ana"], &["leo"]);
        assert_eq!(parse::<RunApproval>("r", &text(&approval).unwrap()).unwrap(), approval);
        assert!(parse::<RunApproval>("r", "{}").is_err());
    }
}
