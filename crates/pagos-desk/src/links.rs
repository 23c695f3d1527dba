//! Links that somebody saved: a name for the filters of the list of payouts. They belong to the token.

use axum::{
    Form,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;

use crate::{
    call::{Content, Refused},
    link::encoded,
    session::Session,
    view::{Link, Links},
};

/// The links of whoever is logged in.
pub(crate) async fn read(session: &Session) -> Result<Vec<Link>, Refused> {
    Ok(session.get::<Links>("/v1/links").await?.links)
}

/// A link to save.
#[derive(Debug, Deserialize)]
pub(crate) struct Save {
    form_key: String,
    name: String,
    query: String,
}

pub(crate) async fn save(session: Session, headers: HeaderMap, Form(form): Form<Save>) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let body = json!({ "name": form.name, "query": form.query });
    match session.post::<Links>("/v1/links", Content::Json(body)).await {
        Ok(_) => {
            Redirect::to(&Link { name: form.name, query: form.query }.address()).into_response()
        }
        Err(refused) => session.failed(&refused),
    }
}

/// The button beside a link.
#[derive(Debug, Deserialize)]
pub(crate) struct Forget {
    form_key: String,
    name: String,
}

pub(crate) async fn forget(
    session: Session,
    headers: HeaderMap,
    Form(form): Form<Forget>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let path = format!("/v1/links/{}/forget", encoded(&form.name));
    match session.post::<Links>(&path, Content::Nothing).await {
        Ok(_) => Redirect::to("/desk/payouts").into_response(),
        Err(refused) => session.failed(&refused),
    }
}

impl Link {
    /// Always the list of payouts, whatever the query says.
    pub(crate) fn address(&self) -> String {
        format!("/desk/payouts?{}", self.query)
    }
}
