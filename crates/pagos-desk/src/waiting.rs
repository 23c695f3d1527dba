//! What waits for a person.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use crate::{
    frame::{Frame, render},
    link::with_query,
    session::Session,
    show,
    view::{Payout, Run, RunPage, Waiting},
};

/// Where the page begins.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Page {
    frame: Frame,
    payouts: Vec<Payout>,
    runs: Vec<Run>,
    out_of_service: Vec<String>,
    next: Option<String>,
}

pub(crate) async fn show(session: Session, Query(place): Query<Place>) -> Response {
    let parameters = [("after", place.after.as_deref()), ("limit", Some("50"))];
    let waiting = session.get::<Waiting>(&with_query("/v1/waiting", &parameters)).await;
    let runs = session.get::<RunPage>("/v1/runs?limit=100").await;
    let (waiting, runs) = match (waiting, runs) {
        (Ok(waiting), Ok(runs)) => (waiting, runs.runs),
        (Err(refused), _) | (_, Err(refused)) => return session.failed(&refused),
    };
    let waits = |run: &Run| matches!(run.state.as_str(), "waiting_for_approval" | "blocked");
    let next = waiting.next.as_deref();
    let next = next.map(|_| with_query("/desk/waiting", &[("after", next)]));
    let frame = session.frame(session.language.words().waiting);
    let page = Page {
        frame,
        payouts: waiting.payouts,
        runs: runs.into_iter().filter(waits).collect(),
        out_of_service: waiting.accounts_out_of_service,
        next,
    };
    session.answer(render(&page))
}
