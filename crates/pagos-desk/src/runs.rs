//! The list of runs, and the form that uploads one.

use askama::Template;
use axum::{
    extract::{Multipart, Query, multipart::MultipartError},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::{
    call::{Content, Refused},
    frame::{Frame, render},
    link::{encoded, with_query},
    session::Session,
    show,
    view::{Run, RunPage},
};

/// Where the page begins.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Page {
    frame: Frame,
    runs: Vec<Run>,
    next: Option<String>,
    /// What is wrong in the file that was just sent.
    refused: Option<Refused>,
}

pub(crate) async fn show(session: Session, Query(place): Query<Place>) -> Response {
    list(session, place.after.as_deref(), None).await
}

async fn list(session: Session, after: Option<&str>, refused: Option<Refused>) -> Response {
    let path = with_query("/v1/runs", &[("after", after), ("limit", Some("25"))]);
    match session.get::<RunPage>(&path).await {
        Err(failed) => session.failed(&failed),
        Ok(page) => {
            let next = page.next.as_deref();
            let next = next.map(|_| with_query("/desk/runs", &[("after", next)]));
            let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
            let frame = session.frame(session.language.words().runs);
            let page = Page { frame, runs: page.runs, next, refused };
            session.answer((status, render(&page)))
        }
    }
}

pub(crate) async fn upload(session: Session, headers: HeaderMap, form: Multipart) -> Response {
    let (form_key, file) = match read(form).await {
        Ok(read) => read,
        Err(status) => {
            let words = session.language.words();
            let (title, next_step) = match status {
                StatusCode::PAYLOAD_TOO_LARGE => (words.file_is_large, words.send_in_parts),
                _ => (words.file_is_missing, words.choose_a_file),
            };
            return list(session, None, Some(Refused::by_desk(status, title, next_step))).await;
        }
    };
    if !session.is_ours(&headers, &form_key) {
        return session.foreign();
    }
    // A workbook is a zip archive.
    let media_type = if file.starts_with(b"PK\x03\x04") { SHEET } else { "text/csv" };
    let content = Content::File { media_type, bytes: file };
    match session.post::<Run>("/v1/runs", content).await {
        Ok(run) => Redirect::to(&format!("/desk/runs/{}", encoded(&run.run))).into_response(),
        Err(refused) if !refused.errors.is_empty() => list(session, None, Some(refused)).await,
        Err(refused) => session.failed(&refused),
    }
}

const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The key of the form and the file, if both are there and the file is not too long.
async fn read(mut form: Multipart) -> Result<(String, Bytes), StatusCode> {
    let (mut form_key, mut file) = (None, None);
    let status = |error: MultipartError| error.status();
    while let Some(field) = form.next_field().await.map_err(status)? {
        match field.name() {
            Some("form_key") => form_key = Some(field.text().await.map_err(status)?),
            Some("file") => file = Some(field.bytes().await.map_err(status)?),
            Some(_) | None => {}
        }
    }
    let file = file.filter(|file| !file.is_empty());
    form_key.zip(file).ok_or(StatusCode::BAD_REQUEST)
}
