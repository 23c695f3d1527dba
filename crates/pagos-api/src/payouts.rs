//! `/v1/payouts`: submit one, look at one, its history, a list, and a person's decision.

mod lines;
pub(crate) mod order;
mod outlook;
mod resend;
mod resolve;
pub(crate) mod view;

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use pagos_core::{OrderKey, PayoutOrder, ProviderRef};
use pagos_engine::{
    Actor, ApprovalState, Cursor, EngineError, Filter, Page, RunId, Sorted, Submitted,
};
use serde::Deserialize;

pub(crate) use {lines::*, outlook::*, resend::*, resolve::*};

use crate::{
    acts::ReleaseState,
    answer::{Answer, Reading, Writing},
    api::Api,
    caller::{Caller, ToRead, ToSubmit},
    extract::{Json, Path, Query, run_named},
    history::{HistoryEntry, HistoryView},
    payouts::{
        order::{PayoutRequest, key_of_header},
        view::{PayoutPage, PayoutState, PayoutView},
    },
    problem::{Problem, ProblemType},
};

/// Submit one payout and make it due.
///
/// The key is the order's name for ever. It may come in the body, in the `Idempotency-Key` header, or
/// in both, and then they must agree. Repeating the request answers with the payout as it stands by
/// then; another order under the key is a conflict. Nothing is paid twice.
#[utoipa::path(
    post, path = "/v1/payouts", tag = "payouts",
    params(("Idempotency-Key" = Option<String>, Header, description = "The key of the order")),
    request_body = PayoutRequest,
    responses(
        (status = 201, description = "Stored by this request, durably", body = PayoutView),
        (status = 200, description = "Stored before; this is how it stands", body = PayoutView),
        (status = 202, description = "Stored, durably; its outcome is unknown, or it waits for approval",
         body = PayoutView),
        Writing,
    ),
    security(("token" = ["submit"])),
)]
pub(crate) async fn create_payout(
    State(api): State<Api>,
    caller: Caller<ToSubmit>,
    headers: HeaderMap,
    Json(request): Json<PayoutRequest>,
) -> Result<Answer<PayoutView>, Problem> {
    let key = key_of_header(&headers)?;
    let order = request.order(key.as_ref()).map_err(Problem::invalid)?;
    let by = caller.name;
    let change = pay(api.clone(), order, by);
    api.spawn_to_its_end(change).await
}

/// Stores the order, makes it due, and answers with the payout.
async fn pay(api: Api, order: PayoutOrder, by: Actor) -> Result<Answer<PayoutView>, Problem> {
    let key = order.key.clone();
    let (submitted, released) = api.acts().pay(order, &by).await?;
    let payout = api.store().payout(&key).await.map_err(EngineError::from)?;
    let Some(payout) = payout else {
        return Err(missing(&api, &key).await);
    };
    let mut view = PayoutView::of(&payout);
    if released == ReleaseState::WaitsForApproval {
        view.state = PayoutState::WaitingForApproval;
        return Ok(Answer(StatusCode::ACCEPTED, view));
    }
    Ok(match submitted {
        Some(Submitted::New) => Answer(StatusCode::CREATED, view),
        _ => Answer::of_payout(view),
    })
}

/// A payout after a change.
async fn as_it_stands(api: &Api, key: &OrderKey) -> Result<Answer<PayoutView>, Problem> {
    match api.store().payout(key).await.map_err(EngineError::from)? {
        Some(payout) => Ok(Answer::of_payout(PayoutView::of(&payout))),
        None => Err(missing(api, key).await),
    }
}

