//! Logging in with a token, and out.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;

use crate::{
    call::{Client, Content},
    cookie::{is_same_site, kept},
    failed,
    frame::{Frame, render},
    language::Language,
    link::own_page,
    session::Session,
    view::NewSession,
};

/// The page to go on with after the login.
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    frame: Frame,
    next: String,
    refused: Option<String>,
}

pub(crate) async fn show(Query(query): Query<Next>, headers: HeaderMap) -> Response {
    page(Language::of(&headers), own_page(query.next.as_deref()), None)
}

fn page(language: Language, next: &str, refused: Option<String>) -> Response {
    let status = if refused.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let frame = Frame::for_strangers(language, language.words().log_in);
    (status, render(&Page { frame, next: next.to_owned(), refused })).into_response()
}

/// The form of the login.
#[derive(Deserialize)]
pub(crate) struct Login {
    token: String,
    next: Option<String>,
}

pub(crate) async fn log_in(
    State(client): State<Client>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(login): Form<Login>,
) -> Response {
    let language = Language::of(&headers);
    let next = own_page(login.next.as_deref());
    if !is_same_site(&headers) {
        return page(language, next, Some(language.words().form_is_foreign.to_owned()));
    }
    let path = "/v1/session";
    let begun = client
        .call::<NewSession>(login.token.trim(), &extensions, Method::POST, path, Content::Nothing)
        .await;
    match begun {
        Ok(begun) => with_cookie(&headers, &begun.body.token, Redirect::to(next)),
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => {
            page(language, next, Some(language.words().token_is_refused.to_owned()))
        }
        Err(refused) => failed::page(Frame::for_strangers(language, &refused.title), &refused),
    }
}

/// The form behind the button that logs out.
#[derive(Debug, Deserialize)]
pub(crate) struct Out {
    form_key: String,
}

pub(crate) async fn log_out(
    session: Session,
    headers: HeaderMap,
    Form(form): Form<Out>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    match session.end().await {
        Ok(_) => with_cookie(&headers, "", Redirect::to("/desk/login")),
        Err(refused) => session.failed(&refused),
    }
}

fn with_cookie(headers: &HeaderMap, token: &str, answer: Redirect) -> Response {
    let mut answer = answer.into_response();
    if let Ok(mut kept) = HeaderValue::try_from(kept(headers, token)) {
        kept.set_sensitive(true);
        answer.headers_mut().insert(header::SET_COOKIE, kept);
    }
    answer
}
