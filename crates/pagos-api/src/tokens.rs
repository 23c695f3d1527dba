//! `/v1/tokens`: which tokens there are, and revoking one. Tokens are made at the command line only,
//! so that a stolen one cannot make others: a login makes a session, which ends with its token and
//! begins no other session.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading, Writing},
    api::Api,
    approvers::look_for_blocked,
    caller::{Caller, ToAdminister},
    extract::Path,
    problem::Problem,
    token::{self, Token},
};

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    id: String,
    /// Whoever uses it, as the history names them.
    name: String,
    /// What it allows.
    scopes: Vec<String>,
    /// When it was made.
    created_at: String,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// The tokens, by id.
    tokens: Vec<TokenView>,
}

/// All tokens, also those that are expired or revoked, but no sessions: they end with their token.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens",
    responses((status = 200, description = "The tokens", body = TokenList), Reading),
    security(("token" = ["admin"])),
)]
pub(crate) async fn list_tokens(
    State(api): State<Api>,
    _: Caller<ToAdminister>,
) -> Result<Answer<TokenList>, Problem> {
    let tokens = token::list(api.store()).await?;
    Ok(Answer::ok(TokenList { tokens: tokens.iter().map(TokenView::of).collect() }))
}

/// Refuse a token from now on.
#[utoipa::path(
    post, path = "/v1/tokens/{id}/revoke", tag = "tokens",
    params(("id" = String, Path, description = "The id of the token")),
    responses((status = 200, description = "The token, revoked", body = TokenView), Writing),
    security(("token" = ["admin"])),
)]
pub(crate) async fn revoke_token(
    State(api): State<Api>,
    _: Caller<ToAdminister>,
    Path(id): Path,
) -> Result<Answer<TokenView>, Problem> {
    let acting = api.clone();
    let change = async move {
        let now = acting.now();
        let token = token::revoke(acting.store(), acting.writer(), &id, now).await?;
        // The token is revoked, whatever becomes of the notices.
        drop(look_for_blocked(&acting).await);
        Ok(Answer::ok(TokenView::of(&token)))
    };
    api.spawn_to_its_end(change).await
}

impl TokenView {
    fn of(token: &Token) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.to_string(),
            scopes: token.scopes.iter().map(ToString::to_string).collect(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
        }
    }
}
