//! What a person commands about an endpoint: replay, enable, disable, forget. A command is durable, and
//! the process that delivers carries it out.

use std::sync::Arc;

use axum::extract::State;
use pagos_core::Timestamp;
use pagos_engine::Store;
use pagos_events::{
    EndpointName, OrderError, Writer, disable, enable, endpoint_names, endpoint_state, forget,
    replay,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::EndpointView;
use crate::{
    answer::{Answer, Writing},
    api::Api,
    caller::{Caller, ToResolve},
    extract::{Json, Path},
    problem::{Fault, Problem, ProblemType},
};

/// From where on events are delivered again: one of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// The number of the first event, which is the end of its id.
    from: Option<u64>,
    /// Every event since this moment, in RFC 3339.
    since: Option<String>,
}

/// Deliver events again, from a number or a moment on.
///
/// They have their old ids, by which a receiver recognises them.
#[utoipa::path(
    post, path = "/v1/endpoints/{endpoint}/replay", tag = "events",
    params(("endpoint" = String, Path, description = "The name of the endpoint")),
    request_body = ReplayRequest,
    responses((status = 200, description = "The endpoint", body = EndpointView), Writing),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn replay_endpoint(
    State(api): State<Api>,
    _: Caller<ToResolve>,
    Path(name): Path,
    Json(request): Json<ReplayRequest>,
) -> Result<Answer<EndpointView>, Problem> {
    let begin = match (request.from, request.since) {
        (Some(number), None) => Begin::Number(number),
        (None, Some(moment)) => Begin::Moment(moment.parse().map_err(|_| not_a_moment())?),
        (Some(_), Some(_)) | (None, None) => {
            return Err(fault("", "exactly one of `from` and `since` is needed"));
        }
    };
    command(api, name, Command::Replay(begin)).await
}

/// Deliver to an endpoint again, after it was put off.
#[utoipa::path(
    post, path = "/v1/endpoints/{endpoint}/enable", tag = "events",
    params(("endpoint" = String, Path, description = "The name of the endpoint")),
    responses((status = 200, description = "The endpoint", body = EndpointView), Writing),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn enable_endpoint(
    State(api): State<Api>,
    _: Caller<ToResolve>,
    Path(name): Path,
) -> Result<Answer<EndpointView>, Problem> {
    command(api, name, Command::Enable).await
}

/// Deliver nothing to an endpoint.
///
/// Its events wait and are not pruned.
#[utoipa::path(
    post, path = "/v1/endpoints/{endpoint}/disable", tag = "events",
    params(("endpoint" = String, Path, description = "The name of the endpoint")),
    responses((status = 200, description = "The endpoint", body = EndpointView), Writing),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn disable_endpoint(
    State(api): State<Api>,
    _: Caller<ToResolve>,
    Path(name): Path,
) -> Result<Answer<EndpointView>, Problem> {
    command(api, name, Command::Disable).await
}

/// Forget an endpoint that was taken out of the configuration.
///
/// What it has not got is never delivered. It is refused while a process delivers to it.
#[utoipa::path(
    post, path = "/v1/endpoints/{endpoint}/forget", tag = "events",
    params(("endpoint" = String, Path, description = "The name of the endpoint")),
    responses(
        (status = 200, description = "The endpoint, as it was before", body = EndpointView),
        Writing,
    ),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn forget_endpoint(
    State(api): State<Api>,
    _: Caller<ToResolve>,
    Path(name): Path,
) -> Result<Answer<EndpointView>, Problem> {
    command(api, name, Command::Forget).await
}

enum Command {
    Replay(Begin),
    Enable,
    Disable,
    Forget,
}

enum Begin {
    Number(u64),
    Moment(Timestamp),
}

/// Carries out a command about an endpoint that the store knows.
async fn command(
    api: Api,
    name: String,
    command: Command,
) -> Result<Answer<EndpointView>, Problem> {
    let none = || Problem::new(ProblemType::NotFound, "there is no endpoint of this name");
    let name = EndpointName::new(&name).map_err(|_| none())?;
    let acting = api.clone();
    let change = async move {
        let store = acting.store();
        // A process that died while it forgot the endpoint left the reader.
        let is_known = endpoint_names(store).await?.contains(&name)
            || store.reader(&name.reader()).await?.is_some();
        if !is_known {
            return Err(none());
        }
        let before = endpoint_state(store, &name).await?;
        let writer =
            Writer { store: Arc::clone(acting.shared_store()), writer: acting.writer().clone() };
        match command {
            Command::Replay(Begin::Number(from)) => replay(&writer, &name, from).await?,
            Command::Replay(Begin::Moment(moment)) => {
                let from = first_since(store, moment).await?;
                replay(&writer, &name, from).await?;
            }
            Command::Enable => enable(&writer, &name).await?,
            Command::Disable => disable(&writer, &name).await?,
            Command::Forget => {
                forget(&writer, &name, acting.now()).await?;
                return Ok(Answer::ok(EndpointView::of(&name, before)));
            }
        }
        let after = endpoint_state(store, &name).await?;
        Ok(Answer::ok(EndpointView::of(&name, after)))
    };
    api.spawn_to_its_end(change).await
}

/// The number of the first event at or after a moment. Events are in the order of their moments, but for
/// the difference between the clocks of several machines.
async fn first_since(store: &dyn Store, moment: Timestamp) -> Result<u64, Problem> {
    let refused = |detail: String| Err(Problem::new(ProblemType::Refused, detail));
    let none = || refused(format!("there is no event since {moment}"));
    let first = store.outbox(0, 1).await?.into_iter().next();
    let Some((oldest, at)) = first.map(|(number, notice)| (number, notice.at)) else {
        return none();
    };
    if at >= moment {
        return match oldest {
            1 => Ok(1),
            _ => refused(format!(
                "earlier events may be pruned; the oldest that is kept is number {oldest}, of {at}"
            )),
        };
    }
    // The event at `before` is earlier, and the first one after `end` is not, or there is none.
    let (mut before, mut end, mut found) = (oldest, store.newest_notice().await?, None);
    while before < end {
        let middle = before + (end - before) / 2;
        match store.outbox(middle, 1).await?.into_iter().next() {
            Some((number, notice)) if notice.at < moment => before = number,
            Some((number, _)) => (end, found) = (middle, Some(number)),
            None => end = middle,
        }
    }
    found.map_or_else(none, Ok)
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Store(cause) => Self::of_store(&cause),
            OrderError::Pruned { .. }
            | OrderError::NotYet { .. }
            | OrderError::InUse { .. }
            | OrderError::TooMany => Self::new(ProblemType::Refused, error.to_string()),
        }
    }
}

fn not_a_moment() -> Problem {
    fault("/since", "it is not RFC 3339, such as 2026-01-31T09:30:00Z")
}

fn fault(pointer: &str, because: &str) -> Problem {
    let (pointer, because) = (Some(pointer.to_owned()), because.to_owned());
    Problem::invalid(vec![Fault { pointer, because, ..Fault::default() }])
}
