//! The first page: where the money stands, and what waits for a person.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use crate::{
    chart::{self, HEIGHT, Row, WIDTH},
    frame::{Frame, render},
    links,
    session::Session,
    show,
    view::{Gaps, Link, Run, RunPage, Series, Total, Totals, Waiting},
};

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    frame: Frame,
    totals: Vec<Total>,
    out_of_service: Vec<String>,
    database: Gaps,
    needs_attention: u64,
    in_doubt: u64,
    /// The newest runs, those first that wait for an approval.
    runs: Vec<Run>,
    waiting_runs: usize,
    charts: Vec<Row>,
    is_month: bool,
    links: Vec<Link>,
}

/// How far back the charts go.
#[derive(Debug, Deserialize)]
pub(crate) struct Span {
    span: Option<String>,
}

pub(crate) async fn show(session: Session, Query(span): Query<Span>) -> Response {
    let is_month = span.span.as_deref() == Some("month");
    let read = async {
        let totals: Totals = session.get("/v1/totals").await?;
        let runs: RunPage = session.get("/v1/runs?limit=10").await?;
        let span = if is_month { "month" } else { "day" };
        let waiting: Waiting = session.get("/v1/waiting?limit=1").await?;
        let series: Series = session.get(&format!("/v1/series?span={span}")).await?;
        Ok((totals, runs, waiting, series, links::read(&session).await?))
    };
    let (totals, runs, waiting, series, links) = match read.await {
        Ok(read) => read,
        Err(refused) => return session.failed(&refused),
    };
    let mut runs = runs.runs;
    // The sort is stable, so they stay newest first otherwise.
    let waits = |run: &Run| matches!(run.state.as_str(), "waiting_for_approval" | "blocked");
    runs.sort_by_key(|run| !waits(run));
    let frame = session.frame(session.language.words().overview);
    let page = Page {
        frame,
        charts: chart::rows(&series.samples, &totals.totals),
        is_month,
        links,
        waiting_runs: waiting.runs.iter().filter(|run| waits(run)).count(),
        needs_attention: totals.totals.iter().map(|row| row.needs_attention).sum(),
        in_doubt: totals
            .totals
            .iter()
            .filter(|row| row.status == "unknown")
            .map(|row| row.count)
            .sum(),
        totals: totals.totals,
        out_of_service: totals.accounts_out_of_service,
        database: waiting.database,
        runs,
    };
    session.answer(render(&page))
}
