//! The webhooks that arrived, what became of them, and what the receiver refused.

mod reason;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use serde::Deserialize;

use crate::{
    call::Content,
    frame::{Frame, render},
    inbox::reason::Reason,
    link::{encoded, with_query},
    session::Session,
    show,
    view::{Delivery, InboxPage, RefusedList, RefusedSum},
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
    refused: Vec<RefusedSum>,
    next: Option<String>,
}

pub(crate) async fn show(session: Session, Query(filters): Query<Filters>) -> Response {
    let state = Some(filters.state.as_str());
    let after = filters.after.as_deref();
    let path =
        with_query("/v1/inbox", &[("state", state), ("after", after), ("limit", Some("50"))]);
    let refused = session.get::<RefusedList>("/v1/inbox/refused").await;
    let (found, refused) = match (session.get::<InboxPage>(&path).await, refused) {
        (Ok(found), Ok(refused)) => (found, refused.refused),
        (Err(refused), _) | (_, Err(refused)) => return session.failed(&refused),
    };
    let next = found.next.map(|next| {
        let next = next.to_string();
        with_query("/desk/inbox", &[("state", state), ("after", Some(&next))])
    });
    let frame = session.frame(session.language.words().inbox);
    session.answer(render(&Page { frame, deliveries: found.deliveries, refused, next, filters }))
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct OnePage {
    frame: Frame,
    delivery: Delivery,
}

pub(crate) async fn show_one(session: Session, Path(number): Path<String>) -> Response {
    match session.get::<Delivery>(&format!("/v1/inbox/{}", encoded(&number))).await {
        Err(refused) => session.failed(&refused),
        Ok(delivery) => {
            let frame = session.frame(&format!("{} {number}", session.language.words().webhook));
            session.answer(render(&OnePage { frame, delivery }))
        }
    }
}

/// The button that applies a webhook again.
#[derive(Debug, Deserialize)]
pub(crate) struct Replay {
    form_key: String,
}

pub(crate) async fn replay(
    session: Session,
    Path(number): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Replay>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let path = format!("/v1/inbox/{}/replay", encoded(&number));
    match session.post::<Delivery>(&path, Content::Nothing).await {
        Ok(_) => Redirect::to(&format!("/desk/inbox/{}", encoded(&number))).into_response(),
        Err(refused) => session.failed(&refused),
    }
}
