//! A run as answers show it.

use pagos_engine::{ApprovalState, Run, RunApproval, RunId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    amount::major_of_sum,
    api::Api,
    approvers::approvers,
    problem::{Fault, Problem},
};

/// A run as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    /// Its name.
    run: String,
    /// How far it has come.
    state: RunState,
    /// How many orders it has, which is what a release names.
    orders: u64,
    /// How many of them are archived.
    archived: u64,
    /// When it was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    /// When it was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    released_at: Option<String>,
    /// Who submitted orders to it.
    submitted_by: Vec<String>,
    /// Its approval, if it needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalView>,
    /// Counts and sums by account, currency and status. A list of runs leaves them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    totals: Vec<TotalView>,
    /// What looks odd in an uploaded file and may be right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Fault>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunState {
    /// Its orders are stored and nothing of it is sent.
    Held,
    /// It was to be released, and waits for somebody's approval.
    WaitingForApproval,
    /// It is approved.
    Approved,
    /// It was rejected.
    Rejected,
    /// It waits for approval, and too few are left who may approve: make a token with the scope
    /// `approve` for somebody who did not submit it, or withdraw it.
    Blocked,
    /// Its orders are due, or further.
    Released,
    /// It was taken back, or never was.
    Withdrawn,
}

/// The approval of a run.
#[derive(Debug, Serialize, ToSchema)]
struct ApprovalView {
    /// What an approver confirms to have seen.
    digest: String,
    /// Who approved.
    approved_by: Vec<String>,
    /// How many are missing.
    missing: u32,
}

/// A count and a sum.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalView {
    /// The account.
    account: String,
    /// The currency.
    currency: String,
    /// The status.
    status: String,
    /// How many payouts.
    count: u64,
    /// How many of them call for a person.
    needs_attention: u64,
    /// Their sum in major units; absent if it is larger than any number of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// Their sum in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
}

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunPage {
    /// The runs, newest first.
    pub(crate) runs: Vec<RunView>,
    /// What `after` of the next page is; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl RunView {
    pub(crate) async fn of(api: &Api, id: &RunId, run: &Run) -> Result<Self, Problem> {
        let tally = api.store().tally(Some(id)).await?;
        let totals = tally.rows.iter().map(TotalView::of).collect();
        Ok(Self { totals, ..Self::without_totals(api, id, run).await? })
    }

    pub(crate) async fn without_totals(api: &Api, id: &RunId, run: &Run) -> Result<Self, Problem> {
        let approval = match run.released_at {
            Some(_) => None,
            None => api.acts().approval(id).await?,
        };
        Ok(Self {
            run: id.0.clone(),
            state: state(api, run, approval.as_ref()).await?,
            orders: run.members,
            archived: run.archived,
            created_at: run.created_at.map(|at| at.to_string()),
            released_at: run.released_at.map(|at| at.to_string()),
            submitted_by: run.submitted_by.iter().map(ToString::to_string).collect(),
            approval: approval.as_ref().map(ApprovalView::of),
            totals: Vec::new(),
            warnings: Vec::new(),
        })
    }

    pub(crate) fn withdrawn(id: &RunId) -> Self {
        Self {
            run: id.0.clone(),
            state: RunState::Withdrawn,
            orders: 0,
            archived: 0,
            created_at: None,
            released_at: None,
            submitted_by: Vec::new(),
            approval: None,
            totals: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> RunState {
        self.state
    }

    pub(crate) fn with_warnings(self, warnings: Vec<Fault>) -> Self {
        Self { warnings, ..self }
    }
}

async fn state(api: &Api, run: &Run, approval: Option<&RunApproval>) -> Result<RunState, Problem> {
    if run.released_at.is_some() {
        return Ok(RunState::Released);
    }
    let Some(approval) = approval else { return Ok(RunState::Held) };
    Ok(match approval.state {
        ApprovalState::Waiting
            if approval.lacks_approvers(&approvers(api.store(), api.now()).await?) =>
        {
            RunState::Blocked
        }
        ApprovalState::Waiting => RunState::WaitingForApproval,
        ApprovalState::Approved | ApprovalState::Released => RunState::Approved,
        ApprovalState::Rejected => RunState::Rejected,
        ApprovalState::Withdrawn => RunState::Withdrawn,
    })
}

impl ApprovalView {
    fn of(approval: &RunApproval) -> Self {
        Self {
            digest: approval.digest.to_string(),
            approved_by: approval.approvals.iter().map(|said| said.by.to_string()).collect(),
            missing: approval.missing(),
        }
    }
}

impl TotalView {
    pub(crate) fn of(row: &pagos_engine::TallyRow) -> Self {
        let (amount, amount_minor) = major_of_sum(row.amount_minor, row.currency).unzip();
        Self {
            account: row.account.to_string(),
            currency: row.currency.to_string(),
            status: row.status.clone(),
            count: row.count,
            needs_attention: row.attention,
            amount,
            amount_minor,
        }
    }
}
