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
    call::{Answered, Client, Content},
    cookie::{is_same_site, kept},
    failed,
    frame::{Frame, render},
    language::Language,
    link::own_page,
    session::Session,
    view::{NewSession, Who},
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
    refused: Option<&'static str>,
}

pub(crate) async fn show(Query(query): Query<Next>, headers: HeaderMap) -> Response {
    page(Language::of(&headers), own_page(query.next.as_deref()), StatusCode::OK, None)
}

fn page(
    language: Language,
    next: &str,
    status: StatusCode,
    refused: Option<&'static str>,
) -> Response {
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
    let (words, next) = (language.words(), own_page(login.next.as_deref()));
    let again = |status, because| page(language, next, status, Some(because));
    if !is_same_site(&headers) {
        return again(StatusCode::UNAUTHORIZED, words.form_is_foreign);
    }
    let path = "/v1/session";
    let begun = client
        .call::<NewSession>(login.token.trim(), &extensions, Method::POST, path, Content::Nothing)
        .await;
    match begun {
        Ok(begun) if begun.body.scopes.iter().any(|scope| scope == "read") => {
            with_cookie(&headers, &begun.body.token, Redirect::to(next))
        }
        Ok(Answered { body, .. }) => {
            // Nobody will use it. If it cannot be ended, it ends by itself.
            let (method, content) = (Method::DELETE, Content::Nothing);
            drop(client.call::<Who>(&body.token, &extensions, method, path, content).await);
            again(StatusCode::FORBIDDEN, words.token_reads_nothing)
        }
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => {
            again(StatusCode::UNAUTHORIZED, words.token_is_refused)
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
