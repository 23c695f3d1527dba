//! `/v1/runs`: a batch of orders as one run, which is stored, held, looked at, and then released or
//! withdrawn.

pub(crate) mod batch;
pub(crate) mod view;

use axum::extract::{Request, State};
use bytes::Bytes;
use http::StatusCode;
use pagos_engine::{EngineError, Filter, Run, RunId, Store};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    acts::ReleaseState,
    answer::{Answer, Reading, Writing},
    api::Api,
    caller::{Caller, ToApprove, ToRead, ToSubmit},
    extract::{Json, Path, Query, media_type, parse, read_body},
    payouts::{page_limit, page_of, require_note, view::PayoutPage},
    problem::{Problem, ProblemType},
    runs::{
        batch::{Batch, RunRequest, name_of_run},
        view::{RunPage, RunView},
    },
    uploads::UploadError,
};

/// How an uploaded file becomes a run.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadQuery {
    /// The name of the run of an uploaded file; without it, one that follows from its bytes. A JSON
    /// batch names its run in the body.
    run: Option<String>,
}

/// The bytes of a payroll file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "it only describes a body")]
struct PayrollFile(Vec<u8>);

/// Submit a batch of orders as a held run.
///
/// Either a JSON batch, or a payroll file (CSV, or the first sheet of an .xlsx) with its own media
/// type. All orders are stored or none, and everything that is wrong is reported at once. Nothing is
/// sent before the run is released. Repeating the request answers with the run as it stands.
#[utoipa::path(
    post, path = "/v1/runs", tag = "runs",
    params(UploadQuery),
    request_body(content(
        (RunRequest = "application/json"),
        (PayrollFile = "text/csv"),
        (PayrollFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses(
        (status = 201, description = "Stored by this request, durably, and held", body = RunView),
        (status = 200, description = "Stored before; this is how it stands", body = RunView),
        Writing,
    ),
    security(("token" = ["submit"])),
)]
pub(crate) async fn create_run(
    State(api): State<Api>,
    caller: Caller<ToSubmit>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Answer<RunView>, Problem> {
    let (parts, body) = request.into_parts();
    let by = caller.name;
    match media_type(&parts.headers) {
        Some("application/json") => {
            let bytes = read_body(&api, &parts.headers, body, api.limits().json_bytes_max).await?;
            if query.run.is_some() {
                let detail = "a JSON batch names its run in the body, not in the query";
                return Err(Problem::new(ProblemType::Malformed, detail));
            }
            let request: RunRequest = parse(&bytes, "")?;
            let batch = request.read(api.limits().orders_max)?;
            api.spawn_to_its_end(batch::store(api.clone(), batch, by)).await
        }
        Some(CSV | SHEET) => {
            let run = query.run.as_deref().map(name_of_run).transpose()?;
            let most = api.limits().upload_bytes_max;
            let bytes = read_body(&api, &parts.headers, body, most).await?;
            let batch = read_file(&api, bytes, run).await?;
            api.spawn_to_its_end(batch::store(api.clone(), batch, by)).await
        }
        _ => {
            let detail = format!("the body must be application/json, {CSV} or {SHEET}");
            Err(Problem::new(ProblemType::WrongMediaType, detail))
        }
    }
}

const CSV: &str = "text/csv";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn read_file(api: &Api, bytes: Bytes, run: Option<RunId>) -> Result<Batch, Problem> {
    match api.uploads().read(bytes).await {
        Ok(upload) => Batch::of_file(upload, run, api.limits().orders_max),
        Err(UploadError::Refused { faults, more }) => Err(Problem::invalid(faults).and_more(more)),
        Err(UploadError::Failed(because)) => Err(Problem::new(ProblemType::Busy, because)),
    }
}

/// What selects the runs of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// The number of rows, 100 if it is not given.
    limit: Option<usize>,
}

/// Runs, newest first.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs", params(PageQuery),
    responses((status = 200, description = "A page of runs", body = RunPage), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_runs(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<PageQuery>,
) -> Result<Answer<RunPage>, Problem> {
    let limit = page_limit(&api, query.limit)?;
    let before = query.after.map(|after| after.parse::<u64>()).transpose().map_err(|_| {
        Problem::new(ProblemType::Malformed, "the query: after is not the next of a page")
    })?;
    let rows = api.store().runs(before, limit).await?;
    let last = rows.last().filter(|_| rows.len() >= limit);
    let next = last.map(|(_, run)| run.id.to_string());
    let mut runs = Vec::new();
    for (id, run) in rows.iter().filter(|(_, run)| run.members > 0) {
        runs.push(RunView::without_totals(&api, id, run).await?);
    }
    Ok(Answer::ok(RunPage { runs, next }))
}

/// One run, with its totals.
#[utoipa::path(
    get, path = "/v1/runs/{run}", tag = "runs",
    params(("run" = String, Path, description = "The name of the run")),
    responses((status = 200, description = "The run", body = RunView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_run(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<RunView>, Problem> {
    view_of(&api, &path.run()?).await.map(Answer::ok)
}

/// The payouts of a run, newest first.
#[utoipa::path(
    get, path = "/v1/runs/{run}/payouts", tag = "runs",
    params(("run" = String, Path, description = "The name of the run"), PageQuery),
    responses((status = 200, description = "A page of payouts", body = PayoutPage), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_run_payouts(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
    Query(query): Query<PageQuery>,
) -> Result<Answer<PayoutPage>, Problem> {
    let run = path.run()?;
    found(&api, &run).await?;
    let filter = Filter { run: Some(run), ..Filter::default() };
    page_of(&api, &filter, query.after.as_deref(), query.limit).await
}

/// A release, which names what the client counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseRequest {
    /// How many orders the run has. A run with another number is not released.
    orders: u64,
}

/// Make the orders of a run due and fix its members.
#[utoipa::path(
    post, path = "/v1/runs/{run}/release", tag = "runs",
    params(("run" = String, Path, description = "The name of the run")),
    request_body = ReleaseRequest,
    responses(
        (status = 200, description = "The run, released", body = RunView),
        (status = 202, description = "The run, which waits for approval", body = RunView),
        Writing,
    ),
    security(("token" = ["submit"])),
)]
pub(crate) async fn release_run(
    State(api): State<Api>,
    caller: Caller<ToSubmit>,
    path: Path,
    Json(request): Json<ReleaseRequest>,
) -> Result<Answer<RunView>, Problem> {
    let (run, by, acting) = (path.run()?, caller.name, api.clone());
    let change = async move {
        found(&acting, &run).await?;
        let released = acting.acts().release(&run, request.orders, &by).await?;
        let view = view_of(&acting, &run).await?;
        Ok(match released {
            ReleaseState::Due => Answer::ok(view),
            ReleaseState::WaitsForApproval => Answer(StatusCode::ACCEPTED, view),
        })
    };
    api.spawn_to_its_end(change).await
}

/// Take back a run that was not released.
///
/// Its orders are deleted, but for those that another run has too. A run that does not exist counts
/// as withdrawn, so that the request can be repeated.
#[utoipa::path(
    post, path = "/v1/runs/{run}/withdraw", tag = "runs",
    params(("run" = String, Path, description = "The name of the run")),
    responses((status = 200, description = "The run, which is gone", body = RunView), Writing),
    security(("token" = ["submit"])),
)]
pub(crate) async fn withdraw_run(
    State(api): State<Api>,
    caller: Caller<ToSubmit>,
    path: Path,
) -> Result<Answer<RunView>, Problem> {
    let (run, by, acting) = (path.run()?, caller.name, api.clone());
    let change = async move {
        acting.acts().withdraw(&run, &by).await?;
        match acting.store().run(&run).await.map_err(EngineError::from)? {
            None => Ok(Answer::ok(RunView::withdrawn(&run))),
            Some(_) => {
                let detail = format!("run {} was released and cannot be withdrawn", run.0);
                Err(Problem::new(ProblemType::Refused, detail))
            }
        }
    };
    api.spawn_to_its_end(change).await
}

/// An approval of what the approver has seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveRequest {
    /// The digest that the run shows in `approval`.
    digest: String,
    /// What you looked at; kept with your name.
    note: String,
}

