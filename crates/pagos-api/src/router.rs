//! All operations: their addresses, and the OpenAPI document that is generated from them.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    answer::{Answer, Public},
    api::Api,
    balances, caller, endpoints, events, inbox, links, payments, payouts,
    problem::{Fault, Problem, ProblemDocument, ProblemType},
    runs, series, session, telemetry, tokens, totals, waiting,
};

/// The head of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pagos",
        description = "Pays money out in Latin America and never pays twice. Every order has a key; \
            repeating a request with the same key is always safe. A 2xx means that it is durable.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemDocument, Fault)),
    modifiers(&Bearer),
)]
struct Head;

/// How a token is sent.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let text = "A token that `pagos token create` made. No scope includes another one.";
        let scheme =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The operations that need a token, and those that need none.
fn operations(api: &Api) -> (OpenApiRouter<Api>, OpenApiRouter<Api>) {
    let guarded = OpenApiRouter::new()
        .routes(routes!(payouts::create_payout, payouts::list_payouts))
        .routes(routes!(payouts::read_payout))
        .routes(routes!(payouts::read_payout_history))
        .routes(routes!(payouts::read_outlook))
        .routes(routes!(payouts::read_statement_lines))
        .routes(routes!(payouts::disclose_account_number))
        .routes(routes!(payouts::resolve_payout))
        .routes(routes!(payouts::approve_resend))
        .routes(routes!(payouts::reject_resend))
        .routes(routes!(runs::create_run, runs::list_runs))
        .routes(routes!(runs::read_run))
        .routes(routes!(runs::list_run_payouts))
        .routes(routes!(runs::release_run))
        .routes(routes!(runs::withdraw_run))
        .routes(routes!(runs::approve_run))
        .routes(routes!(runs::reject_run))
        .routes(routes!(payments::create_payment, payments::list_payments))
        .routes(routes!(payments::read_payment))
        .routes(routes!(payments::read_payment_history))
        .routes(routes!(payments::resolve_payment))
        .routes(routes!(balances::read_balances))
        .routes(routes!(inbox::list_inbox))
        .routes(routes!(inbox::list_refused))
        .routes(routes!(inbox::read_inbox))
        .routes(routes!(inbox::replay_inbox))
        .routes(routes!(events::list_events))
        .routes(routes!(endpoints::list_endpoints))
        .routes(routes!(endpoints::replay_endpoint))
        .routes(routes!(endpoints::enable_endpoint))
        .routes(routes!(endpoints::disable_endpoint))
        .routes(routes!(endpoints::forget_endpoint))
        .routes(routes!(links::list_links, links::keep_link))
        .routes(routes!(links::forget_link))
        .routes(routes!(waiting::list_waiting))
        .routes(routes!(totals::read_totals))
        .routes(routes!(series::read_series))
        .routes(routes!(session::read_session, session::begin_session, session::end_session))
        .routes(routes!(tokens::list_tokens))
        .routes(routes!(tokens::revoke_token))
        // Before the handlers, so that a handler which names no scope is not open to strangers.
        .route_layer(from_fn_with_state(api.clone(), caller::authenticate));
    let public = OpenApiRouter::new().routes(routes!(health)).routes(routes!(openapi));
    (guarded, public)
}

impl Api {
    /// All operations as a router, for a program that has an HTTP server of its own, which then has
    /// to limit connections and heads. [`Api::serve`] is a whole server.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use axum::body::Body;
    /// use tower::ServiceExt;
    ///
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// let request = http::Request::get("/v1/payouts").body(Body::empty()).unwrap();
    /// let answer = api.router().oneshot(request).await.unwrap();
    /// assert_eq!(answer.status(), 401); // it carries no token
    /// # });
    /// ```
    pub fn router(&self) -> Router {
        let (guarded, public) = operations(self);
        let (router, _) = guarded.merge(public).split_for_parts();
        router
            .fallback(no_such_address)
            .method_not_allowed_fallback(no_such_method)
            .layer(from_fn_with_state(self.clone(), limit_time))
            .layer(from_fn_with_state(self.clone(), telemetry::tell))
            .with_state(self.clone())
    }

    /// The OpenAPI 3.1 document of the router.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// let document: serde_json::Value = serde_json::from_str(&api.openapi()).unwrap();
    /// assert!(document["paths"]["/v1/payouts"].is_object());
    /// # });
    /// ```
    pub fn openapi(&self) -> String {
        let (guarded, public) = operations(self);
        let mut document = Head::openapi();
        document.merge(guarded.merge(public).into_openapi());
        // The version of the crate is that of the document.
        document.info.version = env!("CARGO_PKG_VERSION").to_owned();
        document.to_pretty_json().unwrap_or_default() + "\n"
    }
}

/// Answers in bounded time. A change that has begun goes on.
async fn limit_time(State(api): State<Api>, request: Request, next: Next) -> Response {
    // Body, waiting for a turn, and the change itself are limited each on their own; this is for
    // what is left.
    let limits = api.limits();
    let whole = limits.body_timeout.saturating_add(limits.request_timeout.saturating_mul(3));
    match timeout(whole, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => Problem::outcome_unknown().into_response(),
    }
}

async fn no_such_address() -> Problem {
    Problem::new(ProblemType::NotFound, "there is no such address; /openapi.json lists them")
}

async fn no_such_method() -> Problem {
    Problem::new(ProblemType::WrongMethod, "the address has other methods")
}

/// Whether the service works.
#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    /// Whether the loop that sends and follows goes round.
    is_working: bool,
}

/// Whether the service works. It needs no token and touches no store.
#[utoipa::path(
    get, path = "/health", tag = "service",
    responses(
        (status = 200, description = "It works", body = HealthView),
        (status = 503, description = "It does not send and follow at present", body = HealthView),
    ),
    security(()),
)]
async fn health(State(api): State<Api>) -> Answer<HealthView> {
    let is_working = api.worker().is_working();
    let status = if is_working { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Answer(status, HealthView { is_working })
}

/// This document. It needs no token.
#[utoipa::path(
    get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "The document", body = Object), Public),
    security(()),
)]
async fn openapi(State(api): State<Api>) -> Response {
    let mut answer = Response::new(axum::body::Body::from(api.openapi()));
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}
