//! The first page: where the money stands, and what waits for a person.

use askama::Template;
use axum::response::Response;

use crate::{
    frame::{Frame, render},
    session::Session,
    show,
    view::{Run, RunPage, Total, Totals},
};

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    frame: Frame,
    totals: Vec<Total>,
    out_of_service: Vec<String>,
    needs_attention: u64,
    in_doubt: u64,
    /// The newest runs, those first that wait for an approval.
    runs: Vec<Run>,
}

pub(crate) async fn show(session: Session) -> Response {
    let totals = session.get::<Totals>("/v1/totals").await;
    let runs = session.get::<RunPage>("/v1/runs?limit=10").await;
    let (totals, runs) = match (totals, runs) {
        (Ok(totals), Ok(runs)) => (totals, runs),
        (Err(refused), _) | (_, Err(refused)) => return session.failed(&refused),
    };
    let mut runs = runs.runs;
    // The sort is stable, so they stay newest first otherwise.
    runs.sort_by_key(|run| !matches!(run.state.as_str(), "waiting_for_approval" | "blocked"));
    let frame = session.frame(session.language.words().overview);
    let page = Page {
        frame,
        needs_attention: totals.totals.iter().map(|row| row.needs_attention).sum(),
        in_doubt: totals
            .totals
            .iter()
            .filter(|row| row.status == "unknown")
            .map(|row| row.count)
            .sum(),
        totals: totals.totals,
        out_of_service: totals.accounts_out_of_service,
        runs,
    };
    session.answer(render(&page))
}