/// Approve a run.
#[utoipa::path(
    post, path = "/v1/runs/{run}/approve", tag = "runs",
    params(("run" = String, Path, description = "The name of the run")),
    request_body = ApproveRequest,
    responses((status = 200, description = "The run", body = RunView), Writing),
    security(("token" = ["approve"])),
)]
pub(crate) async fn approve_run(
    State(api): State<Api>,
    caller: Caller<ToApprove>,
    path: Path,
    Json(request): Json<ApproveRequest>,
) -> Result<Answer<RunView>, Problem> {
    if !request.note.trim().is_empty() {
        require_note(&request.note)?;
    }
    let (run, by, acting) = (path.run()?, caller.name, api.clone());
    let change = async move {
        found(&acting, &run).await?;
        acting.acts().approve(&run, &request.digest, request.note.trim(), &by).await?;
        view_of(&acting, &run).await.map(Answer::ok)
    };
    api.spawn_to_its_end(change).await
}

/// A rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectRequest {
    /// Why; kept with your name.
    note: String,
}

/// Reject a run, which can then be withdrawn only.
#[utoipa::path(
    post, path = "/v1/runs/{run}/reject", tag = "runs",
    params(("run" = String, Path, description = "The name of the run")),
    request_body = RejectRequest,
    responses((status = 200, description = "The run", body = RunView), Writing),
    security(("token" = ["approve"])),
)]
pub(crate) async fn reject_run(
    State(api): State<Api>,
    caller: Caller<ToApprove>,
    path: Path,
    Json(request): Json<RejectRequest>,
) -> Result<Answer<RunView>, Problem> {
    require_note(&request.note)?;
    let (run, by, acting) = (path.run()?, caller.name, api.clone());
    let change = async move {
        found(&acting, &run).await?;
        acting.acts().reject(&run, request.note.trim(), &by).await?;
        view_of(&acting, &run).await.map(Answer::ok)
    };
    api.spawn_to_its_end(change).await
}

