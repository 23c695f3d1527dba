//! `/v1/waiting`: everything that waits for a person, with what each decision would do.

mod gaps;
mod scan;
mod view;

pub(crate) use view::decisions;

use axum::extract::State;
use pagos_engine::{ApprovalState, RunApproval};
use serde::Deserialize;

use crate::{
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    extract::Query,
    payouts::{ResendView, page_limit},
    problem::Problem,
    runs::{
        known,
        view::{RunView, TotalView},
    },
    waiting::{
        gaps::GapsView,
        scan::Place,
        view::{WaitingResend, WaitingRun, WaitingView},
    },
};

/// Where to go on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitingQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// The number of payouts and payments together, 100 if it is not given.
    limit: Option<usize>,
}

/// Everything that waits for a person, with what each decision would do.
///
/// Runs and decisions to send again are on the first page only.
#[utoipa::path(
    get, path = "/v1/waiting", tag = "waiting", params(WaitingQuery),
    responses((status = 200, description = "What waits for a person", body = WaitingView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_waiting(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<WaitingQuery>,
) -> Result<Answer<WaitingView>, Problem> {
    let limit = page_limit(&api, query.limit)?;
    let after: Option<Place> = query.after.as_deref().map(str::parse).transpose()?;
    let (runs, resends) = match after {
        None => (waiting_runs(&api).await?, waiting_resends(&api).await?),
        Some(_) => (Vec::new(), Vec::new()),
    };
    let tally = api.store().tally(None).await?;
    let waiting = tally.rows.iter().filter(|row| row.attention > 0);
    let totals = waiting.map(TotalView::of).collect();
    let found = scan::scan(&api, &tally, after, limit).await?;
    let accounts_out_of_service =
        api.store().halted().await?.iter().map(ToString::to_string).collect();
    let (payouts, payments, next) = (found.payouts, found.payments, found.next);
    let database = GapsView::of(&api).await?;
    Ok(Answer::ok(WaitingView {
        totals,
        payouts,
        payments,
        runs,
        resends,
        accounts_out_of_service,
        database,
        next,
    }))
}

/// The runs that wait for approval, that are blocked, and that were rejected, oldest first.
async fn waiting_runs(api: &Api) -> Result<Vec<WaitingRun>, Problem> {
    let is_open = |approval: &RunApproval| {
        matches!(approval.state, ApprovalState::Waiting | ApprovalState::Rejected)
    };
    let mut runs = Vec::new();
    for approval in api.engine().approvals().await?.into_iter().filter(is_open).take(RUNS_MAX) {
        let Some(run) = known(api, &approval.run).await? else { continue };
        if run.id == approval.id && run.released_at.is_none() {
            runs.push(WaitingRun::of(RunView::of(api, &approval.run, &run).await?));
        }
    }
    Ok(runs)
}

async fn waiting_resends(api: &Api) -> Result<Vec<WaitingResend>, Problem> {
    let resends = api.engine().resends().await?;
    let views = resends.iter().take(RUNS_MAX).map(ResendView::of);
    Ok(views.map(WaitingResend::of).collect())
}

/// So many runs, and so many decisions to send again, are listed at most.
const RUNS_MAX: usize = 500;
