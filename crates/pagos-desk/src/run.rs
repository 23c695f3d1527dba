//! One run: its totals, its approval, what can be done with it, and its progress while it is paid.

use std::time::Duration;

use askama::Template;
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    call::{Content, Refused},
    frame::{Frame, render},
    link::encoded,
    session::Session,
    show,
    view::{Payout, PayoutPage, Run, Total},
    words::Words,
};

#[derive(Template)]
#[template(path = "run.html")]
struct Page {
    frame: Frame,
    run: Run,
    path: String,
    payouts: Vec<Payout>,
    has_more: bool,
}

pub(crate) async fn show(session: Session, Path(run): Path<String>) -> Response {
    match read(&session, &run).await {
        Err(refused) => session.failed(&refused),
        Ok((run, page)) => {
            let title = format!("{} {}", session.language.words().run, run.run);
            let frame = session.frame(&title);
            let path = encoded(&run.run);
            let has_more = page.next.is_some();
            let page = Page { frame, run, path, payouts: page.payouts, has_more };
            session.answer(render(&page))
        }
    }
}

async fn read(session: &Session, run: &str) -> Result<(Run, PayoutPage), Refused> {
    let path = format!("/v1/runs/{}", encoded(run));
    let known = session.get(&path).await?;
    let payouts = session.get(&format!("{path}/payouts?limit=50")).await?;
    Ok((known, payouts))
}

impl Page {
    /// Whether its progress can change by itself.
    fn is_live(&self) -> bool {
        let is_open = |row: &Total| !matches!(row.status.as_str(), "succeeded" | "failed");
        self.run.state == "released" && self.run.totals.iter().any(is_open)
    }
}

/// What the buttons of the page say.
#[derive(Debug, Deserialize)]
pub(crate) struct Act {
    form_key: String,
    /// How many orders whoever releases the run has seen.
    orders: Option<u64>,
    /// What whoever approves it has seen.
    digest: Option<String>,
    note: Option<String>,
}

pub(crate) async fn act(
    session: Session,
    Path((run, act)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Act>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let body = match act.as_str() {
        "release" => json!({ "orders": form.orders.unwrap_or_default() }),
        "approve" => json!({
            "digest": form.digest.unwrap_or_default(),
            "note": form.note.unwrap_or_default(),
        }),
        "reject" => json!({ "note": form.note.unwrap_or_default() }),
        "withdraw" => json!({}),
        _ => return session.no_such_page(),
    };
    let path = format!("/v1/runs/{}/{act}", encoded(&run));
    match session.post::<Run>(&path, Content::Json(body)).await {
        Ok(after) if after.state == "withdrawn" => Redirect::to("/desk/runs").into_response(),
        Ok(_) => Redirect::to(&format!("/desk/runs/{}", encoded(&run))).into_response(),
        Err(refused) => session.failed(&refused),
    }
}

/// The table of a run's totals by itself.
#[derive(Template)]
#[template(path = "totals.html")]
struct Fragment<'a> {
    words: &'static Words,
    totals: &'a [Total],
}

/// One server-sent event with the table of totals, as soon as it differs from what the browser has.
/// The browser asks again by itself, so an answer is short and holds nobody up.
pub(crate) async fn live(
    session: Session,
    Path(run): Path<String>,
    headers: HeaderMap,
) -> Response {
    let has = headers.get("last-event-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let path = format!("/v1/runs/{}", encoded(&run));
    let mut looks = 0;
    loop {
        let known: Run = match session.get(&path).await {
            Ok(known) => known,
            Err(refused) => return session.failed(&refused),
        };
        let words = session.language.words();
        let fragment = Fragment { words, totals: &known.totals }.render().unwrap_or_default();
        let digest = Sha256::digest(fragment.as_bytes());
        let id: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        looks += 1;
        if id != has || looks >= LOOKS_MAX {
            return session.answer(event(&id, &fragment));
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

const LOOKS_MAX: u32 = 10;
const BETWEEN: Duration = Duration::from_secs(1);

fn event(id: &str, fragment: &str) -> Response {
    let mut text = format!("retry: 1000\nid: {id}\n");
    for line in fragment.lines() {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    let kind = HeaderValue::from_static("text/event-stream");
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
}
