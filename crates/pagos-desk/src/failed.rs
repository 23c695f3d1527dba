//! The page for what did not work: what happened, and what to do next.

use askama::Template;
use axum::response::{IntoResponse, Response};

use crate::{
    call::Refused,
    frame::{Frame, render},
};

#[derive(Template)]
#[template(path = "failed.html")]
struct Page<'a> {
    frame: Frame,
    refused: &'a Refused,
}

pub(crate) fn page(frame: Frame, refused: &Refused) -> Response {
    (refused.status, render(&Page { frame, refused })).into_response()
}
