//! `/v1/session`: logging in with a token, which gives a token of the same name and scopes for a short
//! time, for a browser to keep; who is logged in; and logging out.

use std::time::Duration;

use axum::{Extension, extract::State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading, Writing},
    api::Api,
    problem::{Problem, ProblemType},
    token::{self, Token},
};

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The name of the token, as the history has it.
    name: String,
    /// What it allows.
    scopes: Vec<String>,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// The token of the session, shown when it is made and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Who is logged in.
#[utoipa::path(
    get, path = "/v1/session", tag = "session",
    responses((status = 200, description = "The owner of the token", body = SessionView), Reading),
    security(("token" = [])),
)]
pub(crate) async fn read_session(Extension(token): Extension<Token>) -> Answer<SessionView> {
    Answer::ok(SessionView::of(&token))
}

/// Log in.
///
/// The answer has a token with the same name and scopes that is refused after eight hours, or as soon
/// as the token of this request is.
#[utoipa::path(
    post, path = "/v1/session", tag = "session",
    responses((status = 201, description = "The session", body = SessionView), Writing),
    security(("token" = [])),
)]
pub(crate) async fn begin_session(
    State(api): State<Api>,
    Extension(of): Extension<Token>,
) -> Result<Answer<SessionView>, Problem> {
    if of.session_of.is_some() {
        // Otherwise a stolen session outlived the moment when its owner logs out.
        let detail = "a session begins no other one; log in with the token itself";
        return Err(Problem::new(ProblemType::Refused, detail));
    }
    let acting = api.clone();
    let change = async move {
        let (now, random) = (acting.now(), acting.random());
        let begun =
            token::begin_session(acting.store(), acting.writer(), random, now, &of, LASTS).await?;
        let view = SessionView::of(&begun.token);
        Ok(Answer(StatusCode::CREATED, SessionView { token: Some(begun.into_text()), ..view }))
    };
    api.spawn_to_its_end(change).await
}

const LASTS: Duration = Duration::from_secs(8 * 3_600);

/// Log out: refuse the token of this session from now on.
///
/// A token that is no session stays as it is.
#[utoipa::path(
    delete, path = "/v1/session", tag = "session",
    responses((status = 200, description = "Who was logged in", body = SessionView), Writing),
    security(("token" = [])),
)]
pub(crate) async fn end_session(
    State(api): State<Api>,
    Extension(token): Extension<Token>,
) -> Result<Answer<SessionView>, Problem> {
    let acting = api.clone();
    let change = async move {
        if token.session_of.is_some() {
            let now = acting.now();
            token::revoke(acting.store(), acting.writer(), &token.id, now).await?;
        }
        Ok(Answer::ok(SessionView::of(&token)))
    };
    api.spawn_to_its_end(change).await
}

impl SessionView {
    fn of(token: &Token) -> Self {
        Self {
            name: token.name.to_string(),
            scopes: token.scopes.iter().map(ToString::to_string).collect(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            token: None,
        }
    }
}
