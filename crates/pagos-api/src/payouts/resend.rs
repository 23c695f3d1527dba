//! `POST /v1/payouts/{key}/resend/...`: what others say to the decision to send a payout once more.

use axum::extract::State;
use http::StatusCode;
use pagos_core::OrderKey;
use pagos_engine::{Actor, EngineError, Entry, Proof, Resend};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    amount::major,
    answer::{Answer, Writing},
    api::Api,
    caller::{Caller, ToApprove},
    extract::{Json, Path},
    mask,
    payouts::{
        require_note,
        view::{PayoutState, PayoutView},
    },
    problem::Problem,
};

/// The decision to send a payout once more, while it waits for approval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResendView {
    /// The key of the payout.
    key: String,
    /// The attempt that certainly did not pay, which an approval names.
    attempt: u32,
    /// The amount in major units, as text.
    amount: String,
    /// The amount in minor units.
    amount_minor: i64,
    /// The currency.
    currency: String,
    /// Who decided; somebody else must approve it.
    decided_by: String,
    /// When.
    decided_at: String,
    /// On what evidence.
    note: String,
    /// Who approved.
    approved_by: Vec<String>,
    /// How many are missing.
    missing: u32,
}

impl ResendView {
    pub(crate) fn of(resend: &Resend) -> Self {
        Self {
            key: resend.key.to_string(),
            attempt: resend.attempt,
            amount: major(resend.amount),
            amount_minor: resend.amount.minor,
            currency: resend.amount.currency.to_string(),
            decided_by: resend.decided.by.to_string(),
            decided_at: resend.decided.at.to_string(),
            note: mask::text(&resend.decided.note),
            approved_by: resend.approvals.iter().map(|said| said.by.to_string()).collect(),
            missing: resend.missing(),
        }
    }
}

/// What somebody says to the decision to send a payout once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendRequest {
    /// The attempt that the decision is about, which `/v1/waiting` shows.
    attempt: u32,
    /// What you looked at, or why not; kept with your name.
    note: String,
}

/// Approve that a payout is sent once more. The last approval that is needed sends it.
#[utoipa::path(
    post, path = "/v1/payouts/{key}/resend/approve", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    request_body = ResendRequest,
    responses(
        (status = 200, description = "The payout, which is sent once more", body = PayoutView),
        (status = 202, description = "The payout; it is in doubt until it was sent, or others must \
         approve too", body = PayoutView),
        Writing,
    ),
    security(("token" = ["approve"])),
)]
pub(crate) async fn approve_resend(
    State(api): State<Api>,
    caller: Caller<ToApprove>,
    path: Path,
    Json(request): Json<ResendRequest>,
) -> Result<Answer<PayoutView>, Problem> {
    let (key, by, acting) = (path.key()?, caller.name, api.clone());
    require_note(&request.note)?;
    let change = async move {
        let (attempt, note) = (request.attempt, request.note.trim());
        match acting.acts().approve_resend(&key, attempt, note, &by).await {
            Ok(Some(_)) => super::as_it_stands(&acting, &key).await,
            Ok(None) => waiting(&acting, &key).await,
            // A repeat of an approval with which it was sent.
            Err(EngineError::Refused(_)) if was_approved(&acting, &key, attempt, &by).await? => {
                super::as_it_stands(&acting, &key).await
            }
            Err(error) => Err(error.into()),
        }
    };
    api.spawn_to_its_end(change).await
}

/// Reject that a payout is sent once more. It stays in doubt and can be decided anew.
#[utoipa::path(
    post, path = "/v1/payouts/{key}/resend/reject", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    request_body = ResendRequest,
    responses(
        (status = 200, description = "The payout", body = PayoutView),
        (status = 202, description = "The payout; its outcome is unknown", body = PayoutView),
        Writing,
    ),
    security(("token" = ["approve"])),
)]
pub(crate) async fn reject_resend(
    State(api): State<Api>,
    caller: Caller<ToApprove>,
    path: Path,
    Json(request): Json<ResendRequest>,
) -> Result<Answer<PayoutView>, Problem> {
    let (key, by, acting) = (path.key()?, caller.name, api.clone());
    require_note(&request.note)?;
    let change = async move {
        let (attempt, note) = (request.attempt, request.note.trim());
        acting.acts().reject_resend(&key, attempt, note, &by).await?;
        super::as_it_stands(&acting, &key).await
    };
    api.spawn_to_its_end(change).await
}

/// The payout whose decision waits for others.
pub(super) async fn waiting(api: &Api, key: &OrderKey) -> Result<Answer<PayoutView>, Problem> {
    let Answer(_, mut view) = super::as_it_stands(api, key).await?;
    view.state = PayoutState::WaitingForApproval;
    Ok(Answer(StatusCode::ACCEPTED, view))
}

/// Whether the history says that this actor's approval closed this attempt.
async fn was_approved(
    api: &Api,
    key: &OrderKey,
    attempt: u32,
    by: &Actor,
) -> Result<bool, Problem> {
    let history = api.store().history(key).await.map_err(EngineError::from)?;
    Ok(history.windows(2).any(|pair| match pair {
        [
            Entry::Decided { approved_by, .. },
            Entry::AttemptClosed { number, proof: Proof::Operator, .. },
        ] => *number == attempt && approved_by.contains(by),
        _ => false,
    }))
}
