//! `/v1/inbox`: the webhooks that arrived, and what became of them. Bodies are not shown: they name
//! people and accounts. `pagos inbox show` prints one on the machine itself.

use axum::extract::State;
use pagos_engine::{Filed, InboxId, InboxState, Refused};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading, Writing},
    api::Api,
    caller::{Caller, ToRead, ToResolve},
    extract::{Path, Query},
    mask,
    payouts::page_limit,
    problem::{Problem, ProblemType},
};

/// What selects the webhooks of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxQuery {
    /// Only in this state: `open`, `applied`, `orphan` or `unreadable`.
    state: Option<String>,
    /// The `next` of the page before, a number.
    #[serde(default)]
    after: u64,
    /// The number of rows, 100 if it is not given.
    limit: Option<usize>,
}

/// A received webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InboxView {
    /// Its number.
    number: u64,
    /// The account that it was sent to.
    account: String,
    /// `open`, `applied`, `orphan` or `unreadable`.
    state: String,
    /// Whether its signature was genuine; absent if an older version received it.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_verified: Option<bool>,
    /// The key that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The provider's id that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// When it arrived.
    received_at: String,
    /// The length of its body.
    body_bytes: u64,
    /// How often it was put off.
    deferrals: u32,
    /// How often the same bytes arrived again.
    repeats: u64,
    /// Why it is in this state; empty if it was not looked at yet.
    because: String,
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InboxPage {
    /// The webhooks, by number.
    deliveries: Vec<InboxView>,
    /// What `after` of the next page is; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Received webhooks, oldest first.
#[utoipa::path(
    get, path = "/v1/inbox", tag = "inbox", params(InboxQuery),
    responses((status = 200, description = "A page of webhooks", body = InboxPage), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_inbox(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<InboxQuery>,
) -> Result<Answer<InboxPage>, Problem> {
    let limit = page_limit(&api, query.limit)?;
    let state = query.state.map(|word| {
        InboxState::from_word(&word).ok_or_else(|| {
            let words = InboxState::ALL.map(InboxState::word).join(", ");
            Problem::new(ProblemType::Malformed, format!("the query: state is one of {words}"))
        })
    });
    let filed = api.store().deliveries(state.transpose()?, query.after, limit).await?;
    let last = filed.last().filter(|_| filed.len() >= limit);
    let next = last.map(|filed| filed.item.id.0);
    Ok(Answer::ok(InboxPage { deliveries: filed.iter().map(InboxView::of).collect(), next }))
}

/// One received webhook, without its body.
#[utoipa::path(
    get, path = "/v1/inbox/{number}", tag = "inbox",
    params(("number" = u64, Path, description = "The number of the webhook")),
    responses((status = 200, description = "The webhook", body = InboxView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_inbox(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Path(number): Path,
) -> Result<Answer<InboxView>, Problem> {
    let filed = api.store().delivery(number_of(&number)?).await?.ok_or_else(no_such_webhook)?;
    Ok(Answer::ok(InboxView::of(&filed)))
}

/// Requests that the receiver refused for one reason. They are counted, and not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedView {
    /// The account; absent for what was refused before the account was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The reason, one of a few fixed texts.
    reason: String,
    /// How many.
    count: u64,
    /// When the last one was refused.
    last_at: String,
}

/// What the receiver refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedList {
    /// The sums, by account and reason.
    refused: Vec<RefusedView>,
}

/// What the receiver of webhooks refused, by account and reason.
#[utoipa::path(
    get, path = "/v1/inbox/refused", tag = "inbox",
    responses((status = 200, description = "The sums", body = RefusedList), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_refused(
    State(api): State<Api>,
    _: Caller<ToRead>,
) -> Result<Answer<RefusedList>, Problem> {
    let refused = api.store().refused().await?;
    Ok(Answer::ok(RefusedList { refused: refused.iter().map(RefusedView::of).collect() }))
}

/// Apply a webhook once more, as if it had just arrived.
///
/// One that could not be read is judged again. What an order has learned from it already is not learned
/// twice, so the request can be repeated.
#[utoipa::path(
    post, path = "/v1/inbox/{number}/replay", tag = "inbox",
    params(("number" = u64, Path, description = "The number of the webhook")),
    responses((status = 200, description = "The webhook, to be applied", body = InboxView), Writing),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn replay_inbox(
    State(api): State<Api>,
    caller: Caller<ToResolve>,
    Path(number): Path,
) -> Result<Answer<InboxView>, Problem> {
    let id = number_of(&number)?;
    let (by, acting) = (caller.name, api.clone());
    let change = async move {
        if !acting.acts().replay(id, &by).await? {
            return Err(no_such_webhook());
        }
        let filed = acting.store().delivery(id).await?.ok_or_else(no_such_webhook)?;
        Ok(Answer::ok(InboxView::of(&filed)))
    };
    api.spawn_to_its_end(change).await
}

fn number_of(text: &str) -> Result<InboxId, Problem> {
    text.parse().map(InboxId).map_err(|_| no_such_webhook())
}

fn no_such_webhook() -> Problem {
    Problem::new(ProblemType::NotFound, "there is no webhook of this number")
}

impl RefusedView {
    fn of(refused: &Refused) -> Self {
        Self {
            account: refused.account.as_ref().map(ToString::to_string),
            reason: refused.reason.clone(),
            count: refused.count,
            last_at: refused.last_at.to_string(),
        }
    }
}

impl InboxView {
    fn of(filed: &Filed) -> Self {
        let item = &filed.item;
        let hint = item.verdict.as_ref().map(|verdict| verdict.hint()).unwrap_or_default();
        Self {
            number: item.id.0,
            account: item.account.to_string(),
            state: filed.state.word().to_owned(),
            is_verified: item.verdict.as_ref().map(|verdict| verdict.is_genuine()),
            key: hint.key.map(|key| key.to_string()),
            reference: hint.reference.map(|reference| reference.to_string()),
            received_at: item.delivery.received_at.to_string(),
            body_bytes: u64::try_from(item.delivery.body.len()).unwrap_or(u64::MAX),
            deferrals: item.deferrals,
            repeats: filed.repeats,
            because: mask::text(&filed.because),
        }
    }
}