async fn found(api: &Api, run: &RunId) -> Result<Run, Problem> {
    let none = || Problem::new(ProblemType::NotFound, "there is no run of this name");
    known(api, run).await?.ok_or_else(none)
}

/// A run that has orders. A batch that was refused whole may leave its name behind, which means
/// nothing.
pub(crate) async fn known(api: &Api, run: &RunId) -> Result<Option<Run>, Problem> {
    Ok(api.store().run(run).await?.filter(|run| run.members > 0))
}

async fn view_of(api: &Api, run: &RunId) -> Result<RunView, Problem> {
    let known = found(api, run).await?;
    RunView::of(api, run, &known).await
}

/// Whether everything in `keys` and nothing else is in a stored run.
async fn has_exactly(
    store: &dyn Store,
    run: &RunId,
    known: &Run,
    keys: &std::collections::BTreeSet<pagos_core::OrderKey>,
) -> Result<bool, EngineError> {
    if usize::try_from(known.members).ok() != Some(keys.len()) {
        return Ok(false);
    }
    let filter = Filter { run: Some(run.clone()), ..Filter::default() };
    let mut page = pagos_engine::Page::by_key(1_000);
    loop {
        let payouts = store.list(&filter, &page).await?;
        if payouts.iter().any(|payout| !keys.contains(&payout.order.key)) {
            return Ok(false);
        }
        match payouts.last() {
            Some(last) if payouts.len() >= page.limit => page = page.after(last),
            _ => return Ok(true),
        }
    }
}
