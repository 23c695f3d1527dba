//! `POST /v1/payouts/{key}/resolve`: a person's decision, by the name of the token.

use axum::extract::State;
use pagos_core::{Source, Status};
use pagos_engine::{Actor, Decision, EngineError, Entry, Proof};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    acts::signed,
    answer::{Answer, Writing},
    api::Api,
    caller::{Caller, ToResolve},
    extract::{Json, Path},
    payouts::view::PayoutView,
    problem::{Fault, Problem},
};

/// A decision about a payout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveRequest {
    /// What happened, as the provider's statement shows.
    decision: DecisionWord,
    /// How you know it; kept in the history, with your name. The same decision with the same note is
    /// a repeat of the request and is made once.
    note: String,
    /// The present status of the payout, to decide about one that is not in doubt.
    although: Option<String>,
}

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DecisionWord {
    /// The money arrived.
    Succeeded,
    /// No money moved, or it came back.
    Failed,
    /// The provider never had it and cannot receive it any more: send the same key again.
    Resend,
    /// Nothing is wrong: lift the quarantine, and query the provider again.
    Ask,
}

/// Decide about a payout in doubt, as a person.
///
/// The decision is recorded with the note and the name of the token and cannot be undone. Look at a
/// statement of the provider first.
#[utoipa::path(
    post, path = "/v1/payouts/{key}/resolve", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    request_body = ResolveRequest,
    responses(
        (status = 200, description = "The payout after the decision", body = PayoutView),
        (status = 202, description = "The payout after the decision; its outcome is unknown, or \
         others must approve that it is sent again", body = PayoutView),
        Writing,
    ),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn resolve_payout(
    State(api): State<Api>,
    caller: Caller<ToResolve>,
    path: Path,
    Json(request): Json<ResolveRequest>,
) -> Result<Answer<PayoutView>, Problem> {
    let key = path.key()?;
    require_note(&request.note)?;
    let by = caller.name;
    let acting = api.clone();
    let change = async move {
        let decision = request.decision.into();
        let was_made = was_made(&acting, &key, decision, &request.note, &by).await?;
        if !was_made {
            let although = request.although.as_deref();
            let decided = acting.acts().resolve(&key, decision, &request.note, although, &by).await;
            match decided {
                Ok(_) => {}
                Err(EngineError::ResendWaits(_)) => return super::waiting(&acting, &key).await,
                // Of two repeats at the same moment, the slower one finds the decision made.
                Err(error) => {
                    if waits(&acting, &key, decision, &request.note, &by).await? {
                        return super::waiting(&acting, &key).await;
                    }
                    if !self::was_made(&acting, &key, decision, &request.note, &by).await? {
                        return Err(error.into());
                    }
                }
            }
        }
        super::as_it_stands(&acting, &key).await
    };
    api.spawn_to_its_end(change).await
}

/// Whether the history has this decision with this note by this actor. Without this, a repeated
/// "resend" could send the payout again after it came into doubt again.
async fn was_made(
    api: &Api,
    key: &pagos_core::OrderKey,
    decision: Decision,
    note: &str,
    by: &Actor,
) -> Result<bool, Problem> {
    let told = format!("operator: {by}: {}", note.trim());
    let history = api.store().history(key).await.map_err(EngineError::from)?;
    Ok(history.iter().any(|entry| is_decision(entry, decision, &told)))
}

/// Whether this decision with this note by this actor waits for the approval of others.
async fn waits(
    api: &Api,
    key: &pagos_core::OrderKey,
    decision: Decision,
    note: &str,
    by: &Actor,
) -> Result<bool, Problem> {
    if decision != Decision::SendAgain {
        return Ok(false);
    }
    let (note, resend) = (signed(note, by)?, api.engine().resend(key).await?);
    Ok(resend.is_some_and(|resend| resend.decided.by == *by && resend.decided.note == note))
}

fn is_decision(entry: &Entry, decision: Decision, told: &str) -> bool {
    match (decision, entry) {
        (Decision::Succeeded | Decision::Failed, Entry::Observed { observation, .. }) => {
            let is_same = match decision {
                Decision::Succeeded => observation.status == Status::Succeeded,
                _ => matches!(observation.status, Status::Failed(_)),
            };
            is_same
                && observation.source == Source::Operator
                && observation.message.as_deref() == Some(told)
        }
        (Decision::Ask, Entry::Attention { because, .. }) => because == told,
        (Decision::SendAgain, Entry::AttemptClosed { proof: Proof::Operator, because, .. }) => {
            because == told
        }
        _ => false,
    }
}

impl From<DecisionWord> for Decision {
    fn from(word: DecisionWord) -> Self {
        match word {
            DecisionWord::Succeeded => Self::Succeeded,
            DecisionWord::Failed => Self::Failed,
            DecisionWord::Resend => Self::SendAgain,
            DecisionWord::Ask => Self::Ask,
        }
    }
}

/// A note is kept for ever, so it says something and is no book.
pub(crate) fn require_note(note: &str) -> Result<(), Problem> {
    let because = match note.trim().len() {
        0 => "it is empty".to_owned(),
        1..=NOTE_BYTES_MAX => return Ok(()),
        _ => format!("it has more than {NOTE_BYTES_MAX} bytes"),
    };
    Err(Problem::invalid(vec![Fault {
        pointer: Some("/note".to_owned()),
        field: Some("note".to_owned()),
        because,
        remedy: Some("say on what evidence you decide".to_owned()),
        ..Fault::default()
    }]))
}

const NOTE_BYTES_MAX: usize = 2_000;
