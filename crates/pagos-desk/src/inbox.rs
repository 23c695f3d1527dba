//! The webhooks that arrived, and what became of them.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use crate::{
    frame::{Frame, render},
    link::with_query,
    session::Session,
    show,
    view::{Delivery, InboxPage},
};

/// What is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filters {
    state: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page {
    frame: Frame,
    filters: Filters,
    deliveries: Vec<Delivery>,
    next: Option<String>,
}

pub(crate) async fn show(session: Session, Query(filters): Query<Filters>) -> Response {
    let state = Some(filters.state.as_str());
    let after = filters.after.as_deref();
    let path =
        with_query("/v1/inbox", &[("state", state), ("after", after), ("limit", Some("50"))]);
    match session.get::<InboxPage>(&path).await {
        Err(refused) => session.failed(&refused),
        Ok(found) => {
            let next = found.next.map(|next| {
                let next = next.to_string();
                with_query("/desk/inbox", &[("state", state), ("after", Some(&next))])
            });
            let frame = session.frame(session.language.words().inbox);
            let page = Page { frame, deliveries: found.deliveries, next, filters };
            session.answer(render(&page))
        }
    }
}
