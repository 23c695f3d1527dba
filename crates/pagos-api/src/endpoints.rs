//! `/v1/endpoints`: whether the merchant's own systems get their events.

mod command;

pub(crate) use command::{
    __path_disable_endpoint, __path_enable_endpoint, __path_forget_endpoint,
    __path_replay_endpoint, disable_endpoint, enable_endpoint, forget_endpoint, replay_endpoint,
};

use axum::extract::State;
use pagos_events::{EndpointName, EndpointState, endpoint_names, endpoint_state};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    mask,
    problem::Problem,
};

/// An endpoint and how its deliveries stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointView {
    /// Its name in `[events.NAME]`.
    endpoint: String,
    /// `new`, `working`, `failing` or `off`.
    standing: String,
    /// Since when it fails or is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The failures in a row.
    tries: u32,
    /// When the next try is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try: Option<String>,
    /// Why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Every event up to this number was delivered, or needs nothing more.
    position: u64,
    /// About how many events wait.
    waiting: u64,
    /// When the first of those happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_since: Option<String>,
    /// How many events are set aside, because the endpoint refuses them.
    set_aside: u64,
    /// How many commands wait for the process that delivers.
    commands: usize,
}

/// All endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointList {
    /// The endpoints, by name.
    endpoints: Vec<EndpointView>,
}

/// The endpoints that events are delivered to.
#[utoipa::path(
    get, path = "/v1/endpoints", tag = "events",
    responses((status = 200, description = "The endpoints", body = EndpointList), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_endpoints(
    State(api): State<Api>,
    _: Caller<ToRead>,
) -> Result<Answer<EndpointList>, Problem> {
    let mut endpoints = Vec::new();
    for name in endpoint_names(api.store()).await? {
        let state = endpoint_state(api.store(), &name).await?;
        endpoints.push(EndpointView::of(&name, state));
    }
    Ok(Answer::ok(EndpointList { endpoints }))
}

impl EndpointView {
    fn of(name: &EndpointName, state: EndpointState) -> Self {
        Self {
            endpoint: name.as_str().to_owned(),
            standing: state.standing.word().to_owned(),
            since: state.since.map(|at| at.to_string()),
            tries: state.tries,
            next_try: state.next_try.map(|at| at.to_string()),
            last_error: state.last_error.as_deref().map(mask::text),
            position: state.position,
            waiting: state.waiting,
            waiting_since: state.waiting_since.map(|at| at.to_string()),
            set_aside: state.set_aside,
            commands: state.orders,
        }
    }
}
