//! What the API tells whoever subscribes to `tracing`: one event for each request.
//!
//! `docs/TELEMETRY.md` is the contract. It says nothing of keys, query, headers or bodies: a route has the
//! names of its parameters and not their values. Without a subscriber no clock is read.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use pagos_core::{Clock, Timestamp};
use pagos_engine::Actor;

use crate::{api::Api, guesses::PeerAddress, problem::ProblemType};

/// Tells of a request when it ends, and of one whose client left.
pub(crate) async fn tell(State(api): State<Api>, request: Request, next: Next) -> Response {
    let mut asking = Asking::begin(&request, api.clock());
    let answer = next.run(request).await;
    asking.ends_with(&answer);
    answer
}

/// A request being answered. When it is dropped, that is over.
struct Asking<'a> {
    method: Method,
    /// `None` for an address that does not exist.
    path: Option<MatchedPath>,
    peer: Option<PeerAddress>,
    outcome: &'static str,
    caller: Option<Actor>,
    heard: Option<(&'a dyn Clock, Timestamp)>,
}

impl<'a> Asking<'a> {
    fn begin(request: &Request, clock: &'a dyn Clock) -> Self {
        let is_heard = tracing::enabled!(target: TARGET, tracing::Level::INFO);
        let path = request.extensions().get::<MatchedPath>().cloned();
        // Whoever watches the service asks for its health all the time.
        let is_health = path.as_ref().is_some_and(|path| path.as_str() == HEALTH);
        Self {
            method: request.method().clone(),
            path,
            peer: request.extensions().get::<PeerAddress>().copied(),
            outcome: "dropped",
            caller: None,
            heard: (is_heard && !is_health).then(|| (clock, clock.now())),
        }
    }

    fn ends_with(&mut self, answer: &Response) {
        let problem = answer.extensions().get::<ProblemType>();
        self.outcome = problem.map_or("done", |problem| problem.slug());
        self.caller = answer.extensions().get::<Actor>().cloned();
    }

    fn route(&self) -> String {
        match &self.path {
            Some(path) => format!("{} {}", self.method, path.as_str()),
            None => "none".to_owned(),
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let Some((clock, began_at)) = self.heard else { return };
        let taken = clock.now().since(began_at);
        // Of somebody with a token its name says more, and behind a proxy everybody has one address.
        let peer = self.peer.filter(|_| self.caller.is_none()).map(|peer| peer.0.to_string());
        tracing::info!(
            target: TARGET,
            route = self.route(),
            outcome = self.outcome,
            caller = self.caller.as_ref().map(Actor::as_str),
            peer,
            ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }
}

/// The target of everything here.
const TARGET: &str = "pagos_api";

/// The route that is not told of.
const HEALTH: &str = "/health";
