//! Who sends a request, and whether they may: the token is verified for every address under `/v1`,
//! and a handler names its scope by the type of its [`Caller`].

use std::marker::PhantomData;

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, request::Parts};
use pagos_engine::Actor;

use crate::{
    api::Api,
    guesses::PeerAddress,
    problem::{Problem, ProblemType},
    token::{self, Refusal, Scope, Token},
};

/// The sender of a request, whose token has the scope `S`.
#[derive(Debug)]
pub(crate) struct Caller<S> {
    pub(crate) name: Actor,
    scope: PhantomData<fn() -> S>,
}

/// A scope as a type.
pub(crate) trait Needed {
    const SCOPE: Scope;
}

macro_rules! needed {
    ($($name:ident $scope:ident,)*) => {
        $(
            #[derive(Debug)]
            pub(crate) enum $name {}

            impl Needed for $name {
                const SCOPE: Scope = Scope::$scope;
            }
        )*
    };
}

needed! {
    ToRead Read,
    ToSubmit Submit,
    ToApprove Approve,
    ToResolve Resolve,
    ToAdminister Admin,
}

impl<S: Needed> FromRequestParts<Api> for Caller<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        // `authenticate` stands before every address that has a caller.
        let token = parts.extensions.get::<Token>().ok_or_else(no_token)?;
        if !token.scopes.contains(&S::SCOPE) {
            let scope = S::SCOPE;
            let detail = format!("the token of {} has no scope {scope}", token.name);
            return Err(Problem::new(ProblemType::NoScope, detail));
        }
        Ok(Self { name: token.name.clone(), scope: PhantomData })
    }
}

/// Verifies the token of a request before anything else of it is read. The answer to one with a valid
/// token has the token's name in its extensions, so that its connection may stay open.
pub(crate) async fn authenticate(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<PeerAddress>().copied();
    match verify(&api, request.headers(), peer).await {
        Ok(token) => {
            let name = token.name.clone();
            request.extensions_mut().insert(token);
            let mut answer = next.run(request).await;
            answer.extensions_mut().insert(name);
            answer
        }
        Err(problem) => problem.into_response(),
    }
}

async fn verify(
    api: &Api,
    headers: &HeaderMap,
    peer: Option<PeerAddress>,
) -> Result<Token, Problem> {
    let now = api.now();
    let presented = bearer(headers);
    if api.guesses().is_over(peer, presented.and_then(token::id_of), now) {
        let detail = "this address sent too many requests without a valid token in this minute";
        return Err(Problem::new(ProblemType::TooManyFailures, detail));
    }
    let verified = match presented {
        Some(presented) => token::verify(api.store(), presented, now).await?,
        None => Err(Refusal::NotKnown),
    };
    verified.inspect(|token| api.guesses().note_valid(&token.id)).map_err(|refusal| {
        api.guesses().note(peer, now);
        match refusal {
            Refusal::NotKnown => no_token(),
            Refusal::Expired => Problem::new(ProblemType::NoToken, "the token is expired"),
            Refusal::Revoked => Problem::new(ProblemType::NoToken, "the token was revoked"),
        }
    })
}

/// The token of the only `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn no_token() -> Problem {
    Problem::new(ProblemType::NoToken, "the request carries no token that this service knows")
}