/// One payout.
#[utoipa::path(
    get, path = "/v1/payouts/{key}", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    responses(
        (status = 200, description = "The payout", body = PayoutView),
        (status = 202, description = "The payout; its outcome is unknown", body = PayoutView),
        Reading,
    ),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_payout(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<PayoutView>, Problem> {
    let key = path.key()?;
    match api.store().payout(&key).await? {
        Some(payout) => {
            let mut view = PayoutView::of(&payout);
            // Members of other runs are held until those are released; a run says what it waits for.
            if PayoutView::is_held(&payout) {
                let approval = api.acts().approval(&RunId::of_one(&key)).await?;
                if approval.is_some_and(|it| it.state == ApprovalState::Waiting) {
                    view.state = PayoutState::WaitingForApproval;
                }
            }
            Ok(Answer::of_payout(view))
        }
        None => Err(missing(&api, &key).await),
    }
}

/// Everything that was learned and done about one payout, oldest first.
#[utoipa::path(
    get, path = "/v1/payouts/{key}/history", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    responses((status = 200, description = "The history", body = HistoryView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_payout_history(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<HistoryView>, Problem> {
    let key = path.key()?;
    let Some(payout) = api.store().payout(&key).await? else {
        return Err(missing(&api, &key).await);
    };
    let entries = api.store().history(&key).await?;
    let number = &payout.order.beneficiary.account_number;
    let hide = |said: &str| crate::mask::about(number, said);
    let entries = entries.iter().map(|entry| HistoryEntry::of(entry, &hide)).collect();
    Ok(Answer::ok(HistoryView { key: key.to_string(), entries }))
}

/// What selects the payouts of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PayoutQuery {
    /// Only with this status: `created`, `unknown`, `pending`, `succeeded`, `failed` or
    /// `quarantined`.
    status: Option<String>,
    /// Only of this account.
    account: Option<String>,
    /// Only members of this run.
    run: Option<String>,
    /// Only the one with this id of the provider's, in each account.
    reference: Option<String>,
    /// Only those whose beneficiary's name contains this, in any case. At most 5,000 payouts are
    /// looked at for one page, so a page may be short or empty and have a `next` all the same.
    beneficiary: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// The number of rows, 100 if it is not given.
    limit: Option<usize>,
}

/// Payouts, newest first.
#[utoipa::path(
    get, path = "/v1/payouts", tag = "payouts",
    params(PayoutQuery),
    responses((status = 200, description = "A page of payouts", body = PayoutPage), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_payouts(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<PayoutQuery>,
) -> Result<Answer<PayoutPage>, Problem> {
    let run = query.run.map(run_named).transpose()?;
    let account = query.account.map(|name| name.parse()).transpose().map_err(in_query)?;
    let status = query.status.map(known_status).transpose()?;
    let reference = query.reference.map(ProviderRef::new).transpose().map_err(in_query)?;
    let filter = Filter { run, status, account, reference, ..Filter::default() };
    match query.beneficiary {
        None => page_of(&api, &filter, query.after.as_deref(), query.limit).await,
        Some(name) => search(&api, &filter, &name, query.after.as_deref(), query.limit).await,
    }
}

/// The payouts of a filter whose beneficiary's name contains `name`. No store has an index of names,
/// so a page looks at a limited number of payouts.
async fn search(
    api: &Api,
    filter: &Filter,
    name: &str,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Answer<PayoutPage>, Problem> {
    let mut after: Option<Cursor> = after.map(str::parse).transpose().map_err(in_query)?;
    let (limit, name) = (page_limit(api, limit)?, name.to_lowercase());
    let (mut found, mut seen) = (Vec::new(), 0);
    while seen < SEARCHED_MAX {
        let page =
            Page { sorted: Sorted::NewestFirst { after: after.clone() }, limit: SEARCHED_AT_ONCE };
        let payouts = api.store().list(filter, &page).await?;
        let is_last = payouts.len() < SEARCHED_AT_ONCE;
        seen += payouts.len();
        for payout in &payouts {
            if found.len() >= limit {
                let next = after.map(|after| after.to_string());
                return Ok(Answer::ok(PayoutPage { payouts: found, next }));
            }
            after = Some(payout.cursor());
            if payout.order.beneficiary.name.to_lowercase().contains(&name) {
                found.push(PayoutView::of(payout));
            }
        }
        if is_last {
            return Ok(Answer::ok(PayoutPage { payouts: found, next: None }));
        }
    }
    let next = after.map(|after| after.to_string());
    Ok(Answer::ok(PayoutPage { payouts: found, next }))
}

const SEARCHED_AT_ONCE: usize = 500;
const SEARCHED_MAX: usize = 5_000;

/// One page of a filter, newest first.
pub(crate) async fn page_of(
    api: &Api,
    filter: &Filter,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Answer<PayoutPage>, Problem> {
    let after: Option<Cursor> = after.map(str::parse).transpose().map_err(in_query)?;
    let limit = page_limit(api, limit)?;
    let page = Page { sorted: Sorted::NewestFirst { after }, limit };
    let payouts = api.store().list(filter, &page).await?;
    // A page that is shorter than its limit is the last one.
    let last = payouts.last().filter(|_| payouts.len() >= limit);
    let next = last.map(|payout| payout.cursor().to_string());
    let payouts = payouts.iter().map(PayoutView::of).collect();
    Ok(Answer::ok(PayoutPage { payouts, next }))
}

/// The number of rows of a page.
pub(crate) fn page_limit(api: &Api, limit: Option<usize>) -> Result<usize, Problem> {
    let most = api.limits().page_max.max(1);
    match limit {
        None => Ok(PAGE_USUAL.min(most)),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => {
            let detail = format!("the query: limit is between 1 and {most}");
            Err(Problem::new(ProblemType::Malformed, detail))
        }
    }
}

const PAGE_USUAL: usize = 100;

/// A misspelt status would select nothing, which looks like "there is none".
pub(crate) fn known_status(word: String) -> Result<String, Problem> {
    const WORDS: [&str; 6] =
        ["created", "unknown", "pending", "succeeded", "failed", "quarantined"];
    match WORDS.contains(&word.as_str()) {
        true => Ok(word),
        false => {
            let detail = format!("the query: status is one of {}", WORDS.join(", "));
            Err(Problem::new(ProblemType::Malformed, detail))
        }
    }
}

pub(crate) fn in_query(error: pagos_core::Error) -> Problem {
    let detail = format!("the query: {}", crate::mask::text(&error.to_string()));
    Problem::new(ProblemType::Malformed, detail)
}

/// Why there is no payout under the key.
pub(crate) async fn missing(api: &Api, key: &OrderKey) -> Problem {
    match api.store().sealed(key).await {
        Ok(Some(seal)) => EngineError::Archived(key.clone(), seal).into(),
        Ok(None) => EngineError::NoPayout(key.clone()).into(),
        Err(error) => error.into(),
    }
}

impl Answer<PayoutView> {
    /// 202 if its outcome is unknown, so that a client which looks only at the status knows that
    /// it is not settled.
    pub(crate) fn of_payout(view: PayoutView) -> Self {
        match view.status == "unknown" {
            true => Self(StatusCode::ACCEPTED, view),
            false => Self(StatusCode::OK, view),
        }
    }
}
