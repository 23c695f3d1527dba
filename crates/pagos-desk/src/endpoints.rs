//! Whether our own systems get their events.

use askama::Template;
use axum::response::Response;

use crate::{
    frame::{Frame, render},
    session::Session,
    show,
    view::{Endpoint, Endpoints},
};

#[derive(Template)]
#[template(path = "endpoints.html")]
struct Page {
    frame: Frame,
    endpoints: Vec<Endpoint>,
}

pub(crate) async fn show(session: Session) -> Response {
    match session.get::<Endpoints>("/v1/endpoints").await {
        Err(refused) => session.failed(&refused),
        Ok(found) => {
            let frame = session.frame(session.language.words().endpoints);
            session.answer(render(&Page { frame, endpoints: found.endpoints }))
        }
    }
}
